"""Forgetting (PIPL art. 47): salt and bytes of an event are erased; hash, place in the chain and totals stay.

A redaction fact holds a digest of every column that is kept, so that ``audit`` accepts exactly this row and
no other in its place.
"""

from collections.abc import Sequence
from hashlib import sha256

from server.contract.wire import canonical
from server.domain.facts import FactKind
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, store

KEPT = (
    *("event_id", "kiosk_id", "journal_id", "seq", "prev", "inner", "hash", "batch_seq", "status", "reason"),
    *("received_at", "boot_id", "uptime_ms", "wall", "clock", "at", "uncertainty", "site_id", "volunteer"),
    *("card_id", "medium", "proof", "activity_id", "activity_by", "role", "action", "target", "members"),
    *("shown", "standing", "standing_reason"),
)


def seal_events(uow: Uow, acting: Acting, event_ids: Sequence[str]) -> int:
    """Erase salt and bytes of these events; how many were still open."""
    rows = [row for row in uow.rows("events").rows(event_id=set(event_ids)) if row["body"] is not None]
    drafts = [
        Draft(FactKind.REDACTION, row["event_id"], {"kept": kept_digest(row)})
        for row in sorted(rows, key=lambda row: row["event_id"])
    ]
    store(uow, acting, drafts)
    uow.events.erase([row["event_id"] for row in rows])
    return len(rows)


def kept_digest(row: Row) -> str:
    """Digest over what remains of a sealed event."""
    return sha256(canonical(["yika-sealed-1", *(row[name] for name in KEPT)])).hexdigest()
