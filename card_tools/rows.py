"""The list of people that an office keeps, from any spreadsheet (``card_tools.table``): who gets which card.

Headings in Chinese or English in any order. A wrong row is a :class:`RowFault` and the other rows go on.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from card_tools.credential import DAY_ZERO, LAST_DAY, UID_LENGTHS, is_random_uid
from card_tools.errors import RowFault
from card_tools.table import Broken, Line, day_of, decoded, read_table

HEADINGS = {
    "number": ("编号", "志愿者编号", "number", "no", "no."),
    "name": ("姓名", "称呼", "name"),
    "team": ("队伍", "团队", "team"),
    "colour": ("颜色", "colour", "color"),
    "expires": ("有效期", "有效期至", "expires", "expiry"),
    "uid": ("芯片号", "卡号", "uid"),
}
MOST_CHARACTERS = 60
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,23}")
_BROKEN = {
    Broken.QUOTES: (
        "这一行的引号没有配对，或引号后面还有字，请改好引号",
        "the quotes of this line do not close, or something follows them",
    ),
    Broken.BYTES: (
        "这一行有读不出的字：编码混杂，或文件损坏",
        "some of this line cannot be read: another encoding, or damaged",
    ),
    Broken.CELLS: (
        "这一行比列名多出内容：可能名字里有逗号，请用引号括起来",
        "there is more in this line than there are headings: quote what holds a comma",
    ),
}


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
    for line in read_table(decoded(content), HEADINGS, required="number").lines:
        try:
            row = _row(line, today)
            if first := seen.get(row.number):
                where = (
                    f"编号 {row.number} 在第 {first} 行已有",
                    f"number {row.number} stands in row {first} already",
                )
                raise _Wrong("number", *where)
        except _Wrong as wrong:
            faults.append(wrong.at(line.number))
        else:
            seen[row.number] = line.number
            rows.append(row)
    return rows, faults


def _row(line: Line, today: date) -> Row:
    if line.broken is not None:
        raise _Wrong("line", *_BROKEN[line.broken])
    cells = line.cells
    return Row(
        row=line.number,
        number=_number(cells.get("number", "")),
        name=_words("name", cells.get("name", "")),
        team=_words("team", cells.get("team", "")),
        colour=_colour(cells.get("colour", "")),
        expires=_date(cells.get("expires", ""), today),
        uid=_uid(cells.get("uid", "")),
    )


def _words(field: str, cell: str) -> str:
    if len(cell) > MOST_CHARACTERS:
        zh = f"“{cell[:12]}…”有 {len(cell)} 个字，最多 {MOST_CHARACTERS} 个"
        raise _Wrong(field, zh, f"{cell[:12]!r}… has {len(cell)} characters; {MOST_CHARACTERS} is the most")
    return cell


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
    day = day_of(cell)
    if day is None:
        zh = f"有效期“{cell}”看不懂，请写成 2027-12-31"
        raise _Wrong("expires", zh, f"{cell} is not a date; write it as 2027-12-31")
    if day < max(today, DAY_ZERO):
        raise _Wrong("expires", f"有效期 {day} 已经过去", f"{day} is past: the card would be born expired")
    if day > LAST_DAY:
        zh = f"有效期最晚 {LAST_DAY}，不能是 {day}"
        raise _Wrong("expires", zh, f"a card expires by {LAST_DAY}, not {day}")
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
