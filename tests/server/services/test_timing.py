"""Times of taps as pushes come in: each push corrects what it may move, as if the whole journal were read."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import ClockSample
from server.domain.calendar import day_start
from server.services.audit import audit
from server.services.timing import corrected_times, samples_of

NINE = day_start("2026-11-24") + 9 * HOUR


class Hall:
    """A kiosk whose clock nobody has set, and how its pushes come in."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.kiosk, self.pushed = bench, bench.kiosk(), 0
        self.kiosk.booted_at = bench.now = NINE

    def tap(self, clock: str = "unsynced") -> None:
        wall = self.bench.now if clock == "synced" else self.bench.now - self.kiosk.booted_at
        self.kiosk.tap("M0001", self.bench.now, clock=clock, wall=wall)

    def boot(self, name: str) -> None:
        self.kiosk.boot_id, self.kiosk.booted_at = name, self.bench.now

    def push(self, most: int, *, again: int = 0, held: int = 0) -> None:
        """So many of the events that wait, after some that were pushed before; the network may hold it.

        An empty push comes from the journal's end only, as a kiosk sends it.
        """
        first = max(1, self.pushed + 1 - again)
        last = min(first - 1 + most, len(self.kiosk.events))
        aged = max(0, self.bench.now - held - self.kiosk.booted_at)
        sent = ClockSample(boot_id=self.kiosk.boot_id, uptime_ms=aged, wall=aged, clock="unsynced")
        self.bench.push(self.kiosk, replace(self.kiosk.push(first, last, sent_at=self.bench.now), sent=sent))
        self.pushed = max(self.pushed, last)

    def check(self) -> None:
        """Every time stored is that of the whole journal."""
        rows = self.bench.events()
        with self.bench.uow(writes=False) as uow:
            whole = corrected_times(rows, samples_of(uow, (self.kiosk.kiosk_id, self.kiosk.journal_id)))
        stored = {row["seq"]: (row["at"], row["uncertainty"]) for row in rows}
        assert stored == {seq: (time.at, time.uncertainty) for seq, time in whole.items()}


def test_an_unsynced_kiosks_taps_come_out_at_the_servers_time(bench) -> None:
    """A kiosk that woke in 1970 and pushes tells how long ago each tap was."""
    kiosk = bench.kiosk()
    kiosk.booted_at = NINE
    kiosk.tap("M0001", NINE + 10 * MINUTE, clock="unsynced", wall=600_000)
    bench.now = NINE + HOUR
    sent = ClockSample(boot_id=kiosk.boot_id, uptime_ms=HOUR, wall=HOUR, clock="unsynced")
    bench.push(kiosk, replace(kiosk.push(sent_at=bench.now), sent=sent))
    [event] = bench.events()
    assert event["at"] == NINE + 10 * MINUTE
    assert event["uncertainty"] <= 1000


def test_a_push_that_a_network_held_is_found_out_by_the_next(bench) -> None:
    """It came ten minutes after it was sent; the next one, minutes later, puts the tap where it was."""
    kiosk = bench.kiosk()
    kiosk.booted_at = NINE
    kiosk.tap("M0001", NINE + 10 * MINUTE, clock="unsynced", wall=600_000)

    def push(sent_at: int) -> int:
        aged = sent_at - NINE
        sent = ClockSample(boot_id=kiosk.boot_id, uptime_ms=aged, wall=aged, clock="unsynced")
        bench.push(kiosk, replace(kiosk.push(sent_at=sent_at), sent=sent))
        return bench.events()[0]["at"]

    bench.now = NINE + 25 * MINUTE
    assert push(NINE + 15 * MINUTE) == NINE + 20 * MINUTE
    bench.now += 2 * MINUTE
    assert push(bench.now) == NINE + 10 * MINUTE
    bench.now += 20 * MINUTE
    assert push(bench.now - 15 * MINUTE) == NINE + 10 * MINUTE, "a late one says nothing more"


def test_a_sample_taken_while_taps_still_waited_is_heard_when_they_come(bench) -> None:
    """Its place tells of a few taps only; what it knows is when that was."""
    hall = Hall(bench)
    for clock in ("synced", "synced", "synced"):
        hall.tap(clock)
        bench.now += MINUTE
    hall.push(1)
    hall.tap()
    for _ in range(3):
        bench.now += 11 * MINUTE
        hall.push(1)
        hall.check()
    assert bench.events()[-1]["uncertainty"] == 0


@pytest.mark.parametrize("seed", range(70))
def test_whatever_comes_in_pieces_is_timed_as_if_it_came_at_once(bench, seed: int) -> None:
    """A kiosk with weeks to send, a server put back, a network that holds what it lets through."""
    hall, rng = Hall(bench), Random(seed)
    for step in range(30):
        bench.now += rng.choice([1000, MINUTE, 11 * MINUTE, 7 * HOUR])
        what = rng.random()
        if what < 0.5:
            hall.tap(rng.choice(["synced", "unsynced"]))
        elif what < 0.6:
            hall.boot(f"boot of step {step}")
        else:
            again, held = rng.choice([0, 0, 0, 3]), rng.choice([0, 0, 0, 0, 20 * MINUTE])
            hall.push(rng.choice([1, 2, 500]), again=again, held=held)
            hall.check()
    hall.push(500)
    hall.check()
    with bench.uow(writes=False) as uow:
        assert audit(uow, bench.keys) == []
