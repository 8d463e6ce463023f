"""The promise: any order, any number of times, one tap at a time or all at once: the same shifts and sums."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.rules import HOUR
from server.domain.credit import credit
from server.domain.facts import DecisionKind, World
from server.domain.invariants import Books, check
from server.domain.ledger import Posting, balances, posting, sums, worth
from server.domain.rules_in_force import DEFAULT, rules_at
from server.domain.segments import quiet_gap, segment
from server.domain.shifts import derive, project
from tests.support.domain import ME, decision, ms, plan, rules, tap, world
from tests.support.domain_worlds import weeks

CALM = settings(max_examples=100, deadline=None)


@CALM
@given(weeks(), st.randoms())
def test_any_order_and_repetition_of_facts_gives_the_same_shifts_and_notes(week, random):
    """Taps, plans, decisions and rules shuffled and doubled."""
    events, of, as_of = week
    expected = derive(ME, events, world=of, as_of=as_of)
    shuffled = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(shuffled)
    mixed = World(
        plans=random.sample(of.plans, len(of.plans)),
        decisions=random.sample([*of.decisions, *of.decisions], 2 * len(of.decisions)),
        rules=random.sample(of.rules, len(of.rules)),
        activities=of.activities,
    )
    assert derive(ME, shuffled, world=mixed, as_of=as_of) == expected


@CALM
@given(weeks(), st.randoms())
def test_posting_after_every_arrival_sums_to_the_same_as_posting_once(week, random):
    """Per person × book × grade × day, with every check of the books passing all the way."""
    events, of, as_of = week
    arrival = [*events, *random.sample(events, len(events) // 3)]
    random.shuffle(arrival)
    posted = _post([arrival[:n] for n in range(1, len(arrival) + 1)], of, as_of)
    once = _post([events], of, as_of)
    wanted = sums(line for transaction in once for line in transaction.lines)
    assert sums(line for transaction in posted for line in transaction.lines) == wanted
    shifts = credit(project(ME, events, world=of, as_of=as_of), of)
    kept = balances(line for transaction in posted for line in transaction.lines)
    assert check(Books(shifts=shifts, transactions=posted, balances=kept, rules=of.rules)) == []


def _post(stages, of, as_of):
    """Project each stage and post the difference; what vanished is worth nothing."""
    transactions, revisions = [], {}
    known = set()
    for day, stage in enumerate(stages):
        found = {s.shift_id: s for s in credit(project(ME, stage, world=of, as_of=as_of), of)}
        known |= found.keys()
        for shift_id in sorted(known):
            shift = found.get(shift_id)
            wanted = worth(shift, rules_at(of.rules, shift.started_at if shift else 0))
            written = posting(
                shift_id,
                wanted,
                posted=[ln for t in transactions if t.subject == shift_id for ln in t.lines],
                revision=revisions.get(shift_id, 0),
                how=Posting(at=as_of + day * HOUR, rules=DEFAULT),
            )
            if written is not None:
                transactions.append(written)
                revisions[shift_id] = written.revision
    return transactions


@CALM
@given(weeks(), st.integers(0, 40))
def test_projecting_one_segment_gives_what_projecting_all_gives_there(week, pick):
    """So the cost of a tap stays flat for life."""
    events, of, as_of = week
    at = events[pick % len(events)].at
    within = segment([event.at for event in events], at, of)
    inside = [event for event in events if event.at in within]
    names = {event.event_id for event in inside}
    inside += [event for event in events if event.target in names and event.event_id not in names]
    part = project(ME, inside, world=of, as_of=as_of, within=within)
    whole = project(ME, events, world=of, as_of=as_of)
    assert part == [shift for shift in whole if shift.started_at in within]


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
