"""What a benchmark found, in figures that can be compared: medians, ratios, settings of both sides."""

import math
import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Row:
    """One thing that was measured; ``ratio`` is to the row that ``to`` names."""

    what: str
    figures: dict[str, float]
    to: str = ""
    ratio: dict[str, float] = field(default_factory=dict)
    aim: str = ""


@dataclass(slots=True)
class Result:
    """One benchmark's rows, the settings of both sides, and anything worth keeping beside them."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)

    def row(self, what: str) -> Row:
        """The row of this name."""
        return next(row for row in self.rows if row.what == what)

    def add(self, what: str, figures: Mapping[str, float], *, to: str = "", aim: str = "") -> Row:
        """A new row, with its ratio to an earlier one for every figure both have."""
        row = Row(what, {name: _short(value) for name, value in figures.items()}, to, aim=aim)
        if to:
            base = self.row(to).figures
            row.ratio = {n: _short(v / base[n]) for n, v in figures.items() if base.get(n)}
        self.rows.append(row)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much to measure: ``scale`` multiplies every size, ``folder`` holds what is written meanwhile."""

    folder: Path
    scale: float = 1.0

    def size(self, usual: int, least: int = 1) -> int:
        """A usual size at this scale."""
        return max(least, round(usual * self.scale))

    def room(self, name: str) -> Path:
        """A new folder for one measurement."""
        made = self.folder / name
        made.mkdir(parents=True)
        return made


def _short(value: float) -> float:
    """Three significant digits: more would be noise."""
    return float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and tail of a series."""
    return {"p50 ms": quantile(milliseconds, 0.5), "p99 ms": quantile(milliseconds, 0.99)}


def timed(function: Callable[[], object]) -> float:
    """Milliseconds that one call took."""
    return timed_twice(function)[0]


def timed_twice(function: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that one call took, and those in which this thread itself worked."""
    started, worked = time.perf_counter_ns(), time.thread_time_ns()
    function()
    return (time.perf_counter_ns() - started) / 1e6, (time.thread_time_ns() - worked) / 1e6


def pragmas(connection: sqlite3.Connection) -> str:
    """What SQLite says of this connection's settings (asked, not assumed)."""
    names = ("journal_mode", "synchronous", "wal_autocheckpoint", "page_size", "cache_size", "secure_delete")
    return " ".join(f"{name}={connection.execute(f'PRAGMA {name}').fetchone()[0]}" for name in names)


def file_system(folder: Path) -> str:
    """What kind of file system a folder lies on; its place is nobody's business."""
    mounts = [line.split()[1:3] for line in _lines("/proc/mounts")]
    around = [(len(place), kind) for place, kind in mounts if folder.resolve().is_relative_to(place)]
    return max(around, default=(0, "unknown"))[1]


def machine() -> dict[str, Any]:
    """The class of machine, and how busy it is with other things."""
    models = [line for line in _lines("/proc/cpuinfo") if line.startswith(("model name", "Model"))]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def load() -> list[float]:
    """Load averages over 1, 5 and 15 minutes: what else this machine is doing."""
    return [round(value, 2) for value in os.getloadavg()]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def table(result: Result) -> str:
    """A result as a Markdown table with its settings and notes."""
    names = list(dict.fromkeys(name for row in result.rows for name in row.figures))
    lines = [f"## {result.title}", "", "| | " + " | ".join(names) + " | ratio | to | aim |"]
    lines.append("|---" * (len(names) + 4) + "|")
    for row in result.rows:
        cells = [f"{row.figures[n]:g}" if n in row.figures else "" for n in names]
        ratio = " · ".join(f"{value:g}" for value in row.ratio.values())
        lines.append(f"| {row.what} | " + " | ".join([*cells, ratio, row.to, row.aim]) + " |")
    lines += ["", *(f"- {side}: {what}" for side, what in result.settings.items())]
    return "\n".join([*lines, *(f"- {note}" for note in result.notes), ""])


def plain(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Results as JSON takes them."""
    return [asdict(result) for result in results]
