"""A list of people as any spreadsheet saves it: its encoding, delimiter and headings are found out. Pure.

UTF-8 (with or without mark), UTF-16 with mark, or GBK (as GB 18030); comma, tab, semicolon or Chinese comma
between cells; a title may stand above the headings. What is no such list is :class:`ListUnreadable`; a line
that is broken is a :class:`Line` that says how, and the lines behind it go on.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from card_tools.errors import ListUnreadable

MOST_LINES = 20
"""Lines of one cell; a quote that is open for longer is one that was never closed."""
LOOKED_AT = 5
"""Lines among which the headings stand."""
LOST = "\ufffd"
_DELIMITERS = ",\t;，"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NO_TEXT = {
    b"PK\x03\x04": ("an Excel workbook (.xlsx)", " Excel 工作簿（.xlsx）"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls)", "旧版 Excel 工作簿（.xls）"),
    b"%PDF": ("a PDF", " PDF "),
    b"<": ("a web page or XML", "网页或 XML "),
}
_NOTE = re.compile(r"\(.*?\)|\[.*?\]")
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00)?$")
_DATES = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)


class Broken(StrEnum):
    """How a line is broken."""

    QUOTES = "quotes"
    """They do not close, or something follows them."""
    BYTES = "bytes"
    """Some of it is in another encoding, or damaged."""
    CELLS = "cells"
    """There is more in it than there are headings."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line by its headings' fields, or how it is broken."""

    number: int
    """Line of the file where it begins, from 1, as an editor shows it."""
    cells: Mapping[str, str]
    broken: Broken | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The lines below the headings, and the headings that are nobody's."""

    lines: tuple[Line, ...]
    unknown: tuple[str, ...]


def decoded(content: bytes) -> str:
    """A file's text; what cannot be read of it is U+FFFD, so that the rest goes on."""
    for mark, (en, zh) in _NO_TEXT.items():
        if content.lstrip().startswith(mark):
            raise ListUnreadable(
                f"the file is {en}: save it as CSV (UTF-8) first",
                zh=f"这是一个{zh}文件，请在表格软件里“另存为”CSV UTF-8，再用那个文件。",
            )
    encodings = ("utf-16",) if content.startswith(_UTF16_MARKS) else ("utf-8-sig", "gb18030")
    return content.decode(max(encodings, key=lambda name: _reach(content, name)), "replace")


def read_table(text: str, fields: Mapping[str, Sequence[str]], *, required: str) -> Table:
    """Read what :func:`decoded` gave; ``fields`` tells what each field's heading may be called."""
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    by_title = {_title(title): field for field, titles in fields.items() for title in titles}
    # A line of some spreadsheets says what stands between cells; else what makes most of the headings known.
    said = re.fullmatch(r"sep=([,;\t|，])\s*", lines[0]) if lines else None
    heads = [_head(lines, mark, by_title, required) for mark in (said[1] if said else _DELIMITERS)]
    head = max(filter(None, heads), key=lambda head: head.known, default=None)
    if head is None:
        raise _no_headings(text, fields[required][0], required)
    _check_once(head.fields, fields)
    records = _records(lines, head.delimiter, head.below)
    return Table(_below(records, head.fields), head.unknown)


def clean(cell: str) -> str:
    """Without the blanks that spreadsheets leave: wide, narrow, unbreakable, and invisible ones."""
    visible = "".join(
        c for c in cell if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"} or c in "\u200c\u200d"
    )
    return " ".join(visible.split())


def day_of(cell: str) -> date | None:
    """A date as people and spreadsheets write it, year first; None when it is none."""
    text = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", cell)).replace(" ", "")
    for pattern in _DATES:
        if found := pattern.fullmatch(text):
            try:
                return date(*map(int, found.groups()))
            except ValueError:
                return None
    return None


def _reach(content: bytes, encoding: str) -> int:
    """How far a decoder comes."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


@dataclass(frozen=True, slots=True)
class _Head:
    """The line of headings, read with one delimiter."""

    delimiter: str
    below: int
    """Place of the line behind it."""
    fields: tuple[str | None, ...]
    unknown: tuple[str, ...]

    @property
    def known(self) -> int:
        return sum(field is not None for field in self.fields)


def _head(lines: Sequence[str], delimiter: str, by_title: Mapping[str, str], required: str) -> _Head | None:
    records = (record for record in _records(lines, delimiter) if record.cells)
    for _number, behind, cells in islice(records, LOOKED_AT):
        fields = tuple(by_title.get(_title(cell)) for cell in cells or ())
        if required in fields:
            named = zip(cells or (), fields, strict=True)
            unknown = tuple(clean(cell) for cell, field in named if field is None and clean(cell))
            return _Head(delimiter, behind, fields, unknown)
    return None


class _Record(NamedTuple):
    """What one line, or several with a cell of several lines, hold."""

    number: int
    """Of the line where it begins, from 1."""
    behind: int
    """Place of the line behind it, from 0."""
    cells: list[str] | None
    """None where the quotes are broken: the next line begins anew."""


def _records(lines: Sequence[str], delimiter: str, at: int = 0) -> Iterator[_Record]:
    while at < len(lines):
        reader = csv.reader(lines[at : at + MOST_LINES], delimiter=delimiter, strict=True)
        try:
            cells: list[str] | None = next(reader)
        except csv.Error:
            cells = None
        if cells and any(delimiter in cell and not cell.isprintable() for cell in cells):
            cells = None  # two lines with a stray quote each, taken for one cell
        behind = at + 1 if cells is None else at + max(1, reader.line_num)
        yield _Record(at + 1, behind, cells)
        at = behind


def _title(cell: str) -> str:
    """A heading without blanks, notes in brackets and the star that marks what must be filled in."""
    plain = "".join(unicodedata.normalize("NFKC", clean(cell)).split()).lower()
    return _NOTE.sub("", plain).strip("*:")


def _check_once(headings: Sequence[str | None], fields: Mapping[str, Sequence[str]]) -> None:
    doubled = sorted({field for field in headings if field is not None and headings.count(field) > 1})
    if doubled:
        which = "、".join(fields[field][0] for field in doubled)
        raise ListUnreadable(f"columns appear twice: {which}", zh=f"列重复：{which}，请删去多余的列。")


def _no_headings(text: str, zh: str, en: str) -> ListUnreadable:
    if not text.strip(" \t\r\n,;，\ufeff"):
        return ListUnreadable("the file is empty", zh="文件是空的，请重新选择。")
    if LOST in text or "\0" in text:
        return ListUnreadable(
            "the file is neither UTF-8 nor GBK text: save it as CSV UTF-8",
            zh="无法识别文件编码，请在表格软件里另存为 CSV UTF-8。",
        )
    return ListUnreadable(
        f"no line at the top names the columns; one of them is {zh} ({en})",
        zh=f"开头几行里没有列名，须有“{zh}”列。",
    )


def _below(records: Iterable[_Record], headings: Sequence[str | None]) -> tuple[Line, ...]:
    lines = tuple(
        _line(number, cells, headings)
        for number, _behind, cells in records
        if cells is None or any(clean(cell) for cell in cells)
    )
    if not lines:
        raise ListUnreadable("there is nobody below the headings", zh="列名下面没有人，请检查文件。")
    return lines


def _line(number: int, cells: list[str] | None, headings: Sequence[str | None]) -> Line:
    if cells is None:
        return Line(number, {}, Broken.QUOTES)
    named = {field: clean(cell) for field, cell in zip(headings, cells, strict=False) if field}
    if any(LOST in cell for cell in cells):
        return Line(number, named, Broken.BYTES)
    return Line(number, named, Broken.CELLS if any(map(clean, cells[len(headings) :])) else None)
