"""The digest by which a batch fact holds what one push stored."""

from collections.abc import Sequence
from hashlib import sha256

from server.contract.wire import canonical


def batch_digest(rows: Sequence[tuple[str, str, str, str | None, int]]) -> str:
    """Digest over (event_id, hash, status, reason, received_at) of what one push stored, in order of hash."""
    return sha256(canonical([list(row) for row in sorted(rows, key=lambda row: row[1])])).hexdigest()
