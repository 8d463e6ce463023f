"""Every benchmark runs at a tiny size, names both sides' settings, and keeps no path of a machine."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.__main__ import measure, report
from benchmarks.report import Result, quantile, table

TINY = 0.02
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "name",
    [
        "tap",
        "field",
        pytest.param("senses", marks=[pytest.mark.browser, pytest.mark.speech]),
        pytest.param("ingest", marks=pytest.mark.postgresql),
        "growth",
        "idle",
        # Not "checkin" and "reconnect": whole servers, minutes even when tiny; tests/system has their parts.
    ],
)
def test_a_benchmark_gives_figures_ratios_and_settings(name: str) -> None:
    """Whatever it measured stands in the table beside its floor."""
    with ThreadPoolExecutor(1) as apart:  # playwright runs once a thread: others' may be in this
        result = apart.submit(measure, name, TINY).result()
    assert result.name == name
    assert result.settings
    assert all(value >= 0 for row in result.rows for value in row.figures.values())
    assert any(row.ratio for row in result.rows), "nothing was compared"
    kept = json.dumps(report([result], scale=TINY, at=datetime.now(UTC)), ensure_ascii=False)
    assert str(ROOT) not in kept
    assert "/tmp" not in kept
    assert all(row.what in table(result) for row in result.rows)


def test_the_command_names_what_there_is_when_asked_for_something_else() -> None:
    """Bad usage exits 2."""
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "growth" in done.stderr


def test_a_ratio_is_to_the_row_it_names() -> None:
    """Figure by figure, for what both rows have."""
    result = Result("x", "X")
    result.add("floor", {"p50 ms": 2.0, "p99 ms": 4.0})
    row = result.add("ours", {"p50 ms": 3.0, "p99 ms": 4.0, "other": 1.0}, to="floor")
    assert row.ratio == {"p50 ms": 1.5, "p99 ms": 1.0}


def test_quantiles_are_values_that_were_measured() -> None:
    """The 99th of a hundred is the second largest, the median of two is the smaller."""
    assert quantile(range(1, 101), 0.99) == 99
    assert quantile([2.0, 1.0], 0.5) == 1.0
