"""A shift being formed, and what it becomes once nothing more can be said by taps."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from server.contract.rules import (
    MINUTE,
    PROOFS,
    OpenShift,
    Plan,
    counted_minutes,
    is_late,
    proof_suffices,
)
from server.domain.calendar import day_of
from server.domain.facts import Activity, Flag, Grade, Rules, Shift, ShiftState, TapStanding, World
from server.domain.timeline import Act, Weight

_GRADES = list(Grade)
DOUBTS = {TapStanding.CONTRADICTED: Flag.CONTRADICTED, TapStanding.QUARANTINED: Flag.QUARANTINED}
"""What a shift says of a tap that may not count by itself."""


class Ending(StrEnum):
    """What ended a shift."""

    TAP = "tap"
    TEAM = "team"
    LEADER = "leader"
    """A leader's word about a missing end."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One shift between its opening and its end."""

    shift_id: str
    volunteer: str
    opening: Act
    shift: OpenShift
    rules: Rules
    """As they held when it began: they judge the whole shift."""
    held: bool = False
    """Opened by a doubtful tap: evidence without credit."""
    confirmed_by: Act | None = None
    """The member's own tap that confirmed a witnessed start."""
    end: Act | None = None
    left_at: int | None = None
    """When a later tap found it past its deadline."""
    events: list[str] = field(default_factory=list)
    flags: set[Flag] = field(default_factory=set)
    known_at: int = 0

    @property
    def witnessed(self) -> bool:
        """Whether the start still rests on a leader's word alone."""
        return self.opening.is_team and self.confirmed_by is None

    def opened_by(self, event_id: str | None) -> bool:
        """Whether this very team event opened it."""
        return self.opening.is_team and self.opening.tap.event_id == event_id

    def attach(self, act: Act) -> None:
        """Name an event among those that make this shift."""
        self.events += [act.tap.event_id, *act.touches]
        self.known_at = max(self.known_at, act.tap.received_at)

    @property
    def doubts(self) -> set[Flag]:
        """What is doubted about the taps that prove it."""
        return {DOUBTS[act.tap.standing] for act in self.ends if act.weight is Weight.DOUBTFUL}

    @property
    def ends(self) -> list[Act]:
        """The taps that prove it: at its start (the member's own where there is one) and at its end."""
        return [act for act in (self.confirmed_by or self.opening, self.end) if act is not None]


def closed(draft: Draft, ended_at: int, ending: Ending, world: World) -> Shift:
    """A shift with both ends: minutes inside the window, the weaker grade, the weaker proof."""
    activity = activity_of(draft.shift.activity_id, world)
    plan, policy = draft.shift.plan, draft.rules.shared
    counted = counted_minutes(draft.shift.started_at, ended_at, plan, policy)
    minutes = counted if activity is None or activity.is_service else 0
    flags = draft.flags | draft.doubts
    if is_late(draft.shift, ended_at, policy):
        flags.add(Flag.LATE_END)
    if _is_weak(draft, activity):
        flags.add(Flag.PROOF_TOO_WEAK)
    state, reason = _state(draft, activity, counted, flags)
    return _shift(
        draft,
        state=state,
        ended_at=ended_at,
        minutes=minutes,
        grade=weaker(
            Grade.WITNESSED if draft.witnessed else Grade.TAPPED,
            Grade.TAPPED if ending is Ending.TAP else Grade.WITNESSED,
        ),
        flags=flags | reason,
    )


def _state(
    draft: Draft, activity: Activity | None, counted: int, flags: set[Flag]
) -> tuple[ShiftState, set[Flag]]:
    if draft.held or Flag.PROOF_TOO_WEAK in flags:
        return ShiftState.HELD, set()
    if activity is None:
        return ShiftState.HELD, {Flag.ACTIVITY_MISSING}
    if not activity.is_service:
        return ShiftState.CLOSED, {Flag.NON_SERVICE}
    if counted == 0:
        return ShiftState.VOID, {Flag.BELOW_MINIMUM}
    return ShiftState.CLOSED, set()


def unended(draft: Draft, state: ShiftState, *, proposed_end: int | None, known_at: int) -> Shift:
    """A shift without an end: open, missing its end, held as evidence, or settled at zero."""
    shift = _shift(draft, state=state, ended_at=None, minutes=0, grade=None, flags=set(draft.flags))
    same = (proposed_end, known_at) == (shift.proposed_end, shift.known_at)
    return shift if same else replace(shift, proposed_end=proposed_end, known_at=known_at)


def _shift(
    draft: Draft,
    *,
    state: ShiftState,
    ended_at: int | None,
    minutes: int,
    grade: Grade | None,
    flags: set[Flag],
) -> Shift:
    plan: Plan | None = draft.shift.plan
    return Shift(
        shift_id=draft.shift_id,
        volunteer=draft.volunteer,
        activity_id=draft.shift.activity_id,
        site_id=draft.opening.tap.site_id,
        plan_id=None if plan is None else plan.plan_id,
        day=day_of(draft.shift.started_at),
        started_at=draft.shift.started_at,
        ended_at=ended_at,
        state=state,
        grade=grade,
        proof=min((act.tap.proof for act in draft.ends), key=PROOFS.index),
        minutes=minutes,
        credited=minutes if state is ShiftState.CLOSED else 0,
        known_at=draft.known_at,
        flags=tuple(sorted(flags | _flags_of_time(draft.ends))),
        events=tuple(dict.fromkeys(draft.events)),
    )


def activity_of(activity_id: str | None, world: World) -> Activity | None:
    """What the rules know of an activity; one the community no longer lists counts by the defaults."""
    if activity_id is None:
        return None
    return world.activities.get(activity_id) or Activity(activity_id=activity_id)


def weaker(first: Grade, second: Grade) -> Grade:
    """The less well known of two grades."""
    return max(first, second, key=_GRADES.index)


def _is_weak(draft: Draft, activity: Activity | None) -> bool:
    least = draft.rules.shared.least_proof if activity is None else activity.least_proof
    return any(not act.restored and not proof_suffices(act.tap.proof, least) for act in draft.ends)


def _flags_of_time(acts: list[Act]) -> set[Flag]:
    flags = set()
    if any(act.tap.uncertainty > MINUTE for act in acts):
        flags.add(Flag.TIME_UNCERTAIN)
    start = acts[0].tap
    if day_of(start.at - start.uncertainty) != day_of(start.at + start.uncertainty):
        flags.add(Flag.DATE_UNCERTAIN)
    return flags
