"""Statements handed to the driver itself: SQL is compiled once for each shape, rows come as plain values.

SQLAlchemy writes the SQL, and its connection holds the transaction; between the two it is not asked, since
its bookkeeping for a statement costs more than SQLite needs to answer one. Lists are a single parameter
(SQLite: JSON text, PostgreSQL: an array), so that a statement's text, and what a database makes of it, is the
same for one value and for thousands.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Delete,
    Dialect,
    Select,
    Text,
    Update,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ColumnElement

from server.db.base import Json

Row = dict[str, Any]


_DIALECTS: dict[tuple[str, str], Dialect] = {}


def dialect_of(connection: Connection) -> Dialect:
    """The dialect for which statements are compiled: one for all databases of a kind, not one for each."""
    own = connection.dialect
    return _DIALECTS.setdefault((own.name, own.driver), own)


class _Compiled:
    """A statement as the driver takes it."""

    __slots__ = ("_fixed", "_order", "sql")

    def __init__(self, statement: Select[Any] | Update | Delete, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._fixed = dict(compiled.params)
        self._order = tuple(compiled.positiontup) if compiled.positiontup is not None else None

    def _ordered(self, given: Row) -> Any:
        values = self._fixed | given
        return values if self._order is None else [values[name] for name in self._order]


class Change(_Compiled):
    """An UPDATE or DELETE; values for JSON columns are given as their text."""

    __slots__ = ()

    def run(self, connection: Connection, **given: Any) -> int:
        """Carry it out; how many rows there were."""
        return int(run(connection, self.sql, self._ordered(given)).rowcount)

    def run_many(self, connection: Connection, given: Iterable[Row]) -> None:
        """Carry it out with each of these parameters."""
        run_many(connection, self.sql, [self._ordered(each) for each in given])


class Statement(_Compiled):
    """One query, and how its columns are read."""

    __slots__ = ("_names", "_readers")

    def __init__(self, query: Select[Any], dialect: Dialect) -> None:
        super().__init__(query, dialect)
        columns = list(query.selected_columns)
        self._names = tuple(str(column.key) for column in columns)
        readers = [(place, _reader(column, dialect)) for place, column in enumerate(columns)]
        self._readers = [(self._names[place], read) for place, read in readers if read is not None]

    def tuples(self, connection: Connection, **given: Any) -> list[tuple[Any, ...]]:
        """All rows as the driver gives them."""
        return run(connection, self.sql, self._ordered(given)).fetchall()  # type: ignore[no-any-return]

    def rows(self, connection: Connection, **given: Any) -> list[Row]:
        """All rows by column."""
        names = self._names
        found = [dict(zip(names, row, strict=True)) for row in self.tuples(connection, **given)]
        for name, read in self._readers:
            for row in found:
                row[name] = read(row[name])
        return found


def run(connection: Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
    """One statement within the connection's transaction; the driver's cursor."""
    return _called(connection, "execute", sql, values)


def run_many(connection: Connection, sql: str, values: Sequence[Any]) -> Any:
    """One statement for many rows."""
    return _called(connection, "executemany", sql, values)


def begin(connection: Connection, sql: str) -> None:
    """The statement that opens a transaction, from within the event that asks for it."""
    _driven(connection, "execute", sql, ())


def _called(connection: Connection, method: str, sql: str, values: Any) -> Any:
    if not connection.in_transaction():
        connection.begin()
    return _driven(connection, method, sql, values)


def _driven(connection: Connection, method: str, sql: str, values: Any) -> Any:
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    try:
        getattr(cursor, method)(sql, values)
    except dialect.dbapi.Error as error:  # type: ignore[union-attr]
        raise DBAPIError.instance(sql, values, error, dialect.dbapi.Error, dialect=dialect) from error  # type: ignore[union-attr]
    return cursor


def one_of(column: Column[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether a column's value is one of a parameter's (``several`` makes it)."""
    if dialect == "sqlite":
        given = func.json_each(bindparam(name, type_=Text)).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def several(values: Collection[Any] | Iterable[Any], dialect: str) -> Any:
    """Values as ``one_of`` takes them."""
    return _LIST.encode(list(values)) if dialect == "sqlite" else list(values)


_LIST = json.JSONEncoder(ensure_ascii=False)


def _reader(column: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Json):
        kind = column.type
        return lambda value: kind.process_result_value(value, dialect)
    if isinstance(column.type, Boolean) and dialect.name == "sqlite":
        return _boolean
    return None


def _boolean(value: int | None) -> bool | None:
    return None if value is None else bool(value)
