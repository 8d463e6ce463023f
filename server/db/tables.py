"""All tables in one place: facts and events (written once), what is folded and derived from them, and people.

Three families. *Written once*: ``facts``, ``events``, ``ledger_transactions``, ``ledger_lines``; the database
refuses changes (guards.py). *Derived*: everything ``audit`` makes again and compares. *Personal or passing*:
volunteers, consents, logins, codes, sessions, last seen; outside the audit.
"""

from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from server.db.base import Base, Key, MaybeMillis, Millis, NumberKey, Owned
from server.db.people import (
    Consent,
    Desk,
    EnrolmentCode,
    ExportLog,
    KioskDirectory,
    KioskNonce,
    KioskSession,
    LastSeen,
    Logo,
    RosterSnapshot,
    Token,
    User,
    Volunteer,
)
from server.db.views_folded import (
    ActivityRow,
    CalendarDay,
    Card,
    CardOrder,
    DecisionRow,
    Kiosk,
    PlanMember,
    PlanRow,
    PlanVersion,
    PolicyRow,
    Site,
    Team,
    TeamMember,
)

__all__ = [
    "ActivityRow",
    "Balance",
    "Base",
    "CalendarDay",
    "Card",
    "CardOrder",
    "ChainHead",
    "ClockSampleRow",
    "Community",
    "Consent",
    "DecisionRow",
    "Desk",
    "EnrolmentCode",
    "EventMember",
    "EventRow",
    "ExportLog",
    "FactRow",
    "Journal",
    "Kiosk",
    "KioskDirectory",
    "KioskNonce",
    "KioskSession",
    "LastSeen",
    "LedgerLine",
    "LedgerTransaction",
    "Logo",
    "PlanMember",
    "PlanRow",
    "PlanVersion",
    "PolicyRow",
    "ProjectionRow",
    "RosterSnapshot",
    "ShiftRow",
    "Site",
    "Team",
    "TeamMember",
    "Token",
    "User",
    "Volunteer",
    "table",
]


UNSETTLED = "state IN ('open', 'end_missing', 'held') OR state = 'void' AND ended_at IS NULL"
"""Shifts that time alone can change; it also changes what is void without ever having ended."""


NAMING = "members <> '[]'"
"""Events of leaders that name people: there are few."""
OPEN_CHECKPOINT = "role = 'checkpoint' AND body IS NOT NULL"
"""Checkpoint taps that are not sealed yet: none is older than their retention."""


def _partial(name: str, *columns: str, where: str) -> Index:
    """An index of some rows only."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Community(Owned, Base):
    """One community: the tenant of every other row."""

    __tablename__ = "communities"
    name: Mapped[str]
    name_en: Mapped[str]
    zone: Mapped[str]
    contact: Mapped[str]
    created_at: Mapped[Millis]
    roster_version: Mapped[Millis]
    """Change counter: rises whenever something may change a roster."""


class FactRow(Owned, Base):
    """One fact in the community's own chain; never updated, never deleted."""

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_subject", "community_id", "kind", "subject", "seq"),)
    seq: Mapped[NumberKey]
    kind: Mapped[str]
    subject: Mapped[str]
    holds_from: Mapped[Millis]
    recorded_at: Mapped[Millis]
    recorded_by: Mapped[str]
    body: Mapped[str]
    """Canonical JSON, the bytes that were hashed."""
    prev: Mapped[str]
    hash: Mapped[str]


class EventRow(Owned, Base):
    """One tap event as received (written once), and behind ``received_at`` what is derived from it."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint(
            "community_id", "kiosk_id", "journal_id", "seq", "hash", name="uq_events_place_in_journal"
        ),
        Index("ix_events_volunteer", "community_id", "volunteer", "at"),
        Index("ix_events_at", "community_id", "at"),
        Index("ix_events_batch", "community_id", "batch_seq"),
        Index("ix_events_card", "community_id", "card_id"),
        _partial("ix_events_target", "community_id", "target", where="target IS NOT NULL"),
        _partial("ix_events_naming", "community_id", "at", where=NAMING),
        _partial("ix_events_open_checkpoints", "community_id", "at", where=OPEN_CHECKPOINT),
        {"postgresql_partition_by": "HASH (community_id)"},
    )
    event_id: Mapped[Key]
    """The kiosk's id; ``unreadable:HASH`` or ``conflict:HASH`` for a body that has none of its own."""
    kiosk_id: Mapped[str]
    journal_id: Mapped[str]
    seq: Mapped[Millis]
    salt: Mapped[str | None]
    body: Mapped[str | None]
    """The bytes as pushed; erased together with the salt by sealing."""
    prev: Mapped[str]
    inner: Mapped[str]
    hash: Mapped[str]
    batch_seq: Mapped[Millis]
    """The batch fact that says how this event was received."""
    status: Mapped[str]
    reason: Mapped[str | None]
    received_at: Mapped[Millis]
    boot_id: Mapped[str]
    uptime_ms: Mapped[Millis]
    wall: Mapped[Millis]
    clock: Mapped[str]
    at: Mapped[Millis]
    """When it happened, corrected."""
    uncertainty: Mapped[Millis]
    site_id: Mapped[str]
    volunteer: Mapped[str | None]
    card_id: Mapped[str]
    medium: Mapped[str]
    proof: Mapped[str]
    """As graded again by the server."""
    activity_id: Mapped[str | None]
    activity_by: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    target: Mapped[str | None]
    members: Mapped[list[str]]
    shown: Mapped[str]
    standing: Mapped[str]
    standing_reason: Mapped[str | None]


class EventMember(Owned, Base):
    """Whom a leader's team event names: how a projection finds the events that concern a person."""

    __tablename__ = "event_members"
    volunteer: Mapped[Key]
    event_id: Mapped[Key]


class Journal(Owned, Base):
    """One kiosk journal as far as it has arrived."""

    __tablename__ = "journals"
    kiosk_id: Mapped[Key]
    journal_id: Mapped[Key]
    prior_journal: Mapped[str | None]
    prior_head: Mapped[str | None]
    head_seq: Mapped[Millis]
    head_hash: Mapped[str]
    fork_seq: Mapped[MaybeMillis]
    """The first place where two histories of this journal differ; from there on nothing counts by itself."""
    first_received: Mapped[Millis]
    last_received: Mapped[Millis]


class ClockSampleRow(Owned, Base):
    """Evidence of one kiosk's clocks, folded from batch facts."""

    __tablename__ = "clock_samples"
    __table_args__ = (
        Index("ix_clock_samples_place", "community_id", "kiosk_id", "journal_id", "last_seq", "fact_seq"),
        Index("ix_clock_samples_boot", "community_id", "kiosk_id", "journal_id", "boot_id", "fact_seq"),
    )
    kiosk_id: Mapped[Key]
    journal_id: Mapped[Key]
    fact_seq: Mapped[NumberKey]
    boot_id: Mapped[str]
    uptime_ms: Mapped[Millis]
    wall: Mapped[Millis]
    clock: Mapped[str]
    server_time: Mapped[Millis]
    last_seq: Mapped[Millis]
    """The last event that was certainly in the journal at that moment."""


class ChainHead(Owned, Base):
    """The signed end of a chain (``facts``, ``ledger``): a cut tail shows, only the server's key moves it."""

    __tablename__ = "chain_heads"
    chain: Mapped[Key]
    seq: Mapped[Millis]
    hash: Mapped[str]
    signature: Mapped[str]


class ShiftRow(Owned, Base):
    """One derived shift, as ``server.domain.shifts`` gives it."""

    __tablename__ = "shifts"
    __table_args__ = (
        Index("ix_shifts_volunteer", "community_id", "volunteer", "started_at"),
        Index("ix_shifts_day", "community_id", "day"),
        Index("ix_shifts_state", "community_id", "state"),
        _partial("ix_shifts_unsettled", "community_id", "volunteer", where=UNSETTLED),
    )
    shift_id: Mapped[Key]
    volunteer: Mapped[str]
    activity_id: Mapped[str | None]
    site_id: Mapped[str]
    plan_id: Mapped[str | None]
    day: Mapped[str]
    started_at: Mapped[Millis]
    ended_at: Mapped[MaybeMillis]
    state: Mapped[str]
    grade: Mapped[str | None]
    proof: Mapped[str]
    minutes: Mapped[Millis]
    credited: Mapped[Millis]
    proposed_end: Mapped[MaybeMillis]
    known_at: Mapped[Millis]
    flags: Mapped[list[str]]
    events: Mapped[list[str]]


class ProjectionRow(Owned, Base):
    """The moment as of which all of one person's shifts hold."""

    __tablename__ = "projections"
    volunteer: Mapped[Key]
    as_of: Mapped[Millis]


class LedgerTransaction(Owned, Base):
    """One transaction of the ledger, in its own chain; never updated, never deleted."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (Index("ix_ledger_transactions_subject", "community_id", "subject"),)
    seq: Mapped[NumberKey]
    kind: Mapped[str]
    """``shift``, ``spend``, ``expire``, ``donate``, ``give`` or ``reverse``."""
    subject: Mapped[str]
    """The shift's id, or the fact that caused it."""
    revision: Mapped[Millis]
    posted_at: Mapped[Millis]
    posted_by: Mapped[str]
    body: Mapped[dict[str, Any]]
    """What the rules need later: reason, period, lots named."""
    prev: Mapped[str]
    hash: Mapped[str]
    """Over the transaction and all its lines."""


class LedgerLine(Owned, Base):
    """One line: an amount in one book for one account; a transaction's lines sum to zero in each book."""

    __tablename__ = "ledger_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["community_id", "tx_seq"], ["ledger_transactions.community_id", "ledger_transactions.seq"]
        ),
        Index("ix_ledger_lines_account", "community_id", "account", "book", "day"),
    )
    tx_seq: Mapped[NumberKey]
    line: Mapped[NumberKey]
    book: Mapped[str]
    account: Mapped[str]
    """``person:NUMBER``, or a community account (see server/domain/ledger.py)."""
    grade: Mapped[str]
    day: Mapped[str]
    """The service date."""
    amount: Mapped[Millis]
    """Minutes (hours, savings) or point-minutes (points)."""


class Balance(Owned, Base):
    """The sum of an account's lines, kept in the transaction that wrote them and proved by ``audit``."""

    __tablename__ = "balances"
    account: Mapped[Key]
    book: Mapped[Key]
    grade: Mapped[Key]
    amount: Mapped[Millis]


def table(entity: type[Base]) -> Table:
    """The Core table of an entity: repositories and views work with these."""
    found = entity.__table__
    assert isinstance(found, Table)
    return found
