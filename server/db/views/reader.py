"""What every group of read queries shares: one connection, one community, rows as plain values."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, Table, cast, func, select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.base import Base

Row = dict[str, Any]
Wanted = Mapping[str, Any]
"""Which rows: names and values of a filter; what is left out or None does not matter."""


class Reader:
    """Queries of one community over one connection."""

    def __init__(self, connection: Connection, community_id: str) -> None:
        self.connection = connection
        self.community_id = community_id

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The test that leads every predicate: rows of this community."""
        return table.c.community_id == self.community_id

    def all(self, query: Select[Any]) -> list[Row]:
        """Every row of a query."""
        return [dict(row) for row in self.connection.execute(query).mappings()]

    def first(self, query: Select[Any]) -> Row | None:
        """The first row of a query, or none."""
        found = self.connection.execute(query.limit(1)).mappings().first()
        return dict(found) if found else None

    def number(self, query: Select[Any]) -> int:
        """One number; nothing counts as zero."""
        return int(self.connection.execute(query).scalar() or 0)

    def count(self, table: Table, *tests: ColumnElement[bool]) -> int:
        """How many rows of this community pass these tests."""
        return self.number(select(func.count()).select_from(table).where(self.mine(table), *tests))


def total(column: ColumnElement[int]) -> ColumnElement[Any]:
    """The sum of a column, nothing counts as zero; an integer also on PostgreSQL, which adds in decimals."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def core(entity: type[Base]) -> Table:
    """The Core table of an entity."""
    return tables.table(entity)


VOLUNTEERS = core(tables.Volunteer)
TEAMS = core(tables.Team)
TEAM_MEMBERS = core(tables.TeamMember)
SITES = core(tables.Site)
ACTIVITIES = core(tables.ActivityRow)
PLANS = core(tables.PlanRow)
SHIFTS = core(tables.ShiftRow)
EVENTS = core(tables.EventRow)
DECISIONS = core(tables.DecisionRow)
CARDS = core(tables.Card)
KIOSKS = core(tables.Kiosk)
LAST_SEEN = core(tables.LastSeen)
BALANCES = core(tables.Balance)
LINES = core(tables.LedgerLine)
TRANSACTIONS = core(tables.LedgerTransaction)

ACCOUNT_PREFIX = "person:"
"""Before a volunteer's number in the ledger's accounts (server/domain/ledger.py)."""


def joined(left: Table, right: Table, *pairs: tuple[str, str]) -> ColumnElement[bool]:
    """The condition of a join within one community."""
    condition = left.c.community_id == right.c.community_id
    for mine, theirs in pairs:
        condition = condition & (left.c[mine] == right.c[theirs])
    return condition
