"""A journal that is damaged, copied or refused by its disk: noticed, set aside, and nothing green is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.errors import JournalUnavailable
from kiosk.journal import SqliteJournal
from kiosk.journal_mark import read_mark
from kiosk.journal_open import export, inspect
from server.contract.wire import genesis
from tests.support.kiosk_journal import NOW, SENT, acknowledge, draft, findings, open_journal, results_of

ROOT = Path(__file__).parent.parent.parent


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
