"""Community stars (社区星级, never a national one: domain.md §3): from hours and quality to a level."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HOUR_MINUTES = 60
TENTHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StarRules:
    """What a community asks for; all of it settings."""

    hours: tuple[int, ...] = (100, 300, 600, 1000, 1500)
    """Rising thresholds: one to five stars by national habit."""
    window: str = "lifetime"
    """``lifetime`` or ``year`` (the calendar year of the day asked about)."""
    quality_mean: int = 40
    """The least mean of evaluation cards, in tenths of a star."""
    quality_cards: int = 5
    """So many cards are needed before quality can be judged; 0 asks for none."""


class Gate(StrEnum):
    """What evaluation cards say about a star that the hours would give."""

    PASSED = "passed"
    TOO_FEW = "too_few"
    TOO_LOW = "too_low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stars:
    """A person's standing, with what the next level lacks."""

    awarded: int
    by_hours: int
    gate: Gate
    minutes: int
    """Minutes inside the window, of all grades."""
    missing: int | None
    """Minutes until the next level; ``None`` at the top."""


def minutes_in_window(by_day: Mapping[str, int], day: str, rules: StarRules) -> int:
    """Credited minutes that count on a date; those of later days never do."""
    first = f"{day[:4]}-01-01" if rules.window == "year" else ""
    return sum(minutes for served, minutes in by_day.items() if first <= served <= day)


def gate(cards: int, stars_given: int, rules: StarRules) -> Gate:
    """Judge quality by the number of evaluation cards and the sum of their stars, without rounding."""
    if cards < rules.quality_cards:
        return Gate.TOO_FEW
    return Gate.PASSED if stars_given * TENTHS >= rules.quality_mean * cards else Gate.TOO_LOW


def stars(minutes: int, rules: StarRules, *, cards: int, stars_given: int) -> Stars:
    """The level for minutes in the window; a level is awarded only when quality can be and is good enough."""
    thresholds = [hours * HOUR_MINUTES for hours in rules.hours]
    by_hours = sum(minutes >= threshold for threshold in thresholds)
    judged = gate(cards, stars_given, rules)
    above = [threshold for threshold in thresholds if threshold > minutes]
    return Stars(
        awarded=by_hours if judged is Gate.PASSED else 0,
        by_hours=by_hours,
        gate=judged,
        minutes=minutes,
        missing=min(above) - minutes if above else None,
    )
