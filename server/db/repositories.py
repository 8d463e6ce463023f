"""Repositories: rows in, rows out, always within one community. Services see these and no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Dialect,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    true,
    update,
)
from sqlalchemy.sql import ColumnElement

from server.db import bulk, tables
from server.db.base import Base
from server.db.direct import Change, Statement, dialect_of, one_of, several

Row = dict[str, Any]


class Test(NamedTuple):
    """What of a condition on one column decides the SQL: ``=`` a value, ``in`` several, or ``null``."""

    column: str
    how: str

    def of(self, table: Table, dialect: str) -> ColumnElement[bool]:
        """The condition, with a parameter named after the column."""
        column = table.c[self.column]
        if self.how == "null":
            return column.is_(None)
        name = f"w_{self.column}"
        return one_of(column, name, dialect) if self.how == "in" else column == bindparam(name)


SEVERAL = (list, set, frozenset, tuple)


@dataclass(frozen=True, slots=True)
class Span:
    """Rows whose column lies in [``low``, ``high``), in its order; which of the two ends are given."""

    column: str
    low: bool
    high: bool

    def tests(self, table: Table) -> list[ColumnElement[bool]]:
        """The limits, as parameters ``low`` and ``high``."""
        field = table.c[self.column]
        limits = [field >= bindparam("low")] if self.low else []
        return limits + ([field < bindparam("high")] if self.high else [])


# Building a statement costs more than SQLite needs to run it; there are only so many shapes.
@lru_cache(maxsize=2000)
def _selection(
    dialect: Dialect,
    table: Table,
    tests: tuple[Test, ...],
    order: tuple[str, ...],
    *,
    first: bool,
    span: Span | None,
) -> Statement:
    columns = [table.c[n[1:]].desc() if n.startswith("-") else table.c[n] for n in order]
    limits = span.tests(table) if span else []
    query = select(table).where(_all(tests, table, dialect), *limits).order_by(*columns)
    return Statement(query.limit(1) if first else query, dialect)


@lru_cache(maxsize=500)
def _count(dialect: Dialect, table: Table, tests: tuple[Test, ...]) -> Statement:
    counted = select(func.count().label("count")).select_from(table)
    return Statement(counted.where(_all(tests, table, dialect)), dialect)


@lru_cache(maxsize=500)
def _update(dialect: Dialect, table: Table, names: tuple[str, ...], tests: tuple[Test, ...]) -> Change:
    values: Row = {name: bindparam(f"v_{name}") for name in names}
    return Change(update(table).where(_all(tests, table, dialect)).values(**values), dialect)


@lru_cache(maxsize=500)
def _removal(dialect: Dialect, table: Table, tests: tuple[Test, ...]) -> Change:
    return Change(delete(table).where(_all(tests, table, dialect)), dialect)


def _all(tests: tuple[Test, ...], table: Table, dialect: Dialect) -> ColumnElement[bool]:
    return and_(true(), *(test.of(table, dialect.name) for test in tests))


@lru_cache(maxsize=200)
def _key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


class Rows:
    """One table as rows of plain values; those of one community when the table has a ``community_id`` key."""

    def __init__(self, connection: Connection, entity: type[Base], community_id: str) -> None:
        self.connection = connection
        self.table: Table = tables.table(entity)
        self.key = _key(self.table)
        self.fixed: Row = {"community_id": community_id} if "community_id" in self.key else {}
        self.dialect = dialect_of(connection)

    def get(self, **key: Any) -> Row | None:
        """The one row with these values, or none."""
        found = self._select(key, (), first=True)
        return found[0] if found else None

    def rows(self, *order: str, **where: Any) -> list[Row]:
        """Rows with these values (a list, set or tuple: any of them), in this order (``-x`` descends)."""
        return self._select(where, order)

    def between(self, column: str, low: int | str | None, high: int | str | None, **where: Any) -> list[Row]:
        """Rows whose column lies in [low, high), in its order; an end that is None is open."""
        limits = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
        span = Span(column, low is not None, high is not None)
        return self._select(where, (column,), span=span, limits=limits)

    def last(self, *order: str, **where: Any) -> Row | None:
        """The row that comes last in this order."""
        found = self._select(where, tuple(f"-{name}" for name in order), first=True)
        return found[0] if found else None

    def count(self, **where: Any) -> int:
        """How many rows have these values."""
        tests, given = self._tests(where)
        ((found,),) = _count(self.dialect, self.table, tests).tuples(self.connection, **given)
        return int(found)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that must not exist yet."""
        if rows:
            bulk.insert(self.connection, self.table, rows, self.fixed)

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, or replace those with the same key."""
        if rows:
            bulk.upsert(self.connection, self.table, rows, self.fixed)

    def increase(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, or add what is no key to the row with the same key."""
        if rows:
            bulk.increase(self.connection, self.table, rows, self.fixed)

    def set(self, values: Mapping[str, Any], **where: Any) -> int:
        """Change columns of the rows with these values; how many there were."""
        if _none(where):
            return 0
        tests, given = self._tests(where)
        columns = self.table.c
        given |= {f"v_{name}": bulk.written(columns[name], value) for name, value in values.items()}
        return _update(self.dialect, self.table, tuple(values), tests).run(self.connection, **given)

    def remove(self, **where: Any) -> int:
        """Delete the rows with these values; how many there were."""
        if _none(where):
            return 0
        tests, given = self._tests(where)
        return _removal(self.dialect, self.table, tests).run(self.connection, **given)

    def _select(
        self,
        where: Row,
        order: Sequence[str],
        *,
        first: bool = False,
        span: Span | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        if _none(where):
            return []
        tests, given = self._tests(where)
        found = _selection(self.dialect, self.table, tests, tuple(order), first=first, span=span)
        return found.rows(self.connection, **given, **(limits or {}))

    def _tests(self, where: Mapping[str, Any]) -> tuple[tuple[Test, ...], Row]:
        """A condition as what decides its SQL, and its parameters."""
        tests, given = [], {}
        for name, value in {**self.fixed, **where}.items():
            how = "null" if value is None else "="
            if isinstance(value, SEVERAL):
                # A list of nothing but None has no row; the value None would ask for NULL.
                (one,) = value if len(value) == 1 else (None,)
                how, value = ("in", several(value, self.dialect.name)) if one is None else ("=", one)  # noqa: PLW2901
            tests.append(Test(name, how))
            if how != "null":
                given[f"w_{name}"] = value
        return tuple(tests), given


def _none(where: Mapping[str, Any]) -> bool:
    """Whether some column has to be one of no values at all."""
    return any(isinstance(value, SEVERAL) and not value for value in where.values())
