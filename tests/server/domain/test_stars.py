"""Community stars: hours and quality, both by settings."""

import pytest

from server.domain.stars import Gate, StarRules, gate, minutes_in_window, stars

RULES = StarRules()


@pytest.mark.parametrize(
    ("hours", "level", "missing"),
    [(0, 0, 6_000), (99, 0, 60), (100, 1, 12_000), (1499, 4, 60), (1500, 5, None)],
)
def test_thresholds_are_reached_to_the_minute(hours, level, missing):
    """100, 300, 600, 1000, 1500 hours by national habit."""
    found = stars(hours * 60, RULES, cards=5, stars_given=20)
    assert (found.by_hours, found.awarded, found.missing) == (level, level, missing)


def test_a_star_waits_for_enough_cards_and_a_good_mean():
    """Four stars over five cards; 3.8 is too low, four cards too few."""
    assert gate(5, 20, RULES) is Gate.PASSED
    assert gate(5, 19, RULES) is Gate.TOO_LOW
    assert gate(4, 20, RULES) is Gate.TOO_FEW
    waiting = stars(6_000, RULES, cards=0, stars_given=0)
    assert (waiting.by_hours, waiting.awarded, waiting.gate) == (1, 0, Gate.TOO_FEW)


def test_a_community_may_ask_for_no_cards():
    """Then hours alone decide."""
    assert stars(6_000, StarRules(quality_cards=0), cards=0, stars_given=0).awarded == 1


def test_the_window_is_a_life_or_a_calendar_year():
    """What is served later than the day asked about never counts."""
    by_day = {"2025-12-31": 10, "2026-01-01": 20, "2026-12-02": 30, "2026-12-03": 40}
    assert minutes_in_window(by_day, "2026-12-02", RULES) == 60
    assert minutes_in_window(by_day, "2026-12-02", StarRules(window="year")) == 50
