"""What a night's work seals, and what it leaves alone."""

from typing import Any

from server.domain.calendar import DAY
from server.services.settling import settle


def _sealed(bench: Any) -> set[int]:
    """The places of the events whose bytes are gone, after one more night."""
    bench.as_user("sealer").do(settle, by="system")
    return {row["seq"] for row in bench.rows("events") if row["body"] is None}


def test_a_tap_that_a_wrong_clock_dates_far_back_is_kept_as_long_as_others(bench: Any) -> None:
    """Nothing bounds when it happened, so its ninety days begin when the server has it."""
    gate = bench.kiosk("gate", "gate")
    same = {"role": "checkpoint", "shown": "checkpoint_passed"}
    gate.tap("M0001", bench.now - 200 * DAY, boot_id="boot-0", uptime_ms=1000, clock="unsynced", **same)
    gate.tap("M0001", bench.now, **same)
    bench.push(gate)
    wrong, right = sorted(bench.rows("events"), key=lambda row: row["seq"])
    assert right["at"] - wrong["at"] > 190 * DAY, "the wrong date stands, with its uncertainty"
    bench.now += DAY
    assert _sealed(bench) == set()
    bench.now += 89 * DAY
    assert _sealed(bench) == set()
    bench.now += 2 * DAY
    assert _sealed(bench) == {1, 2}


def test_a_tap_that_came_late_is_sealed_by_when_it_happened(bench: Any) -> None:
    gate = bench.kiosk("gate", "gate")
    gate.tap("M0001", bench.now, role="checkpoint", shown="checkpoint_passed")
    bench.now += 89 * DAY
    bench.push(gate)
    assert _sealed(bench) == set()
    bench.now += 2 * DAY
    assert _sealed(bench) == {1}


def test_taps_at_a_desk_are_not_sealed(bench: Any) -> None:
    hut = bench.kiosk("hut", "hut")
    hut.tap("M0001", bench.now)
    bench.push(hut)
    bench.now += 400 * DAY
    assert _sealed(bench) == set()
