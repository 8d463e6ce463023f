"""The journal: on disk first, in a chain, until the server has it; and it notices when it is damaged."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.errors import JournalUnavailable
from kiosk.journal import CHECKPOINT_AFTER, SqliteJournal
from kiosk.journal_file import Row
from kiosk.journal_mark import read_mark
from kiosk.journal_open import export, inspect
from server.contract.wire import TapEvent, chain_hash, genesis
from tests.support.kiosk_journal import NOW, SENT, draft, open_journal, results_of

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = open_journal(tmp_path)
    yield opened
    opened.close()


def acknowledge(journal: SqliteJournal, *, at: int = NOW, version: int = 1) -> None:
    for run in journal.runs(500):
        push = journal.push_of(run, SENT)
        journal.acknowledge(push.journal_id, results_of(push), roster_version=version, at=at)


def findings(directory: Path) -> list[str]:
    return inspect(directory / "journal.db", read_mark(directory / "journal.mark"))


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


class TestDamage:
    def test_every_flipped_bit_in_a_stored_row_is_found(self, journal: SqliteJournal, tmp_path: Path) -> None:
        """Each bit of an event row, of its acknowledgement and of what the journal says of itself."""
        journal.append(draft(1))
        acknowledge(journal)
        journal.close()
        good = (tmp_path / "journal.db").read_bytes()
        copy = tmp_path / "copy"
        copy.mkdir()
        missed = []
        for at in _bytes_of_rows(good):
            for bit in range(8) if at % 7 == 0 else (at % 8,):
                bad = bytearray(good)
                bad[at] ^= 1 << bit
                (copy / "journal.db").write_bytes(bad)
                if not inspect(copy / "journal.db", None):
                    missed.append((at, bit))
        assert missed == []

    def test_a_damaged_journal_is_set_aside_and_its_head_named(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        for n in range(4):
            old = journal.append(draft(n))
        old_head = journal.head[1]
        journal.close()
        _spoil(tmp_path / "journal.db", b"M0001", nth=2)
        with closing(open_journal(tmp_path, seed=5)) as new:
            assert new.journal_id != old.journal_id
            push = new.empty_push(SENT)
            assert (push.prior_journal, push.prior_head) == (old.journal_id, old_head)
            assert push.prev == genesis("k1", new.journal_id or "", old_head)
            assert new.append(draft(9)).seq == 1
        assert len(list(tmp_path.glob("*.aside.db"))) == 1

    @pytest.mark.parametrize(("bits", "sent_on"), [(1, 4), (3, 3)], ids=["mended", "lost"])
    def test_undamaged_unacknowledged_rows_are_still_sent(
        self, journal: SqliteJournal, tmp_path: Path, bits: int, sent_on: int
    ) -> None:
        """And the damaged one too, when a single bit is all that was hit."""
        for n in range(4):
            old = journal.append(draft(n))
        journal.close()
        _spoil(tmp_path / "journal.db", b"M0001", nth=2, bits=bits)
        with closing(open_journal(tmp_path, seed=5)) as new:
            sent = [
                (push.journal_id, push.from_seq, len(push.events), len(results_of(push)))
                for push in (new.push_of(run, SENT) for run in new.runs(500))
            ]
            assert all(journal_id == old.journal_id for journal_id, *_ in sent)
            assert sum(count for *_, count in sent) == sent_on
            acknowledge(new)
            assert new.pending == 0

    def test_a_restart_after_carrying_over_is_clean(self, journal: SqliteJournal, tmp_path: Path) -> None:
        for n in range(3):
            journal.append(draft(n))
        journal.close()
        _spoil(tmp_path / "journal.db", b"M0001", nth=1)
        with closing(open_journal(tmp_path, seed=5)) as new:
            new.append(draft(7))
            first = new.journal_id
        with closing(open_journal(tmp_path, seed=6)) as again:
            assert again.journal_id == first
        assert findings(tmp_path) == []

    def test_a_file_that_is_no_database_begins_a_new_journal(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        old = journal.append(draft(1))
        head = journal.head[1]
        journal.close()
        (tmp_path / "journal.db").write_bytes(b"x" * 8192)
        with closing(open_journal(tmp_path, seed=5)) as new:
            push = new.empty_push(SENT)
            assert (push.prior_journal, push.prior_head) == (old.journal_id, head)

    def test_a_lost_tail_of_the_write_ahead_log_is_noticed(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        """SQLite opens such a file without complaint, short of its last events."""
        for n in range(3):
            journal.append(draft(n))
        saved = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        journal.close()
        for name, content in saved.items():
            (tmp_path / name).write_bytes(content)
        log = tmp_path / "journal.db-wal"
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
        (tmp_path / "journal.db-shm").unlink()
        assert any("no longer the same" in finding for finding in findings(tmp_path))


class TestCopies:
    def test_an_older_copy_put_back_begins_a_new_journal(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        old = journal.append(draft(1))
        journal.close()
        backup = (tmp_path / "journal.db").read_bytes()
        with closing(open_journal(tmp_path)) as again:
            again.append(draft(2))
            head = again.head[1]
        (tmp_path / "journal.db").write_bytes(backup)
        with closing(open_journal(tmp_path, seed=5)) as new:
            push = new.empty_push(SENT)
            assert new.journal_id != old.journal_id
            assert (push.prior_journal, push.prior_head) == (old.journal_id, head)
            assert new.pending == 1

    def test_a_copied_memory_card_begins_a_new_journal(self, journal: SqliteJournal, tmp_path: Path) -> None:
        old = journal.append(draft(1))
        journal.close()
        with closing(open_journal(tmp_path, machine="machine-2", seed=5)) as new:
            assert new.journal_id != old.journal_id
            assert new.empty_push(SENT).prior_journal == old.journal_id

    def test_a_folder_restored_whole_begins_a_new_journal(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal.append(draft(1))
        journal.close()
        copy = tmp_path / "restored"
        copy.mkdir()
        for name in ("journal.db", "journal.mark"):
            shutil.copy(tmp_path / name, copy / name)
        with closing(open_journal(copy, seed=5)) as new:
            assert new.journal_id != journal.journal_id

    def test_a_new_enrolment_begins_a_new_journal(self, journal: SqliteJournal, tmp_path: Path) -> None:
        journal.append(draft(1))
        journal.close()
        with closing(open_journal(tmp_path, kiosk="k2", seed=5)) as new:
            assert new.append(draft(2)).kiosk_id == "k2"
            assert new.pending == 2

    def test_a_vanished_file_is_named_by_its_mark(self, journal: SqliteJournal, tmp_path: Path) -> None:
        old = journal.append(draft(1))
        head = journal.head[1]
        (tmp_path / "journal.db").unlink()
        assert journal.probe() is None
        push = journal.empty_push(SENT)
        assert (push.prior_journal, push.prior_head) == (old.journal_id, head)

    def test_a_mark_that_was_deleted_is_made_again(self, journal: SqliteJournal, tmp_path: Path) -> None:
        journal.append(draft(1))
        (tmp_path / "journal.mark").unlink()
        assert journal.probe() is None
        journal.append(draft(2))
        mark = read_mark(tmp_path / "journal.mark")
        assert mark is not None
        assert (mark.seq, mark.hash) == journal.head

    def test_power_lost_between_setting_aside_and_putting_in_place_loses_nothing(
        self, journal: SqliteJournal, tmp_path: Path
    ) -> None:
        journal.append(draft(1))
        journal.close()
        (tmp_path / "journal.db").rename(tmp_path / "journal.new.db")
        with closing(open_journal(tmp_path, seed=5)) as again:
            assert (again.journal_id, again.pending) == (journal.journal_id, 1)


class TestADiskThatRefuses:
    def test_a_full_disk_refuses_the_event_and_takes_the_next_when_there_is_room(
        self, tmp_path: Path
    ) -> None:
        """A file size limit gives real write errors without being root."""
        program = (
            "import resource, signal, sys; from pathlib import Path\n"
            "from kiosk.errors import JournalUnavailable\n"
            "from tests.support.kiosk_journal import draft, open_journal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "journal = open_journal(Path(sys.argv[1]))\n"
            "told = []\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))\n"
            "try:\n"
            "    for n in range(1000):\n"
            "        told.append(journal.append(draft(n)).event_id)\n"
            "except JournalUnavailable:\n"
            "    assert journal.trouble, 'it says what is wrong'\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
            "assert journal.probe() is None\n"
            "told.append(journal.append(draft(2000)).event_id)\n"
            "journal.close()\n"
            "print('\\n'.join(told))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = done.stdout.split()
        assert 1 < len(told) < 1000
        stored = [line["event_id"] for line in export(tmp_path / "journal.db")]
        assert stored == told
        assert findings(tmp_path) == []

    def test_a_folder_that_is_not_there_is_said_and_not_raised(self, tmp_path: Path) -> None:
        with closing(open_journal(tmp_path / "gone")) as journal:
            assert journal.trouble
            with pytest.raises(JournalUnavailable):
                journal.append(draft(1))
            with pytest.raises(JournalUnavailable):
                journal.runs(500)

    def test_it_opens_by_itself_when_the_folder_comes_back(self, tmp_path: Path) -> None:
        with closing(open_journal(tmp_path / "later")) as journal:
            (tmp_path / "later").mkdir()
            assert journal.append(draft(1)).seq == 1
            assert journal.trouble is None

    def test_an_acknowledgement_that_the_disk_refuses_is_asked_for_again(
        self, journal: SqliteJournal
    ) -> None:
        journal.append(draft(1))
        push = journal.push_of(journal.runs(500)[0], SENT)
        with closing(sqlite3.connect(journal.path)) as other:
            other.execute(
                "CREATE TRIGGER no_room BEFORE UPDATE ON events BEGIN SELECT RAISE(FAIL, 'full'); END"
            )
        with pytest.raises(JournalUnavailable):
            journal.acknowledge(push.journal_id, results_of(push), roster_version=1, at=NOW)
        assert journal.pending == 1


def test_export_gives_every_event_with_its_acknowledgement(journal: SqliteJournal) -> None:
    journal.append(draft(1))
    acknowledge(journal)
    (line,) = export(journal.path)
    assert (line["status"], line["acked_at"]) == ("stored", NOW)
    assert json.loads(line["body"])["volunteer"] == "M0001"


def test_a_journal_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    assert "no journal" in findings(tmp_path)[0]


def _bytes_of_rows(image: bytes) -> list[int]:
    """Where the rows' own texts lie in the file: bodies, hashes, seals and acknowledgements."""
    places: list[int] = []
    for needle, before, after in ((b'{"action"', 200, 900), (b'{"anchor_hash"', 4, 420)):
        at = image.index(needle)
        places += range(at - before, at + after)
    return [at for at in places if image[at] != 0]


def _spoil(path: Path, needle: bytes, *, nth: int, bits: int = 1) -> None:
    image = bytearray(path.read_bytes())
    at = -1
    for _ in range(nth):
        at = image.index(needle, at + 1)
    image[at] ^= (1 << bits) - 1
    handle = os.open(path, os.O_WRONLY)
    os.pwrite(handle, bytes(image), 0)
    os.close(handle)
