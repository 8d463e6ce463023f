"""A whole community's cards as one PDF, as the print shop sees them: each code, name, mark and millimetre.

Each run takes 60 cards; ``YIKA_TEST_CARDS=1550`` takes them all.
"""

import os
import re
import subprocess
import zlib
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from PIL import Image

from card_tools.credential import Issuer
from card_tools.face import BAND, BLEED, CODE, HEIGHT, MARGIN, MODULE, WIDTH, CardFace, Community
from card_tools.fonts import Fonts
from card_tools.logo import read_logo
from card_tools.sheet import COLUMNS, GAP_X, LEFT, PER_PAGE, TOP, _corner, render
from tests.support.qr import qr_codes

CARDS = int(os.environ.get("YIKA_TEST_CARDS", "60"))
DPI = 300
MM = DPI / 25.4
RARE = (
    "张\U0002ceb0",
    "㛃䶮",
    "阿卜杜热合曼·阿卜杜拉",
    "Maria Gonzalez-Fernandez",
    "欧阳\U00020bb7",
    "",
    "李阿姨",
)
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "小明秀英建国丽华桂兰志强玉珍伟芳娜敏静磊洋艳勇军杰涛超平刚鹏辉玲丹萍红梅春雪琴云莲凤"
TEAMS = ("平安美湖", "爱心护学岗", "健康护卫队", "法律援助队(共建单位)")
COMMUNITY = Community(name="美湖社区居民委员会", name_en="Meihu Community", contact="0510-8888 6666")


@dataclass(frozen=True, slots=True)
class Book:
    """The faces that were asked for, and the PDF that came."""

    faces: list[CardFace]
    path: Path
    told: list[tuple[int, int]]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    random, issuer = Random(1550), Issuer(bytes(range(32)))
    faces = [
        CardFace(
            number=f"{n:04d}",
            text=issuer.encode_static(n.to_bytes(8, "big")).text,
            name=RARE[n] if n < len(RARE) else random.choice(FAMILY) + "".join(random.sample(GIVEN, 2)),
            team=TEAMS[n % len(TEAMS)],
        )
        for n in range(CARDS)
    ]
    told: list[tuple[int, int]] = []
    drawn = BytesIO()
    Image.new("RGB", (600, 200), "#C0392B").save(drawn, "PNG")
    owner = replace(COMMUNITY, logo=read_logo(drawn.getvalue()))
    done = render(faces, owner, fonts=Fonts(), progress=lambda *now: told.append(now))
    assert (done.count, done.faults) == (CARDS, ())
    path = tmp_path_factory.mktemp("book") / "cards.pdf"
    path.write_bytes(done.pdf)
    return Book(faces, path, told)


def page(book: Book, number: int) -> cv2.typing.MatLike:
    """One page as the printer gets it, gray."""
    form = ["pdftoppm", "-r", str(DPI), "-gray", "-f", str(number), "-l", str(number), "-singlefile"]
    target = book.path.with_name(f"page-{number}")
    subprocess.run([*form, book.path, target], check=True)
    picture = target.with_suffix(".pgm")
    seen = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    picture.unlink()
    assert seen is not None
    return seen


def cut(picture: cv2.typing.MatLike, x: float, y: float, wide: float, high: float) -> cv2.typing.MatLike:
    """A piece of a page, by millimetres."""
    return picture[round(y * MM) : round((y + high) * MM), round(x * MM) : round((x + wide) * MM)]


def ink_box(piece: cv2.typing.MatLike) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is dark, in millimetres."""
    ys, xs = np.nonzero(piece < 128)
    return xs.min() / MM, ys.min() / MM, (xs.max() + 1 - xs.min()) / MM, (ys.max() + 1 - ys.min()) / MM


@pytest.mark.pdf
@pytest.mark.timeout(1800)
def test_every_code_is_read_where_it_belongs_has_its_size_and_its_white_border(book: Book):
    """Each card is cut out along its own marks and read alone; sizes are those of the bitmap."""
    widths, borders = [], []
    for start in range(0, CARDS, PER_PAGE):
        front = page(book, 1 + 2 * (start // PER_PAGE))
        for place, face in enumerate(book.faces[start : start + PER_PAGE]):
            card = cut(front, *_corner(place), WIDTH, HEIGHT)
            (code,) = qr_codes(card)
            assert code.text == face.text
            # The code with as much around it as is white: from the middle of the card's right half.
            x, y = WIDTH - MARGIN - CODE, BAND + 2.9
            left, top, wide, high = ink_box(cut(card, x - 1, y - 1, CODE + 2, CODE + 2))
            widths += [wide, high]
            assert left - 1 == pytest.approx(0, abs=0.1)
            assert top - 1 == pytest.approx(0, abs=0.1)
            around = cut(card, x - 4 * MODULE, y - 4 * MODULE, CODE + 8 * MODULE, CODE + 8 * MODULE).copy()
            inner = slice(round(3.8 * MODULE * MM), round((4.2 * MODULE + CODE) * MM))
            around[inner, inner] = 255
            borders.append(int(around.min()))
    assert (min(widths), max(widths)) == (pytest.approx(CODE, abs=0.1), pytest.approx(CODE, abs=0.1))
    assert min(borders) > 200, "four modules around every code are white"
    print(f"{len(borders)} codes read, {min(widths):.2f} to {max(widths):.2f} mm, border ≥ {min(borders)}")


@pytest.mark.pdf
def test_every_name_and_number_is_whole(book: Book):
    """The PDF's own text is what was to be printed."""
    done = subprocess.run(["pdftotext", "-raw", book.path, "-"], check=True, capture_output=True, timeout=170)
    pages = done.stdout.decode().split("\f")
    for start in range(0, CARDS, PER_PAGE):
        said = pages[2 * (start // PER_PAGE)].replace("\n", "")
        for face in book.faces[start : start + PER_PAGE]:
            assert face.number in said
            assert face.name.replace(" ", "") in said.replace(" ", "")


def test_no_character_is_drawn_as_the_box_for_a_missing_one(book: Book):
    """Words are codes of two bytes each; code 0 is .notdef, the box, and no text of any page shows it."""
    shown = 0
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", book.path.read_bytes(), re.DOTALL):
        try:
            content = zlib.decompress(packed)
        except zlib.error:
            continue
        for escaped in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content, re.DOTALL):
            text = re.sub(rb"\\(.)", lambda it: b"\r" if it[1] == b"r" else it[1], escaped, flags=re.DOTALL)
            codes = [text[at : at + 2] for at in range(0, len(text), 2)]
            assert b"\0\0" not in codes
            shown += len(codes)
    assert shown > CARDS * 20, "every page's words were looked at"


@pytest.mark.pdf
def test_back_and_front_lie_on_each_other_when_the_sheet_is_turned_on_its_long_edge(book: Book):
    """The back, seen through the paper, has each card's number and colour behind its own front."""
    front, back = page(book, 1), page(book, 2)
    through = cv2.flip(back, 1)
    for place in range(min(PER_PAGE, CARDS)):
        x, y = _corner(place)
        for side in (front, through):
            band = cut(side, x - 1.9, y + 1, WIDTH + 3.8, 0.8)
            left, _, wide, _ = ink_box(band)
            assert left - 1.9 == pytest.approx(-BLEED, abs=0.15)
            assert wide == pytest.approx(WIDTH + 2 * BLEED, abs=0.3)
        mirrored = place - place % COLUMNS + COLUMNS - 1 - place % COLUMNS
        assert x == pytest.approx(210 - _corner(mirrored)[0] - WIDTH)
    words = subprocess.run(
        ["pdftotext", "-f", "2", "-l", "2", "-layout", book.path, "-"], check=True, capture_output=True
    ).stdout.decode()
    numbers = [word for word in words.split() if word in {face.number for face in book.faces[:PER_PAGE]}]
    assert numbers[:4] == ["0001", "0000", "0003", "0002"], "each row of backs is its fronts' row, turned"


@pytest.mark.pdf
def test_crop_marks_stand_on_every_cutting_line_and_touch_no_card(book: Book):
    for side in (page(book, 1), page(book, 2)):
        for column in range(COLUMNS):
            for x in (LEFT + column * (WIDTH + GAP_X), LEFT + column * (WIDTH + GAP_X) + WIDTH):
                for y in (TOP - 5, 297 - TOP + 2):
                    left, top, wide, high = ink_box(cut(side, x - 1, y - 0.5, 2, 4))
                    assert left + wide / 2 == pytest.approx(1, abs=0.1)
                    assert (wide, high) == (pytest.approx(0.1, abs=0.1), pytest.approx(3, abs=0.15))
                    assert top == pytest.approx(0.5, abs=0.15)
        assert cut(side, 0, TOP - BLEED - 0.9, 210, 0.8).min() == 255, "between marks and colour is white"


def test_progress_is_told_for_each_card(book: Book):
    assert book.told == [(n, CARDS) for n in range(1, CARDS + 1)]
