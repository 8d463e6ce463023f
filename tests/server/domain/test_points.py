"""When points can be redeemed and when their death is announced."""

import pytest

from server.domain.facts import Grade
from server.domain.lots import Lot, Lots
from server.domain.points import dying, is_redemption_day, notices


def lot(expires, amount):
    """A lot with a last day."""
    return Lot(
        lot_id=expires, subject="a", grade=Grade.TAPPED, day="2026-01-01", expires=expires, amount=amount
    )


@pytest.mark.parametrize(
    ("day", "customs"),
    [
        ("2026-11-28", {"last_saturday", "any_day"}),
        ("2026-11-21", {"any_day"}),
        ("2026-11-27", {"every_friday", "any_day"}),
    ],
)
def test_goods_are_handed_out_on_the_days_the_community_chose(day, customs):
    """The last Saturday of the month, every Friday, or any day."""
    every = ("last_saturday", "every_friday", "any_day")
    assert {custom for custom in every if is_redemption_day(day, custom)} == customs


def test_owners_are_told_sixty_thirty_and_seven_days_before_points_die():
    """On those days only."""
    lots = Lots("person:M1", (lot("2026-12-31", 60), lot("2027-12-31", 90)))
    assert notices(lots, "2026-12-24") == {7: 60}
    assert notices(lots, "2026-12-01") == {30: 60}
    assert notices(lots, "2026-11-01") == {60: 60}
    assert notices(lots, "2026-12-25") == {}


def test_what_dies_soon_is_counted_up_to_its_last_day():
    """The dead and the long-lived are not in it."""
    lots = Lots("person:M1", (lot("2026-12-01", 5), lot("2026-12-31", 60), lot("2027-12-31", 90)))
    assert dying(lots, "2026-12-24", 7) == 60
    assert dying(lots, "2026-12-24", 6) == 0
