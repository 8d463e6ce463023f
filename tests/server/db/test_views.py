"""Read queries answer alike on SQLite and on PostgreSQL, and never look into another community."""

from collections.abc import Callable
from typing import Any

import pytest

from server.contract.rules import HOUR
from server.services.community import PlanSpec, set_plans

Question = Callable[[Any, Any], Any]
QUESTIONS: dict[str, tuple[Question, int]] = {
    "people": (lambda v, b: v.people.page({"search": "测试1", "status": "active"}), 3),
    "people after": (
        lambda v, b: v.people.page({"besides": {"M0003"}, "team": "平安美湖"}, after="M0002"),
        0,
    ),
    "one": (lambda v, b: [v.people.one("M0001")], 1),
    "cards": (lambda v, b: v.people.cards({"state": "active"}, limit=5), 5),
    "card history": (lambda v, b: v.people.cards_of("M0002"), 1),
    "latest cards": (lambda v, b: v.people.latest_cards(4), 4),
    "wall": (lambda v, b: v.people.wall(), 0),
    "shifts": (
        lambda v, b: v.shifts.page({"state": "closed", "activity": "健康小屋", "site": "健康小屋"}),
        1,
    ),
    "shifts led": (lambda v, b: v.shifts.page({"led_by": "M0001"}, after=(0, ""), limit=9), 2),
    "shifts newest": (lambda v, b: v.shifts.page({}, after=(b.now * 2, ""), newest=True), 3),
    "on duty": (lambda v, b: v.shifts.open(), 1),
    "waiting": (lambda v, b: v.shifts.waiting(), 1),
    "excess": (lambda v, b: v.shifts.excess(), 0),
    "work": (lambda v, b: v.shifts.work_of("M0003"), 1),
    "teams": (lambda v, b: v.places.teams(), 1),
    "wanted": (lambda v, b: v.places.wanted(b.now - 99 * HOUR, b.now + 99 * HOUR), 1),
    "events": (lambda v, b: v.machines.events({"volunteer": "M0003"}, after=(0, "")), 2),
    "kiosks": (lambda v, b: v.machines.kiosks(), 1),
    "silent": (lambda v, b: v.machines.silent(b.now), 1),
    "entries": (lambda v, b: v.ledger.entries({"book": "hours", "low": "2026-01-01"}, after=(0, 0)), 2),
    "balances": (lambda v, b: v.ledger.balances({"account": "person:M0003"}, after=("a", "b", "c")), 2),
    "posted": (lambda v, b: v.ledger.hours_as_posted("M0003", until=b.now), 1),
    "by month": (lambda v, b: v.totals.statistics("month", low="2026-11-01", high="2026-12-01"), 1),
    "by team": (lambda v, b: v.totals.statistics("team"), 1),
    "by activity": (lambda v, b: v.totals.statistics("activity"), 1),
    "by day": (lambda v, b: v.totals.statistics("day"), 1),
}


def _lived(bench: Any) -> Any:
    start = bench.now + 9 * HOUR
    plan = PlanSpec(
        plan_id="p1",
        activity_id="hut",
        site_id="hut",
        start=start,
        end=start + HOUR,
        need=3,
        members=("M0002",),
    )
    bench.do(set_plans, [plan])
    kiosk = bench.kiosk("hut")
    kiosk.tap("M0002", start)  # forgets to tap out
    kiosk.tap("M0003", start)
    kiosk.tap("M0003", start + HOUR, shown="shift_ended")
    kiosk.tap("M0004", start + 8 * HOUR)
    bench.now = start + 9 * HOUR
    bench.push(kiosk)
    return bench


def test_every_question_has_the_same_answer_on_both_databases(bench: Any) -> None:
    _lived(bench)
    with bench.uow(writes=False) as uow:
        found = {name: len(ask(uow.views, bench)) for name, (ask, _) in QUESTIONS.items()}
    assert found == {name: count for name, (_, count) in QUESTIONS.items()}


def test_another_community_sees_nothing_of_it(bench: Any) -> None:
    _lived(bench)
    with bench.uow("other", writes=False) as uow:
        found = {name: ask(uow.views, bench) for name, (ask, _) in QUESTIONS.items()}
    assert {name for name, rows in found.items() if rows not in ([], {}, [None])} == set()


@pytest.mark.parametrize("typed", ["%", "_", "测试1%"])
def test_what_is_typed_into_the_search_is_text_and_no_pattern(bench: Any, typed: str) -> None:
    with bench.uow(writes=False) as uow:
        assert uow.views.people.page({"search": typed}) == []


def test_a_leader_leads_the_people_of_his_team(bench: Any) -> None:
    with bench.uow(writes=False) as uow:
        led = [uow.views.shifts.is_led_by(number, "M0001") for number in ("M0002", "M0005")]
    assert led == [True, False]
