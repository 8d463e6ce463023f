"""One transaction in one community, with its repositories; leaving without commit rolls back."""

from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, inspect, select

from server.db import tables
from server.db.base import Base
from server.db.clock_rows import ClockRows
from server.db.direct import run
from server.db.event_rows import EventRows
from server.db.repositories import Rows
from server.db.session import Database
from server.db.shift_rows import ShiftRows
from server.db.views import Views

REPOSITORIES: dict[str, type[Base]] = {
    "communities": tables.Community,
    "facts": tables.FactRow,
    "event_members": tables.EventMember,
    "journals": tables.Journal,
    "clock_samples": tables.ClockSampleRow,
    "chain_heads": tables.ChainHead,
    "projections": tables.ProjectionRow,
    "ledger_transactions": tables.LedgerTransaction,
    "ledger_lines": tables.LedgerLine,
    "balances": tables.Balance,
    "sites": tables.Site,
    "teams": tables.Team,
    "team_members": tables.TeamMember,
    "activities": tables.ActivityRow,
    "plans": tables.PlanRow,
    "plan_versions": tables.PlanVersion,
    "plan_members": tables.PlanMember,
    "policies": tables.PolicyRow,
    "cards": tables.Card,
    "card_orders": tables.CardOrder,
    "kiosks": tables.Kiosk,
    "decisions": tables.DecisionRow,
    "calendar": tables.CalendarDay,
    "volunteers": tables.Volunteer,
    "consents": tables.Consent,
    "users": tables.User,
    "tokens": tables.Token,
    "kiosk_directory": tables.KioskDirectory,
    "enrolment_codes": tables.EnrolmentCode,
    "kiosk_nonces": tables.KioskNonce,
    "kiosk_sessions": tables.KioskSession,
    "last_seen": tables.LastSeen,
    "desks": tables.Desk,
    "logos": tables.Logo,
    "roster_snapshots": tables.RosterSnapshot,
    "exports": tables.ExportLog,
}
"""Attribute of a unit of work -> table; ``events`` and ``shifts`` have repositories of their own."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_BUMP = "UPDATE communities SET roster_version = roster_version + 1 WHERE community_id = "


class UnitOfWork:
    """``with database.unit_of_work(community) as uow: …; uow.commit()``."""

    def __init__(self, database: Database, community_id: str, *, writes: bool = True) -> None:
        self.database = database
        self.community_id = community_id
        self.writes = writes
        self._stack = ExitStack()
        self._repositories: dict[str, Rows] = {}
        self.connection: Connection

    def __enter__(self) -> Self:
        opened: AbstractContextManager[Connection]
        opened = self.database.writing() if self.writes else self.database.reading()
        self.connection = self._stack.enter_context(opened)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.rollback()
        self._stack.close()

    def commit(self) -> None:
        """Make everything durable; the unit can go on with a new transaction."""
        self.connection.commit()

    def become(self, community_id: str) -> None:
        """Go on in another community: logins and kiosks are found before their community is known."""
        self.community_id = community_id
        self._repositories.clear()
        for name in ("clocks", "events", "shifts", "views"):
            self.__dict__.pop(name, None)

    def rows(self, name: str) -> Rows:
        """The repository of one table."""
        if name in ("events", "shifts"):
            return self.events if name == "events" else self.shifts
        if name not in self._repositories:
            self._repositories[name] = Rows(self.connection, REPOSITORIES[name], self.community_id)
        return self._repositories[name]

    def __getattr__(self, name: str) -> Rows:
        if name in REPOSITORIES:
            return self.rows(name)
        raise AttributeError(name)

    @cached_property
    def events(self) -> EventRows:
        """Tap events, with the set-based statements of ingest and projection."""
        return EventRows(self.connection, tables.EventRow, self.community_id)

    @cached_property
    def clocks(self) -> ClockRows:
        """Clock samples, with what the correction of times asks for."""
        return ClockRows(self.connection, tables.ClockSampleRow, self.community_id)

    @cached_property
    def shifts(self) -> ShiftRows:
        """Shifts, with what a projection asks for."""
        return ShiftRows(self.connection, tables.ShiftRow, self.community_id)

    @cached_property
    def views(self) -> Views:
        """Read queries for screens and the open API."""
        return Views(self.connection, self.community_id)

    def community_ids(self) -> list[str]:
        """Every community in this database; empty when it has no tables yet."""
        if not inspect(self.connection).has_table("communities"):
            return []
        column = tables.table(tables.Community).c.community_id
        return list(self.connection.execute(select(column).order_by(column)).scalars())

    def strangers(self) -> list[tuple[str, str]]:
        """Rows of communities that do not exist: (table, community)."""
        known = self.community_ids()
        found = []
        for name, table in sorted(Base.metadata.tables.items()):
            if "community_id" in table.primary_key.columns:
                column = table.c.community_id
                query = select(column).where(column.not_in(known)).distinct()
                found += [(name, str(value)) for value in self.connection.execute(query).scalars()]
        return found

    def lock(self) -> None:
        """Let one writer at a time into this community (SQLite has only one writer anyway)."""
        if self.connection.dialect.name == "postgresql":
            run(self.connection, _LOCK, (f"yika:{self.community_id}",))

    def bump(self) -> None:
        """Raise the community's change counter, so that kiosks fetch their roster."""
        run(self.connection, _BUMP + ("?" if self.database.is_sqlite else "%s"), (self.community_id,))
