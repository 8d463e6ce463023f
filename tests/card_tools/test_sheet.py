"""Printed cards: what is on them, that cameras read them, and that no name is ever printed wrong."""

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import pytest
import zxingcpp
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTCollection
from PIL import Image

from card_tools.credential import Issuer
from card_tools.errors import CardError, FontMissing, GlyphMissing
from card_tools.face import (
    _PALETTE,
    BAND,
    CODE,
    MARGIN,
    MODULE,
    PLATE,
    QUIET,
    TEXTS,
    CardFace,
    Community,
    colour_of,
    halves,
    ink_on,
)
from card_tools.fonts import Fonts, drawable
from card_tools.logo import fitted, read_logo
from card_tools.sheet import PER_PAGE, Layout, render
from tests.support.qr import qr_codes

ISSUER = Issuer(bytes(range(32)))
COMMUNITY = Community(name="蠡湖社区志愿服务站", name_en="Lihu Community", contact="0510-0000 0000")
NAMES = ["王小明", "", "阿卜杜热合曼·阿卜杜拉", "Maria Gonzalez-Fernandez", "张\U0002ceb0"]


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    return Fonts()


def face(n: int, name: str = "王小明", **more: str) -> CardFace:
    text = ISSUER.encode_static(bytes([n]) * 8).text
    return CardFace(number=f"2026{n:04d}", text=text, name=name, team="护学岗", row=n + 2, **more)


def pages(pdf: bytes, folder: Path, dpi: int = 300) -> list[cv2.typing.MatLike]:
    """The pages of a PDF as a printer would see them, gray."""
    (folder / "cards.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "cards.pdf", "page"], cwd=folder, check=True)
    return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("page-*.pgm"))]


def words(pdf: bytes, folder: Path) -> str:
    (folder / "words.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-layout", "words.pdf", "-"], cwd=folder, check=True, capture_output=True
    )
    return done.stdout.decode()


@pytest.mark.pdf
def test_every_code_on_a_printed_sheet_is_read_back(tmp_path: Path, fonts: Fonts):
    faces = [face(n, name) for n, name in enumerate(NAMES * 3)][:12]
    done = render(faces, COMMUNITY, fonts=fonts)
    sheets = pages(done.pdf, tmp_path)
    read = {code.text for sheet in sheets for code in qr_codes(sheet)}
    assert read == {face.text for face in faces}
    assert (done.count, done.faults, len(sheets)) == (12, (), 4), "two sheets, each with its back"


@pytest.mark.pdf
@pytest.mark.parametrize("layout", [Layout.CR80, Layout.LABELS])
def test_single_cards_and_labels_are_read_back(tmp_path: Path, fonts: Fonts, layout: Layout):
    done = render([face(1)], COMMUNITY, layout=layout, fonts=fonts)
    sheets = pages(done.pdf, tmp_path)
    (code,) = qr_codes(sheets[0])
    assert code.text == face(1).text
    wide, high = {Layout.CR80: (85.60, 53.98), Layout.LABELS: (62.0, 36.0)}[layout]
    assert sheets[0].shape == pytest.approx((high / 25.4 * 300, wide / 25.4 * 300), abs=1.5)
    assert len(sheets) == (2 if layout is Layout.CR80 else 1)


@pytest.mark.pdf
def test_a_code_is_30_mm_wide_with_four_white_modules_around_it(tmp_path: Path, fonts: Fonts):
    (front, _) = pages(render([face(1)], COMMUNITY, layout=Layout.CR80, fonts=fonts).pdf, tmp_path, dpi=600)
    (code,) = qr_codes(front)
    corner = code.position.top_left
    pixels = 600 / 25.4
    assert code.position.top_right.x - corner.x == pytest.approx(CODE * pixels, rel=0.02)
    border = round(QUIET * pixels) - 4
    around = front[
        corner.y - border : corner.y - 4, corner.x - border : corner.x + round(CODE * pixels) + border
    ]
    assert around.min() > 200
    below = front[corner.y + round(CODE * pixels) + 4 :][:border, corner.x - border :][
        :, : round(CODE * pixels)
    ]
    assert below.min() > 200
    assert MODULE * pixels * 300 / 600 > 3, "at least three pixels a module at 300 dpi"


@pytest.mark.pdf
def test_a_card_says_name_number_team_community_and_how_to_use_it(tmp_path: Path, fonts: Fonts):
    said = words(render([face(1)], COMMUNITY, layout=Layout.CR80, fonts=fonts).pdf, tmp_path)
    for expected in ("王小明", "20260001", "护学岗", COMMUNITY.name, COMMUNITY.contact, *TEXTS["use"]):
        assert expected in said


@pytest.mark.pdf
@pytest.mark.parametrize("layout", [Layout.CR80, Layout.LABELS])
def test_a_chip_card_has_no_code_and_says_to_tap(tmp_path: Path, fonts: Fonts, layout: Layout):
    """A picture of a bound card's code would prove nothing, so there is none to photograph."""
    bound = CardFace(number="7", text="", team="护学岗")
    done = render([bound], COMMUNITY, layout=layout, fonts=fonts)
    assert done.count == 1
    assert zxingcpp.read_barcodes(pages(done.pdf, tmp_path)[0]) == []
    assert TEXTS["tap"][0] in words(done.pdf, tmp_path)


@pytest.mark.pdf
def test_a_communitys_picture_stands_whole_in_the_upper_edge_and_the_code_stays_as_it_was(
    tmp_path: Path, fonts: Fonts
) -> None:
    """Black on its white plate, on both sides; around the code is as much white as without it."""
    shape, drawn = (900, 200), BytesIO()
    Image.new("RGB", shape, "black").save(drawn, "PNG")
    one, owner = face(1, colour="#1F4E8C"), replace(COMMUNITY, logo=read_logo(drawn.getvalue()))
    sides = pages(render([one], owner, layout=Layout.CR80, fonts=fonts).pdf, tmp_path)
    pixels = 300 / 25.4
    wide, high = (side * pixels for side in fitted(*shape))
    top, left = BAND / 2 * pixels - high / 2, (MARGIN + PLATE) * pixels
    for side in sides:
        picture = side[round(top) + 2 : round(top + high) - 2, round(left) + 2 : round(left + wide) - 2]
        assert picture.max() < 10
        assert side[round(BAND / 2 * pixels), round(left) - 5] > 245, "the plate"
        assert side[round(BAND * pixels) - 8, round(left)] < 120, "the team's colour around it"
    (code,) = qr_codes(sides[0])
    assert code.text == one.text
    x, y, border = code.position.top_left.x, code.position.top_left.y, round(QUIET * pixels)
    for around in (
        sides[0][y - border + 2 : y - 2, x - border :],
        sides[0][y - border + 2 :, x - border + 2 : x - 2],
    ):
        assert around[: round(CODE * pixels), : round(CODE * pixels)].min() > 200


@pytest.mark.pdf
def test_nothing_runs_over_the_edge_of_a_card(tmp_path: Path, fonts: Fonts):
    long = CardFace(number="9" * 24, text=face(1).text, name="Ж" * 40, team="队" * 20)
    named = Community(name="社" * 30, name_en="e" * 90, contact="1" * 60)
    for page in pages(render([long], named, layout=Layout.CR80, fonts=fonts).pdf, tmp_path):
        below_band, edge = page[160:], 12
        assert below_band[:, :edge].min() > 200
        assert below_band[:, -edge:].min() > 200
        assert below_band[-edge:].min() > 200


def test_a_character_that_no_font_draws_is_a_fault_with_its_row_and_the_others_go_on(fonts: Fonts):
    done = render([face(0), face(1, "王\U000e0041"), face(2)], COMMUNITY, fonts=fonts)
    (fault,) = done.faults
    assert (done.count, fault.row, fault.field) == (2, 3, "name")
    assert "U+E0041" in fault.message_en
    assert "U+E0041" in fault.message_zh


def test_rare_characters_are_drawn_and_never_left_out(fonts: Fonts, caplog: pytest.LogCaptureFixture):
    """fpdf2 only warns about a missing glyph and prints the rest of the name."""
    assert render([face(1, "张\U0002ceb0")], COMMUNITY, layout=Layout.LABELS, fonts=fonts).count == 1
    assert [r for r in caplog.records if "missing" in r.getMessage()] == []
    assert [family for family, _ in fonts.runs("张\U0002ceb0")] == ["sans", "rareB"]


def test_selectors_and_joiners_are_left_out_and_are_no_fault(fonts: Fonts):
    assert drawable("葛\U000e0100城\u200d\ufe0f") == "葛城"
    fonts.require("葛\U000e0100城")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"colour": "red"}, "six hex digits"), ({"colour": "#12345"}, "six hex digits")],
)
def test_a_colour_that_is_none_is_a_fault(fonts: Fonts, wrong: dict[str, str], says: str):
    (fault,) = render([face(1, **wrong)], COMMUNITY, fonts=fonts).faults
    assert says in fault.message_en


def test_a_code_that_does_not_fit_is_a_fault(fonts: Fonts):
    done = render([CardFace(number="1", text="A" * 126, row=9)], COMMUNITY, fonts=fonts)
    assert (done.pdf, done.count, done.faults[0].row) == (b"", 0, 9)


def test_a_community_whose_own_words_cannot_be_drawn_is_an_error_at_once(fonts: Fonts):
    with pytest.raises(GlyphMissing):
        render([face(1)], Community(name="\U000e0041"), fonts=fonts)


def test_progress_is_told_card_by_card(fonts: Fonts):
    told: list[tuple[int, int]] = []
    render([face(n) for n in range(12)], COMMUNITY, fonts=fonts, progress=lambda *now: told.append(now))
    assert told == [(n, 12) for n in range(1, 13)]


def test_a_missing_font_names_its_package(tmp_path: Path):
    with pytest.raises(FontMissing, match="apt-get install fonts-noto-cjk"):
        Fonts([tmp_path])


def test_a_font_file_without_the_chinese_face_is_named(tmp_path: Path):
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    builder.setupNameTable({"familyName": "Another", "styleName": "Regular"})
    collection = TTCollection()
    collection.fonts = [builder.font]
    collection.save(tmp_path / "NotoSansCJK-Regular.ttc")
    with pytest.raises(FontMissing, match="holds no Noto Sans CJK SC"):
        Fonts([tmp_path])


def test_a_broken_font_file_is_named(tmp_path: Path):
    (tmp_path / "NotoSansCJK-Regular.ttc").write_bytes(b"no font")
    with pytest.raises(FontMissing, match="not a collection"):
        Fonts([tmp_path])


def test_a_team_has_always_the_same_colour_and_dark_enough_for_white_words():
    assert colour_of(face(1)) == colour_of(face(2))
    for colour in _PALETTE:
        red, green, blue = bytes.fromhex(colour[1:])
        assert ink_on((red, green, blue)) == 255
    assert ink_on((255, 235, 59)) == 0


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Maria Gonzalez Fernandez", ("Maria Gonzalez", "Fernandez")),
        ("阿卜杜热合曼·阿卜杜拉", ("阿卜杜热合曼·", "阿卜杜拉")),
        ("赵钱孙李周吴", ("赵钱孙", "李周吴")),
    ],
)
def test_a_long_name_is_cut_where_it_has_a_joint(name: str, lines: tuple[str, str]):
    assert halves(name) == lines


def test_a_card_error_is_what_a_list_reports():
    assert issubclass(GlyphMissing, CardError)
    assert PER_PAGE == 10
