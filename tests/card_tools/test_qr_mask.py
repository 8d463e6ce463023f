"""A code's mask: the standard's rule, judged as the standard words it and as the drawing library does."""

from itertools import groupby
from random import Random

import pytest
from qrcode.main import QRCode

from card_tools.credential import Issuer
from card_tools.qr import card_matrix
from card_tools.qr_mask import Square

SIZE = 45
Rows = list[list[bool]]


def penalty_in_words(rows: Rows) -> int:
    """The four features of ISO/IEC 18004 table 11, module by module."""
    lines = rows + [list(column) for column in zip(*rows, strict=True)]
    runs = sum(len(alike) - 2 for line in lines for _, run in groupby(line) if len(alike := list(run)) >= 5)
    places = range(len(rows) - 1)
    squares = (
        {rows[y][x], rows[y][x + 1], rows[y + 1][x], rows[y + 1][x + 1]} for y in places for x in places
    )
    corners = sum(
        "".join("01"[dark] for dark in line[at : at + 11]) in {"10111010000", "00001011101"}
        for line in lines
        for at in range(len(line) - 10)
    )
    dark = sum(map(sum, rows)) * 100 / len(rows) ** 2
    return (
        runs + 3 * sum(len(square) == 1 for square in squares) + 40 * corners + 10 * int(abs(dark - 50) / 5)
    )


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8, 1.0])
def test_the_penalty_is_the_standards(share: float):
    random, square = Random(str(share)), Square(SIZE)
    for _ in range(5):
        rows = [[random.random() < share for _ in range(SIZE)] for _ in range(SIZE)]
        assert square.penalty(square.number(rows)) == penalty_in_words(rows)


def test_what_looks_like_a_corner_counts_in_rows_and_columns():
    across = [[False] * SIZE for _ in range(SIZE)]
    across[7][0:7] = [True, False, True, True, True, False, True]
    down = [list(column) for column in zip(*across, strict=True)]
    blank = [[False] * SIZE for _ in range(SIZE)]
    square = Square(SIZE)
    for rows in (across, down, blank):
        assert square.penalty(square.number(rows)) == penalty_in_words(rows)


def test_a_number_tells_its_code():
    random, square = Random(7), Square(SIZE)
    rows = [[random.random() < 0.5 for _ in range(SIZE)] for _ in range(SIZE)]
    assert square.rows(square.number(rows)) == rows


def test_a_card_gets_the_mask_with_the_least_against_it():
    """All eight are drawn by the library and judged in words; the card's code is the best of them, whole."""
    for n in range(4):
        text = Issuer(bytes(32)).encode_static(bytes([n]) * 8).text
        drawn = []
        for mask in range(8):
            code: QRCode = QRCode(version=7, error_correction=3, border=0, mask_pattern=mask)
            code.add_data(text, optimize=0)
            code.make(fit=False)
            drawn.append([[bool(dark) for dark in row] for row in code.modules])
        inside = [row[4:-4] for row in card_matrix(text)[4:-4]]
        assert inside == min(drawn, key=penalty_in_words)
