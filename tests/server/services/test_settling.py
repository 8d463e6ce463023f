"""What a night's work seals and forgets, and what it leaves alone."""

from typing import Any

import pytest

from server.domain.calendar import DAY, HOUR
from server.services.audit import audit
from server.services.cards import register_many
from server.services.certificates import issue
from server.services.members import (
    NewVolunteer,
    change_volunteer,
    id_number,
    register_volunteers,
    set_standing,
)
from server.services.policies import set_policy
from server.services.settling import settle

CONTACT: dict[str, Any] = {
    "phone": "13900001234",
    "area": "美湖一期7幢",
    "guardian": {"name": "王守护", "phone": "13900005678", "relation": "母"},
}
FORGOTTEN = {"phone": None, "area": "", "guardian": {}, "id_number": None}


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


def test_a_night_reads_no_tap_that_is_sealed_already(bench: Any) -> None:
    """Otherwise every night would read all that ever passed a checkpoint."""
    gate = bench.kiosk("gate", "gate")
    gate.tap("M0001", bench.now, role="checkpoint", shown="checkpoint_passed")
    bench.push(gate)
    bench.now += 91 * DAY
    gate.tap("M0001", bench.now, role="checkpoint", shown="checkpoint_passed")
    bench.push(gate)
    ids = [row["event_id"] for row in bench.rows("events", "seq")]
    with bench.uow(writes=False) as uow:
        assert [row["event_id"] for row in uow.events.open_checkpoints(bench.now)] == ids[:1]
    assert _sealed(bench) == {1}
    with bench.uow(writes=False) as uow:
        assert uow.events.open_checkpoints(bench.now) == []
        assert [row["event_id"] for row in uow.events.open_checkpoints(bench.now + 1)] == ids[1:]


@pytest.mark.one_database("sqlite", "PostgreSQL reads so small a table whole, whatever its indexes")
def test_open_checkpoint_taps_are_found_by_their_own_index(bench: Any) -> None:
    with bench.uow(writes=False) as uow:
        driver = uow.events.connection.connection.driver_connection
        asked: list[str] = []
        driver.set_trace_callback(asked.append)
        uow.events.open_checkpoints(bench.now)
        driver.set_trace_callback(None)
        plan = driver.execute(f"EXPLAIN QUERY PLAN {asked[-1]}").fetchall()
    assert any("ix_events_open_checkpoints" in row[3] for row in plan), plan


def test_taps_at_a_desk_are_not_sealed(bench: Any) -> None:
    hut = bench.kiosk("hut", "hut")
    hut.tap("M0001", bench.now)
    bench.push(hut)
    bench.now += 400 * DAY
    assert _sealed(bench) == set()


def _reachable(bench: Any) -> str:
    """The number of somebody with everything that contact data can be, who has served an hour."""
    person = NewVolunteer(
        name="王小华", birth="2011-05-04", guardian_consent=True, id_number="32-1", **CONTACT
    )
    (number,) = bench.do(register_volunteers, [person])
    (card,) = bench.do(register_many, [number])
    bench.cards[number] = f"{card.card_id}:{bench.rows('cards', card_id=card.card_id)[0]['digest']}"
    hut = bench.kiosk("hut", f"of-{number}")
    hut.tap(number, bench.now)
    bench.now += HOUR
    hut.tap(number, bench.now, shown="shift_ended")
    bench.push(hut)
    return number


def _contact(bench: Any, number: str) -> dict[str, Any]:
    """What is left of a person's contact data after one more night."""
    bench.as_user("sealer").do(settle, by="system")
    (row,) = bench.rows("volunteers", number=number)
    return {name: row[name] for name in FORGOTTEN}


@pytest.mark.parametrize("status", ["inactive", "left", "deceased"])
def test_contact_data_goes_a_year_after_leaving_and_the_rest_stays(bench: Any, status: str) -> None:
    number = _reachable(bench)
    bench.do(set_standing, number, {"status": status})
    before, hours = bench.rows("volunteers", number=number)[0], bench.rows("shifts", volunteer=number)
    assert [shift["credited"] for shift in hours] == [60]
    bench.now += 365 * DAY
    assert _contact(bench, number) == {name: before[name] for name in FORGOTTEN}
    bench.now += 1
    assert _contact(bench, number) == FORGOTTEN
    after = bench.rows("volunteers", number=number)[0]
    touched = {*FORGOTTEN, "updated_at"}
    assert {k: v for k, v in after.items() if k not in touched} == {
        k: v for k, v in before.items() if k not in touched
    }
    assert bench.rows("shifts", volunteer=number) == hours
    with bench.uow() as uow:
        assert issue(uow, bench.acting(), number, minutes={"tapped": 60}, work=[]).name == "王小华"
        assert id_number(uow, bench.acting(), number) is None
        assert audit(uow, bench.keys) == []


def test_no_fact_and_no_event_ever_held_contact_data(bench: Any) -> None:
    """Facts are never erased: so it must not be in them, or it could not be forgotten."""
    number = _reachable(bench)
    bench.do(set_standing, number, {"status": "left"})
    said = [row["body"] for table in ("facts", "events") for row in bench.rows(table)]
    assert any(row["subject"] == number for row in bench.rows("facts", kind="member"))
    secrets = ("13900001234", "13900005678", "美湖一期7幢", "王守护", "32-1")
    assert [body for body in said if any(secret in body for secret in secrets)] == []


def test_who_came_back_is_reachable_and_leaves_anew(bench: Any) -> None:
    number = _reachable(bench)
    bench.do(set_standing, number, {"status": "left"})
    bench.now += 300 * DAY
    bench.do(set_standing, number, {"status": "active"})
    bench.now += 300 * DAY
    assert _contact(bench, number)["phone"] == CONTACT["phone"], "is here"
    bench.do(set_standing, number, {"status": "inactive"})
    bench.now += 200 * DAY
    bench.do(set_standing, number, {"status": "left"})
    bench.now += 164 * DAY
    assert _contact(bench, number)["phone"] == CONTACT["phone"], "364 days after the last day"
    bench.now += 2 * DAY
    assert _contact(bench, number) == FORGOTTEN


def test_a_community_may_forget_sooner(bench: Any) -> None:
    number = _reachable(bench)
    bench.do(set_policy, "contact_retention_days", 30)
    bench.do(set_standing, number, {"status": "left"})
    bench.now += 31 * DAY
    with bench.as_user("sealer").uow() as uow:
        assert settle(uow, bench.acting("system")).forgotten == 1
        assert settle(uow, bench.acting("system")).forgotten == 0, "safe to repeat"


def test_what_staff_write_about_somebody_long_gone_goes_the_next_night(bench: Any) -> None:
    number = _reachable(bench)
    bench.do(set_standing, number, {"status": "left"})
    bench.now += 400 * DAY
    assert _contact(bench, number) == FORGOTTEN
    bench.do(change_volunteer, number, {"phone": "13900001234"})
    assert _contact(bench, number) == FORGOTTEN
