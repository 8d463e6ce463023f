"""Lots of points: each earning dies on its own day, the oldest is spent first, nothing is allocated twice.

A fold over an account's transactions in the order of posting gives what each lot still holds. A shift that
loses worth takes from its own lots first, then from the oldest; what is then still missing is a *deficit*
that the next earnings fill. So always: what lots hold − deficit = the account's balance of points.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from server.domain.facts import Grade
from server.domain.ledger import (
    EXPIRED,
    POINT,
    POOL,
    REDEEMED,
    Allocation,
    Book,
    Line,
    Posting,
    Transaction,
    TransactionKind,
)


class NotEnough(ValueError):
    """The account does not hold what was to be spent."""

    def __init__(self, wanted: int, held: int) -> None:
        super().__init__(f"{wanted} wanted, {held} there")
        self.wanted = wanted
        self.held = held


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Points earned together and dying together."""

    lot_id: str
    subject: str
    """The shift that earned them."""
    grade: Grade
    day: str
    expires: str
    """The last day on which they can be spent."""
    amount: int
    """Point-minutes that are left."""

    def taken(self, amount: int) -> Allocation:
        """An allocation from this lot."""
        return Allocation(
            lot_id=self.lot_id, amount=amount, grade=self.grade, day=self.day, expires=self.expires
        )


@dataclass(frozen=True, slots=True)
class Lots:
    """What one account's lots hold, oldest first, and what is missing."""

    account: str
    lots: tuple[Lot, ...] = ()
    deficit: int = 0

    @property
    def balance(self) -> int:
        """Point-minutes; negative after points were taken back that had been spent."""
        return sum(lot.amount for lot in self.lots) - self.deficit

    @property
    def points(self) -> int:
        """Whole points that can be spent; the remainder stays."""
        return max(0, self.balance) // POINT

    def after(self, transaction: Transaction) -> "Lots":
        """These lots once a transaction has been posted."""
        if transaction.kind is TransactionKind.SHIFT:
            return self._after_shift(transaction)
        mine = any(line.account == self.account and line.book is Book.POINTS for line in transaction.lines)
        if not mine:
            return self
        state = self
        for allocation in transaction.allocations:
            lot_id = allocation.lot_id
            if transaction.kind is TransactionKind.REVERSE:
                state = state._given(
                    Lot(
                        lot_id=lot_id,
                        subject=subject_of(lot_id),
                        grade=allocation.grade,
                        day=allocation.day,
                        expires=allocation.expires,
                        amount=allocation.amount,
                    )
                )
            else:
                state = state._taken(allocation.amount, [lot for lot in state.lots if lot.lot_id == lot_id])
        return state

    def _after_shift(self, transaction: Transaction) -> "Lots":
        """Only the difference opens a lot or is taken; what is left of the shift's own lots is named anew.

        So a correction of one minute does not give the other forty-four another year to live.
        """
        mine = [ln for ln in transaction.lines if ln.account == self.account and ln.book is Book.POINTS]
        entered = [line for line in mine if line.amount > 0]
        net = sum(line.amount for line in mine)
        state = self._renamed(transaction.subject, entered[-1]) if entered else self
        if net > 0:
            return state._given(
                Lot(
                    lot_id=f"{transaction.subject}#{transaction.revision}",
                    subject=transaction.subject,
                    grade=entered[-1].grade,
                    day=entered[-1].day,
                    expires=transaction.lots_expire or "",
                    amount=net,
                )
            )
        own = [lot for lot in state.lots if lot.subject == transaction.subject]
        others = [lot for lot in state.lots if lot.subject != transaction.subject]
        return state._taken(-net, own + others)

    def _renamed(self, subject: str, line: Line) -> "Lots":
        named = [
            replace(lot, grade=line.grade, day=line.day) if lot.subject == subject else lot
            for lot in self.lots
        ]
        return replace(self, lots=tuple(named))

    def _given(self, lot: Lot) -> "Lots":
        filled = min(self.deficit, lot.amount)
        known = next((held for held in self.lots if held.lot_id == lot.lot_id), None)
        others = [held for held in self.lots if held.lot_id != lot.lot_id]
        before = 0 if known is None else known.amount
        grown = replace(lot, amount=before + lot.amount - filled)
        return Lots(self.account, _ordered([*others, grown]), self.deficit - filled)

    def _taken(self, amount: int, source: list[Lot]) -> "Lots":
        left = {lot.lot_id: lot for lot in self.lots}
        for lot in source:
            part = min(amount, lot.amount)
            left[lot.lot_id] = replace(lot, amount=lot.amount - part)
            amount -= part
        return Lots(self.account, _ordered(left.values()), self.deficit + amount)


def _ordered(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """By date of death; among equals the one posted first, since sorting is stable."""
    return tuple(sorted((lot for lot in lots if lot.amount > 0), key=lambda lot: lot.expires))


def subject_of(lot_id: str) -> str:
    """The shift that a lot was earned by."""
    return lot_id.rpartition("#")[0]


def lots_of(account: str, transactions: Iterable[Transaction]) -> Lots:
    """What an account's lots hold after its transactions, given in the order of posting."""
    state = Lots(account)
    for transaction in transactions:
        state = state.after(transaction)
    return state


def spend(lots: Lots, points: int, *, subject: str, revision: int, how: Posting) -> Transaction:
    """Redeems whole points, oldest lots first; raises :class:`NotEnough`. Hours are never touched.

    A lot whose last day has passed buys nothing, even when the nightly work has not let it die yet.
    """
    alive = [lot for lot in lots.lots if lot.expires >= how.day]
    there = sum(lot.amount for lot in alive) // POINT
    if points <= 0 or points > there:
        raise NotEnough(points, there)
    allocations = _oldest(alive, points * POINT)
    return _moved(TransactionKind.SPEND, lots.account, allocations, subject=(subject, revision), how=how)


def expire(lots: Lots, *, subject: str, revision: int, how: Posting) -> Transaction | None:
    """Lets the lots die whose last day has passed on the day of posting; ``None`` when there are none."""
    allocations = [lot.taken(lot.amount) for lot in lots.lots if lot.expires < how.day]
    if not allocations:
        return None
    return _moved(TransactionKind.EXPIRE, lots.account, allocations, subject=(subject, revision), how=how)


def _oldest(lots: Iterable[Lot], amount: int) -> list[Allocation]:
    allocations = []
    for lot in lots:
        part = min(amount, lot.amount)
        if part:
            allocations.append(lot.taken(part))
        amount -= part
    return allocations


def _moved(
    kind: TransactionKind,
    account: str,
    allocations: list[Allocation],
    *,
    subject: tuple[str, int],
    how: Posting,
) -> Transaction:
    other = EXPIRED if kind is TransactionKind.EXPIRE else REDEEMED
    lines = []
    for grade in Grade:
        amount = sum(a.amount for a in allocations if a.grade is grade)
        if amount:
            lines.append(Line(Book.POINTS, account, grade, how.day, -amount))
            lines.append(Line(Book.POINTS, other, grade, how.day, amount))
    return Transaction(
        kind=kind,
        subject=subject[0],
        revision=subject[1] + 1,
        posted_on=how.day,
        period=how.period,
        lines=tuple(lines),
        allocations=tuple(allocations),
        reason=how.reason,
    )


def give_savings(
    held: Mapping[Grade, int],
    minutes: int,
    *,
    accounts: tuple[str, str],
    subject: tuple[str, int],
    how: Posting,
) -> Transaction:
    """Moves saved minutes from one account to another: a relative, the pool, or for a service received.

    ``held`` is the giver's balance of savings by grade; the less well known minutes go first, so that what
    stays is the better part. ``subject`` is the order's or gift's id with its count of transactions.
    """
    there = sum(held.values())
    if minutes <= 0 or minutes > there:
        raise NotEnough(minutes, there)
    giver, taker = accounts
    kinds = {POOL: TransactionKind.DONATE, REDEEMED: TransactionKind.SPEND}
    lines: list[Line] = []
    left = minutes
    for grade in reversed(Grade):
        part = min(left, max(0, held.get(grade, 0)))
        left -= part
        if part:
            lines.append(Line(Book.SAVINGS, giver, grade, how.day, -part))
            lines.append(Line(Book.SAVINGS, taker, grade, how.day, part))
    return Transaction(
        kind=kinds.get(taker, TransactionKind.GIVE),
        subject=subject[0],
        revision=subject[1] + 1,
        posted_on=how.day,
        period=how.period,
        lines=tuple(lines),
        reason=how.reason,
    )
