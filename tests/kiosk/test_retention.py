"""What a kiosk deletes, and what it still has for a server that was restored from an older backup."""

from kiosk.journal_open import export
from kiosk.ports import Offline, Sealed
from kiosk.sync import Syncer
from server.contract.rules import HOUR
from server.contract.wire import ClockSample
from tests.support.kiosk_table import Table
from tests.support.kiosk_world import AT


class TestAServerRestoredFromAnOlderBackup:
    def test_gets_again_what_it_lacks(self, table: Table) -> None:
        table.tap(1, 2, 3)
        table.syncer.push_once()
        had = dict(table.server.stored)
        table.server.stored.clear()
        table.server.lacks_from = 2
        table.tap(4)
        assert table.syncer.push_once() is None
        assert table.journal.pending == 2
        assert table.syncer.push_once() is None
        assert (table.journal.pending, len(table.server.stored)) == (0, 3)
        assert list(had)[1:] == list(table.server.stored)[1:]

    def test_that_asks_for_what_is_no_longer_held_is_asked_nothing_more(self, table: Table) -> None:
        table.tap(1)
        table.syncer.push_once()
        table.journal.prune(now=AT + 400 * 24 * HOUR, days=90)
        table.server.lacks_from = 1
        table.tap(2)
        assert table.syncer.push_once() is None
        assert table.journal.pending == 0

    def test_is_asked_what_it_lacks_before_anything_is_deleted(self, table: Table) -> None:
        """It told of the first event only, since nothing behind it had come to it yet."""
        table.tap(1, 2)
        table.syncer.push_once()
        table.server.stored.clear()
        table.server.lacks_from = 2
        table.journal.doubt(str(table.journal.journal_id), 1, 1)
        syncer = self.eager(table)
        assert (syncer.push_once(), table.journal.pending) == (None, 1)
        assert (syncer.push_once(), table.journal.pending) == (None, 0)
        assert len(table.server.stored) == 2

    def test_that_does_not_answer_lets_nothing_be_deleted(self, table: Table) -> None:
        table.tap(1)
        table.syncer.push_once()
        table.server.faults = ["error"]
        assert isinstance(self.eager(table).push_once(), Offline)
        assert len(list(export(table.journal.path))) == 1

    @staticmethod
    def eager(table: Table) -> Syncer:
        """A syncer to which everything acknowledged is old."""
        return table.new_syncer(retention_days=-1)


class TestRetention:
    def test_what_the_server_sealed_is_forgotten_here(self, table: Table) -> None:
        table.tap(1, 2)
        table.syncer.push_once()
        journal_id = str(table.journal.journal_id)
        table.server.whole[f"sealed:{journal_id}"] = {"ranges": [[1, 1]]}
        table.syncer.pull_once()
        again = table.new_syncer()
        assert again.push_once() is None
        assert [line["salt"] == "" for line in export(table.journal.path)] == [True, False]

    def test_old_events_go_once_an_hour_when_the_clock_is_set(self, table: Table) -> None:
        table.tap(1)
        table.syncer.once()
        pruned: list[int] = []
        forgotten: list[Sealed] = []
        journal = table.journal

        class Outbox:
            runs, push_of, empty_push = journal.runs, journal.push_of, journal.empty_push
            acknowledge = journal.acknowledge

            def prune(self, *, now: int, days: int) -> int:
                pruned.append(days)
                return 0

            def forget(self, sealed: Sealed) -> int:
                forgotten.append(sealed)
                return 0

        class Clock:
            uptime = 0

            def sample(self) -> ClockSample:
                return ClockSample(boot_id="b", uptime_ms=self.uptime, wall=AT, clock="synced")

            def learn(self, server_time: int, *, sent_uptime_ms: int, got_uptime_ms: int) -> None:
                """Keeps its own time."""

        clock = Clock()
        syncer = Syncer(
            table.client, Outbox(), table.roster, clock=clock, random=lambda: 0.0, retention_days=30
        )
        for uptime in (0, 1000, 3_600_001):
            clock.uptime = uptime
            assert syncer.once() is None
        assert pruned == [30, 30]
        assert forgotten == [{}, {}]
        assert table.server.pushes == 3
