"""Writing the ledger: transactions in a chain of their own, balances beside them, in one go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from server.contract.wire import canonical, chain_hash
from server.domain.facts import Grade, Shift
from server.domain.ledger import (
    Allocation,
    Book,
    Line,
    Posting,
    Transaction,
    TransactionKind,
    balances,
    posting,
    worth,
)
from server.domain.rules_in_force import rules_at
from server.services.acting import Acting, Row, Uow
from server.services.facts import LEDGER, head_of, sign_head
from server.services.world import Common, closed_periods

_TOLD = ("posted_on", "period", "lots_expire", "reason")


def post_shifts(uow: Uow, acting: Acting, shifts: Mapping[str, Shift | None], shared: Common) -> int:
    """Post the difference between what shifts are worth now and what was posted; how many transactions."""
    lines, revisions = posted_for(uow, shifts.keys())
    how = Posting(at=acting.now, rules=rules_at(shared.rules, acting.now), closed=closed_periods(uow))
    written = []
    for shift_id, shift in sorted(shifts.items()):
        wanted = worth(shift, rules_at(shared.rules, shift.started_at)) if shift else {}
        found = posting(
            shift_id, wanted, posted=lines.get(shift_id, ()), revision=revisions.get(shift_id, 0), how=how
        )
        if found is not None:
            written.append(found)
    write(uow, acting, written)
    return len(written)


def posted_for(uow: Uow, subjects: Iterable[str]) -> tuple[dict[str, list[Line]], dict[str, int]]:
    """All lines written for these subjects, and their counts of transactions."""
    # In no order: asked for one, SQLite would rather walk along the whole ledger.
    found = {row["seq"]: row for row in uow.rows("ledger_transactions").rows(subject=set(subjects))}
    revisions: dict[str, int] = defaultdict(int)
    for row in found.values():
        revisions[row["subject"]] = max(revisions[row["subject"]], row["revision"])
    lines: dict[str, list[Line]] = defaultdict(list)
    if found:
        for row in uow.rows("ledger_lines").rows("tx_seq", "line", tx_seq=set(found)):
            lines[found[row["tx_seq"]]["subject"]].append(line_of(row))
    return lines, revisions


def write(uow: Uow, acting: Acting, transactions: Sequence[Transaction]) -> None:
    """Append transactions to the ledger's chain and move the balances they touch."""
    if not transactions:
        return
    uow.lock()
    seq, head = head_of(uow, LEDGER)
    rows, line_rows = [], []
    for transaction in transactions:
        seq += 1
        row = _row(acting, seq, transaction)
        mine = [_line_row(seq, number, line) for number, line in enumerate(transaction.lines)]
        head = chain_hash(row_prev := head, transaction_inner(row, mine))
        rows.append(row | {"prev": row_prev, "hash": head})
        line_rows += mine
    uow.rows("ledger_transactions").add(rows)
    uow.rows("ledger_lines").add(line_rows)
    sign_head(uow, acting.keys, LEDGER, (seq, head))
    _move_balances(uow, [line for transaction in transactions for line in transaction.lines])


def transaction_inner(row: Row, lines: Sequence[Row]) -> str:
    """Hash of a transaction's own content with all its lines."""
    names = ("seq", "kind", "subject", "revision", "posted_at", "posted_by", "body")
    plain = [[line[n] for n in ("line", "book", "account", "grade", "day", "amount")] for line in lines]
    return sha256(canonical(["yika-ledger-1", *(row[name] for name in names), plain])).hexdigest()


def line_of(row: Row) -> Line:
    """A stored line as the rules see it."""
    return Line(Book(row["book"]), row["account"], Grade(row["grade"]), row["day"], row["amount"])


def transaction_of(row: Row, lines: Sequence[Row]) -> Transaction:
    """A stored transaction as the rules see it."""
    body = row["body"]
    reverses = body["reverses"]
    return Transaction(
        kind=TransactionKind(row["kind"]),
        subject=row["subject"],
        revision=row["revision"],
        lines=tuple(line_of(line) for line in lines),
        allocations=tuple(
            Allocation(**(raw | {"grade": Grade(raw["grade"])})) for raw in body["allocations"]
        ),
        reverses=(reverses[0], reverses[1]) if reverses else None,
        **{name: body[name] for name in _TOLD},
    )


def transactions_of(uow: Uow, account: str) -> list[Transaction]:
    """Every transaction that touches an account, in the order of posting."""
    return transactions_by(uow, [account])[account]


def transactions_by(uow: Uow, accounts: Sequence[str]) -> dict[str, list[Transaction]]:
    """Of each account every transaction that touches it, in the order of posting."""
    touched: dict[str, set[int]] = {account: set() for account in accounts}
    for row in uow.rows("ledger_lines").rows(account=accounts):
        touched[row["account"]].add(row["tx_seq"])
    every = set().union(*touched.values())
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in uow.rows("ledger_lines").rows("tx_seq", "line", tx_seq=every):
        lines[line["tx_seq"]].append(line)
    rows = uow.rows("ledger_transactions").rows(seq=every)
    found = {row["seq"]: transaction_of(row, lines[row["seq"]]) for row in rows}
    return {account: [found[seq] for seq in sorted(mine)] for account, mine in touched.items()}


def _row(acting: Acting, seq: int, transaction: Transaction) -> Row:
    body: dict[str, Any] = {name: getattr(transaction, name) for name in _TOLD}
    body["allocations"] = [asdict(item) for item in transaction.allocations]
    body["reverses"] = list(transaction.reverses) if transaction.reverses else None
    return {
        "seq": seq,
        "kind": str(transaction.kind),
        "subject": transaction.subject,
        "revision": transaction.revision,
        "posted_at": acting.now,
        "posted_by": acting.by,
        "body": body,
    }


def _line_row(seq: int, number: int, line: Line) -> Row:
    return {
        "tx_seq": seq,
        "line": number,
        "book": str(line.book),
        "account": line.account,
        "grade": str(line.grade),
        "day": line.day,
        "amount": line.amount,
    }


def _move_balances(uow: Uow, lines: Sequence[Line]) -> None:
    uow.rows("balances").increase(
        [
            {"account": account, "book": str(book), "grade": str(grade), "amount": amount}
            for (account, book, grade), amount in balances(lines).items()
        ]
    )
