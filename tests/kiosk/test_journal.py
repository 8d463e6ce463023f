"""The journal: on disk first, in a chain, until the server has it."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from kiosk.journal import CHECKPOINT_AFTER, SqliteJournal
from kiosk.journal_file import Row
from kiosk.journal_open import export
from server.contract.wire import TapEvent, chain_hash, genesis
from tests.support.kiosk_journal import NOW, SENT, acknowledge, draft, findings, open_journal, results_of

ROOT = Path(__file__).parent.parent.parent


class TestAppending:
    def test_seq_rises_by_one_and_each_hash_covers_the_one_before(self, journal: SqliteJournal) -> None:
        events = [journal.append(draft(n)) for n in range(3)]
        push = journal.push_of(journal.runs(500)[0], SENT)
        assert [event.seq for event in events] == [1, 2, 3]
        assert push.prev == genesis("k1", events[0].journal_id, None)
        head = push.prev
        for pushed in push.events:
            head = chain_hash(head, pushed.inner())
        assert push.head == head == journal.head[1]

    def test_what_is_sent_is_what_was_stored(self, journal: SqliteJournal) -> None:
        event = journal.append(draft(1, evidence={"digest": "ab"}))
        push = journal.push_of(journal.runs(500)[0], SENT)
        assert TapEvent.from_bytes(push.events[0].body.encode()) == event

    def test_equal_taps_have_different_salts(self, journal: SqliteJournal) -> None:
        journal.append(draft(1))
        journal.append(draft(2))
        first, second = journal.push_of(journal.runs(500)[0], SENT).events
        assert first.salt != second.salt

    def test_it_is_written_ahead_and_synced_in_full(self, journal: SqliteJournal) -> None:
        assert journal._con is not None
        assert journal._con.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert journal._con.execute("PRAGMA synchronous").fetchone() == (2,)

    def test_what_the_server_lost_waits_again_but_not_what_is_forgotten(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal_id = {journal.append(draft(number)).journal_id for number in range(4)}.pop()
        acknowledge(journal)
        journal.forget({journal_id: [(2, 2)]})
        assert journal.doubt(journal_id, 2, 3) == 1
        assert [(run.from_seq, run.to_seq) for run in journal.runs(500)] == [(3, 3)]
        assert journal.doubt("another", 1, 9) == 0
        assert journal.doubt_all() == 2
        journal.close()
        assert findings(tmp_path) == []

    def test_a_server_that_lacks_the_first_event_is_sent_what_was_in_replaced_journals_too(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        """The journal was damaged and replaced after the backup that the server was put back from."""
        for number in range(300):
            journal.append(draft(number))
        acknowledge(journal)
        journal.close()
        (tmp_path / "journal.db").rename(tmp_path / "copied.db")
        shutil.copy(tmp_path / "copied.db", tmp_path / "journal.db")  # another file: no longer trusted
        replaced = open_journal(tmp_path, seed=5)
        new = replaced.append(draft(301)).journal_id
        replaced.append(draft(302))
        acknowledge(replaced)
        assert replaced.doubt(new, 2, 2) == 1, "it has the first: it has what was before"
        acknowledge(replaced)
        assert replaced.doubt(new, 1, 2) == 302
        runs = replaced.runs(500)
        assert [(run.from_seq, run.to_seq) for run in runs] == [(1, 300), (1, 2)], "the oldest first"
        assert replaced.doubt(runs[0].journal_id, 1, 300) == 0, "they wait already"
        replaced.close()

    def test_a_long_log_is_moved_into_the_file_between_taps(self, journal: SqliteJournal) -> None:
        """So that no tap waits for it; the events are where they were."""
        before = journal.path.stat().st_size
        for number in range(CHECKPOINT_AFTER):
            journal.append(draft(number))
        assert journal.path.stat().st_size == before
        assert journal.probe() is None
        assert journal.path.stat().st_size > before
        assert journal.pending == CHECKPOINT_AFTER

    def test_nobody_else_may_read_the_file(self, journal: SqliteJournal) -> None:
        assert journal.path.stat().st_mode & 0o077 == 0


class TestReopening:
    def test_a_restart_goes_on_in_the_same_chain(self, journal: SqliteJournal, tmp_path: Path) -> None:
        first = journal.append(draft(1))
        journal.close()
        with closing(open_journal(tmp_path, seed=9)) as again:
            second = again.append(draft(2))
            assert (second.journal_id, second.seq) == (first.journal_id, 2)
            assert [r.event for r in again.recent("M0001", "")] == [first, second]
        assert findings(tmp_path) == []

    def test_a_killed_process_loses_nothing_it_told(self, tmp_path: Path) -> None:
        """kill -9 in the middle of writing, five times: every told event is there, and the chain holds."""
        program = (
            "import sys; from pathlib import Path\n"
            "from tests.support.kiosk_journal import draft, open_journal\n"
            "base = int(sys.argv[2]); journal = open_journal(Path(sys.argv[1]), seed=base)\n"
            "for n in range(base, base + 100000):\n"
            "    print(journal.append(draft(n)).event_id, flush=True)\n"
        )
        told: list[str] = []
        for turn in range(5):
            args = [sys.executable, "-c", program, str(tmp_path), str(turn * 100_000)]
            with subprocess.Popen(args, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
                assert writer.stdout is not None
                told += [writer.stdout.readline().strip() for _ in range(20 + turn)]
                writer.send_signal(signal.SIGKILL)
                told += [line.strip() for line in writer.stdout if line.endswith("\n")]
        stored = [line["event_id"] for line in export(tmp_path / "journal.db")]
        assert [event_id for event_id in told if event_id not in stored] == []
        assert findings(tmp_path) == []
        journals = {line["journal_id"] for line in export(tmp_path / "journal.db")}
        assert len(journals) == 1

    def test_a_commit_that_raised_and_persisted_is_not_stored_twice(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        """The caller tries again with the same id, and gets the event that is there."""
        first = journal.append(draft(1))
        journal.close()
        with closing(open_journal(tmp_path)) as again:
            assert again.append(draft(1)) == first
            assert again.pending == 1


class TestAcknowledging:
    def test_only_what_the_server_named_by_hash_is_acknowledged(self, journal: SqliteJournal) -> None:
        for n in range(3):
            journal.append(draft(n))
        push = journal.push_of(journal.runs(500)[0], SENT)
        wrong = [r.__class__(r.seq, "00" * 32, r.status) for r in results_of(push)]
        journal.acknowledge(push.journal_id, wrong, roster_version=1, at=NOW)
        assert (journal.pending, journal.acked_seq) == (3, 0)
        journal.acknowledge(push.journal_id, results_of(push)[:2], roster_version=1, at=NOW)
        assert (journal.pending, journal.acked_seq) == (1, 2)

    def test_a_gap_in_the_answer_is_sent_again_and_stops_nothing_behind_it(
        self, journal: SqliteJournal
    ) -> None:
        for n in range(5):
            journal.append(draft(n))
        push = journal.push_of(journal.runs(500)[0], SENT)
        journal.acknowledge(
            push.journal_id, [results_of(push)[n] for n in (0, 2, 4)], roster_version=1, at=NOW
        )
        assert [(run.from_seq, run.to_seq) for run in journal.runs(500)] == [(2, 2), (4, 4)]
        assert journal.acked_seq == 1

    def test_quarantined_is_stored_and_therefore_acknowledged(self, journal: SqliteJournal) -> None:
        journal.append(draft(1))
        push = journal.push_of(journal.runs(500)[0], SENT)
        journal.acknowledge(push.journal_id, results_of(push, "quarantined"), roster_version=1, at=NOW)
        assert journal.pending == 0

    def test_ranges_are_no_longer_than_one_push_takes(self, journal: SqliteJournal) -> None:
        for n in range(7):
            journal.append(draft(n))
        assert [(run.from_seq, run.to_seq) for run in journal.runs(3)] == [(1, 3), (4, 6), (7, 7)]

    def test_an_empty_push_says_how_far_the_journal_reaches(self, journal: SqliteJournal) -> None:
        journal.append(draft(1))
        push = journal.empty_push(SENT)
        assert (push.from_seq, push.prev, push.head, push.events) == (2, push.head, journal.head[1], ())

    def test_the_roster_version_of_the_answer_is_remembered_over_a_restart(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal.append(draft(1))
        acknowledge(journal, version=42)
        assert [r.known_at for r in journal.recent("M0001", "")] == [42]
        journal.close()
        with closing(open_journal(tmp_path)) as again:
            assert [r.known_at for r in again.recent("M0001", "")] == [42]


class TestRetention:
    def test_only_what_is_acknowledged_and_old_is_deleted(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        day = 86_400_000
        journal.append(draft(1))
        acknowledge(journal, at=NOW - 40 * day)
        journal.append(draft(2))
        acknowledge(journal, at=NOW - 10 * day)
        journal.append(draft(3))
        assert journal.prune(now=NOW, days=30) == 1
        assert journal.prune(now=NOW, days=30) == 0
        assert [line["seq"] for line in export(journal.path)] == [2, 3]
        assert findings(tmp_path) == []

    def test_the_chain_goes_on_over_a_restart_when_everything_was_deleted(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal.append(draft(1))
        acknowledge(journal, at=0)
        assert journal.prune(now=NOW, days=30) == 1
        journal.close()
        with closing(open_journal(tmp_path)) as again:
            assert again.append(draft(2)).seq == 2
        assert findings(tmp_path) == []

    def test_an_old_unacknowledged_event_holds_back_those_behind_it(self, journal: SqliteJournal) -> None:
        for n in range(3):
            journal.append(draft(n))
        push = journal.push_of(journal.runs(500)[0], SENT)
        journal.acknowledge(push.journal_id, [results_of(push)[n] for n in (0, 2)], roster_version=1, at=0)
        assert journal.prune(now=NOW, days=30) == 1
        assert [line["seq"] for line in export(journal.path)] == [2, 3]


class TestForgetting:
    """What the server has sealed is erased here too: the hashes stay, and with them the chain."""

    SECRET = "feedfacecafebeef"

    def test_what_an_event_said_is_gone_from_every_file(self, journal: SqliteJournal, tmp_path: Path) -> None:
        event = self.told(journal)
        assert self.files(tmp_path), "the secret was there before"
        assert journal.forget({event.journal_id: [(1, 2)]}) == 2
        assert self.files(tmp_path) == []
        assert journal.forget({event.journal_id: [(1, 2)]}) == 0

    def test_the_chain_goes_on_and_nothing_else_changes(self, journal: SqliteJournal, tmp_path: Path) -> None:
        event, head = self.told(journal), journal.head
        journal.forget({event.journal_id: [(2, 2)]})
        assert findings(tmp_path) == []
        journal.close()
        with closing(open_journal(tmp_path, seed=5)) as again:
            assert (again.journal_id, again.head) == (event.journal_id, head)
            assert [past.event.seq for past in again.recent("M0001", "")] == [1, 3]
            again.append(draft(4))
        assert findings(tmp_path) == []
        assert [line["salt"] == "" for line in export(tmp_path / "journal.db")] == [False, True, False, False]

    def test_what_the_server_has_not_confirmed_is_never_erased(self, journal: SqliteJournal) -> None:
        event = journal.append(draft(1))
        assert journal.forget({event.journal_id: [(1, 1)], "another": [(1, 9)]}) == 0
        assert journal.push_of(journal.runs(500)[0], SENT).events[0].body.encode() == event.to_bytes()

    def test_an_event_erased_before_the_server_had_it_is_found(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal.append(draft(1))
        journal.close()
        with closing(sqlite3.connect(tmp_path / "journal.db")) as con:
            row = Row(**dict(zip(Row.__slots__, con.execute("SELECT * FROM events").fetchone(), strict=True)))
            left = row.forget()
            con.execute("UPDATE events SET salt = ?, body = ?, seal = ?", (left.salt, left.body, left.seal))
            con.commit()
        assert findings(tmp_path) == ["event 1: it was erased before the server had it"]

    def test_another_hash_than_the_events_own_is_found(self, journal: SqliteJournal, tmp_path: Path) -> None:
        event = self.told(journal)
        journal.forget({event.journal_id: [(1, 1)]})
        journal.close()
        with closing(sqlite3.connect(tmp_path / "journal.db")) as con:
            con.execute("UPDATE events SET body = ? WHERE seq = 1", ("00" * 32,))
            con.commit()
        assert "event 1: its hash is not the hash of what it holds" in findings(tmp_path)

    def test_a_damaged_journal_leaves_the_forgotten_behind(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        event = self.told(journal)
        journal.append(draft(4))
        journal.forget({event.journal_id: [(1, 1)]})
        journal.close()
        with closing(sqlite3.connect(tmp_path / "journal.db")) as con:
            con.execute("UPDATE events SET acked_at = 7 WHERE seq = 2")
            con.commit()
        with closing(open_journal(tmp_path, seed=5)) as new:
            assert new.journal_id != event.journal_id
            assert {line["seq"] for line in export(new.path)} == {2, 3, 4}
        assert findings(tmp_path) == []

    def told(self, journal: SqliteJournal) -> TapEvent:
        """Three acknowledged events with something to forget."""
        events = [journal.append(draft(number, evidence={"digest": self.SECRET})) for number in (1, 2)]
        journal.append(draft(3))
        acknowledge(journal)
        return events[0]

    def files(self, folder: Path) -> list[str]:
        """Where the secret still lies."""
        return [path.name for path in folder.iterdir() if self.SECRET.encode() in path.read_bytes()]


def test_export_gives_every_event_with_its_acknowledgement(journal: SqliteJournal) -> None:
    journal.append(draft(1))
    acknowledge(journal)
    (line,) = export(journal.path)
    assert (line["status"], line["acked_at"]) == ("stored", NOW)
    assert json.loads(line["body"])["volunteer"] == "M0001"


def test_a_journal_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert "no journal" in findings(tmp_path)[0]
