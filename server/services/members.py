"""People: registering, changing, consents, and the facts about their standing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.domain.facts import FactKind
from server.errors import Conflict, Invalid, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, append, record
from server.services.folding import MEMBER_COLUMNS

STATUSES = ("active", "inactive", "left", "deceased")
NAME_DISPLAYS = ("full", "title", "nickname", "none")
ADULT = 18
_AS_GIVEN = (
    *("name", "sex", "birth", "phone", "area", "team_id", "name_display", "nickname", "guardian"),
    *("guardian_consent", "status", "national_no", "joined_on"),
)
CHANGEABLE = frozenset(
    {"name", "sex", "birth", "phone", "area", "skills", "name_display", "nickname", "guardian", "national_no"}
)
"""Personal columns that may be corrected; standing (status, team, training) changes by facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVolunteer:
    """Registration data (志愿服务条例 art. 7; 民政部令67 art. 5)."""

    name: str
    number: str | None = None
    """Given when moving from another list; else the next free one."""
    sex: str = ""
    birth: str | None = None
    phone: str | None = None
    area: str = ""
    skills: tuple[str, ...] = ()
    team_id: str | None = None
    name_display: str = "title"
    nickname: str = ""
    guardian: dict[str, Any] = field(default_factory=dict)
    guardian_consent: bool = False
    trained: tuple[str, ...] = ()
    status: str = "active"
    id_number: str | None = None
    national_no: str | None = None
    joined_on: str = ""
    consents: tuple[str, ...] = ("record",)


def register_volunteers(uow: Uow, acting: Acting, people: Sequence[NewVolunteer]) -> list[str]:
    """Register people; their numbers, in order."""
    numbers = _numbers(uow, people)
    rows = [_row(acting, number, person) for number, person in zip(numbers, people, strict=True)]
    uow.rows("volunteers").add(rows)
    given = [
        _consent(acting, number, purpose)
        for number, person in zip(numbers, people, strict=True)
        for purpose in person.consents
    ]
    uow.rows("consents").put(given)
    # The rows just written hold what these facts say: there is nothing to fold.
    append(uow, acting, [Draft(FactKind.MEMBER, row["number"], _standing(row)) for row in rows])
    uow.bump()
    return numbers


def register_volunteer(uow: Uow, acting: Acting, person: NewVolunteer) -> str:
    """Register one person; the number."""
    return register_volunteers(uow, acting, [person])[0]


def change_volunteer(uow: Uow, acting: Acting, number: str, changes: dict[str, Any]) -> Row:
    """Correct personal data; standing is changed by :func:`set_standing`."""
    if unknown := changes.keys() - CHANGEABLE:
        which = ", ".join(sorted(unknown))
        raise Invalid(f"these cannot be changed here: {which}", zh=f"这里不能修改：{which}，请去掉后再提交。")
    row = volunteer(uow, number) | changes
    _check(row["name"], row["name_display"], row["birth"])
    row["pinyin"], row["initials"] = acting.spell(row["name"])
    row["updated_at"] = acting.now
    uow.rows("volunteers").put([row])
    uow.bump()
    return row


def set_standing(uow: Uow, acting: Acting, number: str, changes: dict[str, Any]) -> Row:
    """Record a change of ``status``, ``team_id``, ``trained`` or ``guardian_consent`` as a fact."""
    if unknown := changes.keys() - set(MEMBER_COLUMNS):
        which = ", ".join(sorted(unknown))
        raise Invalid(
            f"these are no part of a standing: {which}", zh=f"志愿者状态中没有：{which}，请去掉后再提交。"
        )
    standing = _standing(volunteer(uow, number)) | changes
    if standing["status"] not in STATUSES:
        raise Invalid(
            f"a status is one of {', '.join(STATUSES)}", zh=f"状态请从 {'、'.join(STATUSES)} 中选择。"
        )
    standing["trained"] = sorted(set(standing["trained"]))
    record(uow, acting, [Draft(FactKind.MEMBER, number, standing)])
    return volunteer(uow, number)


def set_consent(uow: Uow, acting: Acting, number: str, *, purpose: str, granted: bool) -> None:
    """Grant or withdraw one consent; both moments stay on record (PIPL art. 14-16)."""
    volunteer(uow, number)
    row = uow.rows("consents").get(number=number, purpose=purpose)
    row = row or (_consent(acting, number, purpose) | {"granted_at": None})
    row |= {"granted_at": acting.now, "withdrawn_at": None} if granted else {"withdrawn_at": acting.now}
    uow.rows("consents").put([row | {"recorded_by": acting.by}])
    uow.bump()


def has_consent(uow: Uow, number: str, purpose: str) -> bool:
    """Whether a consent holds now."""
    row = uow.rows("consents").get(number=number, purpose=purpose)
    return row is not None and row["granted_at"] is not None and row["withdrawn_at"] is None


def volunteer(uow: Uow, number: str) -> Row:
    """One person's row, or :class:`NotFound`."""
    row = uow.rows("volunteers").get(number=number)
    if row is None:
        raise NotFound(f"there is no volunteer {number}", zh=f"没有编号为 {number} 的志愿者，请核对编号。")
    return row


def needs_guardian(row: Row, today: str) -> bool:
    """Whether a person is not 18 yet and no guardian has agreed."""
    if row["birth"] is None or row["guardian_consent"]:
        return False
    years = int(today[:4]) - int(row["birth"][:4]) - (today[5:] < row["birth"][5:])
    return bool(years < ADULT)


def id_number(uow: Uow, acting: Acting, number: str) -> str | None:
    """The decrypted ID number, for the upload that needs it; the caller logs the access."""
    sealed = volunteer(uow, number)["id_number"]
    return acting.keys.unseal(bytes(sealed).decode(), f"id:{number}").decode() if sealed else None


def _numbers(uow: Uow, people: Sequence[NewVolunteer]) -> list[str]:
    taken = {row["number"] for row in uow.rows("volunteers").rows()}
    following = max((int(n[1:]) for n in taken if n[:1] == "M" and n[1:].isdigit()), default=0)
    numbers = []
    for person in people:
        if person.number is None:
            following += 1
        number = person.number or f"M{following:04d}"
        if number in taken:
            raise Conflict(
                f"there is a volunteer {number} already", zh=f"编号 {number} 已有人使用，请换一个。"
            )
        taken.add(number)
        numbers.append(number)
    return numbers


def _row(acting: Acting, number: str, person: NewVolunteer) -> Row:
    _check(person.name, person.name_display, person.birth)
    pinyin, initials = acting.spell(person.name)
    sealed = acting.keys.seal(person.id_number.encode(), f"id:{number}") if person.id_number else None
    row = {name: getattr(person, name) for name in _AS_GIVEN}
    return row | {
        "number": number,
        "pinyin": pinyin,
        "initials": initials,
        "skills": list(person.skills),
        "trained": sorted(set(person.trained)),
        "created_at": acting.now,
        "updated_at": acting.now,
        "id_number": sealed.encode() if sealed else None,
    }


def _check(name: str, name_display: str, birth: str | None) -> None:
    if not name.strip():
        raise Invalid("a volunteer has a name", zh="请填写姓名。")
    if name_display not in NAME_DISPLAYS:
        raise Invalid(
            f"name_display is one of {', '.join(NAME_DISPLAYS)}",
            zh=f"姓名显示方式请从 {'、'.join(NAME_DISPLAYS)} 中选择。",
        )
    if birth is not None:
        try:
            date.fromisoformat(birth)
        except ValueError as error:
            raise Invalid(
                f"birth is a date such as 1956-02-29, not {birth}",
                zh=f"出生日期请写成 1956-02-29 这样的格式，不能是 {birth}。",
            ) from error


def _standing(row: Row) -> Row:
    return {name: row[name] for name in MEMBER_COLUMNS}


def _consent(acting: Acting, number: str, purpose: str) -> Row:
    return {
        "number": number,
        "purpose": purpose,
        "granted_at": acting.now,
        "withdrawn_at": None,
        "recorded_by": acting.by,
        "wording": "1",
    }
