"""What a kiosk remembers of a person: the roster's last word, with its own later taps told over it. PURE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kiosk.outcomes import Gain, Moment, Past, Person, Roster
from server.contract.rules import OpenShift, Policy, counted_minutes, plan_at
from server.contract.wire import Action, Shown, TapEvent

_STARTS = frozenset({Shown.SHIFT_STARTED, Shown.CHOOSE_ACTIVITY, Shown.END_PROPOSED})
TRIMMED_MS = 5000
"""What better samples of the server's clock may move this boot's clock by."""


@dataclass(frozen=True, slots=True)
class Held:
    """An open shift as remembered, and how far its start can be compared with now."""

    shift: OpenShift
    witnessed: bool = False
    timed: bool = True


def when(event: TapEvent, now: Moment) -> int:
    """When an event happened: by time since boot within this boot, which no clock change can move.

    A wall clock that agrees with that to a few seconds is taken as it stands, so that one tap has one time
    however the clock is trimmed afterwards.
    """
    if event.boot_id != now.boot_id:
        return event.wall
    measured = now.at - (now.uptime_ms - event.uptime_ms)
    return event.wall if abs(event.wall - measured) <= TRIMMED_MS else measured


def undone_taps(recent: Sequence[Past]) -> frozenset[str | None]:
    """The events that a later touch took back whole."""
    undos = (past.event for past in recent if past.event.action == Action.UNDO)
    return frozenset(event.target for event in undos if not event.members)


def left_out(recent: Sequence[Past], opened: str) -> frozenset[str]:
    """Members that the leader took out of a team's opening again."""
    undos = (p.event for p in recent if p.event.action == Action.UNDO and p.event.target == opened)
    return frozenset(number for event in undos for number in event.members)


def minutes_of(held: Held, ended_at: int, policy: Policy) -> int | None:
    """Minutes this shift counts when it ends then; None when the clocks cannot say."""
    if not held.timed:
        return None
    return counted_minutes(held.shift.started_at, ended_at, held.shift.plan, policy)


def recall(
    person: Person, roster: Roster, recent: Sequence[Past], policy: Policy, now: Moment
) -> tuple[Held | None, tuple[Gain, ...]]:
    """A person's open shift and what was gained since the roster: its last word, then our later taps.

    A touch that takes back or changes a tap the roster already counts makes the roster's word on the open
    shift stale; then this kiosk's own memory is told again from its beginning.
    """
    known = {past.event.event_id for past in recent if _is_known(past, roster)}
    stale = any(
        p.event.target in known for p in recent if p.event.event_id not in known and _corrects(p.event)
    )
    held = None if stale or person.open is None else Held(person.open, timed=now.synced)
    gained = []
    for event in _told(person.number, recent):
        if event.event_id in known and not stale:
            continue
        before, held = held, _replay(person.number, held, event, (roster, policy, now))
        closed = before is not None and (held is None or held.shift.shift_id != before.shift.shift_id)
        ends = event.shown in (Shown.SHIFT_ENDED, Shown.HANDED_OVER, Shown.TEAM_CLOSED)
        if before is not None and closed and ends and event.event_id not in known:
            minutes = minutes_of(before, when(event, now), policy) or 0
            gained.append(Gain(before.shift.started_at, minutes))
    return held, tuple(gained)


def _is_known(past: Past, roster: Roster) -> bool:
    return past.known_at is not None and past.known_at <= roster.version


def _corrects(event: TapEvent) -> bool:
    return event.action in (Action.UNDO, Action.CHANGE)


def _told(number: str, recent: Sequence[Past]) -> Iterator[TapEvent]:
    """The events that move this person's shift, with what later touches made of them."""
    undone = undone_taps(recent)
    chosen = {p.event.target: p.event.activity_id for p in recent if p.event.action == Action.CHANGE}
    for past in recent:
        event = past.event
        if event.event_id in undone or _corrects(event):
            continue
        if event.action in (Action.TEAM_OPEN, Action.TEAM_CLOSE):
            if number in event.members and number not in left_out(recent, event.event_id):
                yield event
        elif event.volunteer == number and event.medium != "touch":
            changed = event.event_id in chosen
            yield replace(event, activity_id=chosen[event.event_id]) if changed else event


def _replay(
    number: str, held: Held | None, event: TapEvent, world: tuple[Roster, Policy, Moment]
) -> Held | None:
    if event.action == Action.TEAM_CLOSE:
        return None if held is not None and held.shift.shift_id == f"{event.target}/{number}" else held
    if event.action == Action.TEAM_OPEN:
        return held or _witnessed(number, event, world)
    if event.shown == Shown.SHIFT_ENDED:
        return None
    if event.shown in _STARTS and held is not None and held.witnessed:
        return replace(held, witnessed=False)
    if event.shown in _STARTS or event.shown == Shown.HANDED_OVER:
        return _held_from(number, event, world)
    return held


def _witnessed(number: str, event: TapEvent, world: tuple[Roster, Policy, Moment]) -> Held:
    held = _held_from(number, event, world)
    return replace(held, shift=replace(held.shift, shift_id=f"{event.event_id}/{number}"), witnessed=True)


def _held_from(number: str, event: TapEvent, world: tuple[Roster, Policy, Moment]) -> Held:
    roster, policy, now = world
    at = when(event, now)
    fitting = [plan for plan in roster.plans_of(number) if plan.activity_id == event.activity_id]
    plan = plan_at(fitting, at, policy, site_id=roster.site.site_id)
    shift = OpenShift(shift_id=event.event_id, activity_id=event.activity_id, started_at=at, plan=plan)
    timed = event.boot_id == now.boot_id or (event.clock == "synced" and now.synced)
    return Held(shift, timed=timed)
