"""Settings that communities decide differently: names, kinds, defaults; set from a date on, never edited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from server.contract.rules import PROOFS, Policy
from server.domain.facts import FactKind, Rules
from server.errors import Invalid, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, record


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what values it takes, and domain.md's default."""

    default: Any
    check: Callable[[Any], bool]
    expects: str
    expects_zh: str


def _whole(low: int, high: int) -> tuple[Callable[[Any], bool], str, str]:
    def check(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return check, f"a whole number from {low} to {high}", f"从 {low} 到 {high} 的整数"


def _one_of(*choices: str) -> tuple[Callable[[Any], bool], str, str]:
    return (
        (lambda value: value in choices),
        f"one of {', '.join(choices)}",
        f"{'、'.join(choices)} 之一",
    )


def _rising(value: Any) -> bool:
    if not isinstance(value, list) or not value or not all(type(v) is int and v > 0 for v in value):
        return False
    return value == sorted(set(value))


_MINUTES = _whole(0, 1440)
SETTINGS: dict[str, Setting] = {
    "grace_before": Setting(10, *_MINUTES),
    "grace_after": Setting(15, *_MINUTES),
    "early_start": Setting(60, *_MINUTES),
    "minimum": Setting(10, *_MINUTES),
    "late_end": Setting(240, *_MINUTES),
    "open_limit": Setting(360, *_whole(10, 1440)),
    "debounce_seconds": Setting(60, *_whole(0, 600)),
    "choice_seconds": Setting(10, *_whole(3, 60)),
    "undo_seconds": Setting(10, *_whole(3, 60)),
    "least_proof": Setting("uid", *_one_of(*PROOFS[1:])),
    "day_cap": Setting(480, *_whole(0, 1440)),
    "leader_working_days": Setting(3, *_whole(1, 60)),
    "settle_working_days": Setting(10, *_whole(1, 60)),
    "earns": Setting("points", *_one_of("points", "savings", "both")),
    "point_rate": Setting(1, *_whole(0, 100)),
    "points_expire_years": Setting(1, *_whole(0, 50)),
    "star_hours": Setting(
        [100, 300, 600, 1000, 1500],
        _rising,
        "rising hours, such as [100, 300, 600]",
        "依次增大的小时数，如 [100, 300, 600]",
    ),
    "star_window": Setting("lifetime", *_one_of("lifetime", "year")),
    "star_quality_mean": Setting(40, *_whole(0, 50)),
    "star_quality_cards": Setting(5, *_whole(0, 1000)),
    "redemption_day": Setting("last_saturday", *_one_of("last_saturday", "every_friday", "any_day")),
    "name_display": Setting("title", *_one_of("full", "title", "nickname", "none")),
    "manual_entry_share": Setting(10, *_whole(0, 100)),
    "checkpoint_retention_days": Setting(90, *_whole(1, 3650)),
    "contact_retention_days": Setting(365, *_whole(1, 3650)),
    "active_cards_per_person": Setting(1, *_whole(1, 10)),
}
"""``star_quality_mean`` is in tenths of a star; all lengths are minutes unless the name says otherwise."""
_SHARED = {field.name for field in fields(Policy)} - {"version"}
_RULES = {field.name for field in fields(Rules)} - {"holds_from", "shared", "extra"}


def checked(name: str, value: Any) -> Any:
    """The value, or :class:`Invalid` saying what the setting takes."""
    setting = SETTINGS.get(name)
    if setting is None:
        known = ", ".join(SETTINGS)
        raise NotFound(
            f"there is no policy named {name}; there are: {known}",
            zh=f"没有名为 {name} 的规则，可用的有：{known}。",
        )
    if not setting.check(value):
        raise Invalid(
            f"policy {name} takes {setting.expects}, not {value!r}",
            zh=f"规则 {name} 应填{setting.expects_zh}，不能是 {value!r}。",
        )
    return value


def set_policy(uow: Uow, acting: Acting, name: str, value: Any, *, holds_from: int | None = None) -> Row:
    """Let a setting hold from a moment on (now when left out); what was before stays as it was."""
    draft = Draft(FactKind.POLICY, name, {"value": checked(name, value)}, holds_from)
    return record(uow, acting, [draft])[0]


def policy_at(uow: Uow, at: int) -> dict[str, Any]:
    """Every setting as it holds at a moment."""
    values = {name: setting.default for name, setting in SETTINGS.items()}
    for row in _in_order(uow.rows("policies").rows()):
        if row["holds_from"] <= at:
            values[row["name"]] = row["value"]["value"]
    return values


def rules(uow: Uow) -> list[Rules]:
    """The community's rules through time: one entry for each moment at which something changed."""
    return rules_from(uow.rows("policies").rows())


def rules_from(rows: Iterable[Row]) -> list[Rules]:
    """Rules through time from rows of ``policies``; the first holds since ever."""
    values = {name: setting.default for name, setting in SETTINGS.items()}
    found = [_rules(values, 0, 1)]
    for row in _in_order(rows):
        values[row["name"]] = row["value"]["value"]
        if found[-1].holds_from == row["holds_from"]:
            found.pop()
        found.append(_rules(values, row["holds_from"], 1 + row["fact_seq"]))
    return found


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["holds_from"], row["fact_seq"]))


def _rules(values: dict[str, Any], holds_from: int, version: int) -> Rules:
    shared = Policy(version=version, **{name: values[name] for name in _SHARED})
    own = {name: values[name] for name in _RULES}
    extra = {name: value for name, value in values.items() if name not in _SHARED | _RULES}
    return Rules(holds_from=holds_from, shared=shared, extra=extra, **own)
