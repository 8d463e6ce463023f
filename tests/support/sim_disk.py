"""A memory card in the simulator's hands: full, failing, and the power that goes at any statement."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kiosk.journal import SqliteJournal
from kiosk.journal_file import About
from kiosk.ports import Draft
from server.contract.wire import TapEvent

_WRITES = ("INSERT", "UPDATE", "DELETE", "PRAGMA wal_checkpoint")


class Crashed(BaseException):
    """The process died here; no ``except Exception`` of the product may go on living."""


@dataclass
class SimDisk:
    """What the next write meets; ``fault`` lasts until it is set anew, a failing commit happens once."""

    tally: Counter[str]
    fault: str = "none"

    def before(self, sql: str) -> None:
        """Raise what comes instead of a statement."""
        if self.fault == "full" and sql.startswith(_WRITES):
            self._met()
            raise sqlite3.OperationalError("database or disk is full")
        if sql != "COMMIT":
            return
        if self.fault == "lost_commit":
            self._met(then="none")
            raise sqlite3.OperationalError("disk I/O error")
        if self.fault == "dies_before":
            self._met(then="none")
            raise Crashed

    def after(self, sql: str) -> None:
        """Raise what follows a statement that was carried out."""
        if sql != "COMMIT":
            return
        if self.fault in ("kept_commit", "kept_then_full"):
            self._met(then="none" if self.fault == "kept_commit" else "full")
            raise sqlite3.OperationalError("disk I/O error")
        if self.fault == "dies_after":
            self._met(then="none")
            raise Crashed

    def _met(self, then: str | None = None) -> None:
        self.tally[f"disk: {self.fault}"] += 1
        self.fault = self.fault if then is None else then


class _Connection:
    """The journal's connection with the disk's moods."""

    def __init__(self, con: sqlite3.Connection, disk: SimDisk) -> None:
        self._con, self._disk = con, disk

    def execute(self, sql: str, *params: Any) -> sqlite3.Cursor:
        self._disk.before(sql)
        found = self._con.execute(sql, *params)
        self._disk.after(sql)
        return found

    def executemany(self, sql: str, params: Any) -> sqlite3.Cursor:
        self._disk.before(sql)
        return self._con.executemany(sql, params)


class SimJournal(SqliteJournal):
    """The real journal over the simulator's disk; it tells of each event before it is written."""

    def __init__(
        self,
        directory: Path,
        *,
        kiosk_id: str,
        machine: str,
        randomness: Callable[[int], bytes],
        checkpoint_after: int,
        disk: SimDisk,
        heard: Callable[[str], None],
    ) -> None:
        self._disk, self._heard = disk, heard
        super().__init__(
            directory,
            kiosk_id=kiosk_id,
            machine=machine,
            randomness=randomness,
            checkpoint_after=checkpoint_after,
        )

    def append(self, draft: Draft) -> TapEvent:
        """Store one event."""
        self._heard(str(draft.event["event_id"]))
        return super().append(draft)

    def _ready(self) -> tuple[sqlite3.Connection, About]:
        con, about = super()._ready()
        return cast(sqlite3.Connection, _Connection(con, self._disk)), about
