"""All benchmarks in one go, or those that are named.

    python -m benchmarks [NAME …] [--scale 1] [--json FILE]

Prints a Markdown table for each; keeps everything as JSON in benchmarks/results/ (not in the repository).
"""

import argparse
import importlib
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.report import Options, Result, load, machine, plain, table

NAMES = ("tap", "field", "senses", "ingest", "growth", "idle", "checkin", "reconnect")
RESULTS = Path(__file__).parent / "results"


def measure(name: str, scale: float) -> Result:
    """Run one benchmark in a folder of its own that is gone afterwards; notes the machine's load."""
    module = importlib.import_module(f"benchmarks.{name}")
    before = load()
    with tempfile.TemporaryDirectory(prefix="yika-bench-") as folder:
        result: Result = module.run(Options(folder=Path(folder), scale=scale))
    after = load()
    result.detail["load"] = {"before": before, "after": after}
    result.notes.append(f"load averages (1, 5, 15 min) before {before}, after {after}")
    if before[0] > (os.cpu_count() or 1) / 2:
        result.notes.append("THIS MACHINE WAS BUSY with other work: believe ratios, not milliseconds")
    return result


def report(results: list[Result], *, scale: float, at: datetime) -> dict[str, Any]:
    """Everything that is kept: when, on what class of machine, and what came of it; no paths."""
    day = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"at": day, "machine": machine(), "scale": scale, "results": plain(results)}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help=f"of {', '.join(NAMES)}; all when left out")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies every size")
    parser.add_argument("--json", type=Path, help="where to keep the results")
    options = parser.parse_args()
    unknown = sorted(set(options.name) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}: there are {', '.join(NAMES)}")
    at = datetime.now(UTC)
    results = []
    print(f"# {at:%Y-%m-%d} on {', '.join(f'{key} {value}' for key, value in machine().items())}\n")
    for name in options.name or NAMES:
        results.append(measure(name, options.scale))
        print(table(results[-1]), flush=True)
    path = options.json or RESULTS / f"{at:%Y-%m-%dT%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report(results, scale=options.scale, at=at), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"kept in {path.name}")


if __name__ == "__main__":
    main()
