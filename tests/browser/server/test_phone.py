"""A phone becomes a card: enrolled in a real browser, its code read off a picture and judged by a kiosk."""

import io
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.util import MODE_ALPHA_NUM, QRData

from card_tools import phone_code
from hardware.ports import CardRead, ContentKind
from server.services.roster import build
from tests.support.kiosk_parts import World, world
from tests.support.kiosk_world import AT
from tests.support.qr import qr_codes

pytestmark = pytest.mark.browser
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
SECOND, STEP = 1000, phone_code.STEP_MS
START = AT - AT % STEP + 1
"""Just behind the beginning of a half minute."""


@pytest.fixture
def phone(sign_in: Callable[..., Page], address: str) -> Page:
    """The page on a telephone whose clock stands where the kiosk's does."""
    page = sign_in("volunteer", "/me/", width=390, height=844)
    page.add_init_script(f"Date.now = () => Number(sessionStorage.getItem('now') ?? {START + SECOND})")
    page.get_by_role("link", name="手机动态码").click()
    page.wait_for_url(f"{address}/me/phone")
    return page


def enrol(page: Page) -> Page:
    page.get_by_role("button", name="在这部手机上启用").click()
    expect(page.get_by_role("img", name="打卡二维码")).to_be_visible()
    return page


def read_off(page: Page) -> str:
    """What a camera sees on the screen."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("L")
    (found,) = qr_codes(np.asarray(picture))
    return str(found.text)


def code_of(page: Page, *, besides: str | None = "") -> str:
    """The code on the screen, once its modules are others than these."""
    expect(page.locator("svg path")).not_to_have_attribute("d", besides or "")
    return read_off(page)


def kiosk_of(site: Any) -> World:
    """A kiosk with the roster that the server makes now."""
    with site.bench.uow() as uow:
        kiosk = world(build(uow, site.bench.acting(), "hut"))
    kiosk.clock.after = START + SECOND - AT
    return kiosk


def show(kiosk: World, text: str) -> tuple[str, str]:
    kiosk.service.tap(CardRead(medium="qr", content=text.encode(), content_kind=ContentKind.TEXT))
    return kiosk.last.outcome, kiosk.event.proof


def test_a_phone_is_enrolled_and_its_code_is_taken_at_a_kiosk(
    site: Any, phone: Page, check_axe: Callable[[Page], None], shoot: Callable[[Page, str], Any]
) -> None:
    check_axe(phone)
    shoot(phone, "server/phone-code-new")
    enrol(phone)
    (card,) = site.bench.rows("cards", volunteer="M0004", proof="rotating")
    text = code_of(phone)
    assert phone_code.decode(text).card_id.hex() == card["card_id"]
    kiosk = kiosk_of(site)
    assert show(kiosk, text) == ("choose_activity", "rotating")
    assert kiosk.event.volunteer == "M0004"
    check_axe(phone)
    shoot(phone, "server/phone-code")
    assert not phone.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_a_code_works_once_and_a_photograph_of_it_soon_not_at_all(site: Any, phone: Page) -> None:
    text = code_of(enrol(phone))
    kiosk = kiosk_of(site)
    show(kiosk, text)
    assert show(kiosk, text) == ("card_replayed", "none")
    fresh = kiosk_of(site)
    fresh.clock.after += 2 * STEP
    assert show(fresh, text) == ("phone_code_expired", "none")


def test_the_code_changes_each_half_minute_without_a_network(site: Any, phone: Page) -> None:
    first = code_of(enrol(phone))
    drawn = phone.locator("svg path").get_attribute("d")
    phone.context.set_offline(True)
    expect(phone.locator("[data-seconds]")).to_have_text("29")
    phone.evaluate(f"sessionStorage.setItem('now', {START + SECOND + STEP})")
    second = code_of(phone, besides=drawn)
    assert phone_code.decode(second).step == phone_code.decode(first).step + 1
    kiosk = kiosk_of(site)
    assert show(kiosk, first)[1] == "rotating"
    kiosk.clock.after += STEP
    assert show(kiosk, second)[1] == "rotating"
    phone.context.set_offline(False)


def test_the_key_stays_in_the_browser_and_cannot_be_taken_out(site: Any, phone: Page) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.post_data or ""))
    enrol(phone)
    kept = phone.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open("yika", 1);
          opening.onsuccess = () => {
            const all = opening.result.transaction("phones").objectStore("phones").getAll();
            all.onsuccess = async () => {
              const { key } = all.result[0];
              const out = await crypto.subtle.exportKey("pkcs8", key).catch((error) => error.name);
              resolve([key.type, key.extractable, String(out)]);
            };
          };
        })"""
    )
    assert kept == ["private", False, "InvalidAccessError"]
    (card,) = site.bench.rows("cards", volunteer="M0004", proof="rotating")
    (body,) = [body for body in sent if "public" in body]
    assert card["public"] in body


def test_it_is_still_this_phone_after_a_reload_and_no_more_once_it_is_lost(site: Any, phone: Page) -> None:
    enrol(phone)
    phone.reload()
    expect(phone.get_by_role("img", name="打卡二维码")).to_be_visible()
    text = code_of(phone)
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.get_by_role("button", name="停用动态码").click()
    expect(phone.get_by_text("已停用。")).to_be_visible()
    expect(phone.get_by_role("button", name="在这部手机上启用")).to_be_visible()
    assert show(kiosk_of(site), text)[0] == "card_lost"


def test_when_the_server_refuses_the_page_says_so(site: Any, sign_in: Callable[..., Page]) -> None:
    page = sign_in("volunteer", "/me/phone", expect_errors=True)
    page.evaluate("document.querySelector('form[data-key] [name=csrf_token]').value = 'stale'")
    button = page.get_by_role("button", name="在这部手机上启用")
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("没有启用成功")
    expect(button).to_be_enabled()
    assert site.bench.rows("cards", proof="rotating") == []


def test_every_code_is_module_for_module_what_another_program_draws(phone: Page) -> None:
    """The encoder is ours: compared with one that is not, for texts of every length."""
    chance = random.Random(7)
    texts = ["".join(chance.choices(LETTERS, k=length)) for length in (1, 2, 120, 121, 124, 125)]
    draw = "async (texts) => { const { matrix } = await import('/static/qr.js'); return texts.map(matrix); }"
    for text, rows in zip(texts, phone.evaluate(draw, texts), strict=True):
        assert rows == _drawn_elsewhere(text, _mask_of(rows))


def _mask_of(rows: list[list[int]]) -> int:
    """The mask as the code itself tells it, in the format bits beside the first corner."""
    return (rows[8][2] << 2 | rows[8][3] << 1 | rows[8][4]) ^ 0b101


def _drawn_elsewhere(text: str, mask: int) -> list[list[int]]:
    code = QRCode(version=7, error_correction=ERROR_CORRECT_Q, border=0, mask_pattern=mask)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=False)
    return [[int(cell) for cell in row] for row in code.get_matrix()]
