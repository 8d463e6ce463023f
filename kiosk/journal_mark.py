"""A small file beside the journal that remembers how far it reached.

A write-ahead log whose tail is damaged opens without complaint and short of its last events, and so does an
old copy put back. The mark tells: it is written after each commit, so it never runs ahead of the disk.
"""

import contextlib
import json
import os
from dataclasses import dataclass
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


class MarkFile:
    """The mark's place on disk; the file stays open, since opening it costs each tap more than writing."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before the first write."""
        self.path = path
        self._handle: int | None = None

    def write(self, mark: Mark) -> None:
        """Overwrite the mark in place. Not synced: after a power cut it may lag, which does no harm."""
        said = {"journal_id": mark.journal_id, "seq": mark.seq, "hash": mark.hash}
        # The event itself is safe already; a mark that lags is what read_mark's users expect.
        with contextlib.suppress(OSError):
            if self._handle is None:
                self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._handle, json.dumps(said).encode().ljust(_SIZE), 0)

    def look(self) -> None:
        """Let go of a file that was deleted or replaced: the next write makes another."""
        if self._handle is not None and not self._is_ours(self._handle):
            self.close()

    def _is_ours(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
