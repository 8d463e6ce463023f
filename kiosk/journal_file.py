"""The journal's file: its tables, how each row is sealed, and how damage is found.

Three layers find damage. SQLite's ``integrity_check`` sees broken pages and indexes (7 of 60 single flipped
bits in our trials). The *chain* (``server.contract.wire``) sees a changed, missing or moved event. A *seal*,
SHA-256 over all columns of a row, sees what the chain does not cover: acknowledgements and the ``about`` row.

An event that the server sealed is *forgotten* here too: its salt is empty and ``body`` holds the inner hash,
by which the chain goes on. Only an acknowledged event may be forgotten.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from typing import Any

from kiosk.journal_recent import REMEMBERED
from kiosk.ports import Remembered
from server.contract.wire import TapEvent, WireError, canonical, chain_hash, genesis, inner_hash

SCHEMA = """
CREATE TABLE about (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, seal TEXT NOT NULL) STRICT;
CREATE TABLE events (
    journal_id TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL,
    salt BLOB NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
    status TEXT, reason TEXT, known_at INTEGER, acked_at INTEGER, seal TEXT NOT NULL,
    PRIMARY KEY (journal_id, seq)) STRICT;
CREATE INDEX events_waiting ON events (journal_id, seq) WHERE status IS NULL;
"""
COLUMNS = "journal_id, seq, event_id, salt, body, prev, hash, status, reason, known_at, acked_at, seal"
BUSY_SECONDS = 5.0
LONGEST_LOG = 8000
"""Pages of write-ahead log from which on SQLite moves them itself, in the midst of a tap. The journal does
so long before, between taps; this only bounds the log should nobody ask it to."""

HEADER = (
    (0, b"SQLite format 3\0"),
    (16, bytes([0x10, 0, 2, 2, 0, 64, 32, 32])),
    (44, bytes([0, 0, 0, 4])),
    (56, bytes([0, 0, 0, 1])),
)
"""What the file's first 100 bytes always say here (sqlite.org/fileformat.html §1.3): pages of 4096, WAL,
schema format 4, UTF-8. SQLite takes a flipped bit there for a newer format, a read-only or a locked file."""


def header_faults(path: Path) -> list[str]:
    """What is wrong with the file's header; read before SQLite opens the file, never while it has it open."""
    with path.open("rb") as file:
        head = file.read(100)
    return [
        f"SQLite: byte {place} of the file's header is not as it was written"
        for place, said in HEADER
        if head[place : place + len(said)] != said
    ]


def mend_header(path: Path) -> None:
    """Write the header's constants again, so that SQLite can read the rest."""
    with path.open("r+b") as file:
        for place, said in HEADER:
            file.seek(place)
            file.write(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a journal says of itself; kept in one sealed row."""

    kiosk_id: str
    journal_id: str
    prior_journal: str | None
    prior_head: str | None
    machine: str
    """Which machine and which file on it: a copied card or a restored backup does not match."""
    anchor_seq: int = 0
    anchor_hash: str = ""
    """The last event that retention deleted: the chain goes on from here."""
    carried: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Journals set aside whose unacknowledged events lie here too: their prior journal and prior head."""

    def body(self) -> str:
        """As stored."""
        return canonical({name: getattr(self, name) for name in self.__slots__}).decode()

    def first_prev(self) -> str:
        """What stands before the oldest stored event."""
        return self.anchor_hash or genesis(self.kiosk_id, self.journal_id, self.prior_head)


NOT_HELD = "its hash is not the hash of what it holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event as it lies on disk."""

    journal_id: str
    seq: int
    event_id: str
    salt: bytes
    body: str
    prev: str
    hash: str
    status: str | None = None
    reason: str | None = None
    known_at: int | None = None
    acked_at: int | None = None
    seal: str = ""

    def __post_init__(self) -> None:
        """Refuse columns of another type: a flipped bit can turn a text into bytes, a number into none."""
        texts = (self.journal_id, self.event_id, self.body, self.prev, self.hash, self.seal)
        if not (all(isinstance(text, str) for text in texts) and isinstance(self.salt, bytes)):
            raise TypeError("a column has another type than was written")
        if not isinstance(self.seq, int):
            raise TypeError("it has no place")

    def values(self) -> tuple[Any, ...]:
        """The columns in the order of ``COLUMNS``."""
        values: tuple[Any, ...] = _values(self)
        return values

    def sealed(self) -> "Row":
        """The same row with the seal that belongs to it."""
        return replace(self, seal=sealed_values(self.values()[:-1])[-1])

    def faults(self) -> Iterator[str]:
        """What is wrong with this row taken alone."""
        if sealed_values(self.values()[:-1])[-1] != self.seal:
            yield "its seal does not hold"
        if not self.holds():
            yield NOT_HELD
        if self.forgotten and self.status is None:
            yield "it was erased before the server had it"

    def holds(self) -> bool:
        """Whether hash, salt and body fit together: the event is as it was written."""
        return chain_hash(self.prev, self.inner()) == self.hash

    def inner(self) -> str:
        """The event's inner hash, which stays when the event is forgotten."""
        return self.body if self.forgotten else inner_hash(self.salt, self.body.encode())

    @property
    def forgotten(self) -> bool:
        """Whether only the inner hash is left."""
        return not self.salt

    def forget(self) -> "Row":
        """The same row without what the event says."""
        return replace(self, salt=b"", body=self.inner()).sealed()

    def event(self) -> TapEvent:
        """The event itself."""
        return TapEvent.from_bytes(self.body.encode())


_values = attrgetter(*Row.__slots__)


def sealed_values(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """All columns, from all but the seal: what a new event's row is written from."""
    return *values, _seal([*values[:3], values[3].hex(), *values[4:]])


@dataclass(slots=True)
class Report:
    """What reading a whole journal found; a good journal has no findings."""

    about: About | None = None
    rows: list[Row] = field(default_factory=list)
    """Rows whose event is as it was written."""
    findings: list[str] = field(default_factory=list)
    newest: deque[Remembered | None] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """What the last of these rows say: reading an event is the dearest part of reading a journal, and is
    done once. None where it is forgotten."""

    @property
    def head(self) -> tuple[int, str]:
        """Seq and hash of the last event of the journal being written."""
        if self.about is None:
            return (self.rows[-1].seq, self.rows[-1].hash) if self.rows else (0, "")
        own = [row for row in self.rows if row.journal_id == self.about.journal_id]
        return (own[-1].seq, own[-1].hash) if own else (self.about.anchor_seq, self.about.first_prev())


def seal_text(text: str) -> str:
    """The seal of the ``about`` row."""
    return _seal([text])


def _seal(values: list[Any]) -> str:
    return sha256(b"yika-journal-row-1" + canonical(values)).hexdigest()


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open an existing file; FULL, since NORMAL loses acknowledged rows when power is cut."""
    mode = "ro" if read_only else "rw"
    con = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
    try:
        con.execute("PRAGMA synchronous=FULL")
        con.execute("PRAGMA secure_delete=ON")
        con.execute(f"PRAGMA wal_autocheckpoint={LONGEST_LOG}")
    except BaseException:
        con.close()  # a second connection of this process would read by a forgotten one's map of the log
        raise
    return con


def create(path: Path, about: About) -> sqlite3.Connection:
    """Make a new file. WAL is set here, once: switching later fails when two connections try it together."""
    path.touch(mode=0o600)
    con = connect(path)
    try:
        con.execute("PRAGMA page_size=4096")
        con.execute("PRAGMA journal_mode=WAL")
        con.executescript(f"BEGIN;{SCHEMA}")
        con.execute("INSERT INTO about VALUES (1, ?, ?)", (about.body(), seal_text(about.body())))
        con.execute("COMMIT")
    except BaseException:
        con.close()
        raise
    return con


def read_all(con: sqlite3.Connection) -> Report:
    """Read a whole journal and say everything that is wrong with it.

    Raises ``sqlite3.OperationalError`` when the disk does not answer, which is not damage.
    """
    report = Report()
    for (line,) in _guarded(con, "PRAGMA integrity_check", report):
        if line != "ok":
            report.findings.append(f"SQLite: {line}")
    report.about = about = _read_about(con, report)
    prev, seq = (about.first_prev(), about.anchor_seq) if about else (None, 0)
    for row, event, faults in _read_rows(con, report):
        if about and row.journal_id == about.journal_id:
            faults.extend(_place_faults((row, event), about.kiosk_id, prev, seq))
            prev, seq = row.hash, row.seq
        report.findings.extend(f"event {row.seq}: {fault}" for fault in faults)
        if NOT_HELD not in faults:
            report.rows.append(row)
            report.newest.append(None if event is None else Remembered(event, row.known_at))
    return report


def _guarded(con: sqlite3.Connection, sql: str, report: Report) -> Iterator[tuple[Any, ...]]:
    try:
        yield from con.execute(sql)
    except sqlite3.OperationalError as error:
        if not _is_damage(error):
            raise
        report.findings.append(f"SQLite: {error}")
    except sqlite3.DatabaseError as error:
        report.findings.append(f"SQLite: {error}")


def _is_damage(error: sqlite3.OperationalError) -> bool:
    # A flipped bit in a name or a text's encoding surfaces as an OperationalError of its own wording.
    text = str(error)
    return any(words in text for words in ("no such", "decode to UTF-8", "malformed", "syntax"))


def _read_about(con: sqlite3.Connection, report: Report) -> About | None:
    for body, seal in _guarded(con, "SELECT body, seal FROM about", report):
        try:
            if seal_text(body) != seal:
                raise ValueError("its seal does not hold")
            return About(**json.loads(body))
        except (ValueError, TypeError) as error:
            report.findings.append(f"about: {error}")
    report.findings.append("about: the journal does not say what it is")
    return None


def _read_rows(con: sqlite3.Connection, report: Report) -> Iterator[tuple[Row, TapEvent | None, list[str]]]:
    """Row by row, so that one that cannot be read does not hide the others; with its event and its faults."""
    numbers = [n for (n,) in _guarded(con, "SELECT rowid FROM events ORDER BY rowid", report)]
    for number in numbers:
        one = f"SELECT {COLUMNS} FROM events WHERE rowid = {number:d}"  # noqa: S608 - an integer, our own columns
        for values in _guarded(con, one, report):
            try:
                row = Row(**dict(zip(Row.__slots__, values, strict=True)))
                faults = list(row.faults())
                event = None if row.forgotten else row.event()
            except (TypeError, ValueError, AttributeError, WireError) as error:
                report.findings.append(f"row {number}: {error}")
            else:
                yield row, event, faults


def _place_faults(
    read: tuple[Row, TapEvent | None], kiosk_id: str, prev: str | None, seq: int
) -> Iterator[str]:
    row, event = read
    if prev is not None and row.prev != prev:
        yield "it does not follow the event before it"
    if row.seq != seq + 1:
        yield f"events {seq + 1} to {row.seq - 1} are missing"
    if event is None:
        return
    said = (event.kiosk_id, event.journal_id, event.seq, event.event_id)
    if said != (kiosk_id, row.journal_id, row.seq, row.event_id):
        yield "it says another place or id than its row"
