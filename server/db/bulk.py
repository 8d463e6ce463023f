"""Many rows in one statement, handed to the driver itself.

SQLAlchemy's bookkeeping for each row costs more than SQLite needs to store it, and PostgreSQL answers every
row of an ``executemany`` by itself: it is sent one JSON text instead, and makes rows of it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection, Integer, LargeBinary, Table

from server.contract.wire import canonical
from server.db.base import Json
from server.db.direct import run, run_many

Rows = Sequence[Mapping[str, Any]]


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows that must not exist yet; all have the same columns."""
    _write(connection, table, rows, _insertion)


def upsert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, or replace those with the same key; of two with one key the last counts."""
    key = itemgetter(*(column.name for column in table.primary_key))
    _write(connection, table, list({key(row): row for row in rows}.values()), _replacement)


def _write(connection: Connection, table: Table, rows: Rows, statement: Any) -> None:
    if not rows:
        return
    names = tuple(column.name for column in table.columns if column.name in rows[0])
    if len(names) != len(rows[0]):
        raise KeyError(f"{table.name} has no columns {sorted(set(rows[0]) - set(names))}")
    dialect = connection.dialect.name
    values = _values(table, names, rows)
    sql = statement(table, names, dialect)
    if dialect == "sqlite":
        run_many(connection, sql, values)
    else:
        given = [dict(zip(names, row, strict=True)) for row in values]
        text = json.dumps(given, ensure_ascii=False, default=_postgresql_bytes)
        run(connection, sql, (text,))


def _values(table: Table, names: Sequence[str], rows: Rows) -> list[tuple[Any, ...]]:
    """The rows as the driver takes them: JSON columns as canonical text."""
    written = [isinstance(table.c[name].type, Json) for name in names]
    if not any(written):
        return [tuple(row[name] for name in names) for row in rows]
    columns = list(zip(names, written, strict=True))
    return [tuple(_text(row[name]) if text else row[name] for name, text in columns) for row in rows]


def _text(value: Any) -> str | None:
    return None if value is None else canonical(value).decode()


@lru_cache(maxsize=500)
def _insertion(table: Table, names: Sequence[str], dialect: str) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    into = f'INSERT INTO "{table.name}" ({listed})'
    if dialect == "sqlite":
        return f"{into} VALUES ({', '.join('?' * len(names))})"
    typed = ", ".join(f'"{name}" {_postgresql_type(table, name)}' for name in names)
    # Names of our own tables; the values are a parameter.
    return f"{into} SELECT {listed} FROM json_to_recordset(%s::json) AS given ({typed})"  # noqa: S608


@lru_cache(maxsize=500)
def _replacement(table: Table, names: Sequence[str], dialect: str) -> str:
    keys = [column.name for column in table.primary_key]
    changing = [f'"{name}" = excluded."{name}"' for name in names if name not in keys]
    does = f"UPDATE SET {', '.join(changing)}" if changing else "NOTHING"
    listed = ", ".join(f'"{name}"' for name in keys)
    return f"{_insertion(table, names, dialect)} ON CONFLICT ({listed}) DO {does}"


def _postgresql_type(table: Table, name: str) -> str:
    kind = table.c[name].type
    names = {Boolean: "boolean", Integer: "bigint", LargeBinary: "bytea"}
    return next((found for known, found in names.items() if isinstance(kind, known)), "text")


def _postgresql_bytes(value: Any) -> str:
    return f"\\x{bytes(value).hex()}"
