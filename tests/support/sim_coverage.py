"""Which lines of what the simulator is to prove it runs: told and measured in a process of its own."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coverage import Coverage

PROVED = (
    *("kiosk/sync.py", "kiosk/journal.py"),
    *("server/services/ingest.py", "server/services/deriving.py", "server/services/timing.py"),
    *("server/services/projection.py", "server/services/posting.py"),
)
"""Sync and journal; ingest, projection and posting with the modules they are cut into."""
LEAST = 95.0
_INCLUDE = ",".join(f"*/{name}" for name in PROVED)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run came to."""

    failed: bool
    low: list[str]
    """Modules of which it ran less than it should."""


def measured(histories: int, seed: int) -> Measured:
    """Tell histories, print which lines they ran."""
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder, "coverage"))
        run = ["-m", "coverage", "run", "--rcfile=", f"--data-file={data}", f"--include={_INCLUDE}"]
        told = ["-m", "tests.system.simulate", "--jobs=1", f"--histories={histories}", f"--seed={seed}"]
        done = subprocess.run([sys.executable, *run, *told], check=False)
        coverage = Coverage(data_file=data, config_file=False)
        coverage.load()
        coverage.report(show_missing=True)
        return Measured(done.returncode != 0, [name for name in PROVED if _share(coverage, name) < LEAST])


def _share(coverage: Coverage, name: str) -> float:
    [path] = [path for path in coverage.get_data().measured_files() if path.endswith(f"/{name}")]
    _, lines, _, missing, _ = coverage.analysis2(path)
    return 100.0 * (1 - len(missing) / len(lines))
