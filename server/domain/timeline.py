"""A person's taps in the order that counts: doubles dropped, staff's word and touches applied, sorted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from server.contract.rules import HOUR
from server.contract.wire import Action, Kind, Shown
from server.domain.facts import Decision, DecisionKind, Tap, TapStanding
from server.domain.projection import Note, NoteCode

TOUCH_LIMIT = HOUR
"""So long after a tap a touch may still speak about it; a screen offers it for seconds."""
_TEAM = frozenset({Action.TEAM_OPEN, Action.TEAM_CLOSE})
_GREEN = frozenset(str(shown) for shown in Shown if shown.kind is Kind.ACCEPTED)


class Weight(StrEnum):
    """What a tap may do."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Act:
    """One tap that may do something, as touches and staff left it."""

    tap: Tap
    weight: Weight
    restored: bool
    changed: bool = False
    touches: tuple[str, ...] = ()

    @property
    def is_team(self) -> bool:
        """Whether a leader speaks for their team."""
        return self.tap.action in _TEAM


@dataclass(slots=True)
class Timeline:
    """What happened to one person, in order."""

    acts: list[Act] = field(default_factory=list)
    agreed: frozenset[str] = frozenset()
    """Shifts whose proposed end the person agreed with."""
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Touches:
    undone: frozenset[str]
    left_out: frozenset[str]
    """Team events from which the leader took this person out again."""
    changes: Mapping[str, tuple[Tap, ...]]


def timeline(volunteer: str, taps: Iterable[Tap], decisions: Iterable[Decision]) -> Timeline:
    """Everything that may move this person's shifts, however often and in what order it is given."""
    rulings = _rulings(volunteer, decisions)
    found = [(tap, *_weigh(tap, rulings)) for tap in _once(taps)]
    acts = in_order([Act(tap, weight, restored) for tap, weight, restored in found])
    result = Timeline(notes=[_excluded(a.tap) for a in acts if a.weight is Weight.NONE])
    acts = [act for act in acts if act.weight is not Weight.NONE]
    touches = _touches(volunteer, acts, result.notes)
    result.agreed = frozenset(
        act.tap.target
        for act in acts
        if _agrees(act.tap) and act.tap.target is not None and act.tap.volunteer == volunteer
    )
    result.acts = [_changed(act, touches) for act in acts if _moves(volunteer, act.tap, touches)]
    result.notes += [Note(a.tap.event_id, NoteCode.UNDONE) for a in acts if a.tap.event_id in touches.undone]
    return result


def in_order(acts: Iterable[Act]) -> list[Act]:
    """By corrected time; along one journal by ``seq``, whatever the clocks said."""
    latest: dict[tuple[str, str], int] = {}
    placed = []
    for act in sorted(acts, key=lambda a: (a.tap.seq, a.tap.at, a.tap.event_id)):
        journal = act.tap.kiosk_id, act.tap.journal_id
        if act.weight is Weight.GOOD:
            at = latest[journal] = max(act.tap.at, latest.get(journal, act.tap.at))
            if at != act.tap.at:
                act = replace(act, tap=replace(act.tap, at=at))  # noqa: PLW2901 - same act, later
        placed.append(act)
    return sorted(placed, key=lambda a: _place(a.tap))


def _place(tap: Tap) -> tuple[int, str, str, int, str]:
    return tap.at, tap.kiosk_id, tap.journal_id, tap.seq, tap.event_id


def _once(taps: Iterable[Tap]) -> list[Tap]:
    """Each event once; of two stored forms the one received first."""
    first: dict[str, Tap] = {}
    for tap in sorted(taps, key=lambda t: (t.received_at, _place(t), t.standing)):
        first.setdefault(tap.event_id, tap)
    return list(first.values())


def _rulings(volunteer: str, decisions: Iterable[Decision]) -> dict[str, DecisionKind]:
    """Staff's last word on single taps; nobody restores their own."""
    about = {DecisionKind.RESTORE_TAP, DecisionKind.SET_ASIDE_TAP}
    mine = [d for d in decisions if d.kind in about and d.event_id is not None and d.by != volunteer]
    mine.sort(key=lambda d: (d.recorded_at, d.decision_id))
    return {d.event_id: d.kind for d in mine if d.event_id is not None}


def _weigh(tap: Tap, rulings: Mapping[str, DecisionKind]) -> tuple[Weight, bool]:
    ruling = rulings.get(tap.event_id)
    if ruling is DecisionKind.SET_ASIDE_TAP:
        return Weight.NONE, False
    if ruling is DecisionKind.RESTORE_TAP:
        return Weight.GOOD, True
    if tap.standing is TapStanding.SHOWN_REFUSED or tap.shown not in _GREEN:
        return Weight.NONE, False
    return (Weight.GOOD if tap.standing is TapStanding.GOOD else Weight.DOUBTFUL), False


def _excluded(tap: Tap) -> Note:
    return Note(tap.event_id, NoteCode.NOT_COUNTED, tap.reason or tap.shown)


def _agrees(tap: Tap) -> bool:
    return tap.action == Action.END and tap.target is not None


def _is_touch(tap: Tap) -> bool:
    return tap.action in (Action.UNDO, Action.CHANGE) or _agrees(tap)


def _moves(volunteer: str, tap: Tap, touches: _Touches) -> bool:
    if _is_touch(tap) or tap.event_id in touches.undone:
        return False
    if tap.action not in _TEAM:
        return tap.volunteer == volunteer
    # A leader never witnesses their own hours, also not when the list of members names them.
    return tap.volunteer != volunteer and tap.event_id not in touches.left_out


def _touches(volunteer: str, acts: list[Act], notes: list[Note]) -> _Touches:
    taps = {act.tap.event_id: act.tap for act in acts}
    undone: set[str] = set()
    left_out: set[str] = set()
    changes: list[Tap] = []
    for act in acts:
        touch = act.tap
        if touch.action not in (Action.UNDO, Action.CHANGE):
            continue
        target = taps.get(touch.target or "")
        if act.weight is not Weight.GOOD or target is None or not _is_about(touch, target):
            notes.append(Note(touch.event_id, NoteCode.TOUCH_WITHOUT_TAP, touch.target or ""))
        elif touch.action == Action.CHANGE:
            changes.append(touch)
        elif not touch.members:
            undone.add(target.event_id)
        elif volunteer in touch.members:
            left_out.add(target.event_id)
    kept: dict[str, tuple[Tap, ...]] = {}
    for touch in changes:
        if touch.event_id not in undone and touch.target is not None:
            kept[touch.target] = (*kept.get(touch.target, ()), touch)
    return _Touches(frozenset(undone), frozenset(left_out), kept)


def _is_about(touch: Tap, target: Tap) -> bool:
    """A person's own recent event; taking back what was taken back is not offered anywhere."""
    own = touch.volunteer is not None and touch.volunteer == target.volunteer
    return own and target.action != Action.UNDO and 0 <= touch.at - target.at <= TOUCH_LIMIT


def _changed(act: Act, touches: _Touches) -> Act:
    changes = touches.changes.get(act.tap.event_id, ())
    if not changes:
        return act
    tap = replace(act.tap, activity_id=changes[-1].activity_id, activity_by="chosen")
    return replace(act, tap=tap, changed=True, touches=tuple(change.event_id for change in changes))
