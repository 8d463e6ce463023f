"""Holding this process to a share of one core, as a stand-in for a slower machine (Linux control groups)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD_US = 10_000
"""Short, so that a process is slowed evenly instead of stopped for most of a tenth of a second."""
_V1, _V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


@contextmanager
def held_to(share: float) -> Iterator[bool]:
    """All threads of this process get so much of one core inside; False when this system does not let us."""
    quota = round(PERIOD_US * share)
    if (_V1 / "cpu.cfs_quota_us").exists() or (_V1 / "cgroup.procs").exists():
        root, limits = _V1, {"cpu.cfs_period_us": f"{PERIOD_US}", "cpu.cfs_quota_us": f"{quota}"}
    else:
        root, limits = _V2, {"cpu.max": f"{quota} {PERIOD_US}"}
    group, home = root / f"yika-bench-{os.getpid()}", root / "cgroup.procs"
    try:
        group.mkdir()
    except OSError:
        yield False
        return
    try:
        yield _entered(group, limits)
    finally:
        home.write_text(f"{os.getpid()}")
        group.rmdir()


def _entered(group: Path, limits: dict[str, str]) -> bool:
    try:
        for name, said in limits.items():
            (group / name).write_text(said)
        (group / "cgroup.procs").write_text(f"{os.getpid()}")
    except OSError:
        return False
    return True
