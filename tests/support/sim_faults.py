"""The names of what can go wrong with a memory card and on the network."""

DISK_FAULTS = ("full", "lost_commit", "kept_commit", "kept_then_full", "dies_before", "dies_after")
"""``full``: no write is taken. ``…_commit``: a commit raises, and was lost, or is on disk all the same;
``kept_then_full``: and nothing can be written after it. ``dies_…``: before or after a commit."""
FAULTS = (
    *("drop_request", "drop_reply", "twice", "html", "error", "busy", "truncate", "late_copy"),
    *("unsigned_lie", "signed_lie", "old_roster", "old_delta", "too_large", "indigestible", "dies"),
)
"""What can happen to one request of a pass; ``dies`` kills the kiosk when the server has answered."""
