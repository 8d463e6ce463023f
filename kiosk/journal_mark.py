"""A small file beside the journal that remembers how far it reached.

A write-ahead log whose tail is damaged opens without complaint and short of its last events, and so does an
old copy put back. The mark tells: it is written after each commit, so it never runs ahead of the disk.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

_SIZE = 256
"""One size for ever: overwriting in place needs no free space on a full disk."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last event that was on disk, and in which journal."""

    journal_id: str
    seq: int
    hash: str


def read_mark(path: Path) -> Mark | None:
    """The mark, or None when there is none that can be read."""
    try:
        raw = json.loads(path.read_bytes())
        return Mark(str(raw["journal_id"]), int(raw["seq"]), str(raw["hash"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_mark(path: Path, mark: Mark) -> None:
    """Overwrite the mark in place. Not synced: after a power cut it may lag behind, which does no harm."""
    body = json.dumps(asdict(mark)).encode().ljust(_SIZE)
    # The event itself is safe already; a mark that lags is what read_mark's users expect.
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(handle, body, 0)
        finally:
            os.close(handle)
