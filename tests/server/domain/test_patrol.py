"""Coverage of a round: checkpoints passed by those who walked it."""

from server.domain.patrol import Coverage, coverage
from tests.support.domain import one, plan, tap, world

POST = {"role": "checkpoint", "shown": "checkpoint_passed"}


def test_checkpoints_passed_on_the_round_are_covered():
    """A pass outside any shift, and a desk tap at that place, are none."""
    east = tap("x", "08:40", site_id="east", **POST)
    late = tap("y", "20:00", site_id="square", **POST)
    taps = tap("a", "08:30"), east, late, tap("b", "09:15", site_id="south")
    shift = one(*taps, of=world(plan("p1", "08:30", "09:15")))
    found = coverage([shift], taps, ["square", "east", "south"])
    assert found == Coverage(("east",), ("square", "south"))
    assert found.percent == 33


def test_a_round_without_checkpoints_is_covered():
    """By being walked."""
    assert Coverage((), ()).percent == 100
