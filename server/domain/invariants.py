"""What must always be true of shifts and books: small checks over given data, each returns what it found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from server.domain.calendar import day_of, period_of
from server.domain.credit import credit
from server.domain.declared import overlap
from server.domain.facts import Grade, Rules, Shift, ShiftState, World
from server.domain.ledger import Book, Key, Line, Transaction, TransactionKind, balances, sums, worth
from server.domain.lots import lots_of
from server.domain.rules_in_force import rules_at

_UNENDED = frozenset({ShiftState.OPEN, ShiftState.END_MISSING, ShiftState.SETTLED_ZERO})
PERSON = "person:"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is not as it must be."""

    check: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything one community's checks look at."""

    shifts: Sequence[Shift] = ()
    """Every shift there is, with its credit."""
    transactions: Sequence[Transaction] = ()
    """In the order of posting."""
    balances: Mapping[tuple[str, Book, Grade], int] = field(default_factory=dict)
    """As kept beside the lines."""
    rules: Sequence[Rules] = ()

    @property
    def lines(self) -> list[Line]:
        """All lines of all transactions."""
        return [line for transaction in self.transactions for line in transaction.lines]


def lines_sum_to_zero(books: Books) -> Iterable[Finding]:
    """Double entry: in each book, what one account gains another gives."""
    for transaction in books.transactions:
        for book in Book:
            total = sum(line.amount for line in transaction.lines if line.book is book)
            if total:
                yield Finding("lines_sum_to_zero", _name(transaction), f"{book} is off by {total}")


def posted_equals_worth(books: Books) -> Iterable[Finding]:
    """What was posted for each shift, also one that is no more, is what it is worth now."""
    wanted = {s.shift_id: worth(s, rules_at(books.rules, s.started_at)) for s in books.shifts}
    posted: dict[str, list[Line]] = {}
    for transaction in books.transactions:
        if transaction.kind is TransactionKind.SHIFT:
            posted.setdefault(transaction.subject, []).extend(transaction.lines)
    for shift_id in sorted(wanted.keys() | posted.keys()):
        nothing: dict[Key, int] = {}
        held = sums(posted.get(shift_id, ()))
        if held != wanted.get(shift_id, nothing):
            yield Finding("posted_equals_worth", shift_id, "posted lines differ from what the shift is worth")


def balances_equal_sums(books: Books) -> Iterable[Finding]:
    """A kept balance is the sum of its account's lines."""
    counted = balances(books.lines)
    for place in sorted(counted.keys() | books.balances.keys()):
        kept, summed = books.balances.get(place, 0), counted.get(place, 0)
        if kept != summed:
            yield Finding("balances_equal_sums", "/".join(place), f"kept {kept}, lines sum to {summed}")


def lots_equal_balances(books: Books) -> Iterable[Finding]:
    """What an account's lots hold, less what is missing, is its balance of points."""
    moving: dict[str, list[Transaction]] = {}
    summed: dict[str, int] = {}
    for transaction in books.transactions:
        points = [line for line in transaction.lines if line.book is Book.POINTS]
        for account in {line.account for line in points if line.account.startswith(PERSON)}:
            moving.setdefault(account, []).append(transaction)
            amount = sum(line.amount for line in points if line.account == account)
            summed[account] = summed.get(account, 0) + amount
    for account, found in sorted(moving.items()):
        held = lots_of(account, found).balance
        if held != summed[account]:
            yield Finding("lots_equal_balances", account, f"lots hold {held}, lines sum to {summed[account]}")


def hours_are_never_spent(books: Books) -> Iterable[Finding]:
    """Only service moves the book of hours: redeeming never lowers a certificate."""
    for transaction in books.transactions:
        touches = any(line.book is Book.HOURS for line in transaction.lines)
        if touches and transaction.kind is not TransactionKind.SHIFT:
            yield Finding("hours_are_never_spent", _name(transaction), f"a {transaction.kind} moves hours")


def only_verified_minutes_buy(books: Books) -> Iterable[Finding]:
    """No points or savings from minutes that were entered by hand."""
    for line in books.lines:
        if line.grade is Grade.DECLARED and line.book is not Book.HOURS:
            yield Finding("only_verified_minutes_buy", line.account, f"{line.book} of {line.day} is declared")


def periods_are_open(books: Books) -> Iterable[Finding]:
    """Nothing is written into a period before the one it is posted in."""
    for transaction in books.transactions:
        if transaction.period < period_of(transaction.posted_on):
            yield Finding("periods_are_open", _name(transaction), f"written into {transaction.period}")


def states_are_legal(books: Books) -> Iterable[Finding]:
    """Each state has what it must have, and only closed shifts credit."""
    for shift in books.shifts:
        for message in _illegal(shift):
            yield Finding("states_are_legal", shift.shift_id, message)


def _illegal(shift: Shift) -> Iterable[str]:
    if shift.day != day_of(shift.started_at):
        yield f"starts on {day_of(shift.started_at)}, filed under {shift.day}"
    if shift.ended_at is not None and shift.ended_at < shift.started_at:
        yield "ends before it starts"
    if (shift.ended_at is None) != (shift.grade is None):
        yield "has a grade without an end or an end without a grade"
    unfit = {ShiftState.CLOSED} if shift.ended_at is None else _UNENDED
    if shift.state in unfit:
        yield f"is {shift.state} and its end does not fit"
    if not 0 <= shift.credited <= shift.minutes:
        yield f"credits {shift.credited} of {shift.minutes} minutes"
    if shift.credited and shift.state is not ShiftState.CLOSED:
        yield f"is {shift.state} and credits {shift.credited} minutes"


def credited_shifts_never_overlap(books: Books) -> Iterable[Finding]:
    """One person is credited for one thing at a time."""
    people: dict[str, list[Shift]] = {}
    for shift in books.shifts:
        if shift.credited:
            people.setdefault(shift.volunteer, []).append(shift)
    for volunteer, found in sorted(people.items()):
        found.sort(key=lambda s: (s.started_at, s.shift_id))
        for first, second in pairwise(found):
            if overlap(first, second):
                message = f"{first.shift_id} and {second.shift_id} share time"
                yield Finding("credited_shifts_never_overlap", volunteer, message)


def credit_is_as_ruled(shifts: Sequence[Shift], world: World) -> list[Finding]:
    """One person's credit and its flags are what the day's cap and approvals make of their minutes."""
    wanted = {shift.shift_id: shift for shift in credit(shifts, world)}
    return [
        Finding(
            "credit_is_as_ruled", s.shift_id, f"credits {s.credited}, ruled {wanted[s.shift_id].credited}"
        )
        for s in shifts
        if s.credited != wanted[s.shift_id].credited
    ]


def _name(transaction: Transaction) -> str:
    return f"{transaction.subject}#{transaction.revision}"


CHECKS: tuple[Callable[[Books], Iterable[Finding]], ...] = (
    lines_sum_to_zero,
    posted_equals_worth,
    balances_equal_sums,
    lots_equal_balances,
    hours_are_never_spent,
    only_verified_minutes_buy,
    periods_are_open,
    states_are_legal,
    credited_shifts_never_overlap,
)


def check(books: Books) -> list[Finding]:
    """Every check over one community's books; an empty list is what audit hopes for."""
    return [finding for one in CHECKS for finding in one(books)]
