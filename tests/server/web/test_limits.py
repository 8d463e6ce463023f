"""Allowances a minute; the line in front of the gate for pushes: turns, who keeps one, a clock that jumps."""

import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from server.errors import TooMany
from server.web.limits import A_FEW, CAN_WAIT, LEAST_WAIT, MAX_CALLERS, MOST_WAIT, WINDOW_MS, Allowance, Gate


@dataclass
class Hand:
    """A clock that stands where it is put."""

    now: int = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def gate(clock: Hand) -> Gate:
    """Room for two, who stay four seconds each, so that a turn comes every two."""
    gate = Gate(2, clock)
    for _ in range(20 * A_FEW):
        with gate.passing("early"):
            clock.now += 4_000
    return gate


@pytest.fixture
def full(gate: Gate) -> Iterator[ExitStack]:
    """The gate with both places taken until this is closed."""
    with ExitStack() as inside:
        inside.enter_context(gate.passing("one"))
        inside.enter_context(gate.passing("two"))
        yield inside


def told(gate: Gate, caller: str) -> int:
    with pytest.raises(TooMany) as refused, gate.passing(caller):
        raise AssertionError("there was no room")
    return refused.value.retry_after


def test_turns_are_as_far_apart_as_one_who_is_let_in_needs(gate: Gate, full: ExitStack) -> None:
    waits = [told(gate, f"kiosk {number}") for number in range(300)]
    assert waits[:5] == [2, 4, 6, 8, 10]
    assert waits == sorted(waits)
    assert waits[-1] == MOST_WAIT


def test_who_comes_at_its_turn_and_finds_no_room_is_next(gate: Gate, full: ExitStack, clock: Hand) -> None:
    told(gate, "first")
    assert [told(gate, f"kiosk {number}") for number in range(50)][-1] > 90
    clock.now += 2_500
    assert told(gate, "first") == LEAST_WAIT
    full.close()
    with gate.passing("first"):
        pass
    assert told_when_full(gate, "first") > 90, "it was let in: now it stands at the end again"


def told_when_full(gate: Gate, caller: str) -> int:
    with gate.passing("one"), gate.passing("two"):
        return told(gate, caller)


def test_who_comes_before_its_turn_is_sent_to_the_end(gate: Gate, full: ExitStack, clock: Hand) -> None:
    assert [told(gate, f"kiosk {number}") for number in range(10)][-1] == 20
    assert told(gate, "kiosk 9") == 22


def test_the_line_melts_away_with_time(gate: Gate, full: ExitStack, clock: Hand) -> None:
    assert gate.pause() is None
    told(gate, "kiosk 0")
    assert gate.pause() == CAN_WAIT
    for number in range(1, 20):
        told(gate, f"kiosk {number}")
    assert gate.pause() == 42
    clock.now += 60_000
    assert gate.pause() is None
    assert told(gate, "late") == LEAST_WAIT


def test_a_clock_that_jumps_back_keeps_nobody_out_for_longer(
    gate: Gate, full: ExitStack, clock: Hand
) -> None:
    told(gate, "first")
    clock.now -= 86_400_000
    assert told(gate, "second") <= MOST_WAIT
    assert told(gate, "third") <= MOST_WAIT
    full.close()
    with gate.passing("third"):
        assert gate.pause() is not None


def test_callers_without_number_take_no_memory_without_bound(
    gate: Gate, full: ExitStack, clock: Hand
) -> None:
    for number in range(3 * MAX_CALLERS):
        told(gate, str(number))
        clock.now += 40
    assert gate.waiting <= 2 * MAX_CALLERS


def test_each_caller_has_its_own_allowance_and_a_new_one_in_the_next_minute(clock: Hand) -> None:
    allowance = Allowance(2, clock)
    for caller in ("one", "two", "one", "two"):
        allowance.take(caller)
    with pytest.raises(TooMany):
        allowance.take("one")
    clock.now += WINDOW_MS
    allowance.take("one")


def test_long_names_of_callers_are_told_apart_and_cost_no_memory(clock: Hand) -> None:
    """Whoever asks chooses the name: megabytes, or half a character that no encoding knows."""
    allowance, gate, long = Allowance(1, clock), Gate(1, clock), "很长" * 100_000
    tracemalloc.start()
    try:
        for number in range(100):
            allowance.take(f"{long}\ud800{number}")
            with gate.passing("inside"), pytest.raises(TooMany), gate.passing(f"{long}\ud800{number}"):
                pass
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert gate.waiting == 100
    assert kept < len(long)
    with pytest.raises(TooMany):
        allowance.take(f"{long}\ud800{99}")


def test_who_asked_in_an_earlier_minute_is_forgotten(clock: Hand) -> None:
    allowance = Allowance(1, clock)
    for number in range(100):
        allowance.take(str(number))
    assert allowance.callers == 100
    clock.now += WINDOW_MS
    allowance.take("late")
    assert allowance.callers == 1
