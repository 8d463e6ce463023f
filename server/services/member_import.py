"""Reading a list of volunteers from a spreadsheet: each row's faults are named, good rows go on."""

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from server.errors import Invalid
from server.services.members import NewVolunteer

COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "name"),
    "number": ("编号", "志愿者编号", "number"),
    "sex": ("性别", "sex"),
    "birth": ("出生日期", "生日", "birth"),
    "phone": ("电话", "手机", "手机号", "联系电话", "phone"),
    "area": ("小区楼栋", "居住区域", "地址", "area"),
    "skills": ("技能", "专业技能", "skills"),
    "team": ("团队", "志愿队", "队伍", "team"),
    "guardian_name": ("监护人", "监护人姓名", "guardian"),
    "guardian_phone": ("监护人电话", "guardian_phone"),
    "guardian_consent": ("监护人同意", "guardian_consent"),
    "consent": ("本人同意", "同意", "consent"),
}
"""What a column may be called; columns called otherwise are left aside and named."""
SEXES = {"男": "m", "女": "f", "m": "m", "f": "f", "": ""}
YES = frozenset({"是", "已同意", "同意", "1", "y", "yes", "true", "√"})
MOST_ROWS = 5000
ADULT = 18
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


class Fault(NamedTuple):
    """What is wrong in a row: a word of a closed list that screens can say, and the value in question."""

    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One row: a person who can be registered, or what is wrong."""

    line: int
    """Line in the file as a spreadsheet counts it."""
    cells: Mapping[str, str]
    person: NewVolunteer | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """A whole file, read."""

    rows: tuple[ImportedRow, ...]
    unknown: tuple[str, ...]

    @property
    def good(self) -> list[NewVolunteer]:
        """Who can be registered."""
        return [row.person for row in self.rows if row.person is not None]

    @property
    def bad(self) -> list[ImportedRow]:
        """Rows that want correcting."""
        return [row for row in self.rows if row.person is None]


@dataclass(slots=True)
class _Known:
    """What the rows of a file are held against; grows as rows are read."""

    numbers: set[str]
    teams: Mapping[str, str]
    """Team's name -> id."""
    today: str
    people: set[tuple[str, str]] = field(default_factory=set)
    """Name and phone (or birth date) of everybody registered or read so far."""


def decode(raw: bytes) -> str:
    """A spreadsheet's text: UTF-8, else GB 18030 as Chinese Excel saves it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("the file is neither UTF-8 nor GB 18030 text", zh="无法识别文件编码，请另存为 CSV UTF-8。")


def read_members(
    text: str,
    *,
    today: str,
    teams: Mapping[str, str],
    registered: Collection[Mapping[str, Any]] = (),
) -> Import:
    """Read a file against what is registered (rows with ``number``, ``name``, ``phone``, ``birth``)."""
    rows = _table(text)
    if not rows:
        raise Invalid("the file is empty", zh="文件是空的，请重新选择。")
    if len(rows) > MOST_ROWS:
        raise Invalid(
            f"at most {MOST_ROWS} rows at once", zh=f"一次最多导入 {MOST_ROWS} 行，请分成几个文件。"
        )
    names, unknown = _header(rows[0])
    known = _Known({row["number"] for row in registered}, teams, today)
    known.people = {key for row in registered for key in _identities(row["name"], row["phone"], row["birth"])}
    found = [
        _row(line, _cells(names, cells), known)
        for line, cells in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]
    return Import(tuple(found), unknown)


def _table(text: str) -> list[list[str]]:
    # Kept as they are: a lone carriage return, as old spreadsheets end lines with, ends a line here too.
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return list(reader)
    except csv.Error as error:
        line = reader.line_num
        raise Invalid(
            f"line {line} cannot be read: {error}", zh=f"第 {line} 行无法读取，请检查引号和过长的内容。"
        ) from error


def _header(cells: Sequence[str]) -> tuple[list[str | None], tuple[str, ...]]:
    by_title = {title: name for name, titles in COLUMNS.items() for title in titles}
    titles = [cell.strip().lower() for cell in cells]
    names = [by_title.get(title) for title in titles]
    if "name" not in names:
        raise Invalid(
            "the first line names the columns; one of them is 姓名", zh="第一行须为列名，且须有“姓名”列。"
        )
    doubled = {name for name in names if name is not None and names.count(name) > 1}
    if doubled:
        which = "、".join(COLUMNS[name][0] for name in sorted(doubled))
        raise Invalid(f"columns appear twice: {which}", zh=f"列重复：{which}，请删去多余的列。")
    return names, tuple(
        cell for cell, name in zip(cells, names, strict=True) if name is None and cell.strip()
    )


def _cells(names: Sequence[str | None], cells: Sequence[str]) -> dict[str, str]:
    pairs = zip(names, cells, strict=False)
    return {name: cell.strip() for name, cell in pairs if name is not None}


def _row(line: int, cells: dict[str, str], known: _Known) -> ImportedRow:
    faults: list[Fault] = []
    birth = _birth(cells.get("birth", ""), known.today, faults)
    name, number, phone = cells.get("name", ""), cells.get("number") or None, cells.get("phone") or None
    _check_person(name, number, phone, known, faults)
    team_id = _team(cells.get("team", ""), known, faults)
    sex = SEXES.get(cells.get("sex", "").lower())
    if sex is None:
        faults.append(Fault("sex", cells["sex"]))
    guardian = _guardian(cells, birth, known.today, faults)
    if "consent" in cells and not _is_yes(cells["consent"]):
        faults.append(Fault("consent"))
    identities = _identities(name, phone, birth)
    if name and identities & known.people:
        faults.append(Fault("twice", name))
    if faults:
        return ImportedRow(line, cells, None, tuple(faults))
    known.people |= identities
    if number:
        known.numbers.add(number)
    person = NewVolunteer(
        name=name,
        number=number,
        sex=sex or "",
        birth=birth,
        phone=phone,
        area=cells.get("area", ""),
        skills=tuple(part for part in re.split(r"[、,，;；\s]+", cells.get("skills", "")) if part),
        team_id=team_id,
        guardian=guardian,
        guardian_consent=_is_yes(cells.get("guardian_consent", "")),
        joined_on=known.today,
    )
    return ImportedRow(line, cells, person)


def _check_person(
    name: str, number: str | None, phone: str | None, known: _Known, faults: list[Fault]
) -> None:
    if not name:
        faults.append(Fault("name_missing"))
    elif len(name) > 60:
        faults.append(Fault("name_long", name[:20]))
    if number and number in known.numbers:
        faults.append(Fault("number_taken", number))
    if phone and not _PHONE.fullmatch(phone):
        faults.append(Fault("phone", phone))


def _birth(text: str, today: str, faults: list[Fault]) -> str | None:
    if not text:
        return None
    parts = _DATE.fullmatch(text)
    try:
        if parts is None:
            raise ValueError(text)
        year, month, day = (int(part) for part in parts.groups())
        found = date(year, month, day).isoformat()
    except ValueError:
        faults.append(Fault("birth", text))
        return None
    if found > today or found < "1900":
        faults.append(Fault("birth_impossible", text))
        return None
    return found


def _team(name: str, known: _Known, faults: list[Fault]) -> str | None:
    if not name:
        return None
    if name not in known.teams:
        faults.append(Fault("team", name))
        return None
    return known.teams[name]


def _guardian(cells: Mapping[str, str], birth: str | None, today: str, faults: list[Fault]) -> dict[str, Any]:
    name, phone = cells.get("guardian_name", ""), cells.get("guardian_phone", "")
    if birth and _age(birth, today) < ADULT and not name:
        faults.append(Fault("guardian"))
    return {"name": name, "phone": phone, "relation": ""} if name else {}


def _age(birth: str, today: str) -> int:
    return int(today[:4]) - int(birth[:4]) - (today[5:] < birth[5:])


def _is_yes(text: str) -> bool:
    return text.lower() in YES


def _identities(name: str, phone: str | None, birth: str | None) -> set[tuple[str, str]]:
    return {(name, mark) for mark in (phone, birth) if mark}
