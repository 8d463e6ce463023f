"""Shifts entered afterwards: labelled, never stronger than taps, never over another credited shift."""

import pytest

from server.domain.declared import overlap
from server.domain.facts import Flag, Grade, ShiftState
from server.domain.segments import Segment
from server.domain.shifts import project
from tests.support.domain import ME, decision, ms, one, shifts, tap, world


def entered(start="09:00", end="10:00", recorded="17:00", **changes):
    """Staff enter a shift of mine by hand."""
    fields = {
        "volunteer": ME,
        "activity_id": "duty",
        "site_id": "hub",
        "started_at": start and ms(start),
        "ended_at": end and ms(end),
    }
    return decision("declare_shift", recorded, **(fields | changes))


def test_an_entry_by_hand_is_a_declared_shift_with_the_decisions_id():
    """Graded weakest, proving nothing, credited."""
    shift = one(of=world(entered()))
    assert (shift.shift_id, shift.grade, shift.proof) == ("declare_shift-17:00", Grade.DECLARED, "none")
    assert (shift.state, shift.minutes, shift.credited) == (ShiftState.CLOSED, 60, 60)


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"by": ME}, Flag.OWN_DECISION),
        ({"recorded": "09:30"}, Flag.DECLARED_AHEAD),
        ({"activity_id": None}, Flag.ACTIVITY_MISSING),
        ({"end": "09:05"}, Flag.BELOW_MINIMUM),
    ],
)
def test_an_entry_that_cannot_stand_is_void_and_says_why(changes, flag):
    """Nobody enters their own hours, or hours to come."""
    shift = one(of=world(entered(**changes)))
    assert (shift.state, shift.credited, shift.flags) == (ShiftState.VOID, 0, (flag,))


def test_an_entry_for_rehearsal_counts_no_minutes():
    """As with taps."""
    shift = one(of=world(entered(activity_id="rehearsal")))
    assert (shift.state, shift.minutes, shift.flags) == (ShiftState.CLOSED, 0, (Flag.NON_SERVICE,))


@pytest.mark.parametrize(
    "changes", [{"start": None}, {"end": None}, {"end": "08:00"}, {"volunteer": "M0002"}]
)
def test_an_entry_without_times_or_for_another_is_no_shift_of_mine(changes):
    """Nothing to credit."""
    assert shifts(of=world(entered(**changes))) == []


def test_an_entry_over_a_tapped_shift_is_refused():
    """Also when the taps arrive long after it."""
    before, after = shifts(tap("a", "09:30"), tap("b", "10:30"), of=world(entered()))
    assert (before.state, before.flags) == (ShiftState.VOID, (Flag.OVERLAP,))
    assert after.credited == 60


def test_back_to_back_is_no_overlap():
    """One ends when the next begins."""
    found = shifts(tap("a", "10:00"), tap("b", "11:00"), of=world(entered()))
    assert [shift.credited for shift in found] == [60, 60]


def test_of_two_entries_for_the_same_time_the_earlier_start_stands():
    """By a fixed order, not by arrival."""
    first, second = entered(), entered("09:30", "10:30", "17:01", site_id=None)
    for arrival in ((first, second), (second, first), (first, first, second)):
        found = shifts(of=world(*arrival))
        assert [shift.state for shift in found] == [ShiftState.CLOSED, ShiftState.VOID]


def test_an_entry_over_a_shift_without_an_end_stands():
    """That one credits nothing; when its end comes it wins."""
    found = shifts(tap("a", "09:30"), of=world(entered()), as_of="18:00")
    assert [shift.state for shift in found] == [ShiftState.CLOSED, ShiftState.END_MISSING]
    assert not overlap(*found)


def test_an_entry_can_be_made_void():
    """Like any shift."""
    void = decision("void_shift", "18:00", shift_id="declare_shift-17:00")
    assert one(of=world(entered(), void)).state is ShiftState.VOID


def test_a_projection_of_one_segment_gives_only_the_entries_that_begin_there():
    """Others belong to other segments."""
    for within, count in ((Segment(ms("08:00"), ms("09:01")), 1), (Segment(ms("09:01"), None), 0)):
        found = project(ME, [], world=world(entered()), as_of=ms("23:00"), within=within)
        assert len(found) == count
