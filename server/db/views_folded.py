"""View tables folded from facts: each row is the last fact of its subject; ``fact_seq`` names that fact."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from server.db.base import Base, Key, MaybeMillis, Millis, NumberKey, Owned


class Site(Owned, Base):
    """A place where people tap: a desk, or a checkpoint of a round."""

    __tablename__ = "sites"
    site_id: Mapped[Key]
    name: Mapped[str]
    name_en: Mapped[str]
    role: Mapped[str]
    default_activity: Mapped[str | None]
    activities: Mapped[list[str]]
    place: Mapped[dict[str, Any]]
    """Where it is on the map: ``{"lng","lat"}`` or ``{"x","y"}``; empty when not drawn."""
    active: Mapped[bool]
    fact_seq: Mapped[Millis]


class Team(Owned, Base):
    """A volunteer team."""

    __tablename__ = "teams"
    team_id: Mapped[Key]
    name: Mapped[str]
    name_en: Mapped[str]
    active: Mapped[bool]
    fact_seq: Mapped[Millis]


class TeamMember(Owned, Base):
    """One person in one team."""

    __tablename__ = "team_members"
    __table_args__ = (Index("ix_team_members_volunteer", "community_id", "volunteer"),)
    team_id: Mapped[Key]
    volunteer: Mapped[Key]
    leader: Mapped[bool]


class ActivityRow(Owned, Base):
    """What a shift can be about."""

    __tablename__ = "activities"
    activity_id: Mapped[Key]
    name: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[str]
    """``service``, ``non_service`` or ``patrol``."""
    category: Mapped[str]
    least_proof: Mapped[str]
    training: Mapped[bool]
    checkpoints: Mapped[list[str]]
    active: Mapped[bool]
    fact_seq: Mapped[Millis]


class PlanRow(Owned, Base):
    """A planned turn as it stands now."""

    __tablename__ = "plans"
    __table_args__ = (Index("ix_plans_start", "community_id", "start"),)
    plan_id: Mapped[Key]
    activity_id: Mapped[str]
    site_id: Mapped[str]
    start: Mapped[Millis]
    end: Mapped[Millis]
    need: Mapped[Millis]
    members: Mapped[list[str]]
    team_id: Mapped[str | None]
    cancelled: Mapped[bool]
    holds_from: Mapped[Millis]
    recorded_at: Mapped[Millis]
    fact_seq: Mapped[Millis]


class PlanVersion(Owned, Base):
    """Every version of every plan, for taps before the last change."""

    __tablename__ = "plan_versions"
    __table_args__ = (Index("ix_plan_versions_start", "community_id", "start"),)
    plan_id: Mapped[Key]
    fact_seq: Mapped[NumberKey]
    activity_id: Mapped[str]
    site_id: Mapped[str]
    start: Mapped[Millis]
    end: Mapped[Millis]
    need: Mapped[Millis]
    members: Mapped[list[str]]
    team_id: Mapped[str | None]
    cancelled: Mapped[bool]
    holds_from: Mapped[Millis]
    recorded_at: Mapped[Millis]


class PlanMember(Owned, Base):
    """Who was ever planned in which plan: how a projection finds a person's plans."""

    __tablename__ = "plan_members"
    __table_args__ = (Index("ix_plan_members_volunteer", "community_id", "volunteer"),)
    plan_id: Mapped[Key]
    volunteer: Mapped[Key]
    current: Mapped[bool]
    """Whether the plan's present version still names the person."""


class PolicyRow(Owned, Base):
    """One setting from one moment on; the history stays."""

    __tablename__ = "policies"
    name: Mapped[Key]
    fact_seq: Mapped[NumberKey]
    value: Mapped[dict[str, Any]]
    """``{"value": …}``."""
    holds_from: Mapped[Millis]
    recorded_at: Mapped[Millis]
    recorded_by: Mapped[str]


class Card(Owned, Base):
    """A card as it stands now."""

    __tablename__ = "cards"
    __table_args__ = (
        Index("ix_cards_volunteer", "community_id", "volunteer"),
        Index("ix_cards_lookup", "community_id", "lookup"),
        Index("ix_cards_chip", "community_id", "chip"),
    )
    card_id: Mapped[Key]
    volunteer: Mapped[str]
    state: Mapped[str]
    """A state of ``server.domain.card_life``; only ``active`` opens anything."""
    since: Mapped[Millis]
    medium: Mapped[str]
    proof: Mapped[str]
    not_after: Mapped[MaybeMillis]
    lookup: Mapped[str]
    digest: Mapped[str | None]
    """Hash of the issued credential, to compare with a tap's evidence."""
    sealed: Mapped[str | None]
    """The credential encrypted under the server's key: names are wrapped for it, nobody else can read it."""
    public: Mapped[str | None]
    """A phone's public key (P-256, uncompressed point, hex): kiosks check its changing code with it."""
    chip: Mapped[str | None]
    """Look-up key of the chip's UID: one chip is one card at a time."""
    issued_at: Mapped[Millis]
    fact_seq: Mapped[Millis]


class CardOrder(Owned, Base):
    """A card that a person is to get; those that wait are the desk's queue, in the order of ``fact_seq``."""

    __tablename__ = "card_orders"
    __table_args__ = (
        Index("ix_card_orders_volunteer", "community_id", "volunteer"),
        Index("ix_card_orders_batch", "community_id", "batch", "state"),
    )
    order_id: Mapped[Key]
    volunteer: Mapped[str]
    kind: Mapped[str]
    """``write`` (an NTAG, whichever is laid down) or ``uid`` (a card that people have already)."""
    state: Mapped[str]
    """``requested``, ``made`` or ``cancelled``."""
    handover: Mapped[str]
    """``now``: it works as soon as it is made; ``later``: when it is handed over."""
    batch: Mapped[str]
    reason: Mapped[str]
    card_id: Mapped[str | None]
    replaces: Mapped[str | None]
    """The card that staff chose to be replaced, where a person may hold several."""
    requested_at: Mapped[Millis]
    requested_by: Mapped[str]
    since: Mapped[Millis]
    fact_seq: Mapped[Millis]


class Kiosk(Owned, Base):
    """A kiosk as it stands now."""

    __tablename__ = "kiosks"
    kiosk_id: Mapped[Key]
    name: Mapped[str]
    site_id: Mapped[str]
    state: Mapped[str]
    """``pending``, ``active`` or ``revoked``."""
    public_key: Mapped[str | None]
    desk: Mapped[MaybeMillis]
    """Since when staff may make cards at its reader; None where they may not."""
    since: Mapped[Millis]
    fact_seq: Mapped[Millis]


class DecisionRow(Owned, Base):
    """A decision of a leader or staff member."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_volunteer", "community_id", "volunteer"),
        Index("ix_decisions_shift", "community_id", "shift_id"),
        Index("ix_decisions_event", "community_id", "event_id"),
    )
    decision_id: Mapped[Key]
    kind: Mapped[str]
    by: Mapped[str]
    recorded_at: Mapped[Millis]
    reason: Mapped[str]
    shift_id: Mapped[str | None]
    event_id: Mapped[str | None]
    at: Mapped[MaybeMillis]
    volunteer: Mapped[str | None]
    """Whom it concerns, worked out when it was recorded."""
    day: Mapped[str | None]
    activity_id: Mapped[str | None]
    site_id: Mapped[str | None]
    started_at: Mapped[MaybeMillis]
    ended_at: Mapped[MaybeMillis]
    fact_seq: Mapped[Millis]


class CalendarDay(Owned, Base):
    """A day that differs from Monday to Friday (holiday or 调休), or from the school's usual week."""

    __tablename__ = "calendar"
    day: Mapped[Key]
    working: Mapped[bool | None]
    school: Mapped[bool | None]
    name: Mapped[str]
    fact_seq: Mapped[Millis]
