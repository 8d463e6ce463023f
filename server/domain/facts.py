"""The facts everything else is derived from: taps at corrected time, plans, decisions, rules in force.

A fact is stored once; what changes is a later fact. ``holds_from`` says from when in the world it holds,
``recorded_at`` when the server learned it. Times are milliseconds since the Unix epoch, UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.contract.rules import Plan, Policy


class FactKind(StrEnum):
    """Kinds of rows in the server's own chain of facts."""

    SITE = "site"
    TEAM = "team"
    ACTIVITY = "activity"
    PLAN = "plan"
    POLICY = "policy"
    MEMBER = "member"
    """A volunteer's status, consents, training and guardian's consent."""
    BINDING = "binding"
    """A card bound to a person, and each later step of its life."""
    CARD_ORDER = "card_order"
    """A card that a person is to get: asked for, made, or called off."""
    KIOSK = "kiosk"
    CALENDAR = "calendar"
    """One day's working or school status, from the State Council's yearly notice."""
    DECISION = "decision"
    CLOCK = "clock"
    """A sample of a kiosk's clocks."""
    BATCH = "batch"
    """One push as it was received, with a digest over what was stored and said about each event."""
    POSTING_CLOSED = "posting_closed"
    """A ledger period that takes no more rows."""
    REDACTION = "redaction"
    SUN = "sun"
    """A card read by a phone: the counter in its message, which only rises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of the server's chain."""

    seq: int
    kind: FactKind
    subject: str
    """Whom or what it is about: a plan's id, a volunteer's number, a card's id…"""
    holds_from: int
    recorded_at: int
    recorded_by: str
    body: dict[str, Any]


class TapStanding(StrEnum):
    """Whether a stored tap may count."""

    GOOD = "good"
    SHOWN_REFUSED = "shown_refused"
    """The kiosk refused it, or called it already done: counts only when staff restore it."""
    CONTRADICTED = "contradicted"
    """Accepted at the kiosk, but the register says otherwise (lost card, weaker proof, used phone code)."""
    QUARANTINED = "quarantined"
    """Unreadable, forked or pushed by a revoked kiosk: counts only when staff release it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One event as the projection sees it: at corrected time, with the person and place worked out."""

    event_id: str
    at: int
    """When it happened, corrected."""
    uncertainty: int
    """± milliseconds; the shift is flagged ``time_uncertain`` when this passes a minute."""
    kiosk_id: str
    journal_id: str
    seq: int
    """Order inside one journal is always this, whatever the clocks said."""
    site_id: str
    volunteer: str | None
    card_id: str
    proof: str
    """As the server graded it again."""
    activity_id: str | None
    activity_by: str
    role: str
    action: str
    target: str | None
    members: tuple[str, ...]
    shown: str
    standing: TapStanding = TapStanding.GOOD
    reason: str | None = None
    received_at: int = 0
    """When the server first stored it: deadlines count from when the server could know."""


class DecisionKind(StrEnum):
    """What a leader or staff member can decide; each is a fact with who, when and why."""

    CONFIRM_END = "confirm_end"
    """``shift_id``, ``at``: a missing end happened then."""
    DENY_END = "deny_end"
    """``shift_id``: no end can be confirmed; settles at zero now."""
    RESTORE_TAP = "restore_tap"
    """``event_id``: count a tap that was refused, contradicted or quarantined."""
    SET_ASIDE_TAP = "set_aside_tap"
    """``event_id``: do not count this tap."""
    APPROVE_EXCESS = "approve_excess"
    """``volunteer``, ``day``: credit what the day's cap holds."""
    DECLARE_SHIFT = "declare_shift"
    """``volunteer``, ``activity_id``, ``site_id``, ``started_at``, ``ended_at``: entered after (补录)."""
    VOID_SHIFT = "void_shift"
    """``shift_id``: worth nothing, with the reason on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision about a shift, tap or day. Nobody decides about their own hours."""

    decision_id: str
    kind: DecisionKind
    by: str
    """The person's volunteer number or user name."""
    recorded_at: int
    reason: str
    shift_id: str | None = None
    event_id: str | None = None
    at: int | None = None
    volunteer: str | None = None
    day: str | None = None
    activity_id: str | None = None
    site_id: str | None = None
    started_at: int | None = None
    ended_at: int | None = None


class ShiftState(StrEnum):
    """Where a shift stands."""

    OPEN = "open"
    CLOSED = "closed"
    END_MISSING = "end_missing"
    HELD = "held"
    """Counts as evidence, credits nothing until staff release it."""
    VOID = "void"
    SETTLED_ZERO = "settled_zero"


class Flag(StrEnum):
    """What a shift wants a person to know about it; a closed list, in ``Shift.flags``."""

    LATE_END = "late_end"
    """Ended behind its window: counted up to the window."""
    SHOWN_DIFFERS = "shown_differs"
    """A kiosk told the person something else: to be said at the next tap."""
    TIME_UNCERTAIN = "time_uncertain"
    """One of its ends is known to no better than a minute."""
    DATE_UNCERTAIN = "date_uncertain"
    """Its start may lie on another date: wants confirmation."""
    CONTRADICTED = "contradicted"
    """The register contradicts a tap (lost card, used phone code…)."""
    QUARANTINED = "quarantined"
    """A tap lies in quarantine (forked journal, revoked kiosk)."""
    PROOF_TOO_WEAK = "proof_too_weak"
    """A tap proved less than the activity accepts."""
    ACTIVITY_MISSING = "activity_missing"
    NON_SERVICE = "non_service"
    """Rehearsal, training, meeting: 0 minutes (民政部令67 art. 19)."""
    BELOW_MINIMUM = "below_minimum"
    END_AGREED = "end_agreed"
    """The person agreed with the proposed end; a leader still has to confirm it."""
    END_CONFIRMED = "end_confirmed"
    END_DENIED = "end_denied"
    END_CLIPPED = "end_clipped"
    """A later end was asked for than planned: the planned one stands."""
    OWN_DECISION = "own_decision"
    """The person decided about their own hours: ignored."""
    LATE_DECISION = "late_decision"
    """Decided after the shift had settled: ignored."""
    UNUSABLE_DECISION = "unusable_decision"
    """Names no moment that could be this shift's end: ignored."""
    VOIDED = "voided"
    OVERLAP = "overlap"
    """Entered for a time that another credited shift already covers."""
    DECLARED_AHEAD = "declared_ahead"
    """Entered for a time that had not passed yet."""
    OVER_DAY_CAP = "over_day_cap"
    EXCESS_APPROVED = "excess_approved"


class Grade(StrEnum):
    """How a minute is known; a shift has the weaker grade of its two ends."""

    TAPPED = "tapped"
    WITNESSED = "witnessed"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """One version of a plan as it held for one person: facts are versioned, so are plans."""

    plan: Plan
    holds_from: int
    """Taps before this moment never see this version."""
    recorded_at: int
    cancelled: bool = False
    members: tuple[str, ...] = ()
    """Whom it names; a plan that names nobody is its whole team's."""
    team_id: str | None = None
    seq: int = 0
    """Its place in the chain of facts: of versions recorded together the later counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a shift is about, as the rules need it."""

    activity_id: str
    is_service: bool = True
    """Rehearsal, own training, meetings and paid work are not (民政部令67 art. 19): 0 minutes."""
    least_proof: str = "uid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Policies in force from a moment on: what both sides share, and what only the server needs."""

    holds_from: int
    shared: Policy
    day_cap: int = 480
    """Minutes a person may be credited per day; the excess is held for approval."""
    leader_working_days: int = 3
    settle_working_days: int = 10
    """民政部令67 art. 11."""
    earns: str = "points"
    """``points``, ``savings`` or ``both``."""
    point_rate: int = 1
    """Points for an hour."""
    points_expire_years: int = 1
    """Points die on 31 December of the year so many years after posting."""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything but taps that a projection of one person needs."""

    plans: Sequence[PersonPlan] = ()
    decisions: Sequence[Decision] = ()
    rules: Sequence[Rules] = ()
    activities: dict[str, Activity] = field(default_factory=dict)
    working_days: dict[str, bool] = field(default_factory=dict)
    """Exceptions to Monday–Friday by date (调休)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One turn of service, derived: never edited, only derived again."""

    shift_id: str
    """The opening event's id, ``EVENT/NUMBER`` when a leader's team event opened it, or the decision's."""
    volunteer: str
    activity_id: str | None
    site_id: str
    plan_id: str | None
    day: str
    """Asia/Shanghai date of the start."""
    started_at: int
    ended_at: int | None
    state: ShiftState
    grade: Grade | None
    """``None`` while open."""
    proof: str
    """The weaker proof of its taps."""
    minutes: int
    """Counted inside the window, before the day's cap."""
    credited: int
    """What the ledger shall hold."""
    proposed_end: int | None = None
    known_at: int = 0
    """When the server could first know that this shift wants a decision: deadlines count from here."""
    flags: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
