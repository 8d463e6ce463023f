"""Days in the community's zone, and deadlines in working days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import calendar
from tests.support.domain import ms

SPRING = {"2026-02-14": True, "2026-02-16": False, "2026-02-17": False}


def test_a_day_begins_at_midnight_in_shanghai():
    """23:59:59.999 belongs to the day, 00:00 to the next, whatever UTC says."""
    midnight = ms("2026-12-03 00:00")
    assert calendar.day_of(midnight) == "2026-12-03"
    assert calendar.day_of(midnight - 1) == "2026-12-02"
    assert calendar.day_start("2026-12-03") == midnight


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_every_moment_lies_in_its_own_day(at):
    """From its start until the next day's."""
    day = calendar.day_of(at)
    assert calendar.day_start(day) <= at < calendar.day_start(calendar.next_day(day))


def test_months_follow_each_other_over_new_year():
    """A period is a month; December is followed by January."""
    assert calendar.period_of("2026-12-31") == "2026-12"
    assert calendar.next_period("2026-12") == "2027-01"
    assert calendar.next_period("2026-01") == "2026-02"


@pytest.mark.parametrize(
    ("day", "works"),
    [("2026-02-13", True), ("2026-02-14", True), ("2026-02-15", False), ("2026-02-16", False)],
)
def test_an_exchanged_saturday_works_and_a_holiday_monday_does_not(day, works):
    """调休: the State Council's notice beats the week."""
    assert calendar.is_working_day(day, SPRING) is works


def test_working_days_count_from_the_day_after():
    """Over a weekend with a working Saturday and two holidays."""
    assert calendar.add_working_days("2026-02-13", 1, SPRING) == "2026-02-14"
    assert calendar.add_working_days("2026-02-13", 2, SPRING) == "2026-02-18"
    assert calendar.add_working_days("2026-02-13", 1, {}) == "2026-02-16"


def test_a_deadline_is_over_when_its_last_working_day_is():
    """Ten working days from a Wednesday end with the Wednesday two weeks later."""
    assert calendar.working_deadline(ms("09:00"), 10, {}) == ms("2026-12-17 00:00")


@pytest.mark.parametrize(("month", "day"), [("2026-11", "2026-11-28"), ("2026-10", "2026-10-31")])
def test_the_last_saturday_of_a_month(month, day):
    """Also when it is the month's last day."""
    assert calendar.last_saturday(month) == day
