"""Shifts without an end: what a leader may say, until when, and what beats it."""

import pytest

from server.domain.facts import Flag, Grade, ShiftState
from server.domain.settling import deadlines
from tests.support.domain import LEADER, ME, decision, ms, one, plan, rules, shifts, tap, world

PATROL = plan("p1", "08:30", "09:15")
LATER = "2026-12-30 09:00"


def confirm(at, recorded="17:00", **changes):
    """A leader confirms that the end happened then."""
    fields = {"shift_id": "a", "at": None if at is None else ms(at), "by": LEADER}
    return decision("confirm_end", recorded, **(fields | changes))


def forgotten(*decisions, as_of="18:00"):
    """A patrol that was never tapped out."""
    return one(tap("a", "08:30"), of=world(PATROL, *decisions), as_of=as_of)


def test_a_leader_confirms_a_missing_end_as_witnessed():
    """Crediting starts then."""
    shift = forgotten(confirm("09:10"))
    assert (shift.state, shift.grade, shift.credited) == (ShiftState.CLOSED, Grade.WITNESSED, 40)
    assert (shift.flags, shift.proposed_end) == ((Flag.END_CONFIRMED,), ms("09:15"))


def test_a_confirmed_end_is_never_later_than_planned():
    """A later one is clipped and flagged."""
    shift = forgotten(confirm("09:30"))
    assert (shift.ended_at, shift.flags) == (ms("09:15"), (Flag.END_CLIPPED, Flag.END_CONFIRMED))


def test_without_a_plan_a_confirmed_end_is_clipped_to_the_open_limit():
    """Nobody is credited a night."""
    shift = one(tap("a", "09:00"), of=world(confirm("20:00", "21:00")), as_of="22:00")
    assert shift.ended_at == ms("15:00")


def test_nobody_confirms_their_own_end():
    """Ignored and flagged."""
    shift = forgotten(confirm("09:10", by=ME))
    assert (shift.state, shift.flags) == (ShiftState.END_MISSING, (Flag.OWN_DECISION,))


@pytest.mark.parametrize("at", [None, "08:30", "08:00"])
def test_a_confirmed_end_lies_after_the_start(at):
    """Anything else is ignored and flagged."""
    shift = forgotten(confirm(at))
    assert (shift.state, shift.flags) == (ShiftState.END_MISSING, (Flag.UNUSABLE_DECISION,))


def test_a_denied_end_settles_at_zero_at_once():
    """And a later confirmation takes that back."""
    denied = decision("deny_end", "17:00", shift_id="a", by=LEADER)
    shift = forgotten(denied)
    assert (shift.state, shift.credited, shift.flags) == (ShiftState.SETTLED_ZERO, 0, (Flag.END_DENIED,))
    assert forgotten(denied, confirm("09:10", "17:30")).credited == 40
    assert forgotten(confirm("09:10", "16:00"), denied).state is ShiftState.SETTLED_ZERO


def test_after_ten_working_days_it_settles_at_zero():
    """民政部令67 art. 11: the hard stop; a decision after it is ignored."""
    assert forgotten(as_of="2026-12-16 23:59").state is ShiftState.END_MISSING
    settled = forgotten(confirm("09:10", "2026-12-17 08:00"), as_of="2026-12-17 00:00")
    assert (settled.state, settled.minutes) == (ShiftState.SETTLED_ZERO, 0)
    assert settled.flags == (Flag.LATE_DECISION,)


def test_the_ten_days_count_from_when_the_server_could_know():
    """A kiosk that was offline for three weeks costs nobody their hours."""
    late = tap("a", "08:30", received_at=ms("2026-12-23 10:00"))
    shift = one(late, of=world(PATROL), as_of=LATER)
    assert (shift.state, shift.known_at) == (ShiftState.END_MISSING, ms("2026-12-23 10:00"))


def test_holidays_and_exchanged_days_move_the_hard_stop():
    """Working days by the notice of the year."""
    holiday = {f"2026-12-{day:02}": False for day in (3, 4, 7)}
    shift = one(tap("a", "08:30"), of=world(PATROL, working_days=holiday), as_of="2026-12-21 00:00")
    assert shift.state is ShiftState.END_MISSING


def test_a_real_end_that_arrives_later_beats_the_leader_and_reopens_a_zero():
    """Kiosk B came back after a month."""
    end = tap("b", "09:20", kiosk_id="B", received_at=ms(LATER))
    confirmed = world(PATROL, confirm("09:00"))
    shift = one(tap("a", "08:30"), end, of=confirmed, as_of=LATER)
    assert (shift.state, shift.grade, shift.minutes) == (ShiftState.CLOSED, Grade.TAPPED, 50)
    assert one(tap("a", "08:30"), end, of=world(PATROL), as_of=LATER).credited == 50


def test_agreeing_with_the_proposal_is_said_but_ends_nothing():
    """A leader still confirms; nobody agrees for another."""
    agree = {"action": "end", "target": "a", "shown": "end_proposed"}
    taps = tap("a", "08:30"), tap("b", "2026-12-03 08:30"), tap("y", "2026-12-03 08:31", **agree)
    old, new = shifts(*taps, of=world(PATROL), as_of="2026-12-03 09:00")
    assert (old.state, old.flags) == (ShiftState.END_MISSING, (Flag.END_AGREED,))
    assert new.flags == ()
    other = tap("y", "2026-12-03 08:31", volunteer="M0002", **agree)
    assert shifts(taps[0], other, of=world(PATROL), as_of="2026-12-03 09:00")[0].flags == ()


def test_a_decision_before_the_deadline_waits_for_it():
    """Until then the person may still tap out."""
    shift = forgotten(confirm("09:10", "10:00"), as_of="11:00")
    assert shift.state is ShiftState.OPEN
    assert forgotten(confirm("09:10", "10:00"), as_of="13:16").credited == 40


def test_a_shift_made_void_is_worth_nothing():
    """By somebody else; one's own word is ignored and flagged."""
    taps = tap("a", "09:00"), tap("b", "10:00")
    void = one(*taps, of=world(decision("void_shift", "12:00", shift_id="a")))
    assert (void.state, void.minutes, void.credited, void.flags) == (ShiftState.VOID, 0, 0, (Flag.VOIDED,))
    own = one(*taps, of=world(decision("void_shift", "12:00", shift_id="a", by=ME)))
    assert (own.credited, own.flags) == (60, (Flag.OWN_DECISION,))


def test_the_community_sets_its_own_number_of_days():
    """A setting, by default ten."""
    quick = world(PATROL, rules=(rules(settle_working_days=1),))
    assert one(tap("a", "08:30"), of=quick, as_of="2026-12-04 00:00").state is ShiftState.SETTLED_ZERO


def test_a_decision_about_another_shift_changes_nothing():
    """Each names its shift."""
    assert forgotten(confirm("09:10", shift_id="z")).state is ShiftState.END_MISSING


def test_a_leader_has_three_working_days_and_the_community_ten():
    """Both from when the server could know; the services refuse a leader's word after theirs."""
    found = deadlines(forgotten(), world())
    assert (found.leader, found.settles) == (ms("2026-12-08 00:00"), ms("2026-12-17 00:00"))


def test_what_a_leader_changes_after_a_later_tap_left_it_behind_changes_it_no_more():
    """A plan prolonged at ten does not reach over the shift that began at half past nine."""
    late_plan = plan("p2", "09:15", "10:00", activity_id="hut", holds_from=ms("09:20"))
    longer = plan("p1", "08:30", "11:00", holds_from=ms("10:00"))
    of = world(PATROL, late_plan, longer, confirm("11:00"))
    old, new = shifts(tap("a", "08:30"), tap("b", "09:31"), of=of, as_of="18:00")
    assert old.ended_at == ms("09:15") <= new.started_at
