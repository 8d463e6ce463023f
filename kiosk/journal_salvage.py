"""Events read out of a damaged journal's raw pages, where SQLite no longer gives them.

One flipped bit in the write-ahead log makes SQLite forget every commit behind it, and one in the schema hides
the whole table, though nearly all events lie there unharmed. So each page image in the database and in its
log is read as a leaf of a table (sqlite.org/fileformat2.html §1.6, §2.1, §4.1); an event counts only if its
own hash holds, so nothing can be made up by damage. Values that spill over their page are left out: an event
takes under 1.5 of 4 kilobytes.

An event that lies in one place only and was hit itself is mended: its hash tells when the right bit has been
turned back, so all of them are tried; so are those of the page's own header.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from kiosk.journal_file import Row
from server.contract.wire import WireError

PAGE = 4096
LOG_HEADER, FRAME_HEADER = 32, 24
LEAF = 0x0D
LONGEST = 1800
"""Bytes that an event's cell takes at most."""
HEADER_AND_LIST = 8 + 2 * 16
"""Bytes of a page's header and of the list of its cells, of which there are never so many."""
MOST_MENDED = 32
"""Cells and pages to try: a journal that is hit in more places must not keep its kiosk from opening."""
IN_EACH_EVENT = (b'"uptime_ms"', b'"event_id"')
"""One flipped bit leaves one of the two."""
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_ZERO, _ONE, _BLOB = 8, 9, 12


def kept_log(path: Path) -> Path:
    """Where the log's second name stands, from when a journal is distrusted until it is set aside."""
    return path.with_name(f"{path.name}-wal.kept")


def keep_log(path: Path) -> None:
    """Give the log a second name: SQLite deletes it on closing, with all that lies behind a damaged place.

    A name needs no room on a full disk. An earlier try's log stays: it is the older evidence.
    """
    log = path.with_name(f"{path.name}-wal")
    with suppress(FileNotFoundError, FileExistsError):
        kept_log(path).hardlink_to(log)


def salvage(path: Path, known: Sequence[Row]) -> list[Row]:
    """``known`` rows and every other event that can still be read, in the order they were written."""
    found = {(row.journal_id, row.seq): (0, row) for row in map(_placed, known)}
    hit: dict[bytes, None] = {}
    tries = MOST_MENDED
    for page in _pages(path):
        read = {cell: _event(cell) for cell in _cells(page)}
        for cell, event in read.items():
            if event is not None:
                _file(found, *event)
            elif any(mark in cell for mark in IN_EACH_EVENT):  # or it is another table's
                hit[cell] = None
        hidden = page.count(IN_EACH_EVENT[0]) > sum(event is not None for event in read.values())
        if hidden and (tries := tries - 1) >= 0:
            for event in _behind_a_damaged_header(page):
                _file(found, *event)
    for cell in islice(hit, MOST_MENDED):
        if (event := _mended(cell)) is not None:
            _file(found, *event)
    return _in_order(list(found.values()))


def _file(found: dict[tuple[str, int], tuple[int, Row]], number: int, row: Row) -> None:
    if row.forgotten:
        return
    key = (row.journal_id, row.seq)
    held = found.get(key)
    # Of two images the acknowledged one is newer; either is the same event.
    if held is None or (held[1].status is None and row.hash == held[1].hash):
        found[key] = (number, row)
    elif held[0] == 0:
        found[key] = (number, held[1])


def _behind_a_damaged_header(page: bytes) -> Iterator[tuple[int, Row]]:
    """The events that the page shows with one bit of its header or its list of cells turned back."""
    for bit in range(8 * HEADER_AND_LIST):
        for cell in _cells(_turned(page, bit)):
            if (event := _event(cell)) is not None:
                yield event


def _turned(content: bytes, bit: int) -> bytes:
    tried = bytearray(content)
    tried[bit // 8] ^= 1 << bit % 8
    return bytes(tried)


def _mended(cell: bytes) -> tuple[int, Row] | None:
    """The event of a damaged cell with one bit turned back; None when that makes none."""
    for bit in range(8 * len(cell)):
        if (event := _event(_turned(cell, bit))) is not None:
            return event
    return None


def _in_order(found: list[tuple[int, Row]]) -> list[Row]:
    """By journal as each began in this file, then by place."""
    began: dict[str, int] = {}
    for number, row in found:
        began[row.journal_id] = min(number, began.get(row.journal_id, number))
    rows = [row for _, row in found]
    return sorted(rows, key=lambda row: (began[row.journal_id], row.journal_id, row.seq))


def _pages(path: Path) -> Iterator[bytes]:
    """Every page image, the database's own first, then those of the log from old to new."""
    content = path.read_bytes()
    for start in range(PAGE, len(content), PAGE):  # the first page holds the schema
        yield content[start : start + PAGE]
    for log in (kept_log(path), path.with_name(f"{path.name}-wal")):
        frames = log.read_bytes()[LOG_HEADER:] if log.exists() else b""
        for start in range(0, len(frames), FRAME_HEADER + PAGE):
            yield frames[start + FRAME_HEADER : start + FRAME_HEADER + PAGE]


def _placed(row: Row) -> Row:
    """Under the names that the event itself says, which its hash covers; its columns may be damaged."""
    if row.forgotten:
        return row
    event = row.event()
    return replace(row, journal_id=event.journal_id, seq=event.seq, event_id=event.event_id)


def _cells(page: bytes) -> Iterator[bytes]:
    """The cells of a leaf of a table, each up to where the next one begins."""
    if len(page) < PAGE or page[0] != LEAF:
        return
    count = int.from_bytes(page[3:5], "big")
    places = sorted({int.from_bytes(page[8 + 2 * n : 10 + 2 * n], "big") for n in range(count)})
    for place, following in pairwise([*places, PAGE]):
        yield page[place : min(following, place + LONGEST)]


def _event(cell: bytes) -> tuple[int, Row] | None:
    """The event of a cell and its row's number; None when it is another table's, or was hit."""
    try:
        number, values = _cell(cell, 0)
        row = Row(**dict(zip(Row.__slots__, values, strict=True)))
        return (number, _placed(row)) if row.holds() else None
    except (IndexError, ValueError, TypeError, AttributeError, OverflowError, WireError):
        return None


def _cell(page: bytes, place: int) -> tuple[int, list[Any]]:
    """A cell's row number and values."""
    _, place = _varint(page, place)
    number, place = _varint(page, place)
    size, types_at = _varint(page, place)
    values_at, values = place + size, []
    while types_at < place + size:
        kind, types_at = _varint(page, types_at)
        value, values_at = _value(page, values_at, kind)
        values.append(value)
    return number, values


def _varint(page: bytes, place: int) -> tuple[int, int]:
    number = 0
    for count in range(9):
        byte = page[place + count]
        if count == 8:  # the ninth byte gives all its bits
            return number << 8 | byte, place + 9
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            return number, place + count + 1
    raise AssertionError("unreachable")


def _value(page: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind < len(_INTEGER_BYTES):
        size = _INTEGER_BYTES[kind]
        value = int.from_bytes(page[place : place + size], "big", signed=True) if kind else None
        return value, place + size
    if kind in (_ZERO, _ONE):
        return kind - _ZERO, place
    size = (kind - _BLOB) // 2
    raw = page[place : place + size]
    if kind < _BLOB or len(raw) < size:
        raise ValueError("no value that is stored here")
    return (raw if kind % 2 == 0 else raw.decode()), place + size
