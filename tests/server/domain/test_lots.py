"""Spending: oldest lots first, named and never allocated anew; a negative balance blocks spending only."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.facts import Grade
from server.domain.ledger import (
    EXPIRED,
    POOL,
    REDEEMED,
    Book,
    Key,
    Line,
    Posting,
    Transaction,
    TransactionKind,
    balances,
    person_account,
    posting,
    reversal,
)
from server.domain.lots import Lots, NotEnough, expire, give_savings, lots_of, spend
from tests.support.domain import ME, ms, rules

ACCOUNT = person_account(ME)
COUNTER = "community:service"


def on(day):
    """A posting on a day."""
    return Posting(at=ms(f"{day} 10:00"), rules=rules())


def earn(subject, points, day="2026-03-01", *, grade=Grade.TAPPED, before=()):
    """A shift worth so many points, posted over what was posted for it."""
    key = Key(Book.POINTS, ACCOUNT, grade, "2026-03-01")
    wanted = {key: points * 60, key._replace(account=COUNTER): -points * 60} if points else {}
    lines = [line for transaction in before for line in transaction.lines]
    found = posting(subject, wanted, posted=lines, revision=len(before), how=on(day))
    assert found is not None
    return found


def buy(lots, points, day="2026-06-01", subject="order"):
    """Redeem points."""
    return spend(lots, points, subject=subject, revision=0, how=on(day))


def held(*transactions):
    """What my lots hold: (subject, points) oldest first."""
    return [(lot.subject, lot.amount // 60) for lot in lots_of(ACCOUNT, transactions).lots]


def test_the_oldest_lot_is_spent_first_and_named():
    """Last year's before this year's, whatever the order of posting."""
    old, new = earn("old", 2, "2025-05-01"), earn("new", 3)
    lots = lots_of(ACCOUNT, [new, old])
    bought = buy(lots, 4)
    assert [(a.lot_id, a.amount) for a in bought.allocations] == [("old#1", 120), ("new#1", 120)]
    assert {line.account for line in bought.lines} == {ACCOUNT, REDEEMED}
    assert {line.book for line in bought.lines} == {Book.POINTS}
    assert held(new, old, bought) == [("new", 1)]


def test_of_lots_with_one_last_day_the_one_posted_first_goes_first():
    """Deterministic by posting."""
    first, second = earn("z", 1), earn("a", 1)
    assert buy(lots_of(ACCOUNT, [first, second]), 1).allocations[0].lot_id == "z#1"


def test_points_are_floored_when_spent_and_the_rest_stays():
    """119 minutes buy one point."""
    lots = lots_of(ACCOUNT, [earn("a", 2)])
    short = Lots(ACCOUNT, (replace(lots.lots[0], amount=119),))
    assert short.points == 1
    with pytest.raises(NotEnough) as caught:
        buy(short, 2)
    assert (caught.value.wanted, caught.value.held) == (2, 1)


@pytest.mark.parametrize("points", [0, -1, 3])
def test_nothing_less_than_one_and_no_more_than_there_is(points):
    """Also not nothing."""
    with pytest.raises(NotEnough):
        buy(lots_of(ACCOUNT, [earn("a", 2)]), points)


def test_a_lot_past_its_last_day_buys_nothing_and_dies():
    """Whether or not the nightly work has run."""
    earned = earn("a", 2, "2025-05-01")
    lots = lots_of(ACCOUNT, [earned])
    assert buy(lots, 2, "2026-12-31").kind is TransactionKind.SPEND
    with pytest.raises(NotEnough):
        buy(lots, 1, "2027-01-01")
    assert expire(lots, subject="night", revision=0, how=on("2026-12-31")) is None
    died = expire(lots, subject="night", revision=0, how=on("2027-01-01"))
    assert died.kind is TransactionKind.EXPIRE
    assert balances(died.lines)[EXPIRED, Book.POINTS, Grade.TAPPED] == 120
    assert held(earned, died) == []


def test_spent_lines_keep_the_grade_of_their_lots():
    """Grades are never mixed."""
    both = [earn("a", 1), earn("b", 1, grade=Grade.WITNESSED)]
    bought = buy(lots_of(ACCOUNT, both), 2)
    assert {(line.grade, line.amount) for line in bought.lines if line.account == ACCOUNT} == {
        (Grade.TAPPED, -60),
        (Grade.WITNESSED, -60),
    }


def test_a_shift_that_vanishes_takes_its_own_lot_first():
    """Nobody else's points go."""
    other, mine = earn("other", 2, "2025-05-01"), earn("mine", 3)
    assert held(other, mine, earn("mine", 0, before=[mine])) == [("other", 2)]


def test_points_taken_back_after_they_were_spent_make_a_deficit_that_blocks_spending_only():
    """The next earnings fill it."""
    earned = earn("a", 3)
    bought = buy(lots_of(ACCOUNT, [earned]), 3)
    gone = earn("a", 0, before=[earned])
    lots = lots_of(ACCOUNT, [earned, bought, gone])
    assert (lots.balance, lots.points, lots.deficit) == (-180, 0, 180)
    with pytest.raises(NotEnough):
        buy(lots, 1)
    richer = lots.after(earn("b", 5))
    assert (richer.balance, richer.deficit, richer.points) == (120, 0, 2)


def test_a_small_correction_does_not_give_the_rest_another_year():
    """Only the difference opens a lot; what is left of the old one is named by the new grade."""
    first = earn("a", 2, "2025-05-01", grade=Grade.WITNESSED)
    second = earn("a", 3, "2026-05-01", before=[first])
    lots = lots_of(ACCOUNT, [first, second]).lots
    assert [(lot.expires, lot.amount, lot.grade) for lot in lots] == [
        ("2026-12-31", 120, Grade.TAPPED),
        ("2027-12-31", 60, Grade.TAPPED),
    ]
    less = earn("a", 1, "2026-06-01", before=[first, second])
    assert [lot.amount for lot in lots_of(ACCOUNT, [first, second, less]).lots] == [60]


def test_a_reversed_spend_gives_its_lots_back_with_their_own_last_day():
    """Partly or wholly spent; never a new lot."""
    earned = earn("a", 3, "2025-05-01")
    for points in (1, 3):
        bought = buy(lots_of(ACCOUNT, [earned]), points)
        back = reversal(bought, revision=1, how=on("2026-07-01"))
        lots = lots_of(ACCOUNT, [earned, bought, back])
        assert [(lot.lot_id, lot.subject, lot.expires, lot.amount) for lot in lots.lots] == [
            ("a#1", "a", "2026-12-31", 180)
        ]


def test_the_accounts_of_others_and_other_books_move_no_lots():
    """A fold over everything sees its own."""
    line = Line(Book.POINTS, "person:M0002", Grade.TAPPED, "2026-03-01", 60)
    hours = line._replace(book=Book.HOURS, account=ACCOUNT)
    other = Transaction(
        kind=TransactionKind.SHIFT, subject="x", revision=1, posted_on="", period="", lines=(line, hours)
    )
    spent = replace(other, kind=TransactionKind.SPEND, lines=(hours,))
    assert lots_of(ACCOUNT, [other, spent]) == Lots(ACCOUNT)


def test_savings_go_to_relatives_the_pool_or_a_service_received():
    """The less well known minutes first, so that the better part stays."""
    held_by_grade = {Grade.TAPPED: 90, Grade.WITNESSED: 30}
    for taker, kind in (
        (person_account("M0002"), TransactionKind.GIVE),
        (POOL, TransactionKind.DONATE),
        (REDEEMED, TransactionKind.SPEND),
    ):
        given_away = give_savings(
            held_by_grade, 50, accounts=(ACCOUNT, taker), subject=("gift", 0), how=on("2026-06-01")
        )
        assert given_away.kind is kind
        assert balances(given_away.lines) == {
            (ACCOUNT, Book.SAVINGS, Grade.WITNESSED): -30,
            (taker, Book.SAVINGS, Grade.WITNESSED): 30,
            (ACCOUNT, Book.SAVINGS, Grade.TAPPED): -20,
            (taker, Book.SAVINGS, Grade.TAPPED): 20,
        }


@pytest.mark.parametrize("minutes", [0, -5, 61])
def test_no_more_savings_are_given_than_there_are(minutes):
    """A negative grade counts against the others."""
    with pytest.raises(NotEnough):
        give_savings(
            {Grade.TAPPED: 90, Grade.WITNESSED: -30},
            minutes,
            accounts=(ACCOUNT, POOL),
            subject=("gift", 0),
            how=on("2026-06-01"),
        )


def test_a_negative_grade_is_left_alone_by_a_gift():
    """What is missing there stays missing there."""
    found = give_savings(
        {Grade.TAPPED: 90, Grade.WITNESSED: -30},
        60,
        accounts=(ACCOUNT, POOL),
        subject=("gift", 0),
        how=on("2026-06-01"),
    )
    assert {line.grade for line in found.lines} == {Grade.TAPPED}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["earn", "spend", "expire", "reverse"]),
            st.sampled_from("abc"),
            st.integers(0, 5),
            st.integers(0, 1500),
        ),
        max_size=15,
    )
)
def test_lots_less_deficit_are_always_the_balance(steps):
    """Whatever is earned, corrected, spent, taken back or dies, in any sequence."""
    done, spends = [], []
    for number, (what, subject, points, day) in enumerate(steps):
        how = Posting(at=ms("2025-01-01 00:00") + day * 86_400_000, rules=rules())
        lots = lots_of(ACCOUNT, done)
        made = None
        if what == "earn":
            before = [t for t in done if t.subject == subject]
            posted = [line for t in before for line in t.lines]
            key = Key(Book.POINTS, ACCOUNT, Grade.TAPPED, "2025-01-01")
            wanted = {key: points * 50, key._replace(account=COUNTER): -points * 50} if points else {}
            made = posting(subject, wanted, posted=posted, revision=len(before), how=how)
        elif what == "spend" and points:
            with suppress(NotEnough):
                made = spend(lots, points, subject=f"s{number}", revision=0, how=how)
                spends.append(made)
        elif what == "expire":
            made = expire(lots, subject=f"x{number}", revision=0, how=how)
        elif what == "reverse" and spends:
            made = reversal(spends.pop(), revision=1, how=how)
        done += [made] if made else []
        after = lots_of(ACCOUNT, done)
        total = balances(line for t in done for line in t.lines)
        assert after.balance == total.get((ACCOUNT, Book.POINTS, Grade.TAPPED), 0)
        assert after.deficit == 0 or not after.lots
        assert all(lot.amount > 0 for lot in after.lots)
