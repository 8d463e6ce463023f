"""What a shift without an end becomes: open, missing, confirmed, or settled at zero (民政部令67 art. 11)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from server.contract.rules import OpenShift
from server.domain.calendar import working_deadline
from server.domain.drafts import Draft, Ending, closed, unended
from server.domain.facts import Decision, DecisionKind, Flag, Shift, ShiftState, World
from server.domain.plans import PlanBook
from server.domain.rules_in_force import rules_at

_ABOUT_END = frozenset({DecisionKind.CONFIRM_END, DecisionKind.DENY_END})


def settled(draft: Draft, plans: PlanBook, *, world: World, as_of: int) -> Shift:
    """The shift that a draft is at a moment, with everything decided about it."""
    shift = _formed(draft, plans, world=world, as_of=as_of)
    return voided(shift, world.decisions)


def _formed(draft: Draft, plans: PlanBook, *, world: World, as_of: int) -> Shift:
    if draft.end is not None:
        ending = Ending.TEAM if draft.end.is_team else Ending.TAP
        return closed(draft, draft.end.tap.at, ending, world)
    if draft.held:
        draft.flags |= draft.doubts
        return unended(draft, ShiftState.HELD, proposed_end=None, known_at=draft.known_at)
    # What leaders changed after a later tap left it behind changes it no more.
    until = as_of if draft.left_at is None else min(as_of, draft.left_at)
    draft.shift = plans.running(draft.shift, until, draft.rules.shared)
    deadline = plans.deadline(draft.shift, draft.rules.shared)
    if as_of <= deadline and (draft.left_at is None or as_of < draft.left_at):
        return unended(draft, ShiftState.OPEN, proposed_end=None, known_at=0)
    missing_at = deadline if draft.left_at is None else min(deadline, draft.left_at)
    return _without_end(draft, missing_at, world=world, as_of=as_of)


def _without_end(draft: Draft, missing_at: int, *, world: World, as_of: int) -> Shift:
    known_at = max(missing_at, draft.known_at)
    settles_at = working_deadline(known_at, draft.rules.settle_working_days, world.working_days)
    proposed = _proposed(draft.shift)
    latest = missing_at if proposed is None else proposed
    ruling = _ruling(draft, world.decisions, settles_at)
    if ruling is not None and ruling.kind is DecisionKind.CONFIRM_END:
        assert ruling.at is not None
        draft.flags.add(Flag.END_CONFIRMED)
        if ruling.at > latest:
            draft.flags.add(Flag.END_CLIPPED)
        shift = closed(draft, min(ruling.at, latest), Ending.LEADER, world)
        return replace(shift, proposed_end=proposed, known_at=known_at)
    if ruling is not None:
        draft.flags.add(Flag.END_DENIED)
    over = ruling is not None or as_of >= settles_at
    state = ShiftState.SETTLED_ZERO if over else ShiftState.END_MISSING
    return unended(draft, state, proposed_end=proposed, known_at=known_at)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when (exclusive) a missing end can be decided about."""

    leader: int
    settles: int
    """From then on it is zero."""


def deadlines(shift: Shift, world: World) -> Deadlines:
    """Until when a leader, and after them the community, can decide about a shift's missing end."""
    own = rules_at(world.rules, shift.started_at)
    return Deadlines(
        working_deadline(shift.known_at, own.leader_working_days, world.working_days),
        working_deadline(shift.known_at, own.settle_working_days, world.working_days),
    )


def _proposed(shift: OpenShift) -> int | None:
    return shift.plan.end if shift.plan is not None and shift.plan.end > shift.started_at else None


def _ruling(draft: Draft, decisions: Iterable[Decision], settles_at: int) -> Decision | None:
    """The last word on a missing end that counts: not the person's own, not after it settled."""
    usable = []
    for decision in decisions:
        if decision.kind not in _ABOUT_END or decision.shift_id != draft.shift_id:
            continue
        if decision.by == draft.volunteer:
            draft.flags.add(Flag.OWN_DECISION)
        elif decision.recorded_at >= settles_at:
            draft.flags.add(Flag.LATE_DECISION)
        elif decision.kind is DecisionKind.CONFIRM_END and not _is_end(decision, draft.shift):
            draft.flags.add(Flag.UNUSABLE_DECISION)
        else:
            usable.append(decision)
    return max(usable, key=lambda d: (d.recorded_at, d.decision_id), default=None)


def _is_end(decision: Decision, shift: OpenShift) -> bool:
    return decision.at is not None and decision.at > shift.started_at


def voided(shift: Shift, decisions: Iterable[Decision]) -> Shift:
    """The shift as staff's word leaves it: void when somebody else made it worth nothing."""
    about = [d for d in decisions if d.kind is DecisionKind.VOID_SHIFT and d.shift_id == shift.shift_id]
    if not about:
        return shift
    flags = set(shift.flags)
    if any(d.by == shift.volunteer for d in about):
        flags.add(Flag.OWN_DECISION)
    if not any(d.by != shift.volunteer for d in about):
        return replace(shift, flags=tuple(sorted(flags)))
    flags.add(Flag.VOIDED)
    return replace(shift, state=ShiftState.VOID, minutes=0, credited=0, flags=tuple(sorted(flags)))
