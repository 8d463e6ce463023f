"""Times as addresses and forms write them, always in the community's zone."""

import pytest

from server.web.cells import safe_cell
from server.web.times import day_of, day_start, field_value, moment, rfc3339

NINE = day_start("2026-11-24") + 9 * 3_600_000


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T09:00", "2026-11-24T09:00:00+08:00", "2026-11-24T01:00:00Z", "2026-11-24T09:00:00 08:00"],
)
def test_one_moment_has_many_spellings(text: str) -> None:
    assert moment(text) == NINE


def test_a_date_is_its_first_moment_in_shanghai() -> None:
    assert moment("2026-11-24") == day_start("2026-11-24")
    assert day_of(day_start("2026-11-24") - 1) == "2026-11-23"


def test_moments_are_written_with_their_offset() -> None:
    assert rfc3339(NINE) == "2026-11-24T09:00:00+08:00"
    assert rfc3339(None) is None
    assert field_value(NINE) == "2026-11-24T09:00"
    assert field_value(None) == ""


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        (-5, -5),
        (True, "true"),
        (["a", "b"], "a;b"),
        ("王", "王"),
        (None, None),
    ],
)
def test_no_cell_is_taken_for_a_formula(value: object, cell: object) -> None:
    assert safe_cell(value) == cell


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1899-12-31T23:59", "3000-01-01"])
def test_a_year_that_nobody_means_is_no_date(text: str) -> None:
    """Near the ends of the calendar every sum with days would fail later, where nobody expects it."""
    with pytest.raises(ValueError, match="year"):
        moment(text)
