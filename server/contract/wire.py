"""The wire between kiosk and server: tap events and their chain, pushes, answers, signatures, rosters.

Times are integers: milliseconds since the Unix epoch, UTC (``wall``), or since the machine started
(``uptime_ms``, CLOCK_BOOTTIME). Hashes are SHA-256 in lower-case hex. JSON is canonical: UTF-8, keys sorted,
no white space, so that the bytes that were hashed can be made again by anyone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

VERSION = 1
MAX_PUSH = 500
"""Most events in one push; a kiosk with more sends ranges in order."""
PUT_BACK = 1_000_000
"""How far the roster's version leaps, at least, when a server is put back from a backup.

A kiosk that sees half of that sends all it holds once more: of what a restored server lacks, what comes after
the restore shows only what lies right below it. No community changes its register as often meanwhile.
"""
MAX_TEXT = 200
"""Characters in one text field of an event."""


class WireError(ValueError):
    """What came over the wire is not what this version of the contract describes."""


class Action(StrEnum):
    """What a tap or a touch asks for; ``auto`` leaves it to the rules."""

    AUTO = "auto"
    START = "start"
    END = "end"
    UNDO = "undo"
    CHANGE = "change"
    TEAM_OPEN = "team_open"
    TEAM_CLOSE = "team_close"


class Kind(StrEnum):
    """The four families of outcomes: each has a colour, a shape and a tone of its own."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REFUSED = "refused"
    BROKEN = "broken"


class Shown(StrEnum):
    """The closed list of what a kiosk can tell the person in front of it."""

    SHIFT_STARTED = "shift_started"
    SHIFT_ENDED = "shift_ended"
    HANDED_OVER = "handed_over"
    CHECKPOINT_PASSED = "checkpoint_passed"
    CHOOSE_ACTIVITY = "choose_activity"
    END_PROPOSED = "end_proposed"
    TEAM_OPENED = "team_opened"
    TEAM_CLOSED = "team_closed"
    ACCEPTED_UNLISTED = "accepted_unlisted"
    UNDONE = "undone"
    ACTIVITY_CHANGED = "activity_changed"
    ALREADY_DONE = "already_done"
    CARD_UNKNOWN = "card_unknown"
    CARD_OTHER_COMMUNITY = "card_other_community"
    CARD_LOST = "card_lost"
    CARD_EXPIRED = "card_expired"
    CARD_FORGED = "card_forged"
    CARD_REPLAYED = "card_replayed"
    PROOF_TOO_WEAK = "proof_too_weak"
    PHONE_CODE_EXPIRED = "phone_code_expired"
    PHONE_UID_RANDOM = "phone_uid_random"
    CARD_UNREADABLE = "card_unreadable"
    VOLUNTEER_INACTIVE = "volunteer_inactive"
    GUARDIAN_CONSENT_MISSING = "guardian_consent_missing"
    TRAINING_MISSING = "training_missing"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    READER_LOST = "reader_lost"
    ROSTER_MISSING = "roster_missing"
    KIOSK_REVOKED = "kiosk_revoked"

    @property
    def kind(self) -> Kind:
        """The family this outcome belongs to."""
        if self in _ACCEPTED:
            return Kind.ACCEPTED
        if self is Shown.ALREADY_DONE:
            return Kind.REPEATED
        return Kind.BROKEN if self in _BROKEN else Kind.REFUSED


_ACCEPTED = frozenset(list(Shown)[: list(Shown).index(Shown.ALREADY_DONE)])
_BROKEN = frozenset({Shown.JOURNAL_UNAVAILABLE, Shown.READER_LOST, Shown.ROSTER_MISSING, Shown.KIOSK_REVOKED})


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: object) -> bytes:
    """Canonical JSON of a value: the only form that is hashed or signed."""
    return _CANONICAL.encode(value).encode()


def _plain(value: Any) -> dict[str, Any]:
    """The fields of one of the classes below; ``asdict`` would copy all they hold, at ten times the cost."""
    return {name: getattr(value, name) for name in value.__slots__}


def uuid7(wall_ms: int, randomness: bytes) -> str:
    """A UUIDv7 (RFC 9562) from a wall clock and ten random bytes, both given by the caller."""
    if len(randomness) != 10:
        raise WireError("a UUIDv7 takes ten random bytes")
    raw = bytearray((wall_ms & (1 << 48) - 1).to_bytes(6, "big") + randomness)
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapEvent:
    """One tap, or one touch about a tap: a fact that is stored once and never changed."""

    event_id: str
    kiosk_id: str
    journal_id: str
    seq: int
    """Place in the journal, from 1, without gaps."""
    boot_id: str
    uptime_ms: int
    wall: int
    clock: str
    """``synced`` when NTP or a server's answer had set this boot's clock, else ``unsynced``."""
    card_id: str
    """Id of the card, or of the look-up key when the kiosk does not know the card; empty when unreadable."""
    medium: str
    """``nfc``, ``qr`` or ``touch`` (a finger on the screen, about an earlier event)."""
    proof: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the server needs to grade the proof again; never enough to make a card."""
    volunteer: str | None = None
    activity_id: str | None = None
    activity_by: str = "default"
    """``chosen`` by a finger, ``planned`` for this person, or the site's ``default``."""
    role: str = "desk"
    action: str = Action.AUTO
    target: str | None = None
    """The event an undo, change, end or team_close speaks about."""
    members: tuple[str, ...] = ()
    shown: str = Shown.SHIFT_STARTED
    roster_version: int | None = None
    policy_version: int | None = None
    v: int = VERSION

    def to_bytes(self) -> bytes:
        """The bytes that are stored, hashed and sent."""
        return canonical(_plain(self))

    @classmethod
    def from_bytes(cls, body: bytes) -> Self:
        """Read stored bytes; raises :class:`WireError` naming the first field that is wrong."""
        raw = object_of(body, "event")
        if extra := raw.keys() - set(cls.__slots__):
            raise WireError(f"event has unknown fields: {', '.join(sorted(extra))}")
        if missing := _REQUIRED - raw.keys():
            raise WireError(f"event lacks fields: {', '.join(sorted(missing))}")
        for name, value in raw.items():
            choices = _TEXTS.get(name, ())
            known = isinstance(value, str) and (
                len(value) <= MAX_TEXT if choices is None else value in choices
            )
            if not (known or _fits(name, value)):
                raise WireError(f"event field {name} cannot be {value!r:.60}")
        return cls(**(raw | {"members": tuple(raw.get("members", ()))}))


_INTEGERS = frozenset({"v", "seq", "uptime_ms", "wall"})
_OPTIONAL_TEXT = frozenset({"volunteer", "activity_id", "target"})
_OPTIONAL_INTEGERS = frozenset({"roster_version", "policy_version"})
_CHOICES: dict[str, frozenset[str]] = {
    "clock": frozenset({"synced", "unsynced"}),
    "medium": frozenset({"nfc", "qr", "touch"}),
    "proof": frozenset({"none", "uid", "static", "signed", "rotating", "challenge"}),
    "activity_by": frozenset({"chosen", "planned", "default"}),
    "role": frozenset({"desk", "checkpoint"}),
    "action": frozenset(Action),
    "shown": frozenset(Shown),
}
_REQUIRED = frozenset(
    {"event_id", "kiosk_id", "journal_id", "seq", "boot_id", "uptime_ms", "wall", "clock"}
    | {"card_id", "medium", "proof", "action", "shown", "v"}
)
_FREE_TEXT = frozenset(
    {"event_id", "kiosk_id", "journal_id", "boot_id", "card_id", "volunteer", "activity_id", "target"}
)
_TEXTS: dict[str, frozenset[str] | None] = dict.fromkeys(_FREE_TEXT) | _CHOICES
"""Fields that are texts, as most are: any text (None), or one of these."""
_SMALLEST = {"v": VERSION, "seq": 1, "uptime_ms": 0, "wall": -(1 << 53)}


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 1 << 53


def _fits(name: str, value: object) -> bool:
    if name in _INTEGERS:
        good = isinstance(value, int) and _is_integer(value) and value >= _SMALLEST[name]
        return good and not (name == "v" and value != VERSION)
    if name in _OPTIONAL_INTEGERS:
        return value is None or _is_integer(value)
    if name == "evidence":
        return isinstance(value, dict)
    if name == "members":
        return isinstance(value, list) and all(isinstance(m, str) for m in value)
    return value is None and name in _OPTIONAL_TEXT


def inner_hash(salt: bytes, body: bytes) -> str:
    """H(salt ‖ stored bytes): survives when salt and bytes are erased by sealing."""
    return sha256(salt + body).hexdigest()


def chain_hash(prev: str, inner: str) -> str:
    """H(prev ‖ inner): the event's own link in its journal's chain."""
    return sha256(bytes.fromhex(prev) + bytes.fromhex(inner)).hexdigest()


def genesis(kiosk_id: str, journal_id: str, prior_head: str | None) -> str:
    """What stands before the first event of a journal; names the head of the journal it replaces."""
    return sha256(canonical(["yika-journal-1", kiosk_id, journal_id, prior_head])).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSample:
    """One machine's clocks at one moment, as evidence of time."""

    boot_id: str
    uptime_ms: int
    wall: int
    clock: str


@dataclass(frozen=True, slots=True)
class PushedEvent:
    """One stored event as it is sent: what is needed to make its hash again."""

    salt: str
    body: str

    def inner(self) -> str:
        """This event's inner hash."""
        return inner_hash(bytes.fromhex(self.salt), self.body.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A range of one journal, in order: ``from_seq`` is the first event's seq, ``head`` the last one's hash.

    An empty range is allowed: it carries a clock sample and says how far the journal reaches.
    """

    kiosk_id: str
    journal_id: str
    prior_journal: str | None
    prior_head: str | None
    from_seq: int
    prev: str
    head: str
    sent: ClockSample
    events: tuple[PushedEvent, ...]
    v: int = VERSION


class Status(StrEnum):
    """The server's word on one event; each of them means that it is durably stored."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class EventResult:
    """The answer about one event; ``hash`` is the chain hash, so that an answer fits one event only."""

    seq: int
    hash: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReply:
    """The answer to a push: a word on each event, and the server's clock when it answered."""

    journal_id: str
    results: tuple[EventResult, ...]
    server_time: int
    roster_version: int
    resend_from: int | None = None
    """The first event before these that the server lacks: it was restored from an older backup."""
    v: int = VERSION


def push_to_bytes(push: Push) -> bytes:
    """A push as it is sent."""
    events = [_plain(event) for event in push.events]
    return canonical(_plain(push) | {"sent": _plain(push.sent), "events": events})


def push_from_bytes(body: bytes) -> Push:
    """Read a push; :class:`WireError` when its envelope is wrong (a wrong event is not an error here)."""
    raw = object_of(body, "push")
    try:
        events = tuple(PushedEvent(str(e["salt"]), str(e["body"])) for e in raw["events"])
        for event in events:
            bytes.fromhex(event.salt)
        sent = ClockSample(**raw["sent"])
        push = Push(**(raw | {"sent": sent, "events": events}))
        bytes.fromhex(push.prev), bytes.fromhex(push.head)
    except (TypeError, KeyError, ValueError) as error:
        raise WireError(f"push is not in the agreed form: {error}") from error
    _require(push.v == VERSION and len(events) <= MAX_PUSH, "push has a wrong version or is too long")
    _require(_is_integer(push.from_seq) and push.from_seq >= 1, "push has no usable from_seq")
    _require(_is_integer(sent.wall) and _is_integer(sent.uptime_ms), "push has no usable clock sample")
    texts: Iterable[object] = (push.kiosk_id, push.journal_id, sent.boot_id, sent.clock)
    _require(all(isinstance(t, str) for t in texts), "push names no kiosk, journal or boot")
    prior: Iterable[object] = (push.prior_journal, push.prior_head)
    _require(all(p is None or isinstance(p, str) for p in prior), "push names no usable earlier journal")
    return push


def reply_to_bytes(reply: PushReply) -> bytes:
    """An answer as it is sent; ``resend_from`` only when there is one, for kiosks that do not know it."""
    plain = _plain(reply) | {"results": [_plain(result) for result in reply.results]}
    if reply.resend_from is None:
        del plain["resend_from"]
    return canonical(plain)


def reply_from_bytes(body: bytes) -> PushReply:
    """Read an answer; :class:`WireError` when it is anything else (HTML, cut short, another version)."""
    raw = object_of(body, "answer")
    try:
        results = tuple(EventResult(**r) for r in raw["results"])
        for result in results:
            Status(result.status)
            _require(_is_integer(result.seq), "answer names no event")
        reply = PushReply(**(raw | {"results": results}))
    except (TypeError, KeyError, ValueError) as error:
        raise WireError(f"answer is not in the agreed form: {error}") from error
    _require(reply.v == VERSION and _is_integer(reply.server_time), "answer has a wrong version or no time")
    journal_id: object = reply.journal_id
    named = isinstance(journal_id, str) and _is_integer(reply.roster_version)
    _require(named, "answer names no journal or roster")
    place = reply.resend_from
    _require(place is None or (_is_integer(place) and place >= 1), "answer asks for events from no place")
    return reply


def object_of(body: bytes, what: str) -> dict[str, Any]:
    """The JSON object that bytes are, or :class:`WireError`."""
    try:
        raw = _DECODER.decode(body.decode())  # UTF-8 only: no UTF-16, no halves of surrogate pairs
        if b"\\ud" in body.lower():
            canonical(raw)  # half a surrogate pair is JSON, but no text that could be hashed again
    except (ValueError, RecursionError) as error:
        raise WireError(f"{what} is not JSON: {error}") from error
    _require(isinstance(raw, dict), f"{what} is not an object")
    return dict(raw)


def _refuse_constant(name: str) -> None:
    raise WireError(f"{name} is not JSON")


# Made once: json.loads makes a new one for each call that wants anything unusual.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise WireError(message)


def request_to_sign(method: str, target: str, body: bytes, session: str, counter: int) -> bytes:
    """What a kiosk signs for one request; ``target`` is the path with its query, ``counter`` only rises."""
    return canonical(["yika-request-1", method, target, sha256(body).hexdigest(), session, counter])


def reply_to_sign(status: int, body: bytes, session: str, counter: int) -> bytes:
    """What the server signs for its answer to one request, so that no other answer passes for it."""
    return canonical(["yika-reply-1", status, sha256(body).hexdigest(), session, counter])


def session_to_sign(kiosk_id: str, nonce: str) -> bytes:
    """What a kiosk signs to turn one nonce into a session."""
    return canonical(["yika-session-1", kiosk_id, nonce])


def enrolment_to_sign(code: str, public_key: str, answer: Mapping[str, Any]) -> bytes:
    """What the server signs to enrol a kiosk, which checks it with the key the code's fingerprint names."""
    return canonical(["yika-enrol-1", code, public_key, dict(answer)])


def fingerprint(public_key: bytes) -> str:
    """Ten characters of the server key's hash, as the second half of an enrolment code carries them."""
    number = int.from_bytes(sha256(b"yika-server-key-1" + public_key).digest()[:7], "big") >> 6
    return "".join(_BASE32[number >> shift & 31] for shift in range(45, -1, -5))


_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet: no I, L, O, U, so that a code can be read aloud and typed."""


def lookup_key(community_id: str, kind: str, identity: bytes) -> str:
    """How a roster files a card: ``kind`` is ``card`` (credential's card id) or ``uid`` (chip's UID)."""
    return sha256(canonical(["yika-lookup-1", community_id, kind, identity.hex()])).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the server signs about a roster: for whom, which version, from which base, the result's hash."""

    community_id: str
    kiosk_id: str
    version: int
    base: int | None
    hash: str
    v: int = VERSION

    def to_sign(self) -> bytes:
        """The bytes under the manifest's signature."""
        return canonical(["yika-roster-1", _plain(self)])


def roster_hash(entries: Mapping[str, Any]) -> str:
    """Hash of a whole roster."""
    return sha256(canonical(dict(entries))).hexdigest()


def roster_delta(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What to set and what to drop to turn one roster into another."""
    changed = {key: value for key, value in new.items() if old.get(key) != value or key not in old}
    return {"set": changed, "drop": sorted(old.keys() - new.keys())}


def roster_apply(old: Mapping[str, Any], delta: Mapping[str, Any]) -> dict[str, Any]:
    """A roster after a delta."""
    dropped = set(delta["drop"])
    return {key: value for key, value in old.items() if key not in dropped} | dict(delta["set"])
