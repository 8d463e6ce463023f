"""A long history made of a short one: what a town has lived through is copied into the years behind it.

The copies are rows like any: events in their kiosks' own journals (one boot that never ends, the longest
there can be), clock samples, batches, shifts, postings, each moved by so many spans of time and places. Only
the chains are not hashed anew: nothing that is measured on top reads them.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from benchmarks.community import DAY, FIRST_DAY, Town
from server.contract.rules import HOUR
from server.db.base import Base

Moves = dict[str, str]
"""Column -> SQL expression of its value in copy ``n``; other columns stay as they are."""

PART = 200_000
"""Events copied in one transaction: what SQLite's log beside the database has to hold."""
CACHE_KB = 4_000_000
"""While copying; what is measured afterwards has SQLite's own 2 MB."""
TIMES = (
    *("at", "wall", "uptime_ms", "received_at", "server_time", "started_at", "ended_at", "known_at"),
    *("proposed_end", "posted_at", "recorded_at", "holds_from"),
)


def lengthen(own: Town, copies: int) -> None:
    """Live through the same so many times more (SQLite only); kiosks go on where their journals now end."""
    days = (own.now + 9 * HOUR - FIRST_DAY) // DAY + 1
    with own.uow() as uow:
        ask = uow.connection.exec_driver_sql
        of = ("max(seq) FROM facts", "max(seq) FROM ledger_transactions", "count(*) FROM events")
        facts, postings, events = (int(ask(f"SELECT {what}").scalar_one()) for what in of)
        moves = _moves(days, facts, postings)
        last = {table: int(ask(f"SELECT max(rowid) FROM {table}").scalar_one()) for table in moves}
    at_once = max(1, PART // events)
    for first in range(1, copies + 1, at_once):
        numbers = range(first, min(first + at_once, copies + 1))
        with own.uow() as uow:
            _copy_all(uow.connection, own, moves, (numbers, last))
            uow.commit()
    with own.uow() as uow:
        for statement in (
            f"UPDATE balances SET amount = amount * {copies + 1}",
            f"UPDATE chain_heads SET seq = seq + {copies * facts} WHERE chain = 'facts'",
            f"UPDATE chain_heads SET seq = seq + {copies * postings} WHERE chain = 'ledger'",
            f"UPDATE journals SET head_seq = head_seq * {copies + 1}",
        ):
            uow.connection.exec_driver_sql(statement)
        uow.commit()
    for kiosk in own.kiosks:
        kiosk.seq += copies * kiosk.seq
    own.days += copies * days
    own.now += copies * days * DAY


def _copy_all(
    connection: Connection, own: Town, moves: Mapping[str, Moves], what: tuple[range, Mapping[str, int]]
) -> None:
    """The copies of these numbers, of every table's rows up to the last that was lived through."""
    numbers, last = what
    connection.exec_driver_sql(f"PRAGMA cache_size = {-CACHE_KB}")
    connection.exec_driver_sql("CREATE TEMP TABLE places (journal_id TEXT PRIMARY KEY, seq INTEGER)")
    places = [(kiosk.journal_id, kiosk.seq) for kiosk in own.kiosks]
    connection.exec_driver_sql("INSERT INTO places VALUES (?, ?)", places)
    for table, moved in moves.items():
        only = f"t.rowid <= {last[table]}" + (" AND kind = 'batch'" if table == "facts" else "")
        _copy(connection, table, moved, numbers, only)
    connection.exec_driver_sql("DROP TABLE places")
    connection.exec_driver_sql("PRAGMA cache_size = -2000")


def _moves(days: int, facts: int, postings: int) -> dict[str, Moves]:
    later, place = f"n * {days * DAY}", "n * (SELECT p.seq FROM places p WHERE p.journal_id = t.journal_id)"
    moved = {name: f'"{name}" + {later}' for name in TIMES}
    day = {"day": f"date(day, (n * {days}) || ' days')"}
    tag = f"':{days}.' || n"  # no two makings of copies are equally long
    ids = f"""replace(replace("events", '","', {tag} || '","'), '"]', {tag} || '"]')"""
    settled = "CASE WHEN state IN ('open', 'end_missing') THEN 'settled_zero' ELSE state END"
    return {
        "facts": moved | {"seq": f"seq + n * {facts}"},
        "events": moved
        | {
            "event_id": f"event_id || {tag}",
            "seq": f"seq + {place}",
            "batch_seq": f"batch_seq + n * {facts}",
        },
        "clock_samples": moved | {"fact_seq": f"fact_seq + n * {facts}", "last_seq": f"last_seq + {place}"},
        "shifts": moved | day | {"shift_id": f"shift_id || {tag}", "events": ids, "state": settled},
        "ledger_transactions": moved | {"seq": f"seq + n * {postings}", "subject": f"subject || {tag}"},
        "ledger_lines": day | {"tx_seq": f"tx_seq + n * {postings}"},
    }


def _copy(connection: Connection, table: str, moves: Moves, numbers: range, only: str) -> None:
    columns = [column.name for column in Base.metadata.tables[table].columns]
    listed = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(moves.get(name, f'"{name}"') for name in columns)
    connection.exec_driver_sql(
        f"WITH RECURSIVE copies(n) AS (SELECT {numbers.start} UNION ALL SELECT n + 1 FROM copies "
        f"WHERE n < {numbers.stop - 1}) "
        f"INSERT INTO {table} ({listed}) SELECT {values} FROM copies CROSS JOIN {table} t WHERE {only}"
    )
