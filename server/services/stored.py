"""Between a stored row and the event it holds."""

from server.contract.wire import TapEvent, WireError
from server.services.acting import Row


def kept_body(body: str) -> str:
    """A body as it is stored: itself, or in hex when no database could keep it as text."""
    return body if "\0" not in body else f"hex:{body.encode().hex()}"


def pushed_body(kept: str) -> str:
    """A stored body as it was pushed."""
    return bytes.fromhex(kept[4:]).decode() if kept.startswith("hex:") else kept


def event_of(row: Row) -> TapEvent | None:
    """The event in a stored row; None when it was never readable, or has been sealed."""
    if row["body"] is None or row["reason"] == "unreadable":
        return None
    try:
        return TapEvent.from_bytes(row["body"].encode())
    except WireError:
        return None
