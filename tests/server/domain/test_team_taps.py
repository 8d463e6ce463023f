"""What a leader's word starts and ends: witnessed, never the leader's own, confirmed by the member's tap."""

from server.domain.facts import Flag, Grade, ShiftState, TapStanding
from server.domain.projection import NoteCode
from server.domain.shifts import derive
from tests.support.domain import LEADER, ME, ms, one, plan, shifts, tap, world

PATROL = plan("p1", "08:30", "09:30")
WORLD = world(PATROL)


def opened(when="08:30", **changes):
    """The leader opens the patrol team."""
    fields = {"volunteer": LEADER, "action": "team_open", "activity_id": "patrol", "members": (ME, "M0002")}
    return tap(
        "o", when, **(fields | {"shown": "team_opened", "kiosk_id": "gate", "proof": "signed"} | changes)
    )


def close(when="09:30", **changes):
    """The leader closes it."""
    fields = {"volunteer": LEADER, "action": "team_close", "target": "o", "members": (ME,)}
    return tap(
        "c", when, **(fields | {"shown": "team_closed", "kiosk_id": "gate", "proof": "signed"} | changes)
    )


def codes(*taps, of=WORLD):
    """Notes by code."""
    return {note.code for note in derive(ME, taps, world=of, as_of=ms("23:00")).notes}


def test_a_leader_starts_and_ends_a_members_shift_as_witnessed():
    """The id names event and member, since one event starts many shifts."""
    shift = one(opened(), close(), of=WORLD)
    assert (shift.shift_id, shift.grade, shift.minutes) == (f"o/{ME}", Grade.WITNESSED, 60)
    assert (shift.plan_id, shift.proof, shift.flags) == ("p1", "signed", ())


def test_the_members_first_tap_before_half_the_plan_confirms_the_start():
    """The second then ends it: tapped at both ends."""
    shift = one(opened(), tap("a", "08:59"), tap("b", "09:31"), of=WORLD)
    assert (shift.grade, shift.started_at, shift.minutes) == (Grade.TAPPED, ms("08:30"), 61)
    assert (shift.proof, shift.flags) == ("uid", ())


def test_the_members_first_tap_in_the_second_half_ends_the_shift():
    """A witnessed start and a tapped end are witnessed."""
    shift = one(opened(), tap("b", "09:00"), of=WORLD)
    assert (shift.grade, shift.ended_at) == (Grade.WITNESSED, ms("09:00"))


def test_a_confirmed_start_and_the_leaders_end_are_witnessed():
    """The weaker of the two."""
    shift = one(opened(), tap("a", "08:40"), close(), of=WORLD)
    assert (shift.grade, shift.minutes, shift.proof) == (Grade.WITNESSED, 60, "uid")


def test_without_a_plan_the_members_first_tap_ends_the_shift():
    """There is no half to be before."""
    shift = one(opened(), tap("b", "09:00"), of=world())
    assert (shift.activity_id, shift.ended_at) == ("patrol", ms("09:00"))


def test_choosing_something_else_or_asking_for_the_end_does_not_confirm():
    """The member says what they do."""
    first, second = shifts(
        opened(), tap("a", "08:45", activity_id="hut", activity_by="chosen"), of=WORLD, as_of="09:00"
    )
    assert (first.ended_at, second.activity_id) == (ms("08:45"), "hut")
    assert one(opened(), tap("a", "08:45", action="end"), of=WORLD).ended_at == ms("08:45")


def test_a_leader_never_witnesses_their_own_hours():
    """Also when the list names them."""
    own = opened(volunteer=ME)
    assert shifts(own, close(volunteer=ME), of=WORLD) == []


def test_only_members_who_were_named_or_planned_are_started():
    """An empty list names those who have a plan for it then."""
    assert shifts(opened(members=("M0002",)), of=WORLD) == []
    assert one(opened(members=()), of=WORLD, as_of="09:00").plan_id == "p1"
    assert shifts(opened(members=()), of=world()) == []
    assert shifts(opened(members=(), activity_id="hut"), of=WORLD) == []


def test_who_had_started_already_stays_tapped():
    """The leader's word adds nothing, and the leader's closing ends nothing of it."""
    taps = tap("a", "08:25"), opened(), close()
    shift = one(*taps, of=WORLD, as_of="10:00")
    assert (shift.shift_id, shift.state) == ("a", ShiftState.OPEN)
    assert codes(*taps) == {NoteCode.TEAM_ALREADY_OPEN, NoteCode.TEAM_NOTHING_TO_CLOSE}


def test_closing_ends_only_what_that_opening_started():
    """Not another opening's, not for members it leaves out, not after the deadline."""
    assert one(opened(), close(target="other"), of=WORLD, as_of="10:00").state is ShiftState.OPEN
    assert one(opened(), close(members=("M0002",)), of=WORLD, as_of="10:00").state is ShiftState.OPEN
    assert one(opened(), close(members=()), of=WORLD).state is ShiftState.CLOSED
    late = one(opened(), close("13:31"), of=WORLD)
    assert late.state is ShiftState.END_MISSING


def test_a_member_who_left_earlier_keeps_their_own_end():
    """Closing finds nothing of theirs open."""
    shift = one(opened(), tap("b", "09:10"), close(), of=WORLD)
    assert (shift.ended_at, shift.flags) == (ms("09:10"), ())


def test_an_exception_by_member_takes_out_that_member_only():
    """The leader saw that one had not come."""
    out = tap("u", "08:31", volunteer=LEADER, action="undo", target="o", members=(ME,), shown="undone")
    assert shifts(opened(), out, of=WORLD) == []
    other = tap("u", "08:31", volunteer=LEADER, action="undo", target="o", members=("M0002",), shown="undone")
    assert len(shifts(opened(), other, of=WORLD)) == 1
    whole = tap("u", "08:31", volunteer=LEADER, action="undo", target="o", shown="undone")
    assert shifts(opened(), whole, of=WORLD) == []


def test_an_opening_hands_over_when_the_members_next_plan_begins():
    """The earlier shift ends on the leader's word."""
    both = world(PATROL, plan("p2", "09:30", "10:30", activity_id="hut"))
    first, second = shifts(tap("a", "08:30"), opened("09:25", activity_id="hut"), of=both, as_of="10:00")
    assert (first.grade, first.ended_at) == (Grade.WITNESSED, ms("09:25"))
    assert (second.plan_id, second.shift_id) == ("p2", f"o/{ME}")


def test_an_opening_long_after_a_forgotten_end_starts_anew():
    """The old one is left without an end."""
    old, new = shifts(tap("a", "2026-12-01 08:00"), opened(), of=WORLD, as_of="09:00")
    assert (old.state, new.state) == (ShiftState.END_MISSING, ShiftState.OPEN)


def test_a_doubtful_opening_starts_nothing():
    """A leader's lost card, or somebody who leads no team."""
    taps = [opened(standing=TapStanding.CONTRADICTED, reason="not_leader")]
    assert shifts(*taps, of=WORLD) == []
    assert codes(*taps) == {NoteCode.DOUBTFUL}


def test_a_weak_card_of_the_leader_holds_the_shift_until_the_member_confirms():
    """What a member's own tap proves replaces what the leader's proved."""
    chosen = {"activity_id": "strict"}
    held = one(opened(proof="uid", **chosen), close(), of=world())
    assert held.flags == (Flag.PROOF_TOO_WEAK,)
    planned = world(plan("p1", "08:30", "09:30", activity_id="strict"))
    good = one(opened(proof="uid", **chosen), tap("a", "08:40", proof="signed"), close(), of=planned)
    assert (good.state, good.flags) == (ShiftState.CLOSED, ())
