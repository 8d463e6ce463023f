"""Files that outlast a power cut: their content on disk, and their names."""

import os
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user reads; whole or not at all, and for good when this returns."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Put on disk what was created, renamed or removed in a folder."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
