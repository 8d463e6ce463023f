"""The repository of shifts: those that time alone can change are found by an index of their own."""

from collections.abc import Collection
from functools import lru_cache

from sqlalchemy import Dialect, bindparam, select, text

from server.db import tables
from server.db.direct import Statement, one_of, several
from server.db.repositories import Row, Rows


class ShiftRows(Rows):
    """``shifts`` with what a projection asks for."""

    def unsettled(self, people: Collection[str] | None = None) -> list[Row]:
        """Shifts that time alone can change: of these people, or of everybody."""
        found = _unsettled(self.dialect, of_some=people is not None)
        given = {} if people is None else {"people": several(people, self.dialect.name)}
        return found.rows(self.connection, **self.fixed, **given)


@lru_cache(maxsize=64)
def _unsettled(dialect: Dialect, *, of_some: bool) -> Statement:
    shifts = tables.table(tables.ShiftRow)
    # Word for word as in the index, or SQLite does not see that the index holds them all.
    query = select(shifts).where(
        shifts.c.community_id == bindparam("community_id"), text(f"({tables.UNSETTLED})")
    )
    if of_some:
        query = query.where(one_of(shifts.c.volunteer, "people", dialect.name))
    return Statement(query, dialect)
