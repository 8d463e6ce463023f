"""The server's pages in a real browser: readable, reachable by keys, nothing from outside, none too wide."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.server.services.test_sun import chip, read_on_a_phone

pytestmark = pytest.mark.browser

PUBLIC = {"home": "/", "login": "/login", "wall": "/wall", "verify": "/verify"}
DESK = {
    "dashboard": "/staff/",
    "live": "/staff/live",
    "forgotten": "/staff/forgotten",
    "excess": "/staff/excess",
    "volunteers": "/staff/volunteers",
    "volunteer": "/staff/volunteers/M0004",
    "volunteer-form": "/staff/volunteers/new",
    "import": "/staff/volunteers/import",
    "shifts": "/staff/shifts",
    "declare": "/staff/declare",
    "plans": "/staff/plans",
    "plan": "/staff/plans/new",
    "teams": "/staff/teams",
    "team": "/staff/teams/t1",
    "cards": "/staff/cards",
    "sites": "/staff/sites",
    "site": "/staff/sites/hut",
    "activities": "/staff/activities",
    "activity": "/staff/activities/hut",
    "kiosks": "/staff/kiosks",
    "policies": "/staff/policies",
    "audit": "/staff/audit",
    "users": "/staff/users",
    "password": "/password",
}
Open = Callable[..., Page]
Shoot = Callable[[Page, str], None]


def _too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def test_public_pages_are_accessible_on_a_phone(
    site: Any, address: str, open_page: Open, check_axe: Callable[[Page], None], shoot: Shoot
) -> None:
    page = open_page(f"{address}/", width=390, height=844)
    read = f"/t?{urlencode(read_on_a_phone(chip(site.bench)))}"
    for name, path in (PUBLIC | {"card-read": read}).items():
        page.goto(address + path)
        assert not _too_wide(page), path
        check_axe(page)
        shoot(page, f"server/phone-{name}")


@pytest.mark.one_database(
    "sqlite", "how a page looks does not depend on it; what stands there is tested on both"
)
@pytest.mark.parametrize("looks", ["chinese", "english", "large", "phone"])
def test_every_page_of_the_desk_is_accessible(
    sign_in: Open, address: str, check_axe: Callable[[Page], None], shoot: Shoot, looks: str
) -> None:
    size: dict[str, Any] = {"width": 390, "height": 844} if looks == "phone" else {}
    page = sign_in("admin", "/staff/", **size)
    if looks == "english":
        page.goto(f"{address}/language/en")
    if looks == "large":
        page.goto(f"{address}/text-size/large")
    for name, path in DESK.items():
        page.goto(address + path)
        assert not _too_wide(page), path
        check_axe(page)
        shoot(page, f"server/{looks}-{name}")


def test_one_shift_with_its_taps_is_accessible(
    site: Any, sign_in: Open, check_axe: Callable[[Page], None], shoot: Shoot
) -> None:
    (shift,) = site.bench.rows("shifts", volunteer="M0004")
    page = sign_in("staff", f"/staff/shifts/{shift['shift_id']}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("健康小屋")
    page.get_by_text("记录链").first.click()
    expect(page.get_by_text(site.bench.events(volunteer="M0004")[0]["hash"]).first).to_be_visible()
    check_axe(page)
    shoot(page, "server/shift")


def test_ones_own_page_is_accessible_on_a_phone(
    sign_in: Open, check_axe: Callable[[Page], None], shoot: Shoot
) -> None:
    page = sign_in("volunteer", "/me/", width=390, height=844)
    assert not _too_wide(page)
    check_axe(page)
    shoot(page, "server/phone-me")
    page.get_by_role("button", name="开具服务记录证明").click()
    expect(page.get_by_role("heading", name="志愿服务记录证明")).to_be_visible()
    check_axe(page)
    shoot(page, "server/certificate")


def test_the_board_shows_a_tap_within_seconds_and_says_when_it_lost_the_server(
    site: Any, sign_in: Open, shoot: Shoot
) -> None:
    page = sign_in("staff", "/staff/live", expect_errors=True)
    expect(page.get_by_text("测女士")).to_have_count(2)
    kiosk = site.bench.kiosk("hut", "another")
    kiosk.tap("M0008", site.bench.now - 1000)
    site.bench.push(kiosk)
    expect(page.get_by_text("测女士")).to_have_count(3)
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("暂时连不上服务器")
    shoot(page, "server/live-lost")
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_forgotten_end_is_confirmed_by_keys_alone(site: Any, sign_in: Open) -> None:
    page = sign_in("staff", "/staff/forgotten")
    page.get_by_label("理由").focus()
    page.keyboard.type("队长在场")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="确认签退")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已记录")
    assert site.bench.rows("shifts", state="end_missing") == []


def test_the_first_tab_jumps_over_the_menu(sign_in: Open) -> None:
    page = sign_in("staff", "/staff/kiosks")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_menu_folds_on_a_phone_and_opens_with_its_button(sign_in: Open) -> None:
    page = sign_in("staff", "/staff/", width=390, height=844)
    menu = page.get_by_role("navigation", name="工作菜单")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="菜单").click()
    expect(menu).to_be_visible()


def test_somebody_finds_a_person_and_reports_her_card_lost(site: Any, sign_in: Open, shoot: Shoot) -> None:
    page = sign_in("staff", "/staff/volunteers")
    page.wait_for_selector("input:focus")  # the search field has it
    page.keyboard.type("M0006")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/volunteers/M0006")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="挂失").first.click()
    expect(page.get_by_role("button", name="找回")).to_be_visible()
    shoot(page, "server/card-lost")
    assert site.bench.rows("cards", volunteer="M0006")[0]["state"] == "lost"


def test_the_description_of_the_api_is_drawn_under_our_own_rules(
    address: str, open_page: Open, shoot: Shoot
) -> None:
    page = open_page(f"{address}/api/docs")
    expect(page.get_by_role("heading", name="一卡 Yika")).to_be_visible()
    shoot(page, "server/api-docs")
