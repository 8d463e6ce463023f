"""Short ways to say taps, plans and decisions in tests of the rules of hours."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from server.contract.rules import MINUTE, Plan, Policy
from server.domain.facts import (
    Activity,
    Decision,
    DecisionKind,
    PersonPlan,
    Rules,
    Shift,
    Tap,
    World,
)
from server.domain.shifts import project

SHANGHAI = timezone(timedelta(hours=8))
ME = "M0001"
LEADER = "M0900"
STAFF = "clerk"
FOREVER = 1 << 50


def ms(text: str) -> int:
    """``"09:00"`` on the test day (Wednesday 2026-12-02), or ``"2026-12-03 09:00"``, as milliseconds."""
    whole = text if " " in text else f"2026-12-02 {text}"
    parsed = datetime.fromisoformat(whole).replace(tzinfo=SHANGHAI)
    return int(parsed.timestamp() * 1000)


def tap(event_id: str, when: str | int, **changes: Any) -> Tap:
    """A plain accepted tap of mine at the hub; ``seq`` follows the time unless given."""
    at = ms(when) if isinstance(when, str) else when
    fields: dict[str, Any] = {
        "uncertainty": 0,
        "kiosk_id": "hub",
        "journal_id": "j1",
        "seq": at // 1000,
        "site_id": "hub",
        "volunteer": ME,
        "card_id": "c1",
        "proof": "uid",
        "activity_id": "duty",
        "activity_by": "default",
        "role": "desk",
        "action": "auto",
        "target": None,
        "members": (),
        "shown": "accepted_unlisted",
        "received_at": at,
    }
    return Tap(event_id=event_id, at=at, **(fields | changes))


def plan(plan_id: str, start: str, end: str, **changes: Any) -> PersonPlan:
    """A plan of mine at the hub, holding since ever."""
    made = Plan(
        plan_id=plan_id,
        activity_id=changes.pop("activity_id", "patrol"),
        site_id=changes.pop("site_id", "hub"),
        start=ms(start),
        end=ms(end),
    )
    fields: dict[str, Any] = {"holds_from": 0, "recorded_at": 0, "members": (ME,)}
    return PersonPlan(plan=made, **(fields | changes))


def decision(kind: str, recorded: str, **changes: Any) -> Decision:
    """Somebody else's decision."""
    fields: dict[str, Any] = {"decision_id": f"{kind}-{recorded}", "by": STAFF, "reason": "seen"}
    return Decision(kind=DecisionKind(kind), recorded_at=ms(recorded), **(fields | changes))


def world(*facts: PersonPlan | Decision, **changes: Any) -> World:
    """A world with patrol, duty, hut and a rehearsal, by the defaults."""
    fields: dict[str, Any] = {
        "plans": tuple(fact for fact in facts if isinstance(fact, PersonPlan)),
        "decisions": tuple(fact for fact in facts if isinstance(fact, Decision)),
        "activities": {
            "duty": Activity(activity_id="duty"),
            "hut": Activity(activity_id="hut"),
            "patrol": Activity(activity_id="patrol"),
            "strict": Activity(activity_id="strict", least_proof="signed"),
            "rehearsal": Activity(activity_id="rehearsal", is_service=False),
        },
    }
    return World(**(fields | changes))


def rules(**changes: Any) -> Rules:
    """The default rules but for some settings; those of both sides by name."""
    shared = {name: changes.pop(name) for name in list(changes) if name in Policy.__dataclass_fields__}
    fields: dict[str, Any] = {"holds_from": 0, "shared": replace(Policy(), **shared)}
    return Rules(**(fields | changes))


def shifts(*taps: Tap, of: World | None = None, as_of: str | int = "23:00", who: str = ME) -> list[Shift]:
    """My shifts from these taps."""
    instant = ms(as_of) if isinstance(as_of, str) else as_of
    return project(who, taps, world=of or world(), as_of=instant)


def one(*taps: Tap, of: World | None = None, as_of: str | int = "23:00") -> Shift:
    """The only shift these taps make."""
    found = shifts(*taps, of=of, as_of=as_of)
    assert len(found) == 1, found
    return found[0]


def minutes(count: int) -> int:
    """So many minutes in milliseconds."""
    return count * MINUTE
