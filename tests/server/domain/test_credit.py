"""The day's cap: what fits is credited, the excess waits for somebody's approval."""

from server.domain.credit import credit
from server.domain.facts import Flag
from tests.support.domain import ME, decision, ms, rules, shifts, tap, world

LONG = (tap("a", "06:00"), tap("b", "11:00"), tap("c", "12:00"), tap("d", "17:00"))


def credits(*taps, of=None):
    """Credited minutes in order of start, with flags."""
    of = of or world()
    return [(shift.credited, shift.flags) for shift in credit(shifts(*taps, of=of), of)]


def test_the_excess_over_eight_hours_is_held():
    """Five hours and five hours make eight."""
    assert credits(*LONG) == [(300, ()), (180, (Flag.OVER_DAY_CAP,))]


def test_somebody_elses_approval_credits_the_excess():
    """For that person and day; one's own is nothing."""
    approved = decision("approve_excess", "18:00", volunteer=ME, day="2026-12-02")
    assert credits(*LONG, of=world(approved)) == [(300, ()), (300, (Flag.EXCESS_APPROVED,))]
    for wrong in ({"by": ME}, {"day": "2026-12-03"}, {"volunteer": "M0002"}):
        fields = {"volunteer": ME, "day": "2026-12-02"} | wrong
        assert credits(*LONG, of=world(decision("approve_excess", "18:00", **fields)))[1][0] == 180


def test_better_known_minutes_fill_the_cap_first():
    """An entry by hand never crowds out a tap, whatever came first that day."""
    hand = decision(
        "declare_shift",
        "22:00",
        volunteer=ME,
        activity_id="duty",
        started_at=ms("01:00"),
        ended_at=ms("05:00"),
    )
    assert [c for c, _ in credits(*LONG[:2], of=world(hand))] == [180, 300]


def test_each_day_has_its_own_room_and_its_own_rules():
    """The rules that hold when the day begins."""
    tomorrow = tuple(tap(f"n{i}", t) for i, t in enumerate(("2026-12-03 08:00", "2026-12-03 10:00")))
    strict = rules(holds_from=ms("2026-12-03 00:00"), day_cap=60)
    of = world(rules=(rules(), strict))
    found = credit(shifts(*LONG, *tomorrow, of=of, as_of="2026-12-03 11:00"), of)
    assert [shift.credited for shift in found] == [300, 180, 60]


def test_crediting_again_changes_nothing():
    """Stored shifts and fresh ones may be mixed."""
    once = credit(shifts(*LONG), world())
    assert credit(reversed(once), world()) == once


def test_an_open_shift_takes_no_room():
    """Only what is closed counts."""
    assert credits(*LONG[:3])[0] == (300, ())
