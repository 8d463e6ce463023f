"""The list of people that an office keeps: a CSV file from any spreadsheet, with every wrong row named.

UTF-8 (with or without mark), UTF-16 with mark, or GBK; comma, tab or semicolon; headings in Chinese or
English in any order. A wrong row is a :class:`RowFault` and the other rows go on.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from card_tools.credential import DAY_ZERO, LAST_DAY, UID_LENGTHS, is_random_uid
from card_tools.errors import CardUnreadable, RowFault

HEADINGS = {
    "number": ("编号", "志愿者编号", "number", "no", "no."),
    "name": ("姓名", "称呼", "name"),
    "team": ("队伍", "团队", "team"),
    "colour": ("颜色", "colour", "color"),
    "expires": ("有效期", "有效期至", "expires", "expiry"),
    "uid": ("芯片号", "卡号", "uid"),
}
_FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings}
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,23}")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person to make a card for."""

    row: int
    number: str
    name: str = ""
    team: str = ""
    colour: str = ""
    expires: date | None = None
    uid: bytes = b""


class _Wrong(ValueError):
    """A cell that cannot be used, in both languages."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.field, self.zh, self.en = field, zh, en

    def at(self, row: int) -> RowFault:
        return RowFault(row=row, field=self.field, message_zh=self.zh, message_en=self.en)


def read_rows(content: bytes, *, today: date) -> tuple[list[Row], list[RowFault]]:
    """Every usable row and every fault; :class:`CardUnreadable` when the file as a whole is no such list."""
    rows: list[Row] = []
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    for line, cells in _table(_text(content)):
        try:
            row = _row(line, cells, today)
            if first := seen.get(row.number):
                where = (
                    f"编号 {row.number} 在第 {first} 行已有",
                    f"number {row.number} stands in row {first} already",
                )
                raise _Wrong("number", *where)
        except _Wrong as wrong:
            faults.append(wrong.at(line))
        else:
            seen[row.number] = line
            rows.append(row)
    return rows, faults


def _text(content: bytes) -> str:
    encoding = "utf-16" if content.startswith(_UTF16_MARKS) else "utf-8-sig"
    for candidate in (encoding, "gb18030"):
        try:
            return content.decode(candidate)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
    raise CardUnreadable(f"the list is neither UTF-8 nor GBK: line {line} cannot be read")


def _table(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        headings = [_FIELDS.get(_clean(cell).lower()) for cell in next(reader, [])]
        if "number" not in headings:
            raise CardUnreadable("the list's first line needs a heading 编号 or number")
        for cells in reader:
            if any(_clean(cell) for cell in cells):
                named = zip(headings, cells, strict=False)
                yield reader.line_num, {heading: _clean(cell) for heading, cell in named if heading}
    except csv.Error as error:
        raise CardUnreadable(f"line {reader.line_num} of the list cannot be read: {error}") from error


def _clean(cell: str) -> str:
    """Without the blanks that spreadsheets leave: wide, narrow, unbreakable, and invisible ones."""
    visible = "".join(c for c in cell if unicodedata.category(c) not in {"Cc", "Cf"} or c in "\u200c\u200d")
    return " ".join(visible.split())


def _row(line: int, cells: dict[str, str], today: date) -> Row:
    return Row(
        row=line,
        number=_number(cells.get("number", "")),
        name=cells.get("name", ""),
        team=cells.get("team", ""),
        colour=_colour(cells.get("colour", "")),
        expires=_date(cells.get("expires", ""), today),
        uid=_uid(cells.get("uid", "")),
    )


def _number(cell: str) -> str:
    number = unicodedata.normalize("NFKC", cell).removeprefix("'")
    if not number:
        raise _Wrong("number", "没有编号", "there is no number")
    if not _NUMBER.fullmatch(number):
        zh = f"编号 {number} 含有字母、数字、短横以外的字符，或太长；表格软件可能改写了它"
        en = f"number {number} is not letters, digits and dashes, or too long; did a spreadsheet change it?"
        raise _Wrong("number", zh, en)
    return number


def _colour(cell: str) -> str:
    if cell and not re.fullmatch("#[0-9A-Fa-f]{6}", cell):
        raise _Wrong(
            "colour", f"颜色要写成 #1F4E8C 这样，不是 {cell}", f"a colour is like #1F4E8C, not {cell}"
        )
    return cell


def _date(cell: str, today: date) -> date | None:
    if not cell:
        return None
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", cell).replace(" ", ""))
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None or not DAY_ZERO < day <= LAST_DAY:
        raise _Wrong("expires", f"有效期 {cell} 不是日期", f"{cell} is not a date a card can expire on")
    if day < today:
        raise _Wrong("expires", f"有效期 {day} 已经过去", f"{day} is past: the card would be born expired")
    return day


def _uid(cell: str) -> bytes:
    try:
        uid = bytes.fromhex(cell.replace(":", "").replace("-", ""))
    except ValueError:
        uid = b"?"
    if uid and len(uid) not in UID_LENGTHS:
        raise _Wrong(
            "uid", f"芯片号 {cell} 不是 4、7、8 或 10 个字节", f"UID {cell} is not 4, 7, 8 or 10 bytes in hex"
        )
    if is_random_uid(uid):
        raise _Wrong("uid", f"{cell} 是手机的随机号，不能作卡", f"{cell} is a phone's random UID: no card")
    return uid
