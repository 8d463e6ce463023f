"""The ledger: its chain, its double entry, what shifts are worth, and the balances beside it."""

from collections import defaultdict
from collections.abc import Iterator

from server.contract.wire import chain_hash
from server.domain.ledger import Line, TransactionKind, balances, sums, worth
from server.domain.rules_in_force import rules_at
from server.services.acting import Row, Uow
from server.services.audit.chains import check_links
from server.services.audit.finding import Finding, by_key, differences
from server.services.facts import LEDGER, genesis
from server.services.keys import Keys
from server.services.policies import rules
from server.services.posting import line_of, transaction_inner
from server.services.projection import shift_of


def check_books(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """All transactions of a community."""
    rows = uow.rows("ledger_transactions").rows("seq")
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in uow.rows("ledger_lines").rows("tx_seq", "line"):
        lines[line["tx_seq"]].append(line)
    yield from check_links("ledger_transactions", rows, genesis(uow.community_id, LEDGER))
    for seq in lines.keys() - {row["seq"] for row in rows}:
        yield Finding("ledger_lines", str(seq), "belongs to no transaction")
    for row in rows:
        yield from _transaction(row, lines[row["seq"]])
    yield from _worth(uow, rows, lines)
    everything = [line_of(line) for mine in lines.values() for line in mine]
    held = by_key(uow.rows("balances").rows(), ("account", "book", "grade"))
    yield from differences("balances", held, _balances(everything))


def _transaction(row: Row, lines: list[Row]) -> Iterator[Finding]:
    if row["hash"] != chain_hash(row["prev"], transaction_inner(row, lines)):
        yield Finding("ledger_transactions", str(row["seq"]), "does not have the hash of what it says")
    books: dict[str, int] = defaultdict(int)
    for line in lines:
        books[line["book"]] += line["amount"]
    if any(books.values()):
        yield Finding("ledger_lines", str(row["seq"]), "does not sum to zero")


def _worth(uow: Uow, rows: list[Row], lines: dict[int, list[Row]]) -> Iterator[Finding]:
    """What was posted for each shift is what it is worth; for a shift that is no more, nothing."""
    posted: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        if row["kind"] == TransactionKind.SHIFT:
            posted[row["subject"]] += [line_of(line) for line in lines[row["seq"]]]
    shifts = {row["shift_id"]: shift_of(row) for row in uow.rows("shifts").rows()}
    through_time = rules(uow)
    for shift_id in shifts.keys() | posted.keys():
        shift = shifts.get(shift_id)
        wanted = worth(shift, rules_at(through_time, shift.started_at)) if shift else {}
        if sums(posted.get(shift_id, [])) != wanted:
            yield Finding("ledger_lines", shift_id, "is posted otherwise than it is worth")


def _balances(lines: list[Line]) -> dict[tuple[str, ...], Row]:
    return {
        (account, str(book), str(grade)): {"amount": amount}
        for (account, book, grade), amount in balances(lines).items()
    }
