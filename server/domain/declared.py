"""Shifts entered afterwards (补录): always graded ``declared``, always weaker than what was tapped."""

from collections.abc import Iterable
from dataclasses import replace

from server.contract.rules import counted_minutes
from server.domain.calendar import day_of
from server.domain.drafts import activity_of
from server.domain.facts import Activity, Decision, DecisionKind, Flag, Grade, Shift, ShiftState, World
from server.domain.rules_in_force import rules_at
from server.domain.segments import Segment
from server.domain.settling import voided

_ORDER = list(Grade)


def declared_shifts(volunteer: str, world: World, within: Segment | None) -> list[Shift]:
    """A person's shifts that somebody entered by hand, of those that begin within a segment."""
    found = {d.decision_id: d for d in world.decisions if is_declared(d, volunteer)}
    shifts = [_declared(decision, volunteer, world) for decision in found.values()]
    return [shift for shift in shifts if within is None or shift.started_at in within]


def is_declared(decision: Decision, volunteer: str) -> bool:
    """Whether a decision enters a shift for this person, with a start before its end."""
    if decision.kind is not DecisionKind.DECLARE_SHIFT or decision.volunteer != volunteer:
        return False
    start, end = decision.started_at, decision.ended_at
    return start is not None and end is not None and start < end


def _declared(decision: Decision, volunteer: str, world: World) -> Shift:
    start, end = decision.started_at, decision.ended_at
    assert start is not None
    assert end is not None
    activity = activity_of(decision.activity_id, world)
    counted = counted_minutes(start, end, None, rules_at(world.rules, start).shared)
    state, flags = _judged(decision, volunteer, activity, counted)
    minutes = counted if state is ShiftState.CLOSED and Flag.NON_SERVICE not in flags else 0
    shift = Shift(
        shift_id=decision.decision_id,
        volunteer=volunteer,
        activity_id=decision.activity_id,
        site_id=decision.site_id or "",
        plan_id=None,
        day=day_of(start),
        started_at=start,
        ended_at=end,
        state=state,
        grade=Grade.DECLARED,
        proof="none",
        minutes=minutes,
        credited=minutes,
        known_at=decision.recorded_at,
        flags=tuple(sorted(flags)),
    )
    return voided(shift, world.decisions)


def _judged(
    decision: Decision, volunteer: str, activity: Activity | None, counted: int
) -> tuple[ShiftState, set[Flag]]:
    assert decision.ended_at is not None
    if decision.by == volunteer:
        return ShiftState.VOID, {Flag.OWN_DECISION}
    if decision.ended_at > decision.recorded_at:
        return ShiftState.VOID, {Flag.DECLARED_AHEAD}
    if activity is None:
        return ShiftState.VOID, {Flag.ACTIVITY_MISSING}
    if not activity.is_service:
        return ShiftState.CLOSED, {Flag.NON_SERVICE}
    if counted == 0:
        return ShiftState.VOID, {Flag.BELOW_MINIMUM}
    return ShiftState.CLOSED, set()


def without_overlaps(shifts: Iterable[Shift]) -> list[Shift]:
    """The shifts, with those refused that cover time another credited one has; the better known stays.

    Taps of one person never overlap (the next begins where the last ended), so only entries by hand can be
    refused. Back-to-back is not overlap.
    """
    shifts = list(shifts)
    if all(shift.grade is not Grade.DECLARED for shift in shifts):
        return shifts
    taken: list[Shift] = []
    refused: set[str] = set()
    for shift in sorted(shifts, key=_rank):
        if shift.state is not ShiftState.CLOSED:
            continue
        if shift.grade is Grade.DECLARED and any(overlap(shift, other) for other in taken):
            refused.add(shift.shift_id)
        else:
            taken.append(shift)
    return [_refused(shift) if shift.shift_id in refused else shift for shift in shifts]


def _rank(shift: Shift) -> tuple[int, int, str]:
    return len(_ORDER) if shift.grade is None else _ORDER.index(shift.grade), shift.started_at, shift.shift_id


def overlap(first: Shift, second: Shift) -> bool:
    """Whether two ended shifts share time; touching ends do not."""
    if first.ended_at is None or second.ended_at is None:
        return False
    return first.started_at < second.ended_at and second.started_at < first.ended_at


def _refused(shift: Shift) -> Shift:
    flags = tuple(sorted({*shift.flags, Flag.OVERLAP}))
    return replace(shift, state=ShiftState.VOID, minutes=0, credited=0, flags=flags)
