"""Many rows in one statement, handed to the driver itself.

SQLAlchemy's bookkeeping for each row costs more than SQLite needs to store it, and PostgreSQL answers every
row of an ``executemany`` by itself: it is sent one JSON text instead, and makes rows of it.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, Table

from server.contract.wire import canonical
from server.db.base import Json
from server.db.direct import run, run_many

Row = Mapping[str, Any]
Rows = Sequence[Row]


def insert(connection: Connection, table: Table, rows: Rows, fixed: Row) -> None:
    """Insert rows that must not exist yet; all have the same columns, besides those ``fixed`` for all."""
    _write(connection, table, (rows, fixed), _insertion)


def upsert(connection: Connection, table: Table, rows: Rows, fixed: Row) -> None:
    """Insert rows, or replace those with the same key; of two with one key the last counts."""
    _write(connection, table, (_unlike(table, rows, fixed), fixed), _replacement)


def increase(connection: Connection, table: Table, rows: Rows, fixed: Row) -> None:
    """Insert rows, or add what is no key to the row with the same key; no two may have the same."""
    _write(connection, table, (rows, fixed), _addition)


def _unlike(table: Table, rows: Rows, fixed: Row) -> Rows:
    if len(rows) < 2:
        return rows
    keys = [column.name for column in table.primary_key if column.name not in fixed]
    key = itemgetter(*keys)
    return list({key(row): row for row in rows}.values())


def _write(connection: Connection, table: Table, what: tuple[Rows, Row], statement: Any) -> None:
    rows, fixed = what
    if not rows:
        return
    form = _form(table, tuple(rows[0]), tuple(fixed))
    dialect = connection.dialect.name
    sql = statement(table, form.names, dialect)
    values = form.values(rows, fixed)
    if dialect == "sqlite":
        run_many(connection, sql, values)
    else:
        given = [dict(zip(form.names, row, strict=True)) for row in values]
        run(connection, sql, (_POSTGRESQL_JSON.encode(given),))


class _Form:
    """How rows with these columns are written."""

    __slots__ = ("_json", "_own", "names")

    def __init__(self, table: Table, own: Sequence[str], fixed: Sequence[str]) -> None:
        if unknown := {*own, *fixed} - set(table.columns.keys()):
            raise KeyError(f"{table.name} has no columns {sorted(unknown)}")
        self._own = [
            column.name for column in table.columns if column.name in own and column.name not in fixed
        ]
        self.names = (*fixed, *self._own)
        """The columns that are written, in the order of ``values``."""
        self._json = [n for n, name in enumerate(self.names) if isinstance(table.c[name].type, Json)]

    def values(self, rows: Rows, fixed: Row) -> list[Sequence[Any]]:
        """The rows as the driver takes them: JSON columns as canonical text."""
        first, own = tuple(fixed.values()), self._own
        found: list[Sequence[Any]] = [[*first, *[row[name] for name in own]] for row in rows]
        for place in self._json:
            for values in found:
                values[place] = _text(values[place])  # type: ignore[index]
        return found


@lru_cache(maxsize=500)
def _form(table: Table, own: tuple[str, ...], fixed: tuple[str, ...]) -> _Form:
    return _Form(table, own, fixed)


def written(column: Column[Any], value: Any) -> Any:
    """A value as the driver takes it for this column."""
    return _text(value) if isinstance(column.type, Json) else value


def _text(value: Any) -> str | None:
    if value == []:
        return "[]"  # most lists are empty, and writing one is dear
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


@lru_cache(maxsize=500)
def _addition(table: Table, names: Sequence[str], dialect: str) -> str:
    keys = [column.name for column in table.primary_key]
    adding = [f'"{n}" = "{table.name}"."{n}" + excluded."{n}"' for n in names if n not in keys]
    listed = ", ".join(f'"{name}"' for name in keys)
    sets = ", ".join(adding)
    return f"{_insertion(table, names, dialect)} ON CONFLICT ({listed}) DO UPDATE SET {sets}"


def _postgresql_type(table: Table, name: str) -> str:
    kind = table.c[name].type
    names = {Boolean: "boolean", Integer: "bigint", LargeBinary: "bytea"}
    return next((found for known, found in names.items() if isinstance(kind, known)), "text")


def _postgresql_bytes(value: Any) -> str:
    return f"\\x{bytes(value).hex()}"


_POSTGRESQL_JSON = json.JSONEncoder(ensure_ascii=False, default=_postgresql_bytes)
