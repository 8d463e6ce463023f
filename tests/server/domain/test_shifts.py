"""From taps to shifts: the rule book of a day at the desk."""

from itertools import permutations

import pytest

from server.domain.facts import Flag, Grade, ShiftState, TapStanding
from server.domain.projection import NoteCode
from server.domain.shifts import derive
from tests.support.domain import ME, decision, minutes, ms, one, plan, rules, shifts, tap, world

PATROL = plan("p1", "08:30", "09:15")
NEXT = plan("p2", "09:15", "10:00", activity_id="hut")


def notes(*taps, of=None):
    """What became of events, by code."""
    found = derive(ME, taps, world=of or world(), as_of=ms("23:00")).notes
    return [(note.event_id, note.code) for note in found]


def test_a_tap_opens_a_shift_and_the_next_ends_it():
    """Its id is the opening event's."""
    shift = one(tap("a", "09:00"), tap("b", "10:30"))
    assert (shift.shift_id, shift.state, shift.grade) == ("a", ShiftState.CLOSED, Grade.TAPPED)
    assert (shift.minutes, shift.credited, shift.day) == (90, 90, "2026-12-02")
    assert shift.events == ("a", "b")
    assert shift.flags == ()


def test_an_open_shift_has_no_end_no_grade_and_no_credit():
    """Until its deadline it simply waits."""
    shift = one(tap("a", "09:00"), as_of="10:00")
    assert (shift.state, shift.ended_at, shift.grade, shift.credited) == (ShiftState.OPEN, None, None, 0)


def test_kiosk_a_starts_and_kiosk_b_ends_both_offline_for_a_week_in_any_order_twice():
    """Both showed a start; the person is told, the shift is one."""
    start = tap("a", "09:00", kiosk_id="A", shown="shift_started", received_at=ms("2026-12-09 08:00"))
    end = tap("b", "10:30", kiosk_id="B", shown="shift_started", received_at=ms("2026-12-09 12:00"))
    for arrival in permutations([start, end, start, end]):
        shift = one(*arrival, as_of="2026-12-09 13:00")
        assert (shift.shift_id, shift.minutes, shift.flags) == ("a", 90, (Flag.SHOWN_DIFFERS,))


def test_a_patrol_started_at_the_hub_and_ended_at_the_hut_is_one_shift():
    """The hut's default activity never hands over."""
    taps = tap("a", "08:28"), tap("b", "09:20", kiosk_id="hut", site_id="hut", activity_id="hut")
    shift = one(*taps, of=world(PATROL))
    assert (shift.activity_id, shift.plan_id, shift.minutes) == ("patrol", "p1", 52)


def test_a_tap_out_thirty_five_minutes_late_ends_the_shift():
    """It counts up to the window's end and is flagged."""
    shift = one(tap("a", "08:30"), tap("b", "09:50"), of=world(PATROL))
    assert (shift.ended_at, shift.minutes, shift.flags) == (ms("09:50"), 60, (Flag.LATE_END,))


def test_the_next_days_first_tap_starts_todays_shift_and_proposes_yesterdays_end():
    """The forgotten one is worth nothing until a leader confirms it."""
    taps = tap("a", "08:30"), tap("b", "2026-12-03 08:30", shown="end_proposed")
    old, new = shifts(*taps, of=world(PATROL), as_of="2026-12-03 09:00")
    assert (old.state, old.credited, old.proposed_end) == (ShiftState.END_MISSING, 0, ms("09:15"))
    assert old.known_at == ms("13:15")
    assert (new.shift_id, new.state, new.flags) == ("b", ShiftState.OPEN, ())


def test_todays_plan_never_ends_what_was_forgotten_yesterday():
    """Tapping in five minutes early today is no hand-over after a night."""
    today = plan("p9", "2026-12-03 08:30", "2026-12-03 09:15")
    for of in (world(PATROL, today), world(today)):
        old, new = shifts(tap("a", "08:30"), tap("b", "2026-12-03 08:25"), of=of, as_of="2026-12-03 09:00")
        assert (old.state, old.credited, new.plan_id) == (ShiftState.END_MISSING, 0, "p9")


def test_without_a_plan_nothing_is_proposed_after_six_hours():
    """Nobody knows when it should have ended."""
    shift = one(tap("a", "09:00"), as_of="15:01")
    assert (shift.state, shift.proposed_end) == (ShiftState.END_MISSING, None)


def test_early_and_late_minutes_outside_the_window_do_not_count():
    """Ten minutes before, fifteen after."""
    shift = one(tap("a", "08:00"), tap("b", "09:40"), of=world(PATROL))
    assert shift.minutes == 10 + 45 + 15


def test_a_shift_below_the_minimum_is_void():
    """Nine minutes are an errand, not a turn of service."""
    shift = one(tap("a", "09:00"), tap("b", "09:09"))
    assert (shift.state, shift.minutes, shift.flags) == (ShiftState.VOID, 0, (Flag.BELOW_MINIMUM,))


def test_a_second_tap_within_a_minute_is_the_same_intention():
    """Also at another kiosk, which showed green and whose word the person has to hear corrected."""
    taps = tap("a", "09:00"), tap("x", ms("09:00") + 59_000, kiosk_id="B"), tap("b", "10:00")
    shift = one(*taps)
    assert (shift.minutes, shift.flags) == (60, (Flag.SHOWN_DIFFERS,))
    assert shift.events == ("a", "x", "b")
    assert ("x", NoteCode.REPEATED) in notes(*taps)
    assert len(shifts(tap("a", "09:00"), tap("y", "09:01"), tap("b", "10:00"))) == 2


def test_a_repetition_does_not_prolong_the_minute():
    """The minute runs from the last counted tap."""
    at = ms("09:00")
    taps = tap("a", at), tap("x", at + 50_000), tap("b", at + 70_000)
    assert one(*taps).ended_at == at + 70_000


@pytest.mark.parametrize("shown", ["already_done", "card_lost", "reader_lost"])
def test_what_a_kiosk_refused_opens_and_closes_nothing(shown):
    """Whatever the server thinks of it now."""
    shift = one(tap("a", "09:00"), tap("x", "09:30", shown=shown), tap("b", "10:00"))
    assert shift.minutes == 60
    assert shifts(tap("x", "09:30", standing=TapStanding.SHOWN_REFUSED)) == []


def test_staff_restore_a_refused_tap_and_set_a_good_one_aside():
    """Each by a decision of somebody else; the last word counts."""
    taps = tap("a", "09:00"), tap("x", "09:30", shown="card_unknown"), tap("b", "10:00")
    restored = world(decision("restore_tap", "11:00", event_id="x"))
    first, second = shifts(*taps, of=restored, as_of="11:00")
    assert (first.minutes, first.flags, second.shift_id) == (30, (), "b")
    both = world(*restored.decisions, decision("set_aside_tap", "12:00", event_id="x"))
    assert one(*taps, of=both).minutes == 60
    aside = world(decision("set_aside_tap", "12:00", event_id="a"))
    assert one(*taps, of=aside, as_of="12:00").shift_id == "b"


def test_a_restored_repetition_counts_as_a_tap():
    """Staff know that the person did come and go within the minute."""
    taps = tap("a", "09:00"), tap("x", ms("09:00") + 30_000, shown="already_done")
    restored = world(decision("restore_tap", "11:00", event_id="x"))
    assert one(*taps, of=restored).ended_at == ms("09:00") + 30_000


def test_nobody_restores_their_own_tap():
    """The decision stands in the record and does nothing."""
    taps = tap("a", "09:00"), tap("x", "09:30", shown="card_unknown")
    own = world(decision("restore_tap", "11:00", event_id="x", by=ME))
    assert one(*taps, of=own, as_of="12:00").state is ShiftState.OPEN


def test_an_undone_tap_never_was():
    """The tap, a minute later the real one: not a repetition."""
    at = ms("09:00")
    undo = tap("u", at + 5_000, action="undo", target="a", shown="undone", seq=at // 1000 + 5)
    taps = tap("a", at), undo, tap("b", at + 20_000), tap("c", "10:00")
    assert one(*taps).shift_id == "b"
    assert ("a", NoteCode.UNDONE) in notes(*taps)


def test_a_chosen_activity_hands_over_to_another():
    """A finger chose: the old shift ends, the new one begins at the same moment."""
    taps = tap("a", "08:30"), tap("b", "09:00", activity_id="hut", activity_by="chosen", shown="handed_over")
    first, second = shifts(*taps, tap("c", "10:00", shown="shift_ended"))
    assert (first.ended_at, second.started_at, second.activity_id) == (ms("09:00"), ms("09:00"), "hut")
    assert (first.flags, second.flags) == ((), ())


def test_choosing_the_activity_one_is_already_doing_ends_it():
    """There is nothing to hand over to."""
    assert one(tap("a", "09:00"), tap("b", "10:00", activity_by="chosen")).minutes == 60


def test_a_touch_changes_the_activity_of_its_tap_and_the_last_touch_counts():
    """The tap was journalled before the choice."""
    at = ms("09:00")
    touch = {"action": "change", "target": "a", "activity_by": "chosen", "shown": "activity_changed"}
    taps = (
        tap("a", at, shown="choose_activity"),
        tap("t1", at + 2_000, activity_id="hut", **touch),
        tap("t2", at + 4_000, activity_id="strict", **touch),
        tap("u", at + 6_000, action="undo", target="t2", shown="undone"),
        tap("b", "10:00"),
    )
    shift = one(*taps)
    assert (shift.activity_id, shift.minutes) == ("hut", 60)
    assert shift.events == ("a", "t1", "b")


def test_a_touch_speaks_only_about_the_persons_own_recent_tap():
    """Not another's, not yesterday's, not one that never came, and an undo is not undone."""
    at = ms("09:00")
    taps = (
        tap("a", at),
        tap("u1", "10:01", action="undo", target="a", shown="undone"),
        tap("u2", at + 1_000, action="undo", target="a", shown="undone", volunteer="M0002"),
        tap("u3", at + 2_000, action="undo", target="nowhere", shown="undone"),
        tap("u4", at + 3_000, action="undo", target="u3", shown="undone"),
        tap("u5", at + 4_000, action="undo", target=None, shown="undone"),
    )
    assert one(*taps, as_of="10:05").state is ShiftState.OPEN
    told = notes(*taps)
    assert [code for _, code in told] == [NoteCode.TOUCH_WITHOUT_TAP] * 5


def test_a_touch_that_arrives_before_its_tap_still_applies():
    """Order of arrival is nothing."""
    touch = tap(
        "t",
        ms("09:00") + 2_000,
        action="change",
        target="a",
        activity_id="hut",
        activity_by="chosen",
        shown="activity_changed",
    )
    assert one(touch, tap("a", "09:00"), as_of="09:30").activity_id == "hut"


def test_the_persons_own_next_plan_hands_over():
    """From ten minutes before it begins, to the plan's activity."""
    taps = tap("a", "08:30"), tap("b", "09:06", shown="handed_over"), tap("c", "10:00", shown="shift_ended")
    first, second = shifts(*taps, of=world(PATROL, NEXT))
    assert (first.plan_id, first.minutes) == ("p1", 36)
    assert (second.plan_id, second.activity_id, second.minutes) == ("p2", "hut", 54)


def test_a_tap_after_the_next_plan_began_leaves_the_old_shift_without_an_end():
    """Nobody can tell any more when the first was left."""
    old, new = shifts(tap("a", "08:30"), tap("b", "09:31"), of=world(PATROL, NEXT), as_of="09:40")
    assert (old.state, old.proposed_end, old.known_at) == (ShiftState.END_MISSING, ms("09:15"), ms("09:15"))
    assert new.plan_id == "p2"


def test_what_was_chosen_takes_only_a_plan_for_it():
    """A finger that chose the hut during patrol time is not on patrol."""
    taps = tap("a", "08:30", activity_id="hut", activity_by="chosen"), tap("b", "09:30")
    shift = one(*taps, of=world(PATROL))
    assert (shift.activity_id, shift.plan_id, shift.minutes) == ("hut", None, 60)


def test_a_plan_edited_after_the_fact_never_changes_what_was_formed_before():
    """A shorter plan recorded in the evening leaves the morning alone."""
    edited = plan("p1", "08:30", "08:45", holds_from=ms("20:00"), recorded_at=ms("20:00"))
    shift = one(tap("a", "08:30"), tap("b", "09:15"), of=world(PATROL, edited))
    assert shift.minutes == 45
    missing = one(tap("a", "08:30"), of=world(PATROL, edited))
    assert missing.proposed_end == ms("09:15")


def test_a_plan_prolonged_while_the_shift_runs_prolongs_its_window():
    """The leader said so at nine; the start stays as it was."""
    longer = plan("p1", "08:50", "10:00", holds_from=ms("09:00"))
    shift = one(tap("a", "08:30"), tap("b", "10:05"), of=world(PATROL, longer))
    assert (shift.minutes, shift.flags) == (95, ())


def test_a_plan_cut_to_before_the_start_or_cancelled_leaves_the_running_window():
    """Who is already there keeps the last window that made sense."""
    nonsense = plan("p1", "07:00", "08:00", holds_from=ms("09:00"))
    cancelled = plan("p1", "08:30", "09:15", holds_from=ms("09:01"), cancelled=True)
    shift = one(tap("a", "08:30"), tap("b", "09:15"), of=world(PATROL, nonsense, cancelled))
    assert shift.minutes == 45


def test_a_cancelled_plan_is_no_plan_for_a_later_tap():
    """And neither is one that no longer names the person."""
    for later in (
        plan("p1", "08:30", "09:15", holds_from=ms("07:00"), cancelled=True),
        plan("p1", "08:30", "09:15", holds_from=ms("07:00"), members=("M0002",)),
        plan("p1", "08:30", "09:15", holds_from=ms("08:31")),
    ):
        facts = (later,) if later.holds_from > ms("08:00") else (PATROL, later)
        assert one(tap("a", "08:30"), of=world(*facts), as_of="08:45").plan_id is None


def test_a_plan_without_names_is_its_whole_teams():
    """Membership was looked up by whoever gathered the plans; no names and no team is nobody's."""
    team = plan("p1", "08:30", "09:15", members=(), team_id="t1")
    nobody = plan("p1", "08:30", "09:15", members=())
    assert one(tap("a", "08:30"), of=world(team), as_of="09:00").plan_id == "p1"
    assert one(tap("a", "08:30"), of=world(nobody), as_of="09:00").plan_id is None


def test_a_checkpoint_belongs_to_the_open_round_and_ends_nothing():
    """It never starts or ends a shift."""
    post = {"role": "checkpoint", "shown": "checkpoint_passed"}
    taps = tap("a", "08:30"), tap("x", "08:45", **post), tap("b", "09:15")
    shift = one(*taps, of=world(PATROL))
    assert shift.events == ("a", "x", "b")
    alone = [tap("x", "08:45", **post)]
    assert shifts(*alone) == []
    assert notes(*alone) == [("x", NoteCode.CHECKPOINT_WITHOUT_ROUND)]
    stolen = tap("y", "08:50", standing=TapStanding.CONTRADICTED, **post)
    assert ("y", NoteCode.DOUBTFUL) in notes(*taps, stolen, of=world(PATROL))


def test_a_checkpoint_after_the_deadline_belongs_to_no_round():
    """A forgotten round is not walked on for ever."""
    late = tap("x", "13:30", role="checkpoint", shown="checkpoint_passed")
    assert ("x", NoteCode.CHECKPOINT_WITHOUT_ROUND) in notes(tap("a", "08:30"), late, of=world(PATROL))


def test_a_thief_with_a_lost_card_never_ends_the_owners_shift():
    """The tap is kept, flagged and worth nothing."""
    stolen = {"standing": TapStanding.CONTRADICTED, "reason": "card_lost"}
    shift = one(tap("a", "09:00"), tap("x", "09:30", **stolen), tap("b", "10:00"))
    assert (shift.minutes, shift.credited, shift.flags) == (60, 60, (Flag.CONTRADICTED,))


def test_doubtful_taps_alone_make_a_held_shift_until_staff_restore_them():
    """A revoked kiosk pushed what was green: evidence without credit."""
    doubt = {"standing": TapStanding.QUARANTINED, "reason": "kiosk_revoked"}
    taps = tap("a", "09:00", **doubt), tap("a2", ms("09:00") + 10_000, **doubt), tap("b", "10:00", **doubt)
    held = one(*taps)
    assert (held.state, held.minutes, held.credited) == (ShiftState.HELD, 60, 0)
    assert held.flags == (Flag.QUARANTINED,)
    alone = one(taps[0])
    assert (alone.state, alone.ended_at, alone.flags) == (ShiftState.HELD, None, (Flag.QUARANTINED,))
    both = world(*(decision("restore_tap", f"1{i}:00", event_id=e) for i, e in enumerate("ab")))
    released = one(*taps, of=both)
    assert (released.state, released.credited, released.grade) == (ShiftState.CLOSED, 60, Grade.TAPPED)


def test_two_doubtful_taps_a_day_apart_are_two_pieces_of_evidence():
    """The deadline holds for them too."""
    doubt = {"standing": TapStanding.CONTRADICTED}
    found = shifts(tap("a", "09:00", **doubt), tap("b", "20:00", **doubt))
    assert [shift.ended_at for shift in found] == [None, None]


def test_a_doubtful_touch_changes_nothing():
    """A card that is not believed does not undo."""
    undo = tap(
        "u", ms("09:00") + 5, action="undo", target="a", shown="undone", standing=TapStanding.CONTRADICTED
    )
    assert one(tap("a", "09:00"), undo, as_of="09:30").state is ShiftState.OPEN


def test_a_tap_weaker_than_the_activity_accepts_is_held():
    """Its minutes are seen and credit nothing; a restored tap is accepted as it is."""
    chosen = {"activity_id": "strict", "activity_by": "chosen"}
    taps = tap("a", "09:00", proof="signed", **chosen), tap("b", "10:00", proof="static")
    shift = one(*taps)
    assert (shift.state, shift.minutes, shift.credited) == (ShiftState.HELD, 60, 0)
    assert (shift.proof, shift.flags) == ("static", (Flag.PROOF_TOO_WEAK,))
    accepted = one(*taps, of=world(decision("restore_tap", "11:00", event_id="b")))
    assert (accepted.state, accepted.credited) == (ShiftState.CLOSED, 60)


def test_rehearsal_is_recorded_and_counts_no_minutes():
    """民政部令67 art. 19."""
    shift = one(tap("a", "09:00", activity_id="rehearsal"), tap("b", "10:00"))
    assert (shift.state, shift.minutes, shift.flags) == (ShiftState.CLOSED, 0, (Flag.NON_SERVICE,))


def test_a_shift_without_an_activity_is_held():
    """Order 67 art. 7 wants the content on a record; one the community does not list counts by defaults."""
    shift = one(tap("a", "09:00", activity_id=None), tap("b", "10:00"))
    assert (shift.state, shift.credited, shift.flags) == (ShiftState.HELD, 0, (Flag.ACTIVITY_MISSING,))
    assert one(tap("a", "09:00", activity_id="new"), tap("b", "10:00")).credited == 60


def test_an_uncertain_time_is_flagged_and_an_uncertain_date_apart():
    """Durations stand."""
    shift = one(tap("a", "09:00", uncertainty=minutes(2)), tap("b", "10:00"))
    assert (shift.credited, shift.flags) == (60, (Flag.TIME_UNCERTAIN,))
    night = one(tap("a", "23:00", uncertainty=minutes(90)), as_of="23:30")
    assert night.flags == (Flag.DATE_UNCERTAIN, Flag.TIME_UNCERTAIN)


def test_the_day_of_a_shift_over_midnight_is_that_of_its_start():
    """In Shanghai."""
    taps = tap("a", "23:30"), tap("b", "2026-12-03 00:30")
    shift = one(*taps, as_of="2026-12-03 01:00")
    assert (shift.day, shift.minutes) == ("2026-12-02", 60)


def test_an_explicit_start_and_end_do_as_they_say():
    """A start over an open shift hands over; an end never starts one."""
    first, second = shifts(tap("a", "09:00"), tap("b", "10:00", action="start"), tap("c", "11:00"))
    assert (first.ended_at, second.started_at) == (ms("10:00"), ms("10:00"))
    assert one(tap("a", "08:30"), tap("b", "09:06", action="end"), of=world(PATROL, NEXT)).minutes == 36
    assert shifts(tap("a", "09:00", action="end")) == []
    assert notes(tap("a", "09:00", action="end"), tap("a2", ms("09:00") + 9, shown="shift_ended")) == [
        ("a", NoteCode.END_WITHOUT_SHIFT),
        ("a2", NoteCode.REPEATED),
    ]
    late = shifts(tap("a", "09:00"), tap("b", "16:00", action="end"))
    assert [shift.state for shift in late] == [ShiftState.END_MISSING]


def test_taps_of_others_change_nothing():
    """A projection sees one person."""
    assert (
        one(tap("a", "09:00"), tap("x", "09:30", volunteer="M0002"), as_of="10:00").state is ShiftState.OPEN
    )


def test_along_one_journal_order_is_seq_whatever_the_clocks_said():
    """The kiosk wrote the start first; its clock was then set back."""
    taps = tap("a", "09:00", seq=1), tap("b", "08:59", seq=2), tap("c", "10:00", seq=3)
    assert one(*taps).shift_id == "a"


def test_of_two_stored_forms_of_one_event_the_first_received_counts():
    """A forked copy of a journal does not change what was stored."""
    first, copy = tap("a", "09:00", received_at=1), tap("a", "09:30", received_at=2)
    assert one(copy, first, tap("b", "10:00")).minutes == 60


def test_a_shift_is_judged_by_the_rules_of_its_start():
    """A minimum that holds from noon does not void the morning."""
    strict = rules(holds_from=ms("12:00"), minimum=120)
    taps = tap("a", "11:30"), tap("b", "12:30")
    assert one(*taps, of=world(rules=(rules(), strict))).credited == 60
    later = tap("a", "13:00"), tap("b", "14:00")
    assert one(*later, of=world(rules=(rules(), strict))).state is ShiftState.VOID
    assert one(*taps, of=world(rules=(strict,))).state is ShiftState.VOID


def test_an_event_without_a_word_shown_is_nothing():
    """What could not be read lies in quarantine without a person; given anyway it does no harm."""
    assert shifts(tap("x", "09:00", shown="", action="", standing=TapStanding.QUARANTINED)) == []


def test_of_versions_recorded_together_the_later_in_the_chain_counts():
    """One import may say two things about a plan."""
    versions = [plan("p1", "08:30", "09:15", seq=1), plan("p1", "08:30", "10:00", seq=2)]
    for arrival in (versions, versions[::-1]):
        assert one(tap("a", "08:30"), tap("b", "10:00"), of=world(*arrival)).minutes == 90
