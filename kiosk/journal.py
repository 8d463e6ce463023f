"""The journal: every tap on disk before the light turns green, in a chain, until the server has it.

One connection and one lock: SQLite before 3.51.3 can damage a write-ahead log that two connections write or
checkpoint at once. A file that is damaged, put back from a copy, or on another machine is set aside and a new
journal begins that names the old one's head; what the old one still held unacknowledged is carried over.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.errors import JournalUnavailable
from kiosk.journal_file import COLUMNS, About, Row, seal_text, sealed_values
from kiosk.journal_forget import forget
from kiosk.journal_mark import Mark, MarkFile, read_mark
from kiosk.journal_open import INSERT, Opened, Owner, open_journal, place_of
from kiosk.journal_recent import Recent
from kiosk.ports import Draft, Remembered, Run, Sealed
from server.contract.wire import (
    ClockSample,
    EventResult,
    Push,
    PushedEvent,
    TapEvent,
    chain_hash,
    inner_hash,
)

log = logging.getLogger(__name__)
SALT_BYTES = 16
DAY = 86_400_000
CHECKPOINT_AFTER = 300
"""Events and acknowledgements after which the log is moved into the file: about three pages each."""


class SqliteJournal:
    """``kiosk.ports.Journal`` over one SQLite file."""

    def __init__(
        self,
        directory: Path,
        *,
        kiosk_id: str,
        machine: str,
        randomness: Callable[[int], bytes],
        checkpoint_after: int = CHECKPOINT_AFTER,
    ) -> None:
        """Open, or begin, the journal in ``directory``; never raises: :attr:`trouble` says what is wrong."""
        self.path = directory / "journal.db"
        self._mark = MarkFile(directory / "journal.mark")
        self._kiosk_id, self._machine, self._randomness = kiosk_id, machine, randomness
        self._lock = threading.RLock()
        self._con: sqlite3.Connection | None = None
        self._about: About | None = None
        self._recent = Recent()
        self._head = (0, "")
        self._logged, self._checkpoint_after = 0, checkpoint_after
        self.acked_seq = 0
        self.pending = 0
        self.trouble: str | None = None
        self.probe()

    @property
    def journal_id(self) -> str | None:
        """Id of the chain that is being written; None while the file cannot be opened."""
        return self._about.journal_id if self._about else None

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the last stored event."""
        return self._head

    def probe(self) -> str | None:
        """Look whether the next event could be stored, re-opening if need be; says what is wrong.

        Asked every few seconds between taps, it also moves a long log into the file, so that no tap waits
        for that.
        """
        with self._lock:
            self._mark.look()
            try:
                if self._con is not None and not self._is_our_file():
                    self._drop()
                con, _ = self._ready()
                self.trouble = None
                if self._logged >= self._checkpoint_after:
                    self._logged = 0
                    con.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
            return self.trouble

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._drop()

    def append(self, draft: Draft) -> TapEvent:
        """Store one event; a commit that raised is tried once more, with the same id."""
        with self._lock:
            failure: Exception | None = None
            for _ in range(2):
                try:
                    event = self._append(draft)
                except (sqlite3.Error, OSError) as error:
                    failure = error
                    self._fail(error)
                else:
                    self.trouble = None
                    return event
            raise JournalUnavailable(f"the journal did not take the event: {failure}") from failure

    def _append(self, draft: Draft) -> TapEvent:
        con, about = self._ready()
        last = self._recent.last
        if last is not None and last.event_id == draft.event["event_id"]:
            # The commit raised and persisted all the same. Reading it back proves only that the page cache
            # has it; moving it into the database file makes the disk sync it.
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return last
        seq, prev = self._head[0] + 1, self._head[1]
        event = TapEvent(**draft.event, kiosk_id=self._kiosk_id, journal_id=about.journal_id, seq=seq)
        salt, body = self._randomness(SALT_BYTES), event.to_bytes()
        this = chain_hash(prev, inner_hash(salt, body))
        columns = (about.journal_id, seq, event.event_id, salt, body.decode(), prev, this)
        values = sealed_values((*columns, None, None, None, None))
        con.execute("BEGIN IMMEDIATE")
        con.execute(INSERT, values)
        con.execute("COMMIT")
        self._head = (seq, this)
        self._recent.add(event)
        self.pending += 1
        self._logged += 1
        self._mark.write(Mark(about.journal_id, seq, this))
        return event

    def recent(
        self, volunteer: str | None, card_id: str, *, others: Collection[str] = ()
    ) -> Sequence[Remembered]:
        """The remembered events of one person or card, of ``others``, and every team event, in order."""
        with self._lock:
            return self._recent.of(volunteer, card_id, others)

    def runs(self, limit: int) -> list[Run]:
        """Everything unacknowledged now, oldest journal first, cut into ranges that one push can carry."""
        with self._lock:
            con, _ = self._ready_or_raise()
            waiting = "SELECT journal_id, seq FROM events WHERE status IS NULL ORDER BY rowid"
            return _cut(con.execute(waiting).fetchall(), limit)

    def push_of(self, run: Run, sent: ClockSample) -> Push:
        """A range as it is sent."""
        with self._lock:
            con, about = self._ready_or_raise()
            rows = con.execute(
                "SELECT salt, body, prev, hash FROM events WHERE journal_id = ? AND seq BETWEEN ? AND ?"
                " ORDER BY seq",
                (run.journal_id, run.from_seq, run.to_seq),
            ).fetchall()
        own = (about.prior_journal, about.prior_head)
        prior = own if run.journal_id == about.journal_id else about.carried.get(run.journal_id, (None, None))
        return Push(
            kiosk_id=self._kiosk_id,
            journal_id=run.journal_id,
            prior_journal=prior[0],
            prior_head=prior[1],
            from_seq=run.from_seq,
            prev=rows[0][2],
            head=rows[-1][3],
            sent=sent,
            events=tuple(PushedEvent(salt.hex(), body) for salt, body, _, _ in rows),
        )

    def empty_push(self, sent: ClockSample) -> Push:
        """No events: a clock sample, and how far the journal reaches."""
        with self._lock:
            _, about = self._ready_or_raise()
            seq, head = self._head
        return Push(
            kiosk_id=self._kiosk_id,
            journal_id=about.journal_id,
            prior_journal=about.prior_journal,
            prior_head=about.prior_head,
            from_seq=seq + 1,
            prev=head,
            head=head,
            sent=sent,
            events=(),
        )

    def acknowledge(
        self, journal_id: str, results: Sequence[EventResult], *, roster_version: int, at: int
    ) -> None:
        """Note the server's word; a result whose hash is not ours changes nothing."""
        with self._lock:
            con, _ = self._ready_or_raise()
            try:
                con.execute("BEGIN IMMEDIATE")
                for result in results:
                    self._acknowledge_one(con, journal_id, (result, roster_version, at))
                con.execute("COMMIT")
                self._logged += len(results)
                self._count(con)
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                raise JournalUnavailable(f"the journal took no acknowledgement: {error}") from error

    def _acknowledge_one(
        self, con: sqlite3.Connection, journal_id: str, word: tuple[EventResult, int, int]
    ) -> None:
        result, version, at = word
        found = con.execute(
            f"SELECT {COLUMNS} FROM events WHERE journal_id = ? AND seq = ? AND hash = ? AND status IS NULL",  # noqa: S608
            (journal_id, result.seq, result.hash),
        ).fetchone()
        if found is None:
            return
        row = replace(
            Row(**dict(zip(Row.__slots__, found, strict=True))),
            status=result.status,
            reason=result.reason,
            known_at=version,
            acked_at=at,
        ).sealed()
        con.execute(
            "UPDATE events SET status = ?, reason = ?, known_at = ?, acked_at = ?, seal = ?"
            " WHERE journal_id = ? AND seq = ?",
            (row.status, row.reason, row.known_at, row.acked_at, row.seal, journal_id, row.seq),
        )
        self._recent.know(row.event_id, version)

    def doubt(self, journal_id: str, from_seq: int, to_seq: int) -> int:
        """Take events of a range for unacknowledged again, but not those whose words are erased; how many.

        A server that lacks even the first event of this journal was put back to before it began, and may lack
        the end of the journals that it replaced as well: of those everything is doubted.
        """
        with self._lock:
            own = self._ready_or_raise()[1].journal_id
            earlier = journal_id == own and from_seq == 1
            which = "(journal_id = ? AND seq BETWEEN ? AND ? OR ? AND journal_id != ?)"
            return self._doubt(which, journal_id, from_seq, to_seq, earlier, own)

    def doubt_all(self) -> int:
        """As :meth:`doubt`, of every journal and all that is still held."""
        return self._doubt("true")

    def _doubt(self, which: str, *values: Any) -> int:
        with self._lock:
            con, _ = self._ready_or_raise()
            try:
                con.execute("BEGIN IMMEDIATE")
                found = con.execute(
                    f"SELECT {COLUMNS} FROM events WHERE status IS NOT NULL AND {which}",  # noqa: S608
                    values,
                ).fetchall()
                rows = [Row(**dict(zip(Row.__slots__, columns, strict=True))) for columns in found]
                waiting = [
                    replace(row, status=None, reason=None, known_at=None, acked_at=None).sealed()
                    for row in rows
                    if not row.forgotten
                ]
                con.executemany(
                    "UPDATE events SET status = NULL, reason = NULL, known_at = NULL, acked_at = NULL,"
                    " seal = ? WHERE journal_id = ? AND seq = ?",
                    [(row.seal, row.journal_id, row.seq) for row in waiting],
                )
                con.execute("COMMIT")
                self._logged += len(waiting)
                self._count(con)
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                raise JournalUnavailable(f"the journal could not doubt: {error}") from error
            return len(waiting)

    def prune(self, *, now: int, days: int) -> int:
        """Delete what is acknowledged and was so more than ``days`` ago; the chain goes on from an anchor."""
        with self._lock:
            con, about = self._ready_or_raise()
            limit = now - days * DAY
            last = con.execute(
                "SELECT max(seq) FROM events WHERE journal_id = :own AND acked_at < :limit AND seq <"
                " (SELECT coalesce(min(seq), :head + 1) FROM events WHERE journal_id = :own"
                " AND (acked_at IS NULL OR acked_at >= :limit))",
                {"own": about.journal_id, "limit": limit, "head": self._head[0]},
            ).fetchone()[0]
            try:
                return self._prune_up_to(con, about, last or 0, limit)
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                raise JournalUnavailable(f"the journal could not be pruned: {error}") from error

    def _prune_up_to(self, con: sqlite3.Connection, about: About, last: int, limit: int) -> int:
        key = (about.journal_id, last)
        anchor = con.execute("SELECT hash FROM events WHERE journal_id = ? AND seq = ?", key).fetchone()
        kept = replace(about, anchor_seq=last, anchor_hash=anchor[0]) if anchor else about
        con.execute("BEGIN IMMEDIATE")
        gone = con.execute("DELETE FROM events WHERE journal_id = ? AND seq <= ?", key).rowcount
        gone += con.execute(
            "DELETE FROM events WHERE journal_id != ? AND acked_at < ?", (about.journal_id, limit)
        ).rowcount
        con.execute("UPDATE about SET body = ?, seal = ?", (kept.body(), seal_text(kept.body())))
        con.execute("COMMIT")
        self._about = kept
        return gone

    def forget(self, sealed: Sealed) -> int:
        """Erase what the server has sealed, if it is acknowledged; the chain goes on by the hashes."""
        with self._lock:
            con, _ = self._ready_or_raise()
            try:
                gone = forget(con, sealed)
            except (sqlite3.Error, OSError) as error:
                self._fail(error)
                raise JournalUnavailable(f"the journal could not forget: {error}") from error
            return gone

    def _ready_or_raise(self) -> tuple[sqlite3.Connection, About]:
        try:
            return self._ready()
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
            raise JournalUnavailable(f"the journal cannot be opened: {error}") from error

    def _ready(self) -> tuple[sqlite3.Connection, About]:
        if self._con is None or self._about is None:
            owner = Owner(kiosk_id=self._kiosk_id, machine=self._machine, new_id=self._randomness(16).hex())
            opened = open_journal(self.path, read_mark(self._mark.path), owner)
            self._con = opened.con
            self._take(opened)
        assert self._about is not None
        return self._con, self._about

    def _take(self, opened: Opened) -> None:
        self._about, self._head = opened.about, opened.head
        self._recent = Recent(opened.newest)
        self._count(opened.con)
        self._mark.write(Mark(opened.about.journal_id, *opened.head))

    def _count(self, con: sqlite3.Connection) -> None:
        assert self._about is not None
        self.pending, first = con.execute(
            "SELECT count(*), min(iif(journal_id = ?, seq, NULL)) FROM events WHERE status IS NULL",
            (self._about.journal_id,),
        ).fetchone()
        self.acked_seq = self._head[0] if first is None else first - 1

    def _is_our_file(self) -> bool:
        # A file that was deleted or replaced under an open connection takes writes that nobody will ever see.
        expected = self._about.machine if self._about else None
        return self.path.exists() and place_of(self.path, self._machine) == expected

    def _fail(self, error: Exception) -> None:
        self.trouble = str(error)
        log.error("journal: %s", error)
        self._drop()

    def _drop(self) -> None:
        self._mark.close()
        if self._con is not None:
            self._con.close()
            self._con = None


def _cut(waiting: Sequence[tuple[str, int]], limit: int) -> list[Run]:
    runs: list[Run] = []
    for journal_id, seq in waiting:
        last = runs[-1] if runs else None
        if last and last.journal_id == journal_id and last.to_seq == seq - 1 and seq - last.from_seq < limit:
            runs[-1] = replace(last, to_seq=seq)
        else:
            runs.append(Run(journal_id, seq, seq))
    return runs
