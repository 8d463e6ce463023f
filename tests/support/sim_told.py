"""A history as far as it was told: server, machines, and what the simulator alone knows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.services.community import PlanSpec
from tests.support.sim_machine import SimMachine, SimTime
from tests.support.sim_server import KIOSKS, SimCard, SimServer
from tests.support.sim_story import Story

NAMES = tuple(KIOSKS)


@dataclass(frozen=True, slots=True)
class Backup:
    """The server's tables at a moment, and how far the plans were then."""

    tables: bytes
    plans: int
    events: frozenset[str]


@dataclass
class Told:
    """A history as far as it was told, with everything the simulator alone knows."""

    story: Story
    server: SimServer
    time: SimTime
    folder: Path
    cards: list[list[SimCard]]
    """By person, the newest last."""
    running: dict[str, list[SimMachine]] = field(default_factory=dict)
    """Kiosk -> its machine, and those that run a copy of its card."""
    lost: dict[str, int] = field(default_factory=dict)
    """Card -> since when it was called lost or replaced."""
    plans: list[tuple[int, PlanSpec]] = field(default_factory=list)
    """(recorded at = holds from, version), in order."""
    destroyed: set[str] = field(default_factory=set)
    """Events that were on a memory card only when that card was overwritten."""
    doubted: set[str] = field(default_factory=set)
    """Kiosks whose card was copied, or that were revoked."""
    revoked: dict[str, int] = field(default_factory=dict)
    """Kiosk -> when it was revoked."""
    rogue: set[str] = field(default_factory=set)
    """Hashes of events that no journal wrote."""
    sealed: dict[str, Any] = field(default_factory=dict)
    """Event -> what it said before the server sealed it."""
    believed: list[str] = field(default_factory=list)
    """Of these, what was not put into quarantine."""
    trouble: list[str] = field(default_factory=list)
    priors: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Journal -> what came before it, as the server heard it at the end."""
    backup: Backup | None = None
    unasked: bool = False
    """Whether the server was put back: kiosks have not heard what it lacks before they ask again."""

    @property
    def machines(self) -> list[SimMachine]:
        """All machines."""
        return [machine for found in self.running.values() for machine in found]

    def kiosk(self, number: int) -> str:
        """The kiosk of a number."""
        return NAMES[number % len(NAMES)]

    def machine(self, number: int, at: int = 0) -> SimMachine:
        """A kiosk's machine; where several run the same card's copy, one or the other."""
        name = self.kiosk(number)
        if name not in self.running:
            self.running[name] = [self.made(name, name)]
        return self.running[name][at % len(self.running[name])]

    def made(self, name: str, kiosk: str) -> SimMachine:
        """A new machine."""
        return SimMachine(
            name,
            self.folder / name,
            kiosk=kiosk,
            server=self.server,
            time=self.time,
            habit=self.story.habits[NAMES.index(kiosk)],
            seed=self.story.seed,
        )

    @property
    def true_times(self) -> dict[str, int]:
        """When each event really happened."""
        return {event: at for machine in self.machines for event, at in machine.true_times.items()}

    @property
    def greens(self) -> set[str]:
        """Everything that was shown green."""
        return {event for machine in self.machines for event in machine.greens}
