"""What a card did after it was reported lost: kept, flagged, and worth nothing until staff decide."""

from datetime import date
from typing import Any

import pytest

from server.contract.rules import HOUR
from server.domain.calendar import day_start
from server.domain.facts import DecisionKind
from server.services.audit import audit
from server.services.cards import end_cards, life_of, register_static, set_state
from server.services.decisions import Ruling, decide
from server.services.settling import settle

TODAY = day_start("2026-11-24")


def day(bench: Any) -> str:
    """In at nine; reported lost at ten; out at eleven at a kiosk that cannot know; pushed at noon."""
    (card,) = bench.rows("cards", volunteer="M0002")
    bench.now = TODAY + 8 * HOUR
    kiosk = bench.kiosk()
    kiosk.tap("M0002", TODAY + 9 * HOUR)
    bench.now = TODAY + 10 * HOUR
    bench.do(set_state, card["card_id"], "lost", reason="丢在公交车上")
    kiosk.tap("M0002", TODAY + 11 * HOUR, shown="shift_ended")
    bench.now = TODAY + 12 * HOUR
    bench.push(kiosk)
    return str(card["card_id"])


def hours(bench: Any) -> int:
    """Minutes in the book of hours."""
    return sum(row["amount"] for row in bench.rows("balances", account="person:M0002", book="hours"))


def is_clean(bench: Any) -> bool:
    with bench.uow() as uow:
        return audit(uow, bench.keys) == []


def test_its_taps_are_kept_and_flagged_and_worth_nothing(bench: Any) -> None:
    day(bench)
    _, end = bench.events(volunteer="M0002")
    assert (end["standing"], end["standing_reason"]) == ("contradicted", "card_lost")
    assert hours(bench) == 0
    assert is_clean(bench)


def test_until_staff_restore_them(bench: Any) -> None:
    day(bench)
    _, end = bench.events(volunteer="M0002")
    ruling = Ruling(kind=DecisionKind.RESTORE_TAP, reason="本人在场", event_id=end["event_id"])
    bench.do(decide, ruling)
    assert hours(bench) == 120
    assert is_clean(bench)


def test_a_loss_that_turns_out_to_lie_in_the_past_takes_away_what_was_credited(bench: Any) -> None:
    (card,) = bench.rows("cards", volunteer="M0002")
    kiosk = bench.kiosk()
    kiosk.tap("M0002", TODAY + 9 * HOUR)
    kiosk.tap("M0002", TODAY + 11 * HOUR, shown="shift_ended")
    bench.now = TODAY + 12 * HOUR
    bench.push(kiosk)
    assert hours(bench) == 120
    bench.do(set_state, card["card_id"], "lost", since=TODAY + 8 * HOUR)
    assert hours(bench) == 0
    assert is_clean(bench)


@pytest.mark.parametrize("end", ["damaged", "returned", "deceased", "expired"])
def test_a_card_that_has_ended_is_worth_as_little(bench: Any, end: str) -> None:
    bench.now = TODAY + 8 * HOUR
    bench.do(end_cards, "M0002", end, reason="x")
    kiosk = bench.kiosk()
    kiosk.tap("M0002", TODAY + 9 * HOUR)
    bench.now = TODAY + 12 * HOUR
    bench.push(kiosk)
    (tap,) = bench.events(volunteer="M0002")
    assert (tap["standing"], tap["standing_reason"]) == ("contradicted", f"card_{end}")
    assert is_clean(bench)


def test_the_life_of_a_card_keeps_every_step_with_its_why(bench: Any) -> None:
    card_id = day(bench)
    bench.do(set_state, card_id, "active", reason="司机送回来了")
    with bench.uow() as uow:
        steps = [(step["state"], step["reason"]) for step in life_of(uow, card_id)]
    assert steps == [("active", "first"), ("lost", "丢在公交车上"), ("active", "司机送回来了")]


@pytest.mark.parametrize("state", ["active", "lost"])
def test_a_card_ends_with_its_last_day_and_the_night_records_it_once(bench: Any, state: str) -> None:
    """From the end of that day, whenever the night's work was done; nobody had to see to it."""
    card_id = bench.do(register_static, "M0002", expires=date(2026, 11, 26)).card_id
    if state != "active":
        bench.do(set_state, card_id, state, reason="x")
    bench.now = TODAY + 72 * HOUR - 1
    assert bench.do(settle).expired == 0
    bench.now = TODAY + 99 * HOUR
    assert [bench.do(settle).expired for _ in range(2)] == [1, 0]
    with bench.uow() as uow:
        step = life_of(uow, card_id)[-1]
    assert (step["state"], step["reason"], step["holds_from"]) == ("expired", "last_day", TODAY + 72 * HOUR)
    assert is_clean(bench)
