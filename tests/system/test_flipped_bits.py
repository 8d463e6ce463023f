"""One bit of the journal turns over: ``journal verify`` finds it, or it does no harm, and the kiosk goes on.

Harmless by construction are bits that nothing reads: free space in a page, the tail of the write-ahead log
behind its last commit, counters that SQLite makes anew. There the journal opens with every event as it was.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.journal import SqliteJournal
from kiosk.journal_file import Row, connect, read_all
from kiosk.journal_mark import read_mark
from kiosk.journal_open import inspect
from server.contract.wire import TapEvent
from tests.support.kiosk_journal import SENT, draft, open_journal, results_of

FLIPS = int(os.environ.get("YIKA_BIT_FLIPS", "100"))
EVENTS, ACKNOWLEDGED = 40, 25
pytestmark = pytest.mark.timeout(60 + FLIPS)


class Damaged:
    """A journal's files as they were, put back in place after each flip (so that their inodes stay)."""

    def __init__(self, folder: Path, *, in_log: bool) -> None:
        self.folder, self.path, self.in_log = folder, folder / "journal.db", in_log
        journal = open_journal(folder)
        for number in range(EVENTS):
            journal.append(draft(number))
        run = journal.runs(ACKNOWLEDGED)[0]
        push = journal.push_of(run, SENT)
        journal.acknowledge(run.journal_id, results_of(push), roster_version=1, at=SENT.wall)
        assert journal.journal_id is not None
        self.journal_id = journal.journal_id
        with_log = {path: path.read_bytes() for path in self._files()}
        journal.close()  # moves the log into the file and deletes it
        self._inode = self.path.stat().st_ino
        self.whole = with_log if in_log else {path: path.read_bytes() for path in self._files()}
        self.put_back()
        con = connect(self.path, read_only=True)
        self.rows = {row.event_id: row for row in read_all(con).rows}
        con.close()
        self.put_back()

    def _files(self) -> Iterator[Path]:
        return (path for path in self.folder.iterdir() if not path.name.endswith("-shm"))

    def put_back(self) -> None:
        """Everything as it was before the flip; the database in its own inode, whatever it is called now."""
        for path in list(self.folder.iterdir()):
            if path.stat().st_ino != self._inode and path not in self.whole:
                path.unlink()
        for path in list(self.folder.iterdir()):
            if path.stat().st_ino == self._inode:
                path.replace(self.path)
        for path, content in self.whole.items():
            self._write(path, content)

    def _write(self, path: Path, content: bytes) -> None:
        with path.open("r+b" if path.exists() else "wb") as file:
            file.write(content)
            file.truncate()

    def flip(self, place: int) -> None:
        """Turn one bit over, counted through the database and its log."""
        for path in sorted(p for p in self.whole if p.name.startswith("journal.db")):
            bits = 8 * len(self.whole[path])
            if place < bits:
                content = bytearray(self.whole[path])
                content[place // 8] ^= 1 << place % 8
                self._write(path, bytes(content))
                return
            place -= bits
        raise AssertionError("no such bit")

    @property
    def bits(self) -> int:
        return 8 * sum(len(c) for p, c in self.whole.items() if p.name.startswith("journal.db"))


@pytest.fixture(params=["in the database", "in the log"])
def damaged(tmp_path: Path, request: pytest.FixtureRequest) -> Damaged:
    """The same journal, once closed and once as a running kiosk leaves it when the power goes."""
    return Damaged(tmp_path, in_log=request.param == "in the log")


def test_every_flipped_bit_is_found_or_harmless_and_what_waits_is_carried(damaged: Damaged) -> None:
    """A new journal begins that names the old one, and carries every waiting event, mended if it was hit."""
    rng, became = random.Random(11), Counter[str]()
    for place in sorted(rng.sample(range(damaged.bits), FLIPS // 2)):
        damaged.put_back()
        damaged.flip(place)
        found = inspect(damaged.path, read_mark(damaged.folder / "journal.mark"))
        damaged.put_back()
        damaged.flip(place)
        journal = open_journal(damaged.folder, seed=place + 1)
        try:
            became["found" if found else "harmless"] += 1
            lost = check(damaged, journal, found=bool(found))
        finally:
            journal.close()
        assert lost == 0, f"turning bit {place} over lost an event"
    print(dict(became))
    assert became["found"] > FLIPS // 8


def check(damaged: Damaged, journal: SqliteJournal, *, found: bool) -> int:
    """How many waiting events the flip itself destroyed."""
    assert journal.trouble is None
    held = {row.event_id: row for row in _rows(damaged.path)}
    waiting = {name for name, row in damaged.rows.items() if row.status is None}
    for name, row in held.items():
        was = damaged.rows[name]
        assert (row.salt, row.body, row.hash) == (was.salt, was.body, was.hash), (
            "an event was changed unnoticed"
        )
        assert row.status is None or was.status == row.status, "an acknowledgement came from nowhere"
    if found:
        assert journal.journal_id != damaged.journal_id
        assert journal.empty_push(SENT).prior_journal == damaged.journal_id
        assert list(damaged.folder.glob("*.aside.db")), "the damaged file is kept"
    else:
        assert journal.journal_id == damaged.journal_id
        assert set(held) == set(damaged.rows)
    event: TapEvent = journal.append(draft(1000))
    assert event.seq == (1 if found else EVENTS + 1)
    assert inspect(damaged.path, read_mark(damaged.folder / "journal.mark")) == []
    return len(waiting - set(held))


def _rows(path: Path) -> list[Row]:
    con = connect(path, read_only=True)
    try:
        return read_all(con).rows
    finally:
        con.close()
