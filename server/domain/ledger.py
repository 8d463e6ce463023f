"""The three books: hours, points, savings. Double entry in integers; what was posted is never changed.

*hours*: credited minutes, permanent: stars and certificates; nothing is ever spent from it.
*points*: point-minutes (60 = 1 point), spendable, dying lot by lot (lots.py).
*savings*: minutes for service in return, donation, kin.

The lines of a transaction sum to zero in each book. Posting follows projection: the difference between what
a shift is worth now and what was posted for it, so that a shift that vanished is posted back to zero, and
posting after every projection sums to the same as posting once at the end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from server.domain.calendar import day_of, next_period, period_of
from server.domain.facts import Grade, Rules, Shift

POINT = 60
"""Point-minutes in one point."""


class Book(StrEnum):
    """The three ledgers that are never merged (domain.md §0)."""

    HOURS = "hours"
    POINTS = "points"
    SAVINGS = "savings"


SERVICE = "community:service"
"""Where earned minutes come from."""
REDEEMED = "community:redeemed"
EXPIRED = "community:expired"
POOL = "pool"
"""Savings given away for whoever needs them."""
_SPENDABLE = frozenset({Grade.TAPPED, Grade.WITNESSED})
"""Hours entered afterwards buy nothing: manual entry is the main fraud hole (domain.md §1.5)."""


def person_account(number: str) -> str:
    """A volunteer's account."""
    return f"person:{number}"


class TransactionKind(StrEnum):
    """Why rows were written."""

    SHIFT = "shift"
    SPEND = "spend"
    EXPIRE = "expire"
    DONATE = "donate"
    GIVE = "give"
    """Savings to a relative."""
    REVERSE = "reverse"


class Key(NamedTuple):
    """What sums are promised by: person × book × grade × day."""

    book: Book
    account: str
    grade: Grade
    day: str
    """The service date, whenever it was posted."""


class Line(NamedTuple):
    """One amount in one book for one account."""

    book: Book
    account: str
    grade: Grade
    day: str
    amount: int
    """Minutes (hours, savings) or point-minutes (points)."""

    @property
    def key(self) -> Key:
        """Under what this line is summed."""
        return Key(self.book, self.account, self.grade, self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """So much taken from one lot: enough to give it back, with its own date of death."""

    lot_id: str
    amount: int
    grade: Grade
    day: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Rows that are written together, once."""

    kind: TransactionKind
    subject: str
    """The shift's id, the order's id, the fact that caused it."""
    revision: int
    """A counter of this subject's transactions: history, never an input to a sum."""
    posted_on: str
    """The date of posting."""
    period: str
    """The open period that takes these rows."""
    lines: tuple[Line, ...]
    lots_expire: str | None = None
    """The last day of the lots that this transaction's points lines open."""
    allocations: tuple[Allocation, ...] = ()
    """The lots a spend or expiry takes from, or a reversal gives back to; never allocated anew."""
    reverses: tuple[str, int] | None = None
    """Subject and revision of the transaction that this one takes back."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """When and under which rules a transaction is written."""

    at: int
    rules: Rules
    closed: frozenset[str] = field(default_factory=frozenset)
    """Periods that take no more rows."""
    reason: str = ""

    @property
    def day(self) -> str:
        """The date of posting."""
        return day_of(self.at)

    @property
    def period(self) -> str:
        """The first open period from the posting's own on: an adjustment of a closed month lands here."""
        period = period_of(self.day)
        while period in self.closed:
            period = next_period(period)
        return period

    @property
    def lots_expire(self) -> str:
        """31 December of the year so many years after posting."""
        return f"{int(self.day[:4]) + self.rules.points_expire_years:04}-12-31"


def worth(shift: Shift | None, rules: Rules) -> dict[Key, int]:
    """What the books shall hold for a shift, both sides of each entry; nothing for a shift that is no more.

    ``rules`` are those in force when the shift began.
    """
    if shift is None or shift.credited == 0 or shift.grade is None:
        return {}
    earned = {Book.HOURS: shift.credited}
    if shift.grade in _SPENDABLE:
        if rules.earns in {"points", "both"}:
            earned[Book.POINTS] = shift.credited * rules.point_rate
        if rules.earns in {"savings", "both"}:
            earned[Book.SAVINGS] = shift.credited
    account = person_account(shift.volunteer)
    entries: dict[Key, int] = {}
    for book, amount in earned.items():
        entries[Key(book, account, shift.grade, shift.day)] = amount
        entries[Key(book, SERVICE, shift.grade, shift.day)] = -amount
    return {key: amount for key, amount in entries.items() if amount}


def sums(lines: Iterable[Line]) -> dict[Key, int]:
    """Sums by account × book × grade × day, without zeros."""
    total: dict[Key, int] = {}
    for line in lines:
        key = line.key
        total[key] = total.get(key, 0) + line.amount
    return {key: amount for key, amount in total.items() if amount}


def posting(
    shift_id: str, wanted: Mapping[Key, int], *, posted: Iterable[Line], revision: int, how: Posting
) -> Transaction | None:
    """What to write so that the books hold ``wanted`` for a shift; ``None`` when they already do.

    ``posted`` are all lines written for this shift so far (read under its row lock), ``revision`` the number
    of transactions they were written in. A changed amount is taken back whole and entered anew.
    """
    held = sums(posted)
    differing = sorted(key for key in held.keys() | wanted.keys() if held.get(key, 0) != wanted.get(key, 0))
    if not differing:
        return None
    lines = [_line(key, -held[key]) for key in differing if key in held]
    lines += [_line(key, wanted[key]) for key in differing if wanted.get(key, 0)]
    return Transaction(
        kind=TransactionKind.SHIFT,
        subject=shift_id,
        revision=revision + 1,
        posted_on=how.day,
        period=how.period,
        lines=tuple(lines),
        lots_expire=how.lots_expire,
        reason=how.reason,
    )


def _line(key: Key, amount: int) -> Line:
    return Line(key.book, key.account, key.grade, key.day, amount)


def reversal(transaction: Transaction, *, revision: int, how: Posting) -> Transaction:
    """Takes a spend, gift or expiry back; the lots it named are given back as they were."""
    return Transaction(
        kind=TransactionKind.REVERSE,
        subject=transaction.subject,
        revision=revision + 1,
        posted_on=how.day,
        period=how.period,
        lines=tuple(_line(line.key, -line.amount) for line in transaction.lines),
        allocations=transaction.allocations,
        reverses=(transaction.subject, transaction.revision),
        reason=how.reason,
    )


def balances(lines: Iterable[Line]) -> dict[tuple[str, Book, Grade], int]:
    """The sum of each account in each book and grade: what is kept beside the lines and proved by audit."""
    total: dict[tuple[str, Book, Grade], int] = {}
    for line in lines:
        place = line.account, line.book, line.grade
        total[place] = total.get(place, 0) + line.amount
    return total
