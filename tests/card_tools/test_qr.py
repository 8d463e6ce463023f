"""The printed code: always of one kind, and a camera's decoder reads exactly what was put in."""

import io
import xml.etree.ElementTree as ET

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from card_tools.credential import Issuer
from card_tools.errors import CardUnreadable, PayloadTooLong
from card_tools.qr import any_matrix, card_matrix, png, runs, svg
from tests.support.qr import qr_codes

TEXT = Issuer(bytes(32)).encode_static(b"\x07" * 8).text


def _read(picture: bytes) -> zxingcpp.Barcode:
    gray = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    (code,) = qr_codes(gray)
    return code


def test_a_cards_code_is_version_7_level_q_with_a_quiet_zone_of_four():
    matrix = card_matrix(TEXT)
    assert len(matrix) == 45 + 8
    assert not any(any(row) for row in (*matrix[:4], *matrix[-4:]))
    assert not any(any((*row[:4], *row[-4:])) for row in matrix)
    code = _read(png(matrix))
    assert (code.text, code.ec_level) == (TEXT, "Q")


def test_even_a_short_text_gets_the_same_kind_of_code():
    assert len(card_matrix("YIKA:1")) == 53


def test_more_than_the_code_takes_is_refused_with_the_reason():
    assert len(card_matrix("A" * 125)) == 53
    with pytest.raises(PayloadTooLong, match="126 characters"):
        card_matrix("A" * 126)


def test_a_text_outside_the_alphanumeric_mode_is_refused():
    with pytest.raises(CardUnreadable, match="not 'a'"):
        card_matrix("Yika")


def test_other_codes_take_the_size_they_need():
    address = "https://yika.example/enrol?code=AB"
    assert len(any_matrix(address)) < 53
    assert _read(png(any_matrix(address))).text == address
    assert _read(png(any_matrix("一卡"))).text == "一卡"


def test_more_than_any_code_takes_is_refused():
    with pytest.raises(PayloadTooLong):
        any_matrix("x" * 5000)


def test_bars_cover_exactly_the_dark_modules():
    matrix = card_matrix(TEXT)
    drawn = {(y, x + i) for y, x, length in runs(matrix) for i in range(length)}
    assert drawn == {(y, x) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


def test_the_svg_draws_the_same_code():
    matrix = card_matrix(TEXT)
    root = ET.fromstring(svg(matrix))
    assert (root.get("width"), root.get("viewBox")) == ("35.0mm", "0 0 53 53")
    picture = Image.new("1", (53, 53), 1)
    for bar in root[1].get("d", "").split("M")[1:]:
        corner, length = bar.split("h")[:2]
        x, y = map(int, corner.split())
        picture.paste(0, (x, y, x + int(length.split("v")[0]), y + 1))
    out = io.BytesIO()
    picture.resize((530, 530)).save(out, "PNG")
    assert _read(out.getvalue()).text == TEXT
