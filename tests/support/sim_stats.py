"""What many histories came to: how large they were, what befell them and in how many of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.sim_faults import DISK_FAULTS, FAULTS

MEASURES = ("events", "kiosks", "days", "faults")
KINDS = (
    *(f"net: {fault}" for fault in (*FAULTS, "weeks away")),
    *(f"disk: {fault}" for fault in DISK_FAULTS),
    "light: dies",
    *(f"clock: {fault}" for fault in ("hours wrong", "stands still", "1970")),
    *(f"machine: {kind}" for kind in ("reboot", "restart", "pulled", "restore", "clone", "copies")),
    "machine: server_back",
    *(f"people: {kind}" for kind in ("revoke", "rogue", "seal")),
)  # fmt: skip
"""Everything that counts as a fault, as the simulator counts it when it has really struck."""
LEAST_SHARE = 1 / 250
"""In at least so many of the histories each kind of fault strikes."""


@dataclass
class Statistics:
    """Sums over histories; two of them can be added, and written down as JSON."""

    histories: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    """How often."""
    struck: Counter[str] = field(default_factory=Counter)
    """In how many histories."""
    measured: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in MEASURES})
    """Measure -> value -> in how many histories."""

    def note(self, tally: Mapping[str, int], measures: Mapping[str, int]) -> None:
        """One more history."""
        self.histories += 1
        self.happened.update(tally)
        self.struck.update(name for name, times in tally.items() if times)
        faults = sum(tally.get(kind, 0) for kind in KINDS)
        for name, value in (measures | {"faults": faults}).items():
            self.measured[name][value] += 1

    def add(self, other: Self) -> None:
        """Those of another process, or of an earlier run."""
        self.histories += other.histories
        self.happened.update(other.happened)
        self.struck.update(other.struck)
        for name, values in other.measured.items():
            self.measured[name].update(values)

    def as_json(self) -> dict[str, Any]:
        """As written down."""
        return {
            "histories": self.histories,
            "happened": self.happened,
            "struck": self.struck,
            "measured": self.measured,
        }

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Self:
        """As it was written down; JSON's names are texts."""
        measured = {
            name: Counter({int(value): count for value, count in values.items()})
            for name, values in raw["measured"].items()
        }
        return cls(raw["histories"], Counter(raw["happened"]), Counter(raw["struck"]), measured)

    def rare(self) -> list[str]:
        """Kinds of faults that struck in too few histories."""
        return [
            f"{kind}: in {self.struck[kind]} of {self.histories} histories"
            for kind in KINDS
            if self.struck[kind] < self.histories * LEAST_SHARE
        ]

    def table(self) -> Iterator[str]:
        """The distribution, then what happened, for people to read."""
        yield f"{'a history has':>22} {'mean':>8} {'p50':>6} {'p90':>6} {'p99':>6} {'most':>6}"
        for name, values in self.measured.items():
            ranks = " ".join(f"{_at(values, share):6d}" for share in (0.5, 0.9, 0.99, 1.0))
            yield f"{name:>22} {_mean(values):8.2f} {ranks}"
        yield f"{'times':>10} {'in histories':>13}"
        for name in sorted(self.happened):
            yield f"{self.happened[name]:10d} {self.struck[name] / self.histories:12.2%}  {name}"


def _mean(values: Counter[int]) -> float:
    return sum(value * count for value, count in values.items()) / max(1, values.total())


def _at(values: Counter[int], share: float) -> int:
    """The value below or at which this share of the histories lies."""
    reached = 0
    for value in sorted(values):
        reached += values[value]
        if reached >= share * values.total():
            return value
    return 0
