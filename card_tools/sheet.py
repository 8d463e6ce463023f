"""Cards as PDF: A4 sheets for a paper trimmer, pages for a card printer, or a strip of labels.

An A4 sheet holds ten cards with crop marks; its back page is mirrored, so print on both sides and turn on the
long edge, at 100 % without fitting to the page. A card that cannot be printed is a fault with its row, and
the other cards go on.
"""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from fpdf.fonts import TTFFont

from card_tools.errors import CardError, RowFault
from card_tools.face import BLEED, HEIGHT, WIDTH, CardFace, Community, Pen, check_face
from card_tools.fonts import FontFile, Fonts
from card_tools.paper import Paper

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
COLUMNS, ROWS = 2, 5
PER_PAGE = COLUMNS * ROWS
GAP_X, GAP_Y = 4.0, 3.0
LEFT = (PAGE_WIDTH - COLUMNS * WIDTH - (COLUMNS - 1) * GAP_X) / 2
TOP = (PAGE_HEIGHT - ROWS * HEIGHT - (ROWS - 1) * GAP_Y) / 2
LABEL_WIDTH, LABEL_HEIGHT = 62.0, 36.0
"""Continuous paper of common label printers, 62 mm wide."""

Progress = Callable[[int, int], None]
"""Told how many of how many cards are drawn."""


class Layout(StrEnum):
    """What the PDF is for."""

    A4 = "a4"
    CR80 = "cr80"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF, how many cards are in it, and which rows are not."""

    pdf: bytes
    count: int
    faults: tuple[RowFault, ...]


def render(
    faces: Sequence[CardFace],
    community: Community,
    *,
    layout: Layout = Layout.A4,
    fonts: Fonts | None = None,
    progress: Progress | None = None,
) -> Printed:
    """Draw cards. A card that cannot be drawn is a fault; the community's own words must be drawable."""
    steps = drawing(faces, community, layout=layout, fonts=fonts)
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            printed: Printed = end.value
            return printed
        if progress is not None:
            progress(done, total)


def drawing(
    faces: Sequence[CardFace],
    community: Community,
    *,
    layout: Layout = Layout.A4,
    fonts: Fonts | None = None,
) -> Generator[tuple[int, int], None, Printed]:
    """The same card by card, for whoever tells how far it is: (done, of how many), at last the PDF."""
    fonts = fonts or Fonts()
    own_words = CardFace(number=community.contact, name=community.name, team=community.name_en, text="")
    fonts.require(f"{own_words.number}{own_words.name}{own_words.team}")
    good, faults = _sorted_out(faces, fonts)
    draw = {Layout.A4: _sheets, Layout.CR80: _singles, Layout.LABELS: _labels}[layout]
    with _document(layout, fonts, _families([own_words, *good], fonts)) as pdf:
        for done in draw(pdf, Pen(pdf, fonts, community), good):
            yield done, len(good)
        return Printed(_written(pdf) if good else b"", len(good), tuple(faults))


def _sorted_out(faces: Sequence[CardFace], fonts: Fonts) -> tuple[list[CardFace], list[RowFault]]:
    good, faults = [], []
    for face in faces:
        try:
            check_face(face, fonts)
        except CardError as error:
            zh, en = f"无法打印：{error.zh}", str(error)
            faults.append(RowFault(row=face.row, field="name", message_zh=zh, message_en=en))
        else:
            good.append(face)
    return good, faults


def _families(faces: Sequence[CardFace], fonts: Fonts) -> set[str]:
    """Which faces these cards need: opening one for rare characters takes seconds."""
    shown = (text for face in faces for text in (face.name, face.team, face.number))
    return {family for text in shown for family, _ in fonts.runs(text)}


@contextmanager
def _document(layout: Layout, fonts: Fonts, families: set[str]) -> Iterator[Paper]:
    """A document with its fonts, whose files fpdf would otherwise leave open."""
    sizes = {
        Layout.A4: (PAGE_WIDTH, PAGE_HEIGHT),
        Layout.CR80: (WIDTH, HEIGHT),
        Layout.LABELS: (LABEL_WIDTH, LABEL_HEIGHT),
    }
    pdf = Paper(sizes[layout])
    pdf.set_title("Yika 一卡")
    _add(pdf, "sans", "", fonts.regular)
    _add(pdf, "sans", "B", fonts.bold)
    for family, face in fonts.rare.items():
        if family in families:
            _add(pdf, family, "", face)
    try:
        yield pdf
    finally:
        for font in pdf.fonts.values():
            assert isinstance(font, TTFFont)
            font.close()


def _add(pdf: Paper, family: str, style: str, face: FontFile) -> None:
    pdf.add_font(family, style, face.path, collection_font_number=face.number)


def _written(pdf: Paper) -> bytes:
    # fontTools reports each table that it drops while subsetting: of no use to whoever prints cards.
    logging.getLogger("fontTools.subset").setLevel(logging.WARNING)
    return bytes(pdf.output())


def _sheets(pdf: Paper, pen: Pen, faces: Sequence[CardFace]) -> Iterator[int]:
    for start in range(0, len(faces), PER_PAGE):
        group = faces[start : start + PER_PAGE]
        pdf.add_page()
        _crop_marks(pdf)
        for place, face in enumerate(group):
            pen.front(face, *_corner(place), bleed=BLEED)
            yield start + place + 1
        pdf.add_page()
        _crop_marks(pdf)
        for place, face in enumerate(group):
            mirrored = place - place % COLUMNS + COLUMNS - 1 - place % COLUMNS
            pen.back(face, *_corner(mirrored), bleed=BLEED)


def _corner(place: int) -> tuple[float, float]:
    row, column = divmod(place, COLUMNS)
    return LEFT + column * (WIDTH + GAP_X), TOP + row * (HEIGHT + GAP_Y)


def _crop_marks(pdf: Paper) -> None:
    """Lines outside the cards on every cutting line, at the edges of the page only."""
    pdf.set_draw_color(0)
    pdf.set_line_width(0.1)
    for column in range(COLUMNS):
        for x in (_corner(column)[0], _corner(column)[0] + WIDTH):
            pdf.line(x, TOP - 5, x, TOP - 2)
            pdf.line(x, PAGE_HEIGHT - TOP + 2, x, PAGE_HEIGHT - TOP + 5)
    for row in range(ROWS):
        y = _corner(row * COLUMNS)[1]
        for edge in (y, y + HEIGHT):
            pdf.line(LEFT - 7, edge, LEFT - 2, edge)
            pdf.line(PAGE_WIDTH - LEFT + 2, edge, PAGE_WIDTH - LEFT + 7, edge)


def _singles(pdf: Paper, pen: Pen, faces: Sequence[CardFace]) -> Iterator[int]:
    for done, face in enumerate(faces, 1):
        pdf.add_page()
        pen.front(face, 0, 0)
        pdf.add_page()
        pen.back(face, 0, 0)
        yield done


def _labels(pdf: Paper, pen: Pen, faces: Sequence[CardFace]) -> Iterator[int]:
    for done, face in enumerate(faces, 1):
        pdf.add_page()
        pen.label(face, LABEL_WIDTH, LABEL_HEIGHT)
        yield done
