"""Deriving only what something new reaches gives the same as deriving everything."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import text

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import ClockSample
from server.domain.calendar import day_start
from server.domain.facts import DecisionKind
from server.errors import ServerError
from server.services.audit import audit
from server.services.cards import register_static, set_state
from server.services.community import PlanSpec, cancel_plan, set_calendar, set_plans
from server.services.decisions import Ruling, decide
from server.services.kiosks import move_kiosk
from server.services.policies import set_policy
from server.services.projection import project_events, project_whole
from server.services.reprojecting import reproject_all, reproject_since
from server.services.settling import settle

FIRST = day_start("2026-11-02")
DAY = 24 * HOUR


class Life:
    """Weeks in a community, drawn from a seed: taps, clocks, late pushes, and everything staff can do."""

    def __init__(self, bench, seed: int) -> None:
        self.bench = bench
        self.rng = Random(seed)
        bench.now = FIRST
        self.kiosks = [bench.kiosk("hut"), bench.kiosk("hub", "second"), bench.kiosk("gate", "third")]
        self.unsent: list[list[int]] = [[], [], []]
        self.plans = 0

    def live(self, days: int) -> None:
        for day in range(days):
            self.morning(FIRST + day * DAY)
            for hour in sorted(self.rng.sample(range(6, 24), 8)):
                self.bench.now = FIRST + day * DAY + hour * HOUR + self.rng.randrange(HOUR)
                self.rng.choice([self.tap, self.tap, self.tap, self.staff, self.push])()

    def morning(self, at: int) -> None:
        for kiosk in self.kiosks:
            if self.rng.random() < 0.4:
                kiosk.boot_id, kiosk.booted_at = f"boot-{at}", at
        self.bench.now = at + HOUR
        if self.rng.random() < 0.5:
            self.bench.do(settle, by="system")

    def person(self) -> str:
        return self.rng.choice(self.bench.numbers[:6])

    def tap(self) -> None:
        index = self.rng.randrange(3)
        kiosk, at = self.kiosks[index], self.bench.now
        for _ in range(self.rng.randrange(1, 4)):
            more = {"role": "checkpoint", "shown": "checkpoint_passed"} if index == 2 else {}
            if self.rng.random() < 0.3:
                more |= {"clock": "unsynced", "wall": self.rng.choice([1000, at - 3 * HOUR])}
            if index == 1 and self.rng.random() < 0.2:
                members = tuple(self.rng.sample(self.bench.numbers[1:6], 2))
                more |= {
                    "action": self.rng.choice(["team_open", "team_close"]),
                    "members": members,
                    "shown": "team_opened",
                }
            event = kiosk.tap(self.person(), at, **more)
            if self.rng.random() < 0.2:
                touch = {
                    "medium": "touch",
                    "action": self.rng.choice(["undo", "change"]),
                    "target": event.event_id,
                }
                kiosk.tap(event.volunteer, at + 4000, activity_by="chosen", shown="undone", **touch)
            at += self.rng.choice([20_000, 5 * MINUTE, 2 * HOUR])
        self.bench.now = at

    def push(self) -> None:
        kiosk = self.rng.choice(self.kiosks)
        if not kiosk.events:
            return
        first = self.rng.randrange(1, len(kiosk.events) + 1)
        push = kiosk.push(first, min(len(kiosk.events), first + 6), sent_at=self.bench.now)
        clock = "synced" if self.rng.random() < 0.6 else "unsynced"
        uptime = self.bench.now - kiosk.booted_at
        sent = ClockSample(boot_id=kiosk.boot_id, uptime_ms=uptime, wall=self.bench.now, clock=clock)
        self.bench.push(kiosk, replace(push, sent=sent))

    def staff(self) -> None:
        act = self.rng.choice(
            [self.plan, self.plan, self.decide, self.decide, self.card, self.rule, self.move]
        )
        try:
            act()
        except ServerError:
            return  # what staff may not do changes nothing, and the audit at the end says so

    def plan(self) -> None:
        start = self.bench.now + self.rng.randrange(-30, 20) * HOUR
        if self.plans and self.rng.random() < 0.4:
            plan_id = f"plan-{self.rng.randrange(self.plans)}"
            if self.rng.random() < 0.3:
                self.bench.do(cancel_plan, plan_id)
                return
        else:
            plan_id, self.plans = f"plan-{self.plans}", self.plans + 1
        members = tuple(self.rng.sample(self.bench.numbers[:6], 3))
        spec = PlanSpec(
            plan_id=plan_id, activity_id=self.rng.choice(["hut", "patrol"]), site_id="hut",
            start=start, end=start + self.rng.randrange(1, 5) * HOUR, members=members,
        )  # fmt: skip
        self.bench.do(set_plans, [spec], holds_from=self.rng.choice([None, start - DAY]))

    def decide(self) -> None:
        shifts, events = self.bench.rows("shifts", "shift_id"), self.bench.events()
        kind = self.rng.choice(list(DecisionKind))
        at = self.bench.now - self.rng.randrange(50) * HOUR
        shift = self.rng.choice(shifts)["shift_id"] if shifts else None
        event = self.rng.choice(events)["event_id"] if events else None
        declared = kind is DecisionKind.DECLARE_SHIFT
        ruling = Ruling(
            kind=kind, reason="因为", volunteer=self.person(), at=at,
            shift_id=shift if ("shift" in kind and not declared) or "end" in kind else None,
            event_id=event if "tap" in kind else None,
            day="2026-11-05" if kind is DecisionKind.APPROVE_EXCESS else None,
            activity_id="hut", site_id="hut", started_at=at, ended_at=at + HOUR,
        )  # fmt: skip
        self.bench.do(decide, ruling)

    def card(self) -> None:
        number = self.person()
        card = self.bench.rows("cards", "fact_seq", volunteer=number)[-1]
        if self.rng.random() < 0.3:
            self.bench.do(register_static, number)
        else:
            since = self.rng.choice([None, self.bench.now - 2 * DAY])
            self.bench.do(set_state, card["card_id"], self.rng.choice(["lost", "active"]), since=since)

    def rule(self) -> None:
        if self.rng.random() < 0.3:
            self.bench.do(set_calendar, {"2026-11-10": {"working": self.rng.random() < 0.5}})
            return
        since = self.bench.now - self.rng.choice([0, 3 * DAY])
        value = self.rng.choice([5, 20, 40])
        with self.bench.uow() as uow:
            set_policy(uow, self.bench.acting(), "minimum", value, holds_from=since)
            reproject_since(uow, self.bench.acting(), since)
            uow.commit()

    def move(self) -> None:
        since = self.rng.choice([None, self.bench.now - DAY])
        self.bench.do(
            move_kiosk, self.kiosks[0].kiosk_id, site_id=self.rng.choice(["hut", "hub"]), since=since
        )


@pytest.mark.parametrize("seed", range(5))
def test_weeks_of_anything_leave_nothing_for_the_audit_to_find(bench, seed: int) -> None:
    """Each step derives only what it reaches; the audit derives everything: both agree, whatever happened."""
    life = Life(bench, seed)
    life.live(16)
    with bench.uow() as uow:
        assert audit(uow, bench.keys) == []
        assert len(uow.events.rows()) > 20
        assert len(uow.shifts.rows()) > 5
        reproject_all(uow, bench.acting("system"))
        assert audit(uow, bench.keys) == []


@pytest.mark.parametrize("days", [-4, -3, -2, -1, 1, 2, 3, 4])
def test_what_a_tap_that_is_moved_away_had_taken_in_stands_by_itself_again(bench, days: int) -> None:
    """Its time comes out days from where it was thought to be; the tap that had ended its shift opens one."""
    hut, hub = bench.kiosk("hut"), bench.kiosk("hub", "second")
    hut.booted_at = hub.booted_at = FIRST
    hut.tap("M0001", FIRST + 9 * HOUR)
    hub.tap("M0001", FIRST + 10 * HOUR, shown="shift_ended")
    bench.now = FIRST + 11 * HOUR
    bench.push(hut)
    bench.push(hub)
    moved, stays = bench.events()
    row = moved | {"at": moved["at"] + days * DAY, "was_at": moved["at"]}
    bench.now = FIRST + 6 * DAY
    with bench.uow() as uow:
        moving = text("UPDATE events SET at = :at WHERE event_id = :event_id")
        uow.connection.execute(moving, {"at": row["at"], "event_id": row["event_id"]})
        project_events(uow, bench.acting("system"), [row])
        uow.commit()
    assert {row["shift_id"] for row in bench.rows("shifts")} == {moved["event_id"], stays["event_id"]}
    assert bench.do(project_whole, ["M0001"], by="system") == 0
