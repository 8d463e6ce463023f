"""The disk is full at any write of a tap or of a sync: red light, nothing green lost, and it goes on later.

``RLIMIT_FSIZE`` lets a file grow to a byte and no further: each limit stops another write, or half of one.
"""

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hardware.ports import CardRead, ContentKind
from kiosk.errors import JournalUnavailable
from kiosk.journal import DAY, SqliteJournal
from kiosk.journal_file import connect, read_all
from kiosk.journal_mark import read_mark
from kiosk.journal_open import inspect
from kiosk.ports import Draft, RosterAnswer, RosterUnchanged, Trouble
from kiosk.roster import RosterStore
from kiosk.roster_view import RosterView
from kiosk.screen.view import Result
from kiosk.service import KioskService, Parts
from kiosk.sync import Syncer
from server.contract.wire import Push, PushReply, TapEvent
from tests.support.kiosk_journal import counting, draft, open_journal, results_of
from tests.support.kiosk_parts import FakeClock, FakeLink, FakeRosterHolder
from tests.support.kiosk_roster import PRINTED, SERVER_KEY, entries, signed
from tests.support.kiosk_world import AT

STEP = 1400
"""Bytes between two limits: three to a frame of the write-ahead log (4,120 bytes)."""
FRAMES = 12
"""More than a tap or an acknowledgement writes."""
LIMITS = range(0, FRAMES * 4120, STEP)
GREEN = {"shift_started", "shift_ended"}
CARD = CardRead(medium="qr", content=PRINTED.text.encode(), content_kind=ContentKind.TEXT)


class Api:
    """A server that takes everything, and has a new roster each time."""

    def __init__(self) -> None:
        self.stored: set[str] = set()
        self.version = 10

    def push(self, push: Push) -> PushReply | Trouble:
        self.stored |= {TapEvent.from_bytes(event.body.encode()).event_id for event in push.events}
        return PushReply(
            journal_id=push.journal_id,
            results=tuple(results_of(push)),
            server_time=AT,
            roster_version=self.version,
        )

    def roster(self, have: int | None, have_hash: str | None) -> RosterAnswer | RosterUnchanged | Trouble:
        self.version += 1
        return RosterAnswer(signed(entries(), self.version))


class Shown:
    """What the person saw."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def publish(self, result: Result) -> None:
        self.results.append(result)

    def idle_changed(self) -> None:
        """Nobody looks."""

    def show(self, kind: str) -> None:
        """The light follows the screen."""

    def close(self) -> None:
        """Nothing to end."""


class Kiosk:
    """A kiosk over a folder; the clock moves two minutes with each tap, so that none is a repeat."""

    def __init__(self, folder: Path, journal: SqliteJournal | None = None) -> None:
        self.folder, self.clock, self.api = folder, FakeClock(), Api()
        self.journal = journal or open_journal(folder)
        self.told = Shown()
        self.roster = RosterStore(
            folder / "roster.json", community_id="com1", kiosk_id="k1", server_key=SERVER_KEY
        )
        self.syncer = Syncer(
            self.api, self.journal, self.roster, clock=self.clock, random=lambda: 0.0, retention_days=4
        )
        self.service = KioskService(
            Parts(
                kiosk_id="k1",
                community_id="com1",
                journal=self.journal,
                roster=FakeRosterHolder(RosterView(10, entries())),
                clock=self.clock,
                link=FakeLink(),
                randomness=counting(7),
                screen=self.told,
                indicator=self.told,
                speak=lambda _: None,
            )
        )

    def tap(self) -> str:
        """One tap; the word on the screen."""
        self.clock.after += 120_000
        self.service.tap(CARD)
        return self.told.results[-1].outcome

    @property
    def greens(self) -> list[str]:
        return [each.event_id for each in self.told.results if each.durable]

    def held(self) -> list[str]:
        """Ids in the file, read by a fresh eye."""
        assert inspect(self.journal.path, read_mark(self.folder / "journal.mark")) == []
        with closing(connect(self.journal.path, read_only=True)) as con:
            return [row.event_id for row in read_all(con).rows]

    def anchor(self) -> int:
        """How many events retention has deleted."""
        with closing(connect(self.journal.path, read_only=True)) as con:
            about = read_all(con).about
        assert about is not None
        return about.anchor_seq


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file grows beyond ``size`` bytes here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk with a few taps on its disk."""
    made = Kiosk(tmp_path)
    for _ in range(3):
        made.tap()
    yield made
    made.journal.close()


def log_size(kiosk: Kiosk) -> int:
    return kiosk.journal.path.with_name("journal.db-wal").stat().st_size


def test_a_full_disk_at_any_write_of_a_tap_is_a_red_light_and_nothing_green_is_lost(kiosk: Kiosk) -> None:
    """Of every two taps one meets the limit; with room again the next is green."""
    words = set()
    for more in LIMITS:
        with room(log_size(kiosk) + more - STEP):
            words.add(kiosk.tap())
        assert kiosk.tap() in GREEN
        assert set(kiosk.greens) <= set(kiosk.held())
    assert "journal_unavailable" in words
    assert words & GREEN, "the largest limit left room enough"
    held = kiosk.held()
    assert len(held) == len(set(held))
    kiosk.journal.close()
    again = open_journal(kiosk.folder, seed=1)
    assert set(kiosk.greens) <= {past.event.event_id for past in again.recent("M0001", "")}
    again.close()


def test_a_full_disk_at_any_write_of_a_sync_loses_nothing_and_the_next_one_ends_it(kiosk: Kiosk) -> None:
    """Unwritten acknowledgements are asked for again; a roster that was not written is not held.

    A day passes each time, so that each sync deletes what retention no longer keeps.
    """
    troubled, pruned = 0, 0
    for more in LIMITS:
        kiosk.clock.after += DAY
        for _ in range(3):
            kiosk.tap()
        with room(log_size(kiosk) + more - STEP):
            troubled += kiosk.syncer.once() is not None
        assert kiosk.syncer.once() is None
        assert kiosk.journal.pending == 0
        assert set(kiosk.greens) <= kiosk.api.stored
        anchor = kiosk.anchor()
        assert kiosk.held() == kiosk.greens[anchor:]
        pruned += anchor > 0
    assert pruned > len(LIMITS) / 2
    assert 0 < troubled < len(LIMITS)
    assert kiosk.roster.version == kiosk.api.version
    kiosk.held()


def test_a_journal_cannot_begin_on_a_full_disk_and_begins_when_there_is_room(tmp_path: Path) -> None:
    """At no limit is there half a journal that is taken for a whole one."""
    for number, size in enumerate(range(1, 40_000, STEP)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with room(size):
            journal = open_journal(folder)
        assert journal.probe() is None
        assert journal.append(draft(1)).seq == 1
        journal.close()
        assert inspect(journal.path, read_mark(folder / "journal.mark")) == []


def test_a_light_that_turns_green_without_the_disk_would_be_noticed(tmp_path: Path) -> None:
    """The mutant: a journal that swallows its disk's refusal."""
    journal = _Careless(tmp_path, kiosk_id="k1", machine="machine-1", randomness=counting())
    kiosk = Kiosk(tmp_path, journal)
    kiosk.tap()
    with room(1):
        kiosk.tap()
    assert set(kiosk.greens) - set(kiosk.held())
    journal.close()


class _Careless(SqliteJournal):
    def append(self, draft: Draft) -> TapEvent:
        try:
            return super().append(draft)
        except JournalUnavailable:
            return TapEvent(**draft.event, kiosk_id="k1", journal_id="none", seq=1)
