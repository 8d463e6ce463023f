"""The registration form: what 志愿服务条例 art. 7 and 民政部令67 art. 5 ask for, and nothing besides."""

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import gettext as _

from server.web import words
from server.web.context import now
from server.web.forms import Fields
from server.web.times import day_of

SEXES = ("f", "m", "")
ADULT = 18


def empty() -> dict[str, Any]:
    """A person of whom nothing is known yet."""
    return {"name_display": "title", "joined_on": day_of(now()), "guardian": {}, "skills": [], "trained": []}


def read(fields: Fields, trainings: Collection[str]) -> dict[str, Any]:
    """The values of a form, named as the register does; ``trainings`` are the possible ones."""
    birth = fields.day("birth")
    guardian = {name: fields.text(f"guardian_{name}", most=60) for name in ("name", "phone", "relation")}
    person = {
        "name": fields.text("name", required=True, most=60),
        "sex": fields.choice("sex", SEXES, required=False),
        "birth": birth,
        "phone": fields.text("phone", most=30) or None,
        "area": fields.text("area", most=60),
        "skills": fields.words("skills"),
        "team_id": fields.text("team_id") or None,
        "name_display": fields.choice("name_display", words.NAME_DISPLAYS),
        "nickname": fields.text("nickname", most=20),
        "guardian": guardian if any(guardian.values()) else {},
        "guardian_consent": fields.tick("guardian_consent"),
        "trained": fields.many("trained", trainings),
        "national_no": fields.text("national_no", most=32) or None,
        "joined_on": fields.day("joined_on") or day_of(now()),
    }
    _check(fields, person)
    return person


def is_minor(birth: str | None, today: str) -> bool:
    """Whether somebody is not 18 yet on a day; a birthday on 29 February is kept on 1 March."""
    if birth is None:
        return False
    years = int(today[:4]) - int(birth[:4]) - (today[5:] < birth[5:])
    return years < ADULT


def as_changes(person: Mapping[str, Any]) -> dict[str, Any]:
    """The personal columns that a correction may touch."""
    left = {"team_id", "guardian_consent", "trained", "joined_on"}
    return {name: value for name, value in person.items() if name not in left} | {
        "skills": list(person["skills"])
    }


def as_standing(person: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a form that is recorded as a fact."""
    return {
        "team_id": person["team_id"],
        "trained": sorted(set(person["trained"])),
        "guardian_consent": person["guardian_consent"],
    }


def shown(form: Mapping[str, str], person: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, to be shown again beside its faults."""
    typed = {name: form.get(name, "") for name in ("birth", "joined_on", "status")}
    return dict(person) | typed


def _check(fields: Fields, person: Mapping[str, Any]) -> None:
    today = day_of(now())
    if person["birth"] and person["birth"] > today:
        fields.errors["birth"] = _("出生日期不能晚于今天。")
    if is_minor(person["birth"], today) and not person["guardian"].get("name"):
        fields.errors["guardian_name"] = _("未满18岁，请填写监护人。")
