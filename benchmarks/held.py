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
    if (_V1 / "cgroup.procs").exists():
        root, limits = _V1, {"cpu.cfs_period_us": f"{PERIOD_US}", "cpu.cfs_quota_us": f"{quota}"}
    else:
        root, limits = _V2, {"cpu.max": f"{quota} {PERIOD_US}"}
    group, home = root / f"yika-bench-{os.getpid()}", root / _path(root).lstrip("/") / "cgroup.procs"
    try:
        group.mkdir()
    except OSError:
        yield False
        return
    try:
        yield _entered(group, limits)
    finally:
        if str(os.getpid()) in (group / "cgroup.procs").read_text().split():
            home.write_text(f"{os.getpid()}")
        group.rmdir()


def _path(root: Path) -> str:
    """In which group of this hierarchy the process is now (cgroups(7): number, controllers, path)."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    wanted = "cpu" if root == _V1 else ""
    return next((path for _, controllers, path in lines if wanted in controllers.split(",")), "/")


def _entered(group: Path, limits: dict[str, str]) -> bool:
    try:
        for name, said in limits.items():
            (group / name).write_text(said)
        (group / "cgroup.procs").write_text(f"{os.getpid()}")
    except OSError:
        return False
    return True
