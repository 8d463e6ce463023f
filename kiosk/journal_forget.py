"""Forgetting on the kiosk: what the server has sealed is erased here too (design.md, "Forgetting")."""

import sqlite3

from kiosk.journal_file import COLUMNS, Row
from kiosk.ports import Sealed

_FOUND = (
    f"SELECT {COLUMNS} FROM events WHERE journal_id = ? AND seq BETWEEN ? AND ?"  # noqa: S608 - our own columns
    " AND status IS NOT NULL AND length(salt) > 0"
)
_ERASE = "UPDATE events SET salt = ?, body = ?, seal = ? WHERE journal_id = ? AND seq = ?"


def forget(con: sqlite3.Connection, sealed: Sealed) -> int:
    """Erase these events' salts and bytes, in the file and in its log; how many were still there.

    SQLite overwrites what it deletes (``secure_delete``), and the log that held it is emptied.
    """
    ranges = [(journal_id, *places) for journal_id, held in sealed.items() for places in held]
    found = [
        Row(**dict(zip(Row.__slots__, row, strict=True))) for r in ranges for row in con.execute(_FOUND, r)
    ]
    if not found:
        return 0
    left = [row.forget() for row in found]
    con.execute("BEGIN IMMEDIATE")
    con.executemany(_ERASE, [(r.salt, r.body, r.seal, r.journal_id, r.seq) for r in left])
    con.execute("COMMIT")
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(found)
