"""Personal data, logins and passing state: may change, may be erased, outside the audit."""

from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Key, MaybeMillis, Millis, NumberKey, Owned


class Volunteer(Owned, Base):
    """A person. ``status``, ``team_id``, ``trained``, ``guardian_consent`` are folded from member facts."""

    __tablename__ = "volunteers"
    __table_args__ = (
        Index("ix_volunteers_initials", "community_id", "initials"),
        Index("ix_volunteers_team", "community_id", "team_id"),
        Index("ix_volunteers_phone", "community_id", "phone"),
    )
    number: Mapped[Key]
    name: Mapped[str]
    pinyin: Mapped[str]
    """Full pinyin without tones, for search: ``wang xiaohua``."""
    initials: Mapped[str]
    """First letters: ``wxh``."""
    sex: Mapped[str]
    """``f``, ``m`` or empty."""
    birth: Mapped[str | None]
    """ISO date."""
    phone: Mapped[str | None]
    area: Mapped[str]
    """Estate and building, no room."""
    skills: Mapped[list[str]]
    name_display: Mapped[str]
    """What shared screens may show: ``full``, ``title`` (surname + title), ``nickname`` or ``none``."""
    nickname: Mapped[str]
    guardian: Mapped[dict[str, Any]]
    """``{"name","phone","relation"}`` or empty."""
    id_number: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted by the service; never in lists, exports or logs."""
    national_no: Mapped[str | None]
    joined_on: Mapped[str]
    created_at: Mapped[Millis]
    updated_at: Mapped[Millis]
    status: Mapped[str]
    """``active``, ``inactive``, ``left`` or ``deceased``."""
    team_id: Mapped[str | None]
    trained: Mapped[list[str]]
    guardian_consent: Mapped[bool]


class Logo(Owned, Base):
    """The picture that a community has printed on its cards."""

    __tablename__ = "logos"
    picture: Mapped[bytes] = mapped_column(LargeBinary)
    """A PNG, as it was found fit for printing."""
    set_at: Mapped[Millis]
    set_by: Mapped[str]


class Consent(Owned, Base):
    """One consent for one purpose (``record``, ``wall``, ``ranking``, ``photo``, ``upload``, ``wechat``…)."""

    __tablename__ = "consents"
    number: Mapped[Key]
    purpose: Mapped[Key]
    granted_at: Mapped[MaybeMillis]
    withdrawn_at: Mapped[MaybeMillis]
    recorded_by: Mapped[str]
    wording: Mapped[str]
    """Version of the notice that was shown."""


class User(Base):
    """A login; a small global table, since a name is typed before any community is known."""

    __tablename__ = "users"
    user_id: Mapped[Key]
    community_id: Mapped[str]
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    """``admin``, ``staff``, ``leader``, ``auditor`` or ``volunteer``."""
    volunteer: Mapped[str | None]
    active: Mapped[bool]
    created_at: Mapped[Millis]
    epoch: Mapped[Millis]
    """Rises to end all sessions of this user."""


class Token(Base):
    """A bearer token of the open API; only its hash is kept."""

    __tablename__ = "tokens"
    token_hash: Mapped[Key]
    community_id: Mapped[str]
    name: Mapped[str]
    scope: Mapped[str]
    """``read`` or ``write``."""
    created_at: Mapped[Millis]
    expires_at: Mapped[MaybeMillis]
    revoked_at: Mapped[MaybeMillis]


class KioskDirectory(Base):
    """In which community a kiosk is: a kiosk names only itself."""

    __tablename__ = "kiosk_directory"
    kiosk_id: Mapped[Key]
    community_id: Mapped[str]


class EnrolmentCode(Base):
    """A one-time code for a kiosk, by its hash."""

    __tablename__ = "enrolment_codes"
    code_hash: Mapped[Key]
    community_id: Mapped[str]
    kiosk_id: Mapped[str]
    created_at: Mapped[Millis]
    expires_at: Mapped[Millis]
    used_at: Mapped[MaybeMillis]


class KioskNonce(Base):
    """A nonce that buys one session; the row is deleted when it is used."""

    __tablename__ = "kiosk_nonces"
    nonce_hash: Mapped[Key]
    kiosk_id: Mapped[str]
    expires_at: Mapped[Millis]


class KioskSession(Base):
    """A kiosk's session of fifteen minutes; its counter only rises."""

    __tablename__ = "kiosk_sessions"
    session_hash: Mapped[Key]
    community_id: Mapped[str]
    kiosk_id: Mapped[str]
    counter: Mapped[Millis]
    expires_at: Mapped[Millis]


class LastSeen(Owned, Base):
    """When a kiosk last spoke, and what it said about itself."""

    __tablename__ = "last_seen"
    kiosk_id: Mapped[Key]
    at: Mapped[Millis]
    roster_version: Mapped[MaybeMillis]
    clock: Mapped[str | None]


class Desk(Owned, Base):
    """An open issuing desk: whose card is being made at a kiosk's reader, and how far it is."""

    __tablename__ = "desks"
    kiosk_id: Mapped[Key]
    opened_by: Mapped[str]
    opened_at: Mapped[Millis]
    lease_until: Mapped[Millis]
    """The staff's page prolongs it; without the page the reader goes back to taps."""
    seen_at: Mapped[MaybeMillis]
    """When the kiosk last heard that cards are made at it."""
    batch: Mapped[str | None]
    """Whose queue goes on by itself."""
    order_id: Mapped[str | None]
    """Whose card comes next."""
    attempt: Mapped[str | None]
    word: Mapped[str]
    """``waiting``, ``writing``, or what came of the last card (``server.services.desk``)."""
    detail: Mapped[dict[str, Any]]
    changed_at: Mapped[Millis]


class RosterSnapshot(Owned, Base):
    """The last few rosters a kiosk was given, as bases for deltas."""

    __tablename__ = "roster_snapshots"
    kiosk_id: Mapped[Key]
    version: Mapped[NumberKey]
    hash: Mapped[str]
    day: Mapped[str]
    """Plans and ages are shown as of this day: on the next, the roster is another."""
    entries: Mapped[bytes] = mapped_column(LargeBinary)
    """Canonical JSON, compressed."""


class ExportLog(Owned, Base):
    """Who took what out, when (PIPL art. 55, 网络数据条例 art. 12)."""

    __tablename__ = "exports"
    export_id: Mapped[Key]
    at: Mapped[Millis]
    by: Mapped[str]
    what: Mapped[str]
    detail: Mapped[dict[str, Any]]
    rows: Mapped[Millis]
