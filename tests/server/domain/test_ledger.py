"""Three books, double entry: posted is the difference to what was posted, and nothing is ever edited."""

from dataclasses import replace

import pytest

from server.domain.facts import Grade, Shift, ShiftState
from server.domain.ledger import (
    SERVICE,
    Book,
    Key,
    Posting,
    TransactionKind,
    balances,
    person_account,
    posting,
    reversal,
    sums,
    worth,
)
from tests.support.domain import ME, ms, rules

ACCOUNT = person_account(ME)
NOW = Posting(at=ms("2026-12-02 20:00"), rules=rules())


def served(credited=60, grade=Grade.TAPPED, **changes):
    """An hour of service."""
    shift = Shift(
        shift_id="a",
        volunteer=ME,
        activity_id="duty",
        site_id="hub",
        plan_id=None,
        day="2026-12-02",
        started_at=ms("09:00"),
        ended_at=ms("10:00"),
        state=ShiftState.CLOSED,
        grade=grade,
        proof="uid",
        minutes=credited,
        credited=credited,
    )
    return replace(shift, **changes)


def post(shift, *before, how=NOW, under=None):
    """Post what a shift is worth on top of what was posted."""
    posted = [line for transaction in before for line in transaction.lines]
    return posting("a", worth(shift, under or rules()), posted=posted, revision=len(before), how=how)


def held(*transactions):
    """Sums of my account by book and grade."""
    total = balances(line for transaction in transactions for line in transaction.lines)
    return {(book, grade): amount for (account, book, grade), amount in total.items() if account == ACCOUNT}


def test_an_hour_of_service_is_an_hour_and_a_point():
    """Taken from the community's service, in each book apart."""
    found = worth(served(), rules())
    assert found == {
        Key(Book.HOURS, ACCOUNT, Grade.TAPPED, "2026-12-02"): 60,
        Key(Book.HOURS, SERVICE, Grade.TAPPED, "2026-12-02"): -60,
        Key(Book.POINTS, ACCOUNT, Grade.TAPPED, "2026-12-02"): 60,
        Key(Book.POINTS, SERVICE, Grade.TAPPED, "2026-12-02"): -60,
    }


@pytest.mark.parametrize(
    ("earns", "books"),
    [
        ("points", {Book.HOURS, Book.POINTS}),
        ("savings", {Book.HOURS, Book.SAVINGS}),
        ("both", {Book.HOURS, Book.POINTS, Book.SAVINGS}),
    ],
)
def test_the_community_decides_what_an_hour_earns(earns, books):
    """Points, savings or both; hours always."""
    assert {key.book for key in worth(served(), rules(earns=earns))} == books


def test_only_tapped_and_witnessed_minutes_buy_anything():
    """Entered by hand they are hours, and nothing else."""
    under = rules(earns="both")
    assert {key.book for key in worth(served(grade=Grade.WITNESSED), under)} == set(Book)
    assert {key.book for key in worth(served(grade=Grade.DECLARED), under)} == {Book.HOURS}


def test_a_rate_multiplies_points_and_never_hours():
    """Ten points an hour in one town, none in another."""
    found = worth(served(), rules(point_rate=10))
    assert found[Key(Book.POINTS, ACCOUNT, Grade.TAPPED, "2026-12-02")] == 600
    assert {key.book for key in worth(served(), rules(point_rate=0))} == {Book.HOURS}


def test_nothing_is_worth_nothing():
    """No shift, no credit, no grade."""
    assert worth(None, rules()) == worth(served(0), rules()) == worth(served(grade=None), rules()) == {}


def test_what_is_posted_already_is_not_posted_again():
    """So projecting again is free."""
    first = post(served())
    assert (first.kind, first.subject, first.revision) == (TransactionKind.SHIFT, "a", 1)
    assert post(served(), first) is None
    assert post(None) is None


def test_a_correction_takes_the_old_amount_back_and_enters_the_new():
    """Rows are never changed; the sums are."""
    first = post(served())
    second = post(served(45), first)
    assert second.revision == 2
    assert sorted(line.amount for line in second.lines if line.account == ACCOUNT) == [-60, -60, 45, 45]
    assert held(first, second)[Book.HOURS, Grade.TAPPED] == 45


def test_a_shift_that_vanished_is_posted_back_to_zero():
    """An earlier tap arrived: the shift is another now."""
    first = post(served())
    gone = post(None, first)
    assert set(held(first, gone).values()) == {0}
    assert sums([*first.lines, *gone.lines]) == {}


def test_a_better_grade_moves_the_minutes_between_grades():
    """Witnessed becomes tapped when the real end arrives."""
    first = post(served(grade=Grade.WITNESSED))
    second = post(served(), first)
    assert held(first, second) == {
        (Book.HOURS, Grade.WITNESSED): 0,
        (Book.POINTS, Grade.WITNESSED): 0,
        (Book.HOURS, Grade.TAPPED): 60,
        (Book.POINTS, Grade.TAPPED): 60,
    }


def test_only_what_differs_is_written():
    """A community that begins to save does not post its hours again."""
    first = post(served())
    second = post(served(), first, under=rules(earns="both"))
    assert {line.book for line in second.lines} == {Book.SAVINGS}


def test_a_closed_month_takes_no_rows():
    """The adjustment lands in the first open one, with the service date it is about."""
    closed = Posting(at=NOW.at, rules=rules(), closed=frozenset({"2026-12", "2027-01"}))
    found = post(served(), how=closed)
    assert (found.period, found.posted_on) == ("2027-02", "2026-12-02")
    assert {line.day for line in found.lines} == {"2026-12-02"}
    assert post(served()).period == "2026-12"


def test_lots_die_on_the_last_day_of_the_year_after_posting():
    """A setting: so many years after."""
    assert post(served()).lots_expire == "2027-12-31"
    long = Posting(at=NOW.at, rules=rules(points_expire_years=3))
    assert post(served(), how=long).lots_expire == "2029-12-31"


def test_a_reversal_takes_every_line_back():
    """A new transaction that names the old one."""
    first = post(served())
    back = reversal(first, revision=1, how=replace(NOW, reason="wrong person"))
    assert (back.kind, back.reverses, back.reason) == (TransactionKind.REVERSE, ("a", 1), "wrong person")
    assert sums([*first.lines, *back.lines]) == {}
