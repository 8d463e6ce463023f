"""What the kiosk's logic asks of the world around it: journal, server, clock. Protocols and plain values."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from server.contract.desk import CardLaid, DeskReply, DeskState
from server.contract.wire import ClockSample, EventResult, Push, PushReply, TapEvent


@dataclass(frozen=True, slots=True)
class Offline:
    """No usable answer came: no network, no server, or something between that is not our server."""

    why: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The server asks for patience (429, 503)."""

    retry_after: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The server understood and said no."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class LyingAnswer:
    """An answer that our server did not sign, or that speaks of something else: it changes nothing."""

    what: str


Trouble = Offline | Busy | Refused | LyingAnswer
"""Everything that can come instead of an answer; a value, since being offline is a kiosk's normal life."""


@dataclass(frozen=True, slots=True)
class RosterAnswer:
    """A signed roster or delta as it came; not yet believed."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RosterUnchanged:
    """The server has nothing newer."""


class ServerApi(Protocol):
    """The kiosk's view of the server. Every method returns a value; none raises because of the network."""

    def push(self, push: Push) -> PushReply | Trouble:
        """Send a range of events."""

    def roster(self, have: int | None, have_hash: str | None) -> RosterAnswer | RosterUnchanged | Trouble:
        """Ask for what is newer than what we hold."""


class DeskApi(Protocol):
    """The kiosk as a pipe between the server and a card that is being made. No method raises."""

    def desk(self) -> DeskState | Trouble:
        """Whether cards are made here now."""

    def card_laid(self, laid: CardLaid) -> DeskReply | Trouble:
        """Tell of a card and its answers; what to say to it next."""


class Clock(Protocol):
    """The kiosk's clocks at one moment."""

    def sample(self) -> ClockSample:
        """Wall clock as best known, time since boot, boot id, and whether the wall clock can be trusted."""

    def learn(self, server_time: int, *, sent_uptime_ms: int, got_uptime_ms: int) -> None:
        """Take a signed server time as this boot's offset; the shorter the round trip, the better."""


Randomness = Callable[[int], bytes]
"""Gives so many random bytes: for ids and salts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A tap event before the journal gives it its place."""

    event: Mapping[str, Any]
    """The fields of a ``TapEvent`` without ``kiosk_id``, ``journal_id`` and ``seq``."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A journalled event, and since which roster version the server's roster takes it into account."""

    event: TapEvent
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Unacknowledged events of one journal that follow each other: what one push can carry."""

    journal_id: str
    from_seq: int
    to_seq: int


class Journal(Protocol):
    """The kiosk's memory. MUST: have an event on disk before ``append`` returns."""

    pending: int
    acked_seq: int
    trouble: str | None
    """Why the next event could not be stored; None while it could."""

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the last stored event."""

    def append(self, draft: Draft) -> TapEvent:
        """Store one event; raises ``kiosk.errors.JournalUnavailable`` when the disk does not take it."""

    def probe(self) -> str | None:
        """Look again whether the next event could be stored; what is wrong, or None."""

    def recent(
        self, volunteer: str | None, card_id: str, *, others: Collection[str] = ()
    ) -> Sequence[Remembered]:
        """The remembered events of one person or card, of ``others``, and every team event, in order."""


Sealed = Mapping[str, Sequence[tuple[int, int]]]
"""Events that the server has sealed: of each journal, ranges of seq, both ends included."""


class Outbox(Protocol):
    """The journal as syncing sees it."""

    def runs(self, limit: int) -> Sequence[Run]:
        """Everything unacknowledged now, oldest first, cut into ranges that one push can carry."""

    def push_of(self, run: Run, sent: ClockSample) -> Push:
        """A range as it is sent."""

    def empty_push(self, sent: ClockSample) -> Push:
        """No events: a clock sample, and how far the journal reaches."""

    def acknowledge(
        self, journal_id: str, results: Sequence[EventResult], *, roster_version: int, at: int
    ) -> None:
        """Note the server's word on events."""

    def doubt(self, journal_id: str, from_seq: int, to_seq: int) -> int:
        """Take events of a range for unacknowledged again, as far as they are still held; how many."""

    def doubt_all(self) -> int:
        """Take everything that is still held for unacknowledged again; how many."""

    def prune(self, *, now: int, days: int) -> int:
        """Delete what is acknowledged and was so more than ``days`` ago."""

    def forget(self, sealed: Sealed) -> int:
        """Erase what acknowledged events said; their hashes stay."""
