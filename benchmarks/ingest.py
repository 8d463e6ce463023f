"""Ingest with everything on, beside a bare ``executemany`` of the very same rows into the same tables.

Everything on: parsed, judged, chained, stored, timed, graded, projected to shifts, posted to the ledger with
balances, the heads of both chains signed, committed and answered. What came of it is then read back and
written by the bare driver into an empty database of the same schema, in as many transactions.
"""

import cProfile
import pstats
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks import postgres
from benchmarks.community import Town, town
from benchmarks.report import Options, Result, pragmas
from server.contract.wire import push_to_bytes
from server.db.base import Base
from server.db.migrate import upgrade
from server.db.session import Database

TABLES = ("facts", "events", "shifts", "ledger_transactions", "ledger_lines", "balances", "projections")
TAPS_A_DAY, PEOPLE = 400, 1550
TOP = 15
HELD = {"a push a day": 1, "after 10 days without network": 10}
"""How many days' taps a kiosk sends together."""
Raw = tuple[list[str], list[tuple[Any, ...]]]
"""Column names, and rows as the driver gave them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database system and how to get an empty database there."""

    name: str
    new: Callable[[str], str]


def run(options: Options) -> Result:
    """Measure on SQLite, and on PostgreSQL where it is installed."""
    result = Result("ingest", "Ingest with everything on (projection, ledger, balances, chains)")
    folder = options.room("ingest")
    _measure(result, Place("SQLite", lambda name: f"sqlite:///{folder / name}.sqlite"), options)
    if postgres.binaries() is None:
        result.notes.append("PostgreSQL is not installed: that half was left out")
        return result
    with postgres.cluster() as url:
        _measure(result, Place("PostgreSQL", lambda name: postgres.new_database(url, name)), options)
    return result


def _measure(result: Result, place: Place, options: Options) -> None:
    with town(place.new("own"), people=options.size(PEOPLE, least=20)) as own:
        _take(own, _days(own, 1, options))
        _look(place, own.database)
        for what, hold in HELD.items():
            _measure_one(result, place, options, (own, what, hold))
        profile_of = _days(own, options.size(6, least=1), options)
        result.detail[f"{place.name}: where time goes"] = _profiled(lambda: _take(own, profile_of))


def _measure_one(result: Result, place: Place, options: Options, of: tuple[Town, str, int]) -> None:
    own, what, hold = of
    before = {table: _count(own, table) for table in TABLES}
    bodies = _days(own, options.size(20, least=2), options, hold=hold)
    seconds = _take(own, bodies)
    rows = {table: _rows(own, table, before[table]) for table in TABLES}
    events, name = _count(own, "events") - before["events"], f"{place.name}, {what}"
    bare, result.settings[place.name] = _bare(place, f"floor-{hold}", rows, len(bodies))
    only, _ = _bare(place, f"floor-events-{hold}", {"events": rows["events"]}, len(bodies))
    result.add(f"{name}: bare executemany, events only", {"events/s": events / only})
    floor = result.add(f"{name}: bare executemany, all rows", {"events/s": events / bare})
    result.add(f"{name}: ingest", {"events/s": events / seconds}, to=floor.what)
    written = ", ".join(f"{len(found[1])} {table}" for table, found in rows.items())
    result.notes.append(f"{name}: {events} events in {len(bodies)} pushes; rows written: {written}")


def _days(own: Town, days: int, options: Options, *, hold: int = 1) -> list[tuple[int, bytes]]:
    """So many more days of taps, as pushes with the time at which they are sent."""
    first, sent = own.days, []
    for day in range(first, first + days):
        own.day(day, options.size(TAPS_A_DAY, least=8))
        if (day - first + 1) % hold == 0 or day == first + days - 1:
            sent += [(own.now, push_to_bytes(push)) for push in own.pushes(own.now)]
    own.days = first + days
    return sent


def _take(own: Town, bodies: Sequence[tuple[int, bytes]]) -> float:
    started = perf_counter()
    for at, body in bodies:
        own.now = at
        own.take_bytes(body)
    return perf_counter() - started


def _count(own: Town, table: str) -> int:
    with own.uow() as uow:
        return int(uow.rows(table).count())


def _rows(own: Town, table: str, skip: int) -> Raw:
    """What ingest wrote into a table, as the driver gives it (JSON columns as text)."""
    names = [column.name for column in Base.metadata.tables[table].columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    order = "seq" if "seq" in names and table != "events" else names[1]
    query = f'SELECT {quoted} FROM "{table}" ORDER BY "{order}"'
    with own.database.reading() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    return names, [tuple(_text(v) for v in row) for row in (found[skip:] if table != "balances" else found)]


def _text(value: Any) -> Any:
    if isinstance(value, list | dict):
        return psycopg.types.json.Jsonb(value)
    return value


def _bare(place: Place, name: str, rows: dict[str, Raw], parts: int) -> tuple[float, str]:
    """Seconds in which the bare driver writes these rows in so many transactions, and its settings.

    The first is not timed, as a day comes before our own; the others stand for it.
    """
    url = place.new(name)
    database = Database(url)
    upgrade(database)
    with _driver(url) as (begin, many, commit, settings):

        def write(part: int) -> None:
            begin()
            for table, (names, found) in rows.items():
                mine = found[part * len(found) // parts : (part + 1) * len(found) // parts]
                many(table, names, mine)
            commit()

        if parts > 1:
            write(0)
            _look(place, database)
        rest = range(min(1, parts - 1), parts)
        started = perf_counter()
        for part in rest:
            write(part)
        seconds = perf_counter() - started
        database.dispose()
        return seconds * parts / len(rest), settings


def _look(place: Place, database: Database) -> None:
    """What autovacuum does within a minute: of tables nobody looked at PostgreSQL takes any index."""
    if place.name == "PostgreSQL":
        with database.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()


Driver = tuple[
    Callable[[], object],
    Callable[[str, list[str], list[tuple[Any, ...]]], object],
    Callable[[], object],
    str,
]


@contextmanager
def _driver(url: str) -> Iterator[Driver]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as lite:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                lite.execute(f"PRAGMA {pragma}")

            def many(table: str, names: list[str], rows: list[tuple[Any, ...]]) -> object:
                return lite.executemany(_insert(table, names, "?"), rows)

            yield lambda: lite.execute("BEGIN IMMEDIATE"), many, lambda: lite.execute("COMMIT"), pragmas(lite)
        return
    with psycopg.connect(postgres.bare(url)) as connection, connection.cursor() as cursor:

        def many_pg(table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
            cursor.executemany(_insert(table, names, "%s"), rows)

        yield lambda: None, many_pg, connection.commit, postgres.settings(url)


def _insert(table: str, names: list[str], mark: str) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table}" ({quoted}) VALUES ({", ".join([mark] * len(names))})'


def _profiled(work: Callable[[], object]) -> list[dict[str, Any]]:
    """The functions in which most time is spent, without any folder of this machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(entry[2] for entry in stats.values())
    by_own = sorted(stats.items(), key=lambda item: -item[1][2])[:TOP]
    ours = [item for item in stats.items() if "/server/" in item[0][0] or "/card_tools/" in item[0][0]]
    by_all = sorted(ours, key=lambda item: -item[1][3])[: 2 * TOP]
    return [
        {"function": _named(key), "calls": entry[1], kind: round(entry[at] / whole, 3)}
        for kind, at, found in (("own share", 2, by_own), ("share with callees", 3, by_all))
        for key, entry in found
    ]


def _named(key: tuple[str, int, str]) -> str:
    path, line, function = key
    parts = Path(path).parts
    short = "/".join(parts[-3:]) if len(parts) > 2 else path
    return f"{short}:{line} {function}" if line else function
