"""The whole of a database as one SQLite file, and back: what a backup holds, whichever database it came from.

Rows are carried as they lie there, JSON as its text, so that the audit of a copy sees what it would have seen
here. The file has this release's schema; one of an earlier release is brought up to date before it is read.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnClause,
    Connection,
    TableClause,
    Text,
    column,
    insert,
    select,
    table,
    text,
)

from server.contract.wire import PUT_BACK
from server.db.base import Base, Json
from server.db.migrate import upgrade
from server.db.session import Database
from server.errors import Conflict, Invalid

ROWS_AT_ONCE = 2000
_AHEAD = (
    text(
        "UPDATE communities SET roster_version ="
        " CASE WHEN roster_version + :leap < :now THEN :now ELSE roster_version + :leap END"
    ),
    text("DELETE FROM kiosk_sessions"),
    text("DELETE FROM kiosk_nonces"),
)
"""Kiosks refuse rosters older than the one they hold, and send everything again when the version leaps; as it
must where the same backup is put back once more: so it leaps farther with each second that goes by. And no
request from before may count once more, whose number the copy does not know: an event that came late would
hide what the copy lacks before it."""


def copy_to_file(database: Database, path: Path) -> None:
    """A consistent copy, taken while others read and write."""
    path.touch(mode=0o600)
    if database.is_sqlite:
        with closing(sqlite3.connect(str(database.url.database))) as here, closing(_plain(path)) as there:
            here.backup(there)
    else:
        file = Database(f"sqlite:///{path}")
        upgrade(file)
        copy_rows(database, file)
        file.dispose()
    with closing(_plain(path)) as whole:
        whole.execute("PRAGMA journal_mode=DELETE")


def check_file(path: Path) -> None:
    """Refuse a file that is no sound SQLite database."""
    try:
        with closing(_plain(path)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise Invalid(
            f"{path.name} is no SQLite database", zh=f"{path.name} 不是 SQLite 数据库，请换一个备份。"
        ) from error
    if said != "ok":
        raise Invalid(f"{path.name} is damaged: {said}", zh=f"{path.name} 已损坏，请换一个备份。")


def copy_from_file(path: Path, database: Database) -> int:
    """Bring a copy into a database with empty tables, all or nothing; how many rows."""
    file = Database(f"sqlite:///{path}")
    upgrade(file)
    try:
        return copy_rows(file, database)
    finally:
        file.dispose()


def step_ahead(database: Database, now: int) -> None:
    """After a database was put back: rosters newer than any that a kiosk may hold, and new sessions."""
    leap, *others = _AHEAD
    with database.writing() as connection:
        connection.execute(leap, {"leap": PUT_BACK, "now": now // 1000 * PUT_BACK})
        for statement in others:
            connection.execute(statement)
        connection.commit()


def copy_rows(source: Database, target: Database) -> int:
    """Every row of every table, parents before children."""
    count = 0
    with source.reading() as here, target.writing() as there:
        _check_empty(there)
        for each in _tables():
            for part in _parts(here, each):
                there.execute(insert(each), part)
                count += len(part)
            look_at(there, each.name)
        there.commit()
    return count


def look_at(connection: Connection, name: str) -> None:
    """Let PostgreSQL see what has come into a table, before rows that refer to it.

    Of a table that nobody looked at it takes the first index that begins with the community, and checks every
    line of the ledger against every transaction. Its own look comes minutes later, and not into this
    transaction. Only the tables' owner may ask for it: for anybody else PostgreSQL leaves it at a warning.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f'ANALYZE "{name}"'))


def may_look(connection: Connection) -> bool:
    """Whether :func:`look_at` does anything for this user where it is needed."""
    if connection.dialect.name != "postgresql":
        return True
    others = "FROM pg_tables WHERE schemaname = current_schema() AND NOT pg_has_role(tableowner, 'USAGE')"
    return not connection.execute(text(f"SELECT EXISTS (SELECT {others})")).scalar_one()


def _tables() -> list[TableClause]:
    return [table(each.name, *map(_carried, each.columns)) for each in Base.metadata.sorted_tables]


def _carried(whole: Column[Any]) -> ColumnClause[Any]:
    return column(whole.name, Text() if isinstance(whole.type, Json) else whole.type)


def _parts(connection: Connection, each: TableClause) -> Iterator[list[dict[str, Any]]]:
    streaming = {"stream_results": True, "yield_per": ROWS_AT_ONCE}
    found = connection.execute(select(each), execution_options=streaming).mappings()
    for part in found.partitions():
        yield [dict(row) for row in part]


def _check_empty(connection: Connection) -> None:
    for each in _tables():
        if connection.execute(select(each).limit(1)).first() is not None:
            raise Conflict(
                f"there are rows in {each.name} already: restore into an empty database",
                zh=f"{each.name} 里已有数据，请恢复到空的数据库。",
            )


def _plain(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path)
