"""How far one tap reaches: from quiet to quiet."""

from dataclasses import replace

from server.contract.rules import HOUR
from server.domain.facts import DecisionKind
from server.domain.segments import quiet_gap, segment
from server.domain.shifts import project
from tests.support.domain import ME, decision, ms, plan, rules, tap, world


def test_a_segment_ends_where_the_person_was_quiet_long_enough():
    """Longer than any shift may wait."""
    of = world()
    gap = quiet_gap(of)
    first, second, third = ms("08:00"), ms("09:00"), ms("09:00") + gap + 1
    times = [third, first, second]
    assert segment(times, second, of) == segment(times, first, of)
    found = segment(times, second, of)
    assert (found.start, found.end) == (first, third)
    assert third not in found
    assert segment(times, third, of).end is None
    assert segment([], first, of).start == first


def test_the_quiet_gap_follows_the_longest_plan_and_the_laxest_rules():
    """Versions mixed: a running shift keeps the first one's start."""
    short = quiet_gap(world())
    versions = plan("p1", "08:00", "12:00"), plan("p1", "09:00", "20:00", holds_from=1)
    assert quiet_gap(world(*versions)) == short + 12 * HOUR + (60 + 240 - 360) * 60_000
    assert quiet_gap(world(rules=(rules(), rules(holds_from=5, open_limit=1440)))) == short + 18 * HOUR


def test_an_entry_by_hand_holds_the_segments_it_reaches_over_together():
    """It can overlap shifts on both sides."""
    hand = decision("declare_shift", "23:00", volunteer=ME, started_at=ms("06:00"), ended_at=ms("20:00"))
    times = [ms("06:30"), ms("20:30")]
    assert segment(times, times[0], world()).end == times[1]
    assert segment(times, times[0], world(hand)).end is None
    timeless = replace(hand, kind=DecisionKind.DECLARE_SHIFT, ended_at=None)
    assert segment(times, times[0], world(timeless)).end == times[1]


def test_a_tap_long_after_sees_nothing_of_what_was_before():
    """The same shift whether or not last month is read."""
    old = [tap(f"o{n}", ms("2026-11-02 09:00") + n * HOUR) for n in range(5)]
    new = [tap("a", "09:00", shown="end_proposed"), tap("b", "10:00")]
    whole = project(ME, [*old, *new], world=world(), as_of=ms("23:00"))
    assert project(ME, new, world=world(), as_of=ms("23:00"))[0] == whole[-1]
