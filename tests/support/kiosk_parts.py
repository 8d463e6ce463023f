"""A kiosk's parts by hand: a journal that can refuse, a clock that is told, a screen that remembers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.errors import JournalUnavailable
from kiosk.ports import Draft, Remembered
from kiosk.roster_view import RosterView
from kiosk.screen.view import Result
from kiosk.service import KioskService, Parts
from server.contract.rules import HOUR
from server.contract.wire import ClockSample, TapEvent
from tests.support.kiosk_journal import counting
from tests.support.kiosk_world import AT


@dataclass
class FakeJournal:
    """``kiosk.ports.Journal`` in memory; ``full`` makes it refuse, as a full disk does."""

    full: bool = False
    events: list[TapEvent] = field(default_factory=list)
    acked_seq: int = 0
    trouble: str | None = None
    refused: list[Draft] = field(default_factory=list)

    @property
    def pending(self) -> int:
        return len(self.events)

    @property
    def head(self) -> tuple[int, str]:
        return len(self.events), ""

    def append(self, draft: Draft) -> TapEvent:
        if self.full:
            self.refused.append(draft)
            self.trouble = "disk full"
            raise JournalUnavailable("disk full")
        event = TapEvent(**draft.event, kiosk_id="k1", journal_id="j1", seq=len(self.events) + 1)
        TapEvent.from_bytes(event.to_bytes())
        self.events.append(event)
        return event

    def probe(self) -> str | None:
        self.trouble = "disk full" if self.full else None
        return self.trouble

    def recent(
        self, volunteer: str | None, card_id: str, *, others: Collection[str] = ()
    ) -> Sequence[Remembered]:
        people = {volunteer, *others} - {None}
        return [
            Remembered(event)
            for event in self.events
            if event.members or event.card_id == card_id or event.volunteer in people
        ]


@dataclass
class FakeClock:
    """A clock that stands where it is put."""

    after: int = 0
    synced: bool = True

    def sample(self) -> ClockSample:
        clock = "synced" if self.synced else "unsynced"
        return ClockSample(boot_id="b1", uptime_ms=10 * HOUR + self.after, wall=AT + self.after, clock=clock)

    def learn(self, server_time: int, *, sent_uptime_ms: int, got_uptime_ms: int) -> None:
        self.synced = True


@dataclass
class FakeLink:
    """What syncing knows."""

    online: bool = True
    revoked: bool = False
    last_sync_at: int | None = AT
    trouble: str | None = None
    woken: int = 0

    def wake(self) -> None:
        self.woken += 1


@dataclass
class FakeRosterHolder:
    """Holds a roster or none."""

    view: RosterView | None
    trouble: str | None = None


@dataclass
class Told:
    """Everything that reached a person, in order, and how much was on disk then."""

    journal: FakeJournal
    results: list[Result] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    idle: int = 0

    def publish(self, result: Result) -> None:
        self.results.append(result)
        self.order.append(f"screen with {len(self.journal.events)} on disk")

    def idle_changed(self) -> None:
        self.idle += 1

    def show(self, outcome: str) -> None:
        self.order.append(f"light {outcome}")

    def close(self) -> None:
        """Nothing to end."""

    def speak(self, result: Result) -> None:
        self.order.append(f"voice {result.outcome}")


@dataclass
class World:
    """A kiosk on a table, with every part in reach."""

    service: KioskService
    journal: FakeJournal
    clock: FakeClock
    link: FakeLink
    roster: FakeRosterHolder
    told: Told

    @property
    def last(self) -> Result:
        return self.told.results[-1]

    @property
    def event(self) -> TapEvent:
        return self.journal.events[-1]


def world(entries: dict[str, Any] | None, **parts: Any) -> World:
    """A kiosk with this roster, or with none."""
    journal, clock, link = FakeJournal(), FakeClock(), FakeLink()
    roster = FakeRosterHolder(RosterView(10, entries) if entries else None)
    told = Told(journal)
    usual: dict[str, Any] = {
        "kiosk_id": "k1",
        "community_id": "com1",
        "journal": journal,
        "roster": roster,
        "clock": clock,
        "link": link,
        "randomness": counting(),
        "screen": told,
        "indicator": told,
        "speak": told.speak,
    }
    made = Parts(**(usual | parts))
    return World(KioskService(made, ("nfcpy", "camera")), journal, clock, link, roster, told)
