"""Each check is shown to find what it is for, and nothing in books that are in order."""

from dataclasses import replace

import pytest

from server.domain import invariants
from server.domain.credit import credit
from server.domain.facts import Grade, ShiftState
from server.domain.invariants import Books, check, credit_is_as_ruled
from server.domain.ledger import (
    Book,
    Line,
    Posting,
    TransactionKind,
    balances,
    person_account,
    posting,
    reversal,
    worth,
)
from server.domain.lots import lots_of, spend
from tests.support.domain import ME, ms, rules, shifts, tap, world

HOW = Posting(at=ms("20:00"), rules=rules())
ACCOUNT = person_account(ME)
SHIFTS = credit(shifts(tap("a", "08:00"), tap("b", "10:00"), tap("c", "11:00"), tap("d", "12:00")), world())
EARNED = [posting(shift.shift_id, worth(shift, rules()), posted=(), revision=0, how=HOW) for shift in SHIFTS]
SPENT = spend(lots_of(ACCOUNT, EARNED), 1, subject="order", revision=0, how=HOW)
DONE = (*EARNED, SPENT)


def books(*transactions, **changes):
    """Books in order but for what is said."""
    done = transactions or DONE
    kept = balances(line for transaction in done for line in transaction.lines)
    return Books(**({"shifts": SHIFTS, "transactions": done, "balances": kept} | changes))


def found(of):
    """Names of the checks that found something."""
    return {finding.check for finding in check(of)}


def test_books_in_order_give_no_findings():
    """Earned, spent and given back."""
    assert check(books()) == []
    assert check(books(*DONE, reversal(SPENT, revision=1, how=HOW))) == []
    assert check(Books()) == []


def test_every_check_is_in_the_list():
    """A check that nobody runs finds nothing."""
    assert len(set(invariants.CHECKS)) == 9


def test_a_one_sided_line_is_found():
    """In its book."""
    crooked = replace(SPENT, lines=SPENT.lines[:1])
    assert "lines_sum_to_zero" in found(books(*EARNED, crooked))


def test_a_shift_posted_for_something_else_is_found():
    """Too little, too much, or for a shift that is no more."""
    assert "posted_equals_worth" in found(books(*EARNED[:1], SPENT))
    assert "posted_equals_worth" in found(books(shifts=SHIFTS[:1]))


def test_a_kept_balance_that_differs_from_its_lines_is_found():
    """One way or the other."""
    kept = dict(books().balances)
    assert "balances_equal_sums" in found(books(balances=kept | {(ACCOUNT, Book.HOURS, Grade.TAPPED): 9}))
    assert "balances_equal_sums" in found(books(balances=kept | {("x", Book.HOURS, Grade.TAPPED): 9}))


def test_lots_that_do_not_hold_the_balance_are_found():
    """A spend that names no lot."""
    assert "lots_equal_balances" in found(books(*EARNED, replace(SPENT, allocations=())))


def test_spent_hours_are_found():
    """Redeeming never lowers a certificate."""
    lines = tuple(line._replace(book=Book.HOURS) for line in SPENT.lines)
    assert "hours_are_never_spent" in found(books(*EARNED, replace(SPENT, lines=lines, allocations=())))


def test_points_from_hours_entered_by_hand_are_found():
    """Whoever posted them."""
    lines = tuple(line._replace(grade=Grade.DECLARED) for line in EARNED[0].lines)
    assert "only_verified_minutes_buy" in found(books(replace(EARNED[0], lines=lines)))


def test_a_row_in_an_earlier_period_is_found():
    """A closed month takes none."""
    assert "periods_are_open" in found(books(*EARNED, replace(SPENT, period="2026-11")))


@pytest.mark.parametrize(
    "changes",
    [
        {"day": "2026-12-01"},
        {"ended_at": ms("07:00")},
        {"grade": None},
        {"ended_at": None, "grade": None},
        {"state": ShiftState.OPEN},
        {"state": ShiftState.SETTLED_ZERO},
        {"credited": 121},
        {"credited": -1},
        {"state": ShiftState.HELD},
    ],
)
def test_an_impossible_shift_is_found(changes):
    """Each state has what it must have, and only closed shifts credit."""
    assert "states_are_legal" in found(books(shifts=[replace(SHIFTS[0], **changes), SHIFTS[1]]))


def test_an_uncredited_shift_without_an_end_is_legal():
    """Open, missing, held, settled or void."""
    plain = {"ended_at": None, "grade": None, "minutes": 0, "credited": 0}
    for state in set(ShiftState) - {ShiftState.CLOSED}:
        assert "states_are_legal" not in found(books(shifts=[replace(SHIFTS[0], state=state, **plain)]))


def test_two_credited_shifts_at_one_time_are_found():
    """Of one person; of two people it is a team."""
    clash = replace(SHIFTS[1], started_at=ms("09:00"))
    assert "credited_shifts_never_overlap" in found(books(shifts=[SHIFTS[0], clash]))
    other = replace(clash, volunteer="M0002")
    assert "credited_shifts_never_overlap" not in found(books(shifts=[SHIFTS[0], other]))
    uncredited = replace(clash, credited=0)
    assert "credited_shifts_never_overlap" not in found(books(shifts=[SHIFTS[0], uncredited]))


def test_a_credit_that_is_not_what_the_cap_allows_is_found():
    """Derived again from minutes."""
    assert credit_is_as_ruled(SHIFTS, world()) == []
    wrong = [replace(SHIFTS[0], credited=1), SHIFTS[1]]
    assert [finding.subject for finding in credit_is_as_ruled(wrong, world())] == ["a"]


def test_a_line_of_a_community_account_has_no_lots():
    """Only people own lots."""
    pair = (
        Line(Book.POINTS, "community:service", Grade.TAPPED, "2026-12-02", -60),
        Line(Book.POINTS, "pool", Grade.TAPPED, "2026-12-02", 60),
    )
    moved = replace(SPENT, kind=TransactionKind.DONATE, lines=pair, allocations=())
    assert check(books(*DONE, moved)) == []
