"""Using what was earned: redeeming points, giving savings, taking a transaction back, letting points die.

Each locks the community before it looks: two counters must not spend the same points.
"""

from collections.abc import Sequence

from server.domain.facts import FactKind, Grade
from server.domain.ledger import Book, Posting, Transaction, person_account, reversal
from server.domain.lots import NotEnough, expire, give_savings, lots_of, spend
from server.domain.rules_in_force import rules_at
from server.errors import Conflict, Invalid, NotFound, OwnHours
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, record
from server.services.policies import rules
from server.services.posting import posted_for, transaction_of, transactions_by, transactions_of, write
from server.services.world import closed_periods

AT_ONCE = 100
"""Accounts that a night looks at together: fewer questions, and not everybody's past in memory."""


def spend_points(uow: Uow, acting: Acting, number: str, *, points: int, subject: str, reason: str) -> None:
    """Redeem whole points, oldest first; ``subject`` is the order's id. Hours are never touched."""
    uow.lock()
    lots = lots_of(person_account(number), transactions_of(uow, person_account(number)))
    _, revisions = posted_for(uow, [subject])
    how = posting_now(uow, acting, reason)
    try:
        found = spend(lots, points, subject=subject, revision=revisions.get(subject, 0), how=how)
    except NotEnough as error:
        raise Conflict(
            f"{points} points wanted, {error.held} there", zh=f"积分不足，只有 {error.held} 分，请减少数量。"
        ) from error
    write(uow, acting, [found])
    uow.bump()


def give(uow: Uow, acting: Acting, number: str, *, minutes: int, to: str, subject: str) -> None:
    """Move saved minutes to another account: ``person:NUMBER``, ``pool`` or ``community:redeemed``."""
    uow.lock()
    account = person_account(number)
    rows = uow.rows("balances").rows(account=account, book=str(Book.SAVINGS))
    held = {Grade(row["grade"]): int(row["amount"]) for row in rows}
    _, revisions = posted_for(uow, [subject])
    how = posting_now(uow, acting, "")
    place = (subject, revisions.get(subject, 0))
    try:
        found = give_savings(held, minutes, accounts=(account, to), subject=place, how=how)
    except NotEnough as error:
        raise Conflict(
            f"{minutes} minutes wanted, {error.held} there",
            zh=f"时间储蓄不足，只有 {error.held} 分钟，请减少数量。",
        ) from error
    write(uow, acting, [found])
    uow.bump()


def take_back(uow: Uow, acting: Acting, subject: str, *, revision: int, reason: str) -> None:
    """Reverse a spend, gift or expiry; by another than who posted it."""
    uow.lock()
    row = uow.rows("ledger_transactions").get(subject=subject, revision=revision)
    if row is None:
        raise NotFound(
            f"nothing was posted as {subject} revision {revision}", zh="没有这笔记账，请刷新页面。"
        )
    if row["posted_by"] == acting.by:
        raise OwnHours(
            "a second person takes a posting back", zh="不能撤销自己办理的记账，请由另一位工作人员办理。"
        )
    if row["kind"] in {"shift", "reverse"}:
        raise Invalid(
            "a shift's postings follow from its taps; a reversal is not reversed",
            zh="服务的记账随刷卡而定，撤销也不能再撤销，请改为处理那次服务。",
        )
    _, revisions = posted_for(uow, [subject])
    if any(other["body"]["reverses"] == [subject, revision] for other in _of_subject(uow, subject)):
        raise Conflict("this posting has been taken back already", zh="这笔记账已经撤销过，请刷新页面。")
    lines = uow.rows("ledger_lines").rows("line", tx_seq=row["seq"])
    how = posting_now(uow, acting, reason)
    write(uow, acting, [reversal(transaction_of(row, lines), revision=revisions[subject], how=how)])
    uow.bump()


def let_points_die(uow: Uow, acting: Acting) -> int:
    """Post the end of points whose last day has passed; how many accounts had any. Safe to repeat."""
    uow.lock()
    rows = uow.rows("balances").rows(book=str(Book.POINTS))
    accounts = sorted({r["account"] for r in rows if r["amount"] > 0 and r["account"].startswith("person:")})
    how = posting_now(uow, acting, "expired")
    found: list[Transaction] = []
    for start in range(0, len(accounts), AT_ONCE):
        found += _dead(uow, accounts[start : start + AT_ONCE], how)
    write(uow, acting, found)
    return len(found)


def _dead(uow: Uow, accounts: Sequence[str], how: Posting) -> list[Transaction]:
    subjects = {account: f"expiry:{account}" for account in accounts}
    _, revisions = posted_for(uow, subjects.values())
    found = []
    for account, transactions in transactions_by(uow, accounts).items():
        subject = subjects[account]
        lots = lots_of(account, transactions)
        dead = expire(lots, subject=subject, revision=revisions.get(subject, 0), how=how)
        found += [dead] if dead else []
    return found


def close_period(uow: Uow, acting: Acting, period: str) -> None:
    """Let a month take no more rows: later adjustments post in the open one, with their service date."""
    record(uow, acting, [Draft(FactKind.POSTING_CLOSED, period, {"closed": True})])


def posting_now(uow: Uow, acting: Acting, reason: str) -> Posting:
    """How a transaction is written now."""
    in_force = rules_at(rules(uow), acting.now)
    return Posting(at=acting.now, rules=in_force, closed=closed_periods(uow), reason=reason)


def _of_subject(uow: Uow, subject: str) -> list[Row]:
    return uow.rows("ledger_transactions").rows("seq", subject=subject)
