"""A leader's taps move the hours of others: whom they named, and whom what they take back had named."""

from server.contract.rules import HOUR, MINUTE
from server.services.audit import audit


def _opened(kiosk, at: int):
    return kiosk.tap(
        "M0001", at, medium="touch", action="team_open", members=("M0002", "M0003"), shown="team_opened"
    )


def test_a_leaders_opening_starts_the_shift_of_everyone_named(bench) -> None:
    kiosk = bench.kiosk("hut")
    _opened(kiosk, bench.now)
    bench.push(kiosk)
    assert {row["volunteer"] for row in bench.rows("shifts")} == {"M0002", "M0003"}


def test_taking_back_an_opening_takes_back_everyones_start(bench) -> None:
    """The undo names nobody: it concerns all whom its target named."""
    kiosk = bench.kiosk("hut")
    opened = _opened(kiosk, bench.now)
    bench.push(kiosk)
    kiosk.tap(
        "M0001", bench.now + MINUTE, medium="touch", action="undo", target=opened.event_id, shown="undone"
    )
    bench.push(kiosk, kiosk.push(2))
    assert bench.rows("shifts", state=["open", "closed"]) == []
    with bench.uow(writes=False) as uow:
        assert audit(uow, bench.keys) == []


def test_leaving_one_person_out_leaves_the_others_in(bench) -> None:
    kiosk = bench.kiosk("hut")
    opened = _opened(kiosk, bench.now)
    left_out = {"action": "undo", "target": opened.event_id, "members": ("M0003",), "shown": "undone"}
    kiosk.tap("M0001", bench.now + MINUTE, medium="touch", **left_out)
    bench.push(kiosk)
    assert {row["volunteer"] for row in bench.rows("shifts", state="open")} == {"M0002"}


def test_a_closing_ends_the_shifts_that_its_opening_started_witnessed(bench) -> None:
    kiosk = bench.kiosk("hut")
    opened = _opened(kiosk, bench.now)
    kiosk.tap(
        "M0001",
        bench.now + HOUR,
        medium="touch",
        action="team_close",
        target=opened.event_id,
        members=("M0002", "M0003"),
        shown="team_closed",
    )
    bench.now += 2 * HOUR
    bench.push(kiosk)
    shifts = bench.rows("shifts")
    assert {(row["volunteer"], row["grade"], row["credited"]) for row in shifts} == {
        ("M0002", "witnessed", 60),
        ("M0003", "witnessed", 60),
    }
