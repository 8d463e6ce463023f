"""A tap decided and durable, beside a bare SQLite commit of the very same row.

Taps and bare commits alternate on the same disk, through connections that are opened alike, so that whatever
else the machine does strikes both. A kiosk moves its log between taps; here both do, between measurements.
Where the disk is slow its sync hides everything else; the thread's own processor time tells what our code
costs on a disk that is quick.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.kiosk_parts import Kiosk, Person, kiosk
from benchmarks.report import Options, Result, file_system, pragmas, quantile, spread, timed_twice
from card_tools.ndef import to_ndef
from hardware.ports import CardRead, ContentKind
from kiosk.journal_file import COLUMNS, About, connect, create

FLOOR = "bare commit of the same row"
AIM = "≤ 1.5 · ≤ 2"
CHECK_EVERY = 20
"""Taps between two looks at the journal, which a kiosk takes every five seconds."""
Series = list[tuple[float, float]]
"""Milliseconds that passed, and those in which the thread itself worked."""
Pair = tuple[Series, Series]


def run(options: Options) -> Result:
    """Measure taps by chip number, by signed chip and by printed code."""
    result = Result("tap", "A tap decided and durable (KioskService and journal)")
    count = options.size(500, least=5)
    with kiosk(options.room("tap"), 3 * count) as door:
        with closing(_floor(options.folder / "floor.db")) as floor:
            series = {}
            for kind, (place, read) in KINDS.items():
                people = door.people[place * count : (place + 1) * count]
                series[kind] = _alternate(door, floor, kind, [read(person) for person in people])
            result.settings["bare commit"] = (
                f"the same connect, {pragmas(floor)}; BEGIN IMMEDIATE, INSERT, COMMIT"
            )
            result.settings["both on"] = file_system(options.folder)
        _tell(result, series)
        with closing(connect(door.journal.path, read_only=True)) as look:
            result.settings["journal"] = f"kiosk.journal_file.connect, {pragmas(look)}"
    result.notes.append(f"{count} taps of each kind, {3 * count} people on the roster; one write each")
    return result


def _tell(result: Result, series: dict[str, Pair]) -> None:
    result.add(FLOOR, _figures([entry for _, bare in series.values() for entry in bare]))
    for kind, (taps, _) in series.items():
        result.add(kind, _figures(taps), to=FLOOR, aim=AIM)


def _figures(series: Series) -> dict[str, float]:
    own = quantile([worked for _, worked in series], 0.5)
    return {**spread([took for took, _ in series]), "own cpu p50 ms": own}


def _alternate(door: Kiosk, floor: sqlite3.Connection, kind: str, reads: Sequence[CardRead]) -> Pair:
    taps: Series = []
    bare: Series = []
    door.service.tap(reads[0])  # the first of a kind loads what it needs; its row is what the floor writes
    row = _last_row(door.journal.path)
    for place, read in enumerate(reads[1:], 1):
        taps.append(timed_twice(lambda read=read: door.service.tap(read)))  # type: ignore[misc]
        other = (kind, place, str(row[2]), *row[3:])
        bare.append(timed_twice(lambda other=other: _commit(floor, other)))  # type: ignore[misc]
        if place % CHECK_EVERY == 0:
            door.service.check()
            floor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return taps, bare


def _last_row(path: Path) -> tuple[object, ...]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as look:
        found = look.execute(f"SELECT {COLUMNS} FROM events ORDER BY rowid DESC LIMIT 1").fetchone()
    return tuple(found)


def _commit(floor: sqlite3.Connection, row: Sequence[object]) -> None:
    floor.execute("BEGIN IMMEDIATE")
    floor.execute(f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 12)})", row)
    floor.execute("COMMIT")


def _floor(path: Path) -> sqlite3.Connection:
    about = About(kiosk_id="floor", journal_id="floor", prior_journal=None, prior_head=None, machine="floor")
    return create(path, about)


def chip(person: Person) -> CardRead:
    """A person's signed chip as a reader tells it."""
    content = to_ndef(person.bound)
    return CardRead(medium="nfc", uid=person.uid, content=content, content_kind=ContentKind.NDEF)


def _code(person: Person) -> CardRead:
    text = person.printed.text.encode()
    return CardRead(medium="qr", content=text, content_kind=ContentKind.TEXT)


def _stranger(person: Person) -> CardRead:
    return CardRead(medium="nfc", uid=person.uid)


KINDS: dict[str, tuple[int, Callable[[Person], CardRead]]] = {
    "signed chip": (0, chip),
    "signed chip, tapped before": (0, chip),
    "printed code": (1, _code),
    "unknown chip": (2, _stranger),
}
"""Which third of the people tap, and with what; a card that held once is not calculated again."""
