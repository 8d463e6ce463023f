"""Hours on the wire: as they were written, or refused."""

import pytest

from server.contract.hours import Hours
from server.contract.wire import WireError

HOURS = Hours(today=40, month=385, tapped=7200, witnessed=480, declared=-20)


def test_hours_are_read_as_they_were_written() -> None:
    assert HOURS.to_text() == "[40,385,7200,480,-20]"
    assert Hours.from_text(HOURS.to_text()) == HOURS


def test_what_a_newer_server_adds_is_left_aside() -> None:
    assert Hours.from_text('[40,385,7200,480,-20,{"year":900}]') == HOURS


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{}", "[1,2,3,4]", '[1,2,3,4,"5"]', "[1,2,3,4,true]", "[1,2"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        Hours.from_text(text)


def test_the_total_is_all_grades_together() -> None:
    assert Hours(today=9, month=30, tapped=100, witnessed=20, declared=3).total == 123
