"""From taps to shifts: a person's events in corrected order (design.md §4 "Shifts"), pure.

The same facts give the same shifts, in whatever order and how often they arrived. README.md draws the order
of decisions about one tap; ``server.contract.rules`` holds what kiosk and server decide alike.
"""

from collections.abc import Iterable

from server.contract.rules import (
    OpenShift,
    Plan,
    Step,
    confirms_start,
    end_deadline,
    is_repeat,
    next_plan_at,
    plan_at,
    step_at,
)
from server.contract.wire import Action, Shown
from server.domain.declared import declared_shifts, without_overlaps
from server.domain.drafts import DOUBTS, Draft
from server.domain.facts import Flag, Shift, Tap, World
from server.domain.plans import PlanBook
from server.domain.projection import Note, NoteCode, Projection
from server.domain.rules_in_force import rules_at
from server.domain.segments import Segment
from server.domain.settling import settled
from server.domain.timeline import Act, Weight, timeline

_ANYTHING = {Shown.CHOOSE_ACTIVITY, Shown.ACCEPTED_UNLISTED}
_STARTED = _ANYTHING | {Shown.SHIFT_STARTED, Shown.END_PROPOSED}
_SHOWN: dict[Step, set[Shown]] = {
    Step.START: _STARTED,
    Step.MISSING_THEN_START: _STARTED,
    Step.END: _ANYTHING | {Shown.SHIFT_ENDED},
    Step.HAND_OVER: _ANYTHING | {Shown.HANDED_OVER},
}
"""What a kiosk may have shown for what a tap turns out to do; anything else is told to the person."""


def project(
    volunteer: str, taps: Iterable[Tap], *, world: World, as_of: int, within: Segment | None = None
) -> list[Shift]:
    """One person's shifts in order of start, credited before the day's cap (``credit.credit`` applies it).

    ``within`` limits shifts entered by hand to a segment (segments.py), when only its taps are given.
    """
    return list(derive(volunteer, taps, world=world, as_of=as_of, within=within).shifts)


def derive(
    volunteer: str, taps: Iterable[Tap], *, world: World, as_of: int, within: Segment | None = None
) -> Projection:
    """One person's shifts, and what became of each event that is no end of one."""
    told = timeline(volunteer, taps, world.decisions)
    walk = _Walk(volunteer, world)
    for act in told.acts:
        walk.take(act)
    for draft in walk.drafts:
        if draft.shift_id in told.agreed:
            draft.flags.add(Flag.END_AGREED)
    shifts = [settled(draft, walk.plans, world=world, as_of=as_of) for draft in walk.drafts]
    shifts += declared_shifts(volunteer, world, within)
    shifts.sort(key=lambda shift: (shift.started_at, shift.shift_id))
    return Projection(tuple(without_overlaps(shifts)), tuple(sorted({*told.notes, *walk.notes})))


class _Walk:
    """Goes through a person's taps once, in order."""

    def __init__(self, volunteer: str, world: World) -> None:
        self.volunteer = volunteer
        self.world = world
        self.plans = PlanBook(world.plans, volunteer)
        self.drafts: list[Draft] = []
        self.notes: list[Note] = []
        self._open: Draft | None = None
        self._held: Draft | None = None
        """A shift made of doubtful taps runs beside, so that a thief's tap never ends the owner's shift."""
        self._last_at: int | None = None
        """The person's last counted tap."""
        self._touched: Draft | None = None
        """The shift it opened, confirmed or ended."""

    def take(self, act: Act) -> None:
        """Let one tap do what it does."""
        if act.is_team:
            self._team(act)
        elif act.tap.role == "checkpoint":
            self._checkpoint(act)
        elif act.weight is Weight.DOUBTFUL:
            self._doubtful(act)
        else:
            self._desk(act)

    def _desk(self, act: Act) -> None:
        at = act.tap.at
        policy = rules_at(self.world.rules, at).shared
        if not act.restored and is_repeat(self._last_at, at, policy):
            self._repeat(act)
            return
        self._last_at = at
        if self._confirms(act):
            return
        step = self._step(act)
        before = self._open
        if step in (Step.END, Step.HAND_OVER):
            self._end(act)
        elif before is not None:
            self._leave(at)
        if step is not Step.END and act.tap.action == Action.END:
            self._note(act, NoteCode.END_WITHOUT_SHIFT)
            self._touched = None  # what repeats this tap has nothing to do with a shift of hours ago
            return
        if step is not Step.END:
            self._start(act, after=before.shift if before and step is Step.HAND_OVER else None)
        if not act.restored and not act.changed and act.tap.shown not in _SHOWN[step]:
            self._tell_difference(act)

    def _repeat(self, act: Act) -> None:
        """The kiosk that showed green did not know of the first tap: the person believes in two."""
        self._note(act, NoteCode.REPEATED)
        if self._touched is not None:
            self._touched.attach(act)
            self._tell_difference(act)

    def _tell_difference(self, act: Act) -> None:
        assert self._touched is not None  # a tap that did something touched a shift
        self._touched.flags.add(Flag.SHOWN_DIFFERS)
        self._note(act, NoteCode.SHOWN_DIFFERS, self._touched.shift_id)

    def _note(self, act: Act, code: NoteCode, shift_id: str = "") -> None:
        self.notes.append(Note(act.tap.event_id, code, act.tap.reason or act.tap.shown, shift_id))

    def _confirms(self, act: Act) -> bool:
        draft = self._open
        if draft is None or not draft.witnessed or act.tap.action == Action.END:
            return False
        other = act.tap.activity_by == "chosen" and act.tap.activity_id != draft.shift.activity_id
        if other or not confirms_start(self._running(draft, act.tap.at).plan, act.tap.at):
            return False
        draft.confirmed_by = act
        draft.attach(act)
        self._touched = draft
        return True

    def _running(self, draft: Draft, at: int) -> OpenShift:
        return self.plans.running(draft.shift, at, draft.rules.shared)

    def _step(self, act: Act) -> Step:
        draft, tap = self._open, act.tap
        if draft is None:
            return Step.START
        chosen = tap.activity_id if tap.activity_by == "chosen" else None
        shift, plans, policy = self._running(draft, tap.at), self.plans.visible(tap.at), draft.rules.shared
        step = step_at(shift, tap.at, plans, policy, chosen=chosen)
        if tap.action == Action.END and step is Step.HAND_OVER:
            return Step.END
        return Step.HAND_OVER if tap.action == Action.START and step is Step.END else step

    def _end(self, act: Act) -> None:
        draft = self._open
        assert draft is not None  # only a step over an open shift ends one
        draft.shift = self._running(draft, act.tap.at)
        draft.end = act
        draft.attach(act)
        self._touched, self._open = draft, None

    def _leave(self, at: int) -> None:
        """A shift stays behind without an end."""
        assert self._open is not None
        self._open.shift = self._running(self._open, at)
        self._open.left_at = at
        self._open = None

    def _start(self, act: Act, *, after: OpenShift | None = None) -> None:
        self._touched = self._open = self._opened(act, after)

    def _opened(self, act: Act, after: OpenShift | None, *, held: bool = False) -> Draft:
        tap = act.tap
        plan = self._plan_for(act, after)
        activity_id = tap.activity_id if plan is None else plan.activity_id
        shift_id = f"{tap.event_id}/{self.volunteer}" if act.is_team else tap.event_id
        draft = Draft(
            shift_id=shift_id,
            volunteer=self.volunteer,
            opening=act,
            shift=OpenShift(shift_id=shift_id, activity_id=activity_id, started_at=tap.at, plan=plan),
            rules=rules_at(self.world.rules, tap.at),
            held=held,
        )
        draft.attach(act)
        self.drafts.append(draft)
        return draft

    def _plan_for(self, act: Act, after: OpenShift | None) -> Plan | None:
        """The person's own plan; what a finger chose or a leader opened takes only a plan for that."""
        tap = act.tap
        plans = self.plans.visible(tap.at)
        if act.is_team or tap.activity_by == "chosen":
            plans = [plan for plan in plans if plan.activity_id == tap.activity_id]
        policy = rules_at(self.world.rules, tap.at).shared
        if after is not None:
            return next_plan_at(after, tap.at, plans, policy, site_id=tap.site_id)
        return plan_at(plans, tap.at, policy, site_id=tap.site_id)

    def _is_running(self, draft: Draft, at: int) -> bool:
        """Whether a shift still waits for its end at a moment."""
        policy = draft.rules.shared
        return at <= end_deadline(self._running(draft, at), self.plans.visible(at), policy)

    def _team(self, act: Act) -> None:
        if act.weight is Weight.DOUBTFUL:
            self._note(act, NoteCode.DOUBTFUL)
        elif act.tap.action == Action.TEAM_CLOSE:
            self._team_close(act)
        elif self.volunteer in act.tap.members or (not act.tap.members and self._plan_for(act, None)):
            self._team_open(act)

    def _team_open(self, act: Act) -> None:
        """A leader's word starts the shift of a member who has not started."""
        step = self._step(act)
        before = self._open
        if step is Step.END:
            self._note(act, NoteCode.TEAM_ALREADY_OPEN)
            return
        if step is Step.HAND_OVER:
            self._end(act)
        elif before is not None:
            self._leave(act.tap.at)
        self._start(act, after=before.shift if before and step is Step.HAND_OVER else None)

    def _team_close(self, act: Act) -> None:
        """Ends only what that opening started, of the members it names (of all when it names none)."""
        draft, tap = self._open, act.tap
        if tap.members and self.volunteer not in tap.members:
            return
        if draft is not None and draft.opened_by(tap.target) and self._is_running(draft, tap.at):
            self._end(act)
        else:
            self._note(act, NoteCode.TEAM_NOTHING_TO_CLOSE)

    def _checkpoint(self, act: Act) -> None:
        """Never starts or ends a shift; belongs to the round that is open."""
        if act.weight is Weight.DOUBTFUL:
            self._note(act, NoteCode.DOUBTFUL)
        elif self._open is not None and self._is_running(self._open, act.tap.at):
            self._open.attach(act)
        else:
            self._note(act, NoteCode.CHECKPOINT_WITHOUT_ROUND)

    def _doubtful(self, act: Act) -> None:
        """Evidence without credit: named at the open shift, else a held shift of its own."""
        self._note(act, NoteCode.DOUBTFUL)
        at = act.tap.at
        if self._open is not None and self._is_running(self._open, at):
            self._open.attach(act)
            self._open.flags.add(DOUBTS[act.tap.standing])
        elif self._held is not None and self._is_running(self._held, at):
            self._held.attach(act)
            if not is_repeat(self._held.shift.started_at, at, self._held.rules.shared):
                self._held.shift = self._running(self._held, at)
                self._held.end, self._held = act, None
        else:
            self._held = self._opened(act, None, held=True)
