"""Opening a journal: trusted as it is, or set aside while a new one begins that names its head."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.durable import sync_directory
from kiosk.journal_file import (
    COLUMNS,
    About,
    Report,
    Row,
    connect,
    create,
    header_faults,
    mend_header,
    read_all,
)
from kiosk.journal_mark import Mark
from kiosk.journal_recent import REMEMBERED
from kiosk.journal_salvage import keep_log, kept_log, salvage
from kiosk.ports import Remembered

log = logging.getLogger(__name__)
INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 12)})"  # noqa: S608 - our own columns


@dataclass(frozen=True, slots=True)
class Opened:
    """An open journal, and the newest of what it holds."""

    con: sqlite3.Connection
    about: About
    head: tuple[int, str]
    newest: Iterable[Remembered]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose journal it must be, and the id a new one would get."""

    kiosk_id: str
    machine: str
    new_id: str


def open_journal(path: Path, mark: Mark | None, owner: Owner) -> Opened:
    """Open the journal at ``path``, or begin one; raises ``sqlite3.OperationalError`` or ``OSError`` only."""
    if _ready(path).exists():
        _put_in_place(path)  # the power went before the last rename below
    if not path.exists():
        return _begin(path, owner, Report(), mark)
    report, con = _look(path)
    why = next(iter(distrust(report, path, mark, owner)), None)
    if why is None and con is not None and report.about is not None:
        con.execute("UPDATE about SET seal = seal")  # a disk that takes no writes shows itself now
        newest = [one for one in report.newest if one is not None]
        return Opened(con, report.about, report.head, newest)
    log.warning("journal set aside: %s", why)
    keep_log(path)
    sync_directory(path.parent)
    if con is not None:
        con.close()
    report.rows = salvage(path, report.rows)
    return _begin(path, owner, report, mark)


def _look(path: Path) -> tuple[Report, sqlite3.Connection | None]:
    faults = header_faults(path)
    if len(faults) == 1:
        mend_header(path)  # it is set aside whatever follows; what it holds must be readable for that
    report, con = _look_inside(path)
    report.findings[:0] = faults
    return report, con


def _look_inside(path: Path) -> tuple[Report, sqlite3.Connection | None]:
    try:
        con = connect(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return Report(findings=[f"SQLite: {error}"]), None
    try:
        return read_all(con), con
    except BaseException:
        con.close()
        raise


def distrust(report: Report, path: Path, mark: Mark | None, owner: Owner | None) -> Iterator[str]:
    """Why a journal may not be continued; nothing when it may."""
    yield from report.findings
    if kept_log(path).exists():
        yield "replacing it was begun and not finished"
    about = report.about
    if about is None:
        return
    if owner is not None and about.kiosk_id != owner.kiosk_id:
        yield "it was written under another enrolment"
    if owner is not None and about.machine != place_of(path, owner.machine):
        yield "it is a copy: another file or another machine wrote it"
    if mark is None:
        return
    if mark.journal_id not in (about.journal_id, about.prior_journal):
        yield "another journal was in use after it"
    if mark.journal_id == about.journal_id and mark.seq > about.anchor_seq:
        hashes = {row.seq: row.hash for row in report.rows if row.journal_id == about.journal_id}
        if hashes.get(mark.seq) != mark.hash:
            yield f"event {mark.seq} was on disk and is no longer the same"


def place_of(path: Path, machine: str) -> str:
    """Names one file on one machine; a copy has another inode, a copied memory card another machine."""
    return f"{machine}:{path.stat().st_ino}"


def _begin(path: Path, owner: Owner, old: Report, mark: Mark | None) -> Opened:
    """Write the new journal whole before anything of the old one is moved.

    While it is a draft, a crash leaves the old one to begin again from; once it is called ready, it holds
    everything, and what is left to do is moving files, which the next opening goes on with.
    """
    draft = path.with_suffix(".draft.db")
    for leftover in _with_companions(draft):
        leftover.unlink(missing_ok=True)
    # Acknowledged ones too: they tell who is on duty, and a server put back from a backup may lack them.
    rows = [_carried(row) for row in old.rows if not row.forgotten]
    draft.touch(mode=0o600)
    prior = _prior(old, mark)
    about = About(
        kiosk_id=owner.kiosk_id,
        journal_id=owner.new_id,
        prior_journal=prior[0],
        prior_head=prior[1],
        machine=place_of(draft, owner.machine),
        carried=_carried_from(old),
    )
    with closing(create(draft, about)) as con:
        con.execute("BEGIN IMMEDIATE")
        con.executemany(INSERT, [row.values() for row in rows])
        con.execute("COMMIT")
        # Closing does it too, but does not say when the disk is full; and the log is not moved along.
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    draft.rename(_ready(path))
    sync_directory(path.parent)
    _put_in_place(path)
    newest = [Remembered(row.event(), row.known_at) for row in rows[-REMEMBERED:]]
    return Opened(connect(path), about, (0, about.first_prev()), newest)


def _ready(path: Path) -> Path:
    return path.with_suffix(".new.db")


def _put_in_place(path: Path) -> None:
    """Set aside what there is, then the ready one in its place; each step is on disk before the next."""
    _set_aside(path)
    _ready(path).rename(path)
    sync_directory(path.parent)


def _carried(row: Row) -> Row:
    # Where the acknowledgement cannot be believed the event is sent again: the server says duplicate.
    if row.sealed().seal != row.seal:
        row = replace(row, status=None, reason=None, known_at=None, acked_at=None)
    event = row.event()
    return replace(row, journal_id=event.journal_id, seq=event.seq, event_id=event.event_id).sealed()


def _carried_from(old: Report) -> dict[str, tuple[str | None, str | None]]:
    if old.about is None:
        return {}
    own = {old.about.journal_id: (old.about.prior_journal, old.about.prior_head)}
    return {**old.about.carried, **own}


def _prior(old: Report, mark: Mark | None) -> tuple[str | None, str | None]:
    """Id and head of the journal that came before, as best known."""
    last = next((row for row in reversed(old.rows) if not row.forgotten), None)
    journal_id = old.about.journal_id if old.about else last.event().journal_id if last else None
    if mark is not None and (journal_id is None or mark.journal_id == journal_id):
        return mark.journal_id, mark.hash
    return journal_id, old.head[1] or None


def _set_aside(path: Path) -> None:
    """The companions first: SQLite would read an old log into the new database beside it."""
    number = 1
    while (aside := path.with_name(f"{path.stem}-{number}.aside.db")).exists():
        number += 1
    for part, kept in zip(_with_companions(path), _with_companions(aside), strict=True):
        if part.exists():
            part.rename(kept)
            sync_directory(path.parent)


def _with_companions(path: Path) -> list[Path]:
    return [*(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")), kept_log(path), path]


def inspect(path: Path, mark: Mark | None) -> list[str]:
    """Everything wrong with the journal at ``path``, read without disturbing a kiosk that writes it."""
    if not path.exists():
        return [f"there is no journal at {path}"]
    if faults := header_faults(path):
        return faults
    try:
        with closing(connect(path, read_only=True)) as con:
            return list(distrust(read_all(con), path, mark, None))
    except sqlite3.DatabaseError as error:
        return [f"SQLite: {error}"]


def export(path: Path) -> Iterator[dict[str, Any]]:
    """Every event with its place, hash and acknowledgement, oldest first."""
    with closing(connect(path, read_only=True)) as con:
        rows = read_all(con).rows
    for row in rows:
        line = {name: getattr(row, name) for name in Row.__slots__ if name not in ("body", "salt", "seal")}
        yield line | {"salt": row.salt.hex(), "body": row.body}
