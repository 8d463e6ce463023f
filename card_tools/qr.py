"""A card's text as a QR code that old cameras read from a worn, bent, shining card.

Always version 7, level Q, alphanumeric: level Q decides glare, version 7's alignment patterns decide bending
(versions 4 to 6 failed at 60° of curl where 7 read every time), and all cards look alike to the camera.
"""

import io
import re
from functools import cache
from typing import Any, Literal

import qrcode
import qrcode.util
from PIL import Image
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

from card_tools.errors import CardUnreadable, PayloadTooLong
from card_tools.qr_mask import MASKS, Rows, Square

CARD_VERSION = 7
QUIET_ZONE = 4
CAPACITY = 125
"""Characters of the alphanumeric mode that version 7 level Q takes (ISO/IEC 18004, table 7)."""
ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")

_BAR = re.compile(b"\x01+")

Matrix = list[list[bool]]
"""Rows of modules, True is dark, quiet zone included."""


def check_text(text: str) -> None:
    """Refuse a text that would need a denser code or another mode than every card has."""
    if wrong := sorted(set(text) - ALPHANUMERIC):
        raise CardUnreadable(f"a card's code holds capitals, digits and $%*+-./: only, not {wrong[0]!r}")
    if len(text) > CAPACITY:
        raise PayloadTooLong(f"{len(text)} characters; a card's code takes {CAPACITY} (version 7, level Q)")


def card_matrix(text: str) -> Matrix:
    """The modules of a card's code."""
    check_text(text)
    square, differences = _card_masks()
    drawn = square.number(_code(text, CARD_VERSION, mask=0).modules)
    best = min((drawn ^ difference for difference in differences), key=square.penalty)
    return _bordered(square.rows(best))


def any_matrix(text: str) -> Matrix:
    """The modules of a code for another purpose (an address, an enrolment code), as small as can be."""
    return _bordered(_code(text, None, mask=None).modules)


@cache
def _card_masks() -> tuple[Square, tuple[int, ...]]:
    """Where a card's code with each mask differs from the same code with mask 0."""
    square = Square(17 + 4 * CARD_VERSION)
    numbers = [square.number(_code("YIKA", CARD_VERSION, mask=mask).modules) for mask in MASKS]
    return square, tuple(numbers[0] ^ number for number in numbers)


def _code(text: str, version: int | None, *, mask: int | None) -> "qrcode.QRCode[Any]":
    code: qrcode.QRCode[Any] = qrcode.QRCode(
        version=version, error_correction=ERROR_CORRECT_Q, mask_pattern=mask
    )
    try:
        code.add_data(qrcode.util.QRData(text.encode(), mode=_mode(text)), optimize=0)
        code.make(fit=version is None)
    except (DataOverflowError, ValueError) as error:
        raise PayloadTooLong(f"{len(text)} characters are more than a QR code carries") from error
    return code


def _bordered(rows: Rows) -> Matrix:
    """A code with its quiet zone."""
    side = [False] * QUIET_ZONE
    blank = [[False] * (len(rows) + 2 * QUIET_ZONE)] * QUIET_ZONE
    return blank + [side + [bool(dark) for dark in row] + side for row in rows] + blank


def _mode(text: str) -> int:
    mode: int = qrcode.util.MODE_ALPHA_NUM if set(text) <= ALPHANUMERIC else qrcode.util.MODE_8BIT_BYTE
    return mode


def runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """The dark modules as horizontal bars (row, first column, length): a tenth of the shapes to draw."""
    return [
        (y, bar.start(), bar.end() - bar.start())
        for y, row in enumerate(matrix)
        for bar in _BAR.finditer(bytes(row))
    ]


def svg(matrix: Matrix, *, millimetres: float = 35.0) -> str:
    """A code as one SVG path, sharp at any size; the size includes the quiet zone."""
    size = len(matrix)
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, x, length in runs(matrix))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{millimetres}mm" height="{millimetres}mm" '
        f'viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def png(matrix: Matrix, *, module: int = 10) -> bytes:
    """A code as a black and white PNG with ``module`` pixels a module."""
    size = len(matrix)
    mode: Literal["1"] = "1"
    picture = Image.new(mode, (size, size), 1)
    picture.putdata([0 if dark else 1 for row in matrix for dark in row])
    out = io.BytesIO()
    picture.resize((size * module, size * module), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
