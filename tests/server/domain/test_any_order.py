"""The promise: any order, any number of times, one tap at a time or all at once: the same shifts and sums."""

from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.rules import HOUR
from server.domain.credit import credit
from server.domain.facts import World
from server.domain.invariants import Books, check
from server.domain.ledger import Posting, balances, posting, sums, worth
from server.domain.rules_in_force import DEFAULT, rules_at
from server.domain.segments import segment
from server.domain.shifts import derive, project
from tests.support.domain import ME
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
