"""Reading a list of volunteers from a spreadsheet: each row's faults are named, good rows go on."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from card_tools import table
from card_tools.errors import ListUnreadable
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
_NUMBER = re.compile(r"\w[\w-]{0,23}")


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
    """A spreadsheet's text; :class:`Invalid` says what to do with a file that is none."""
    try:
        return table.decoded(raw)
    except ListUnreadable as error:
        raise Invalid(str(error), zh=error.zh) from error


def read_members(
    text: str,
    *,
    today: str,
    teams: Mapping[str, str],
    registered: Collection[Mapping[str, Any]] = (),
) -> Import:
    """Read a file against what is registered (rows with ``number``, ``name``, ``phone``, ``birth``)."""
    try:
        found = table.read_table(text, COLUMNS, required="name")
    except ListUnreadable as error:
        raise Invalid(str(error), zh=error.zh) from error
    if len(found.lines) > MOST_ROWS:
        raise Invalid(
            f"at most {MOST_ROWS} rows at once", zh=f"一次最多导入 {MOST_ROWS} 行，请分成几个文件。"
        )
    known = _Known({row["number"] for row in registered}, teams, today)
    known.people = {key for row in registered for key in _identities(row["name"], row["phone"], row["birth"])}
    return Import(tuple(_row(line, known) for line in found.lines), found.unknown)


def _row(line: table.Line, known: _Known) -> ImportedRow:
    cells = line.cells
    if line.broken is not None:
        return ImportedRow(line.number, cells, None, (Fault(str(line.broken)),))
    faults: list[Fault] = []
    birth = _birth(cells.get("birth", ""), known.today, faults)
    name, number, phone = cells.get("name", ""), _plain(cells, "number"), _plain(cells, "phone")
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
        return ImportedRow(line.number, cells, None, tuple(faults))
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
    return ImportedRow(line.number, cells, person)


def _check_person(
    name: str, number: str | None, phone: str | None, known: _Known, faults: list[Fault]
) -> None:
    if not name:
        faults.append(Fault("name_missing"))
    elif len(name) > 60:
        faults.append(Fault("name_long", name[:20]))
    if number and not _NUMBER.fullmatch(number):
        faults.append(Fault("number", number))
    elif number and number in known.numbers:
        faults.append(Fault("number_taken", number))
    if phone and not _PHONE.fullmatch(phone):
        faults.append(Fault("phone", phone))


def _birth(text: str, today: str, faults: list[Fault]) -> str | None:
    if not text:
        return None
    day = table.day_of(text)
    if day is None:
        faults.append(Fault("birth", text))
        return None
    found = day.isoformat()
    if found > today or found < "1900":
        faults.append(Fault("birth_impossible", text))
        return None
    return found


def _plain(cells: Mapping[str, str], field: str) -> str | None:
    """Letters and digits of one width; without the mark that keeps spreadsheets from counting with it."""
    return unicodedata.normalize("NFKC", cells.get(field, "")).removeprefix("'") or None


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
