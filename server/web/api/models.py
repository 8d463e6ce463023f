"""Shapes of the open API: what a program may send as filters, and what it gets. Field names are promises."""

import msgspec


class Page(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Filters every list takes."""

    limit: int = 100
    """At most so many items, up to 1000."""
    after: str | None = None
    """Where the page before ended; taken from ``next``, never made up."""
    format: str = "json"
    """``json`` or ``csv``."""


class VolunteerQuery(Page, kw_only=True):
    """Filters of volunteers."""

    status: str | None = None
    on_duty: bool | None = None
    team: str | None = None


class CardQuery(Page, kw_only=True):
    """Filters of cards."""

    volunteer: str | None = None
    state: str | None = None


class EventQuery(Page, kw_only=True):
    """Filters of taps; from (inclusive) and to (exclusive) are dates or times."""

    volunteer: str | None = None
    kiosk: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class ShiftQuery(Page, kw_only=True):
    """Filters of shifts, by their start."""

    volunteer: str | None = None
    state: str | None = None
    activity: str | None = None
    site: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class EntryQuery(Page, kw_only=True):
    """Filters of ledger entries, by day of service."""

    volunteer: str | None = None
    book: str | None = None
    grade: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class BalanceQuery(Page, kw_only=True):
    """Filters of balances."""

    volunteer: str | None = None
    book: str | None = None
    grade: str | None = None


class StatisticsQuery(Page, kw_only=True):
    """How closed shifts are summed: by day, month, activity, site or team."""

    by: str = "month"
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class Volunteer(msgspec.Struct, kw_only=True):
    """A volunteer; no phone, address, birth date or ID number ever leaves this way."""

    number: str
    name: str
    team: str | None
    status: str
    on_duty: bool
    joined_on: str | None
    skills: list[str]
    trained: list[str]
    credited_minutes: int


class Team(msgspec.Struct, kw_only=True):
    """A team; leaders by number."""

    id: str
    name: str
    name_en: str
    members: int
    leaders: list[str]
    active: bool


class Activity(msgspec.Struct, kw_only=True):
    """What a shift can be about."""

    id: str
    name: str
    name_en: str
    kind: str
    category: str
    least_proof: str
    training: bool
    active: bool


class Site(msgspec.Struct, kw_only=True):
    """A place where people tap; activities by name."""

    id: str
    name: str
    name_en: str
    role: str
    activities: list[str]
    default_activity: str | None
    active: bool


class Card(msgspec.Struct, kw_only=True):
    """A card, without anything that could make one."""

    id: str
    volunteer: str
    state: str
    since: str
    medium: str
    proof: str
    issued_at: str
    not_after: str | None


class Event(msgspec.Struct, kw_only=True):
    """A tap as it was stored and graded; ``at`` is corrected time, ``uncertainty_ms`` says how sure it is."""

    id: str
    kiosk: str
    journal: str
    seq: int
    at: str
    uncertainty_ms: int
    received_at: str
    volunteer: str | None
    card: str
    medium: str
    proof: str
    activity: str | None
    site: str | None
    role: str
    action: str
    target: str | None
    shown: str
    status: str
    reason: str | None
    standing: str
    standing_reason: str | None


class Shift(msgspec.Struct, kw_only=True):
    """A shift; while it is open ``ended_at``, ``grade`` and ``credited_minutes`` are null."""

    id: str
    volunteer: str
    activity: str | None
    site: str | None
    started_at: str
    ended_at: str | None
    state: str
    grade: str | None
    proof: str
    credited_minutes: int | None
    flags: list[str]
    events: list[str]


class Entry(msgspec.Struct, kw_only=True):
    """One line of the ledger; lines of one transaction sum to zero in each book."""

    id: str
    transaction: int
    kind: str
    subject: str
    posted_at: str
    account: str
    volunteer: str | None
    book: str
    grade: str
    day: str
    amount: int


class Balance(msgspec.Struct, kw_only=True):
    """An account's sum in one book and grade: minutes, or point-minutes (60 = 1 point)."""

    account: str
    volunteer: str | None
    book: str
    grade: str
    amount: int


class Kiosk(msgspec.Struct, kw_only=True):
    """A kiosk as it stands now."""

    id: str
    name: str
    site: str | None
    state: str
    last_seen: str | None
    roster_version: int | None
    clock: str | None
    events: int


class Statistic(msgspec.Struct, kw_only=True):
    """A sum of closed shifts; minutes by grade are never merged."""

    key: str
    shifts: int
    volunteers: int
    credited_minutes: int
    tapped_minutes: int
    witnessed_minutes: int
    declared_minutes: int


class Volunteers(msgspec.Struct):
    """A page of volunteers."""

    items: list[Volunteer]
    next: str | None


class Teams(msgspec.Struct):
    """A page of teams."""

    items: list[Team]
    next: str | None


class Activities(msgspec.Struct):
    """A page of activities."""

    items: list[Activity]
    next: str | None


class Sites(msgspec.Struct):
    """A page of sites."""

    items: list[Site]
    next: str | None


class Cards(msgspec.Struct):
    """A page of cards."""

    items: list[Card]
    next: str | None


class Events(msgspec.Struct):
    """A page of taps."""

    items: list[Event]
    next: str | None


class Shifts(msgspec.Struct):
    """A page of shifts."""

    items: list[Shift]
    next: str | None


class Entries(msgspec.Struct):
    """A page of ledger entries."""

    items: list[Entry]
    next: str | None


class Balances(msgspec.Struct):
    """A page of balances."""

    items: list[Balance]
    next: str | None


class Kiosks(msgspec.Struct):
    """A page of kiosks."""

    items: list[Kiosk]
    next: str | None


class Statistics(msgspec.Struct):
    """A page of sums."""

    items: list[Statistic]
    next: str | None


class Message(msgspec.Struct):
    """Words for people in both languages."""

    zh: str
    en: str


class Fault(msgspec.Struct):
    """What went wrong: a code for programs, a message for people."""

    error: str
    message: Message
