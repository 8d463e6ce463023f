"""The live board on a screen in the hall: with a patrol that missed a point, a turn that lacks people."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.contract.rules import HOUR, MINUTE
from server.services.community import (
    ActivitySpec,
    PlanSpec,
    SiteSpec,
    set_activities,
    set_plans,
    set_sites,
)

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_the_hall_sees_who_is_here_who_lacks_and_what_the_patrol_passed(
    site: Any, sign_in: Open, shoot: Callable[[Page, str], None], check_axe: Callable[[Page], None]
) -> None:
    bench = site.bench
    points = {"gate": "东门", "north": "美湖家园北门", "square": "中心广场", "river": "河边步道"}
    posts = [
        SiteSpec(site_id=key, name=name, name_en=key.title(), role="checkpoint")
        for key, name in points.items()
    ]
    bench.do(set_sites, posts)
    patrol = ActivitySpec(
        activity_id="patrol", name="平安巡逻", name_en="Patrol", kind="patrol", checkpoints=tuple(points)
    )
    bench.do(set_activities, [patrol])
    desk = bench.kiosk("hub", "desk")
    kiosks = {key: bench.kiosk(key, key) for key in points}
    for first, missed in ((bench.now, "square"), (bench.now + 3 * HOUR, "")):
        for number in ("M0005", "M0006"):
            desk.tap(number, first, activity_id="patrol", activity_by="chosen")
        for place, key in enumerate(points):
            if key != missed and not (place > 1 and not missed):
                kiosks[key].tap(
                    "M0005", first + (5 + 8 * place) * MINUTE, role="checkpoint", shown="checkpoint_passed"
                )
        if missed:
            for number in ("M0005", "M0006"):
                desk.tap(number, first + 45 * MINUTE, shown="shift_ended", activity_id="patrol")
    bench.now += 3 * HOUR + 20 * MINUTE
    turn = PlanSpec(
        plan_id="p5",
        activity_id="hut",
        site_id="hut",
        start=bench.now - 30 * MINUTE,
        end=bench.now + HOUR,
        need=3,
        members=("M0004", "M0007", "M0008"),
    )
    bench.do(set_plans, [turn])
    hut = bench.kiosk("hut", "another")
    hut.tap("M0004", bench.now - MINUTE)
    for kiosk in (desk, hut, *kiosks.values()):
        bench.push(kiosk)
    page = sign_in("staff", "/staff/live?hall=1", width=1920, height=1080)
    expect(page.locator(".round").first).to_contain_text("漏了 1 个点")
    expect(page.locator(".round").first.locator(".missed")).to_contain_text("中心广场")
    expect(page.get_by_text("正在进行，到了 1 人")).to_be_visible()
    expect(page.locator(".round").last).to_contain_text("还差 2 个点")
    shoot(page, "server/hall")
    check_axe(page)
