"""Coverage of a patrol round: which of its checkpoints were passed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.domain.facts import Shift, Tap

FULL = 100


@dataclass(frozen=True, slots=True)
class Coverage:
    """Checkpoints of one or more rounds, in the order the activity lists them."""

    passed: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def percent(self) -> int:
        """Whole percent passed; a round without checkpoints is covered by being walked."""
        total = len(self.passed) + len(self.missed)
        return FULL if total == 0 else len(self.passed) * FULL // total


def coverage(rounds: Iterable[Shift], taps: Iterable[Tap], checkpoints: Sequence[str]) -> Coverage:
    """What the people of one round passed together: checkpoint taps that belong to their shifts."""
    counted = {event_id for shift in rounds for event_id in shift.events}
    sites = {tap.site_id for tap in taps if tap.role == "checkpoint" and tap.event_id in counted}
    return Coverage(
        tuple(site for site in checkpoints if site in sites),
        tuple(site for site in checkpoints if site not in sites),
    )
