"""What the server says to a push, and what it keeps."""

from server.contract.rules import HOUR, MINUTE
from server.domain.calendar import day_start

NINE = day_start("2026-11-24") + 9 * HOUR


def test_a_pushed_tap_is_stored_with_its_hash_and_starts_a_shift(bench) -> None:
    """The answer names the event's place and chain hash, so that it fits this event only."""
    kiosk = bench.kiosk()
    event = kiosk.tap("M0001", NINE)
    bench.now = NINE + MINUTE
    reply = bench.push(kiosk)
    assert [(r.seq, r.hash, r.status) for r in reply.results] == [(1, kiosk.head(1), "stored")]
    [shift] = bench.rows("shifts")
    assert (shift["shift_id"], shift["volunteer"], shift["state"]) == (event.event_id, "M0001", "open")


def test_two_taps_are_a_shift_and_its_minutes_are_in_the_ledger(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + 2 * HOUR, shown="shift_ended")
    bench.now = NINE + 3 * HOUR
    bench.push(kiosk)
    [shift] = bench.rows("shifts")
    assert (shift["state"], shift["grade"], shift["credited"]) == ("closed", "tapped", 120)
    held = {(r["book"], r["account"]): r["amount"] for r in bench.rows("balances")}
    assert held[("hours", "person:M0001")] == 120
    assert held[("hours", "community:service")] == -120
    assert held[("points", "person:M0001")] == 120
