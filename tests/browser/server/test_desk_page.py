"""The desk's page as a social worker sees it, with thirty people in the queue: each state at a glance."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hardware.simulated.ntag import NtagCard
from server.services.members import NewVolunteer, register_volunteers
from tests.support.desk import Counter, counter

pytestmark = pytest.mark.browser
UID = bytes.fromhex("04A1B2C3D4E500")
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "秀英 建国 桂兰 志强 玉珍".split()
Open = Callable[..., Page]
Shoot = Callable[[Page, str], None]
Check = Callable[[Page], None]


@pytest.fixture
def at(site: Any) -> Counter:
    """A desk whose queue holds thirty people with a full name each."""
    names = [f"{surname}{given}" for given in GIVEN for surname in SURNAMES][:30]
    people = [NewVolunteer(name=name, birth="1955-03-02", sex="f") for name in names]
    numbers = site.bench.do(register_volunteers, people)
    at = counter(site.bench)
    at.order(*numbers)
    return at


def blank(last: int) -> NtagCard:
    """A chip that nobody has used."""
    return NtagCard("ntag213", UID[:6] + bytes([last]))


def test_a_queue_of_thirty_told_at_a_glance(
    site: Any, at: Counter, sign_in: Open, check_axe: Check, shoot: Shoot
) -> None:
    page = sign_in("staff", "/staff/desk")
    shoot(page, "server/desk-closed")
    page.get_by_role("button", name="打开发卡台").click()
    expect(page.get_by_role("button", name="关闭发卡台")).to_be_visible()
    reader = page.locator(".reader")
    at.desk.ask_once()
    expect(reader).to_contain_text("请把新卡放到读卡器上")
    expect(reader).to_contain_text("王秀英")
    shoot(page, "server/desk-queue-waiting")
    check_axe(page)
    at.lay(blank(1), frames=30)
    expect(reader).to_contain_text("拿开得太早")
    shoot(page, "server/desk-queue-torn")
    first = blank(1)
    at.lay(first)
    expect(reader).to_contain_text("写好了")
    expect(reader).to_contain_text("李秀英")
    shoot(page, "server/desk-queue-made")
    check_axe(page)
    at.lay(first)
    expect(reader).to_contain_text("它是 王秀英 的卡")
    shoot(page, "server/desk-queue-in-use")
    check_axe(page)
    for last in range(2, 12):
        assert at.lay(blank(last)) == "made"
    expect(page.get_by_text("已发 11，还有 19 人")).to_be_visible()
    shoot(page, "server/desk-queue-later")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    shoot(page, "server/phone-desk")


def test_a_button_is_not_exchanged_while_it_is_pressed(at: Counter, sign_in: Open) -> None:
    """The page renews itself each second: with the button under the mouse the click would be gone."""
    page = sign_in("staff", "/staff/desk")
    page.get_by_role("button", name="打开发卡台").hover()
    page.mouse.down()
    for _ in range(2):  # when the second comes, the first has been drawn or left
        with page.expect_response(lambda answer: answer.request.headers.get("x-requested-with") == "yika"):
            pass
    page.mouse.up()
    expect(page.get_by_role("button", name="关闭发卡台")).to_be_visible()


def test_a_person_is_found_and_put_before_the_others_by_keys_alone(
    site: Any, at: Counter, sign_in: Open, shoot: Shoot
) -> None:
    (number,) = site.bench.do(register_volunteers, [NewVolunteer(name="欧阳Anna", birth="1955-03-02")])
    page = sign_in("staff", "/staff/desk")
    page.wait_for_selector("input:focus")  # the search field has it
    page.keyboard.type("欧阳")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**person={number}")
    shoot(page, "server/desk-person")
    page.get_by_role("button", name="现在发卡").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "person=" not in url)
    at.desk.ask_once()
    expect(page.locator(".reader")).to_contain_text("欧阳Anna")


def test_the_other_pages_of_the_desk_are_accessible(
    site: Any, at: Counter, sign_in: Open, check_axe: Check, shoot: Shoot
) -> None:
    at.open(batch="")
    at.lay(blank(1))
    (card,) = at.bench.rows("cards", medium="nfc", state="active")
    page = sign_in("staff", "/staff/desk")
    paths = {
        "batches": "/staff/desk/batches",
        "batch": "/staff/desk/batch?title=",
        "receipt": f"/staff/cards/{card['card_id']}/receipt",
        "card": f"/staff/cards/{card['card_id']}",
        "guardian": f"/staff/volunteers/{card['volunteer']}/guardian",
    }
    for name, path in paths.items():
        page.goto(page.url.split("/staff")[0] + path)
        check_axe(page)
        shoot(page, f"server/desk-{name}")
