"""What staff decide, and what was earned being used: never one's own hours, never more than is there."""

import threading
import time

import pytest
from sqlalchemy import text

from server.contract.rules import HOUR, MINUTE
from server.domain.calendar import day_start
from server.domain.facts import DecisionKind
from server.errors import Conflict, Invalid, NotFound, OwnHours
from server.services.audit import audit
from server.services.books import close_period, give, let_points_die, spend_points, take_back
from server.services.community import ActivitySpec, PlanSpec, set_activities, set_plans
from server.services.decisions import Ruling, confirm_end, decide
from server.services.ingest import ingest
from server.services.policies import set_policy
from server.services.reprojecting import reproject_all
from server.services.sessions import KnownKiosk
from server.services.settling import settle

NINE = day_start("2026-11-24") + 9 * HOUR


@pytest.fixture
def forgotten(bench):
    """M0001 was planned from nine to eleven, tapped in, and never out."""
    plan = PlanSpec(
        plan_id="p", activity_id="hut", site_id="hut", start=NINE, end=NINE + 2 * HOUR, members=("M0001",)
    )
    bench.do(set_plans, [plan])
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    bench.now = NINE + 9 * HOUR
    bench.push(kiosk)
    return bench


@pytest.fixture
def earned(bench):
    """M0001 has five hours: 300 minutes and five points."""
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + 5 * HOUR, shown="shift_ended")
    bench.now = NINE + 6 * HOUR
    bench.push(kiosk)
    return bench


def test_times_of_an_older_rule_are_derived_again_too(earned) -> None:
    """After an upgrade that changed the rules of time; what hangs on them follows."""
    with earned.uow() as uow:
        uow.connection.execute(text("UPDATE events SET at = at - 600000 WHERE shown = 'shift_ended'"))
        uow.commit()
    assert not clean(earned)
    earned.do(reproject_all)
    assert [row["at"] for row in earned.events()] == [NINE, NINE + 5 * HOUR]
    assert clean(earned)


def held(bench, number: str = "M0001") -> dict[str, int]:
    return {row["book"]: row["amount"] for row in bench.rows("balances", account=f"person:{number}")}


@pytest.mark.one_database("postgresql", "SQLite lets in one writer at a time by itself")
@pytest.mark.parametrize("work", [settle, reproject_all])
def test_a_tap_that_comes_in_during_the_nightly_work_is_not_overwritten(forgotten, work) -> None:
    """The work that began before the push was durable must not write what it read before."""
    kiosk = forgotten.kiosk("hub")
    kiosk.booted_at = NINE
    kiosk.tap("M0001", NINE + 2 * HOUR, shown="shift_ended")
    night = threading.Thread(target=forgotten.do, args=(work,))
    with forgotten.uow() as uow:
        uow.lock()
        night.start()
        deadline, waits = time.monotonic() + 60, 0
        while not waits and time.monotonic() < deadline:
            waits = uow.connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar()
        known = KnownKiosk(kiosk_id=kiosk.kiosk_id, site_id="hub", revoked=False)
        ingest(uow, forgotten.acting(f"kiosk:{kiosk.kiosk_id}"), kiosk.push(sent_at=forgotten.now), known)
        uow.commit()
    night.join(timeout=60)
    [shift] = forgotten.rows("shifts")
    assert (shift["state"], shift["credited"]) == ("closed", 120)
    assert clean(forgotten)


def test_two_counters_never_spend_the_same_points(earned) -> None:
    """Five points are there; of two who each want four at once one is told that there are fewer."""
    together, outcomes = threading.Barrier(2, timeout=60), list[str]()

    def redeem(order: str) -> None:
        together.wait()
        try:
            earned.do(spend_points, "M0001", points=4, subject=order, reason="大米", by="anna")
            outcomes.append("spent")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=redeem, args=(f"order-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["spent", "told"]
    assert held(earned)["points"] == 60
    assert clean(earned)


def clean(bench) -> bool:
    with bench.uow(writes=False) as uow:
        return audit(uow, bench.keys) == []


def test_a_forgotten_end_credits_nothing_until_a_leader_confirms_it(forgotten) -> None:
    [shift] = forgotten.rows("shifts")
    assert (shift["state"], shift["credited"], shift["proposed_end"]) == ("end_missing", 0, NINE + 2 * HOUR)
    forgotten.do(confirm_end, shift["shift_id"], reason="在场", by="M0002")
    [shift] = forgotten.rows("shifts")
    assert (shift["state"], shift["grade"], shift["credited"]) == ("closed", "witnessed", 120)
    assert held(forgotten) == {"hours": 120, "points": 120}
    assert clean(forgotten)


@pytest.mark.parametrize("who", [{"by": "M0001"}, {"by": "anna", "volunteer": "M0001"}])
def test_nobody_confirms_their_own_end(forgotten, who) -> None:
    """Neither under their number nor under a login that is theirs."""
    [shift] = forgotten.rows("shifts")
    with forgotten.uow() as uow, pytest.raises(OwnHours):
        confirm_end(
            uow, forgotten.acting(who["by"], volunteer=who.get("volunteer")), shift["shift_id"], reason="我"
        )


def test_after_ten_working_days_a_missing_end_settles_at_zero(forgotten) -> None:
    """民政部令67 art. 11; and then nothing can be confirmed any more."""
    forgotten.now += 15 * 24 * HOUR
    forgotten.do(settle, by="system")
    [shift] = forgotten.rows("shifts")
    assert (shift["state"], shift["credited"]) == ("settled_zero", 0)
    with pytest.raises(Conflict):
        forgotten.do(confirm_end, shift["shift_id"], reason="晚了")
    assert clean(forgotten)


@pytest.mark.parametrize(
    ("ruling", "error"),
    [
        (Ruling(kind=DecisionKind.DENY_END, shift_id="x", reason=" "), Invalid),
        (Ruling(kind=DecisionKind.DENY_END, reason="无"), Invalid),
        (Ruling(kind=DecisionKind.DENY_END, shift_id="x", reason="无"), NotFound),
        (Ruling(kind=DecisionKind.RESTORE_TAP, event_id="x", reason="无"), NotFound),
        (Ruling(kind=DecisionKind.APPROVE_EXCESS, volunteer="x", day="2026-11-24", reason="无"), NotFound),
        (Ruling(kind=DecisionKind.APPROVE_EXCESS, volunteer="M0001", day="today", reason="无"), Invalid),
        (
            Ruling(
                kind=DecisionKind.DECLARE_SHIFT, volunteer="M0001", activity_id="hut", site_id="hut",
                started_at=NINE, ended_at=NINE, reason="无",
            ),
            Invalid,
        ),
        (
            Ruling(
                kind=DecisionKind.DECLARE_SHIFT, volunteer="M0001", activity_id="x", site_id="hut",
                started_at=NINE, ended_at=NINE + HOUR, reason="无",
            ),
            NotFound,
        ),
    ],
)  # fmt: skip
def test_a_decision_that_makes_no_sense_is_refused(bench, ruling: Ruling, error: type[Exception]) -> None:
    with pytest.raises(error):
        bench.do(decide, ruling)


def test_what_was_entered_afterwards_is_hours_and_buys_nothing(bench) -> None:
    ruling = Ruling(
        kind=DecisionKind.DECLARE_SHIFT, volunteer="M0001", activity_id="hut", site_id="hut",
        started_at=NINE - 24 * HOUR, ended_at=NINE - 23 * HOUR, reason="补录",
    )  # fmt: skip
    bench.now = NINE
    bench.do(decide, ruling)
    assert [row["grade"] for row in bench.rows("shifts")] == ["declared"]
    assert held(bench) == {"hours": 60}
    assert clean(bench)


def test_redeeming_lowers_points_and_never_hours(earned) -> None:
    earned.do(spend_points, "M0001", points=3, subject="order-1", reason="雨伞")
    assert held(earned) == {"hours": 300, "points": 120}
    with pytest.raises(Conflict):
        earned.do(spend_points, "M0001", points=3, subject="order-2", reason="雨伞")
    assert clean(earned)


def test_a_redemption_is_taken_back_by_a_second_person_once(earned) -> None:
    earned.do(spend_points, "M0001", points=3, subject="order-1", reason="雨伞", by="anna")
    with pytest.raises(OwnHours):
        earned.do(take_back, "order-1", revision=1, reason="退", by="anna")
    earned.do(take_back, "order-1", revision=1, reason="退", by="boris")
    assert held(earned) == {"hours": 300, "points": 300}
    with pytest.raises(Conflict):
        earned.do(take_back, "order-1", revision=1, reason="退", by="boris")
    assert clean(earned)


def test_a_shifts_posting_cannot_be_taken_back_by_hand(earned) -> None:
    [posted] = earned.rows("ledger_transactions")
    with pytest.raises(Invalid):
        earned.do(take_back, posted["subject"], revision=1, reason="退", by="boris")


def test_points_die_on_their_day_and_hours_stay(earned) -> None:
    earned.now = day_start("2028-01-01")
    assert earned.do(let_points_die) == 1
    assert earned.do(let_points_die) == 0
    assert held(earned) == {"hours": 300, "points": 0}
    assert clean(earned)


def test_savings_are_given_to_kin(bench) -> None:
    bench.do(set_policy, "earns", "savings")
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + 2 * HOUR, shown="shift_ended")
    bench.now = NINE + 3 * HOUR
    bench.push(kiosk)
    bench.do(give, "M0001", minutes=90, to="person:M0002", subject="gift-1")
    assert held(bench) == {"hours": 120, "savings": 30}
    assert held(bench, "M0002") == {"savings": 90}
    with pytest.raises(Conflict):
        bench.do(give, "M0001", minutes=31, to="pool", subject="gift-2")
    assert clean(bench)


def test_a_closed_month_takes_no_rows(bench) -> None:
    """What belongs to it posts in the open month, with its own service date."""
    bench.do(close_period, "2026-11")
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR + MINUTE, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    bench.push(kiosk)
    assert [row["body"]["period"] for row in bench.rows("ledger_transactions")] == ["2026-12"]
    assert {row["day"] for row in bench.rows("ledger_lines")} == {"2026-11-24"}


def test_what_judges_past_shifts_of_an_activity_cannot_be_edited(bench) -> None:
    bench.do(set_activities, [ActivitySpec(activity_id="hut", name="新名", name_en="New")])
    with pytest.raises(Conflict):
        bench.do(set_activities, [ActivitySpec(activity_id="hut", name="新名", kind="non_service")])
