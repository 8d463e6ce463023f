"""Every kind of card issued from the page in Chromium and tapped at a kiosk: real processes throughout."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hardware.simulated import NtagCard
from tests.support.hall import HALL, PASSWORD, new_hall
from tests.support.processes import Kiosk, Server, new_kiosk, running, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PATIENCE_MS = 120_000
KINDS = {
    "M0011": ("ntag213", "04A1B2C3D4E5B1", "签名芯片"),
    "M0012": ("ntag215", "04A1B2C3D4E5B2", "签名芯片"),
    "M0013": ("ntag216", "04A1B2C3D4E5B3", "签名芯片"),
    "M0014": ("ntag424", "04A1B2C3D4E5B4", "防复制芯片"),
    "M0015": ("uid", "CAFE0001", "芯片编号"),
}


NAMES = dict(zip(KINDS, ("王秀英", "李建国", "张桂兰", "刘志强", "陈玉珍"), strict=True))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with five people and a social worker."""
    server = new_hall(tmp_path_factory.mktemp("server"), NAMES)
    with running(server):
        server.up()
        yield server


@pytest.fixture(scope="module")
def kiosks(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kiosk, Kiosk]]:
    """The office's reader, and a kiosk in the hall."""
    folder = tmp_path_factory.mktemp("kiosks")
    both = tuple(new_kiosk(folder / name, server, HALL, name) for name in ("office", "hall"))
    with running(*both):
        for kiosk in both:
            kiosk.up()
            until(lambda kiosk=kiosk: kiosk.status().get("roster_version"), "a roster", said=kiosk.log)
        yield both[0], both[1]


@pytest.fixture
def page(server: Server, kiosks: tuple[Kiosk, Kiosk], open_page: Callable[..., Page]) -> Page:
    """The social worker at the desk, who has made the office's kiosk one."""
    page = open_page(f"{server.url}/login?next=/staff/kiosks")
    page.set_default_timeout(PATIENCE_MS)
    page.get_by_label("用户名").fill("staff")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    row = page.get_by_role("row").filter(has_text="office")
    row.get_by_role("button", name="设为发卡台").click()
    expect(row.get_by_role("button", name="不再发卡")).to_be_visible()
    return page


def card_file(folder: Path, kind: str, uid: str) -> str:
    """A blank card as a file, so that it keeps what is written on it."""
    path = folder / f"{uid}.json"
    path.write_text(json.dumps({"type": kind, "uid": uid}))
    return str(path)


def clone_of(card: str, uid: str) -> str:
    """All that a signed card holds, on a chip of the same kind with another number."""
    real = json.loads(Path(card).read_text())
    number = NtagCard(real["type"], bytes.fromhex(uid)).memory[:10]
    path = Path(card).with_name(f"clone-{uid}.json")
    path.write_text(json.dumps(real | {"uid": uid, "memory": number.hex() + real["memory"][20:]}))
    return str(path)


def roster_version(server: Server) -> int:
    """The newest roster's, from the server's own database."""
    with closing(sqlite3.connect(server.home / "data" / "yika.sqlite")) as database:
        return int(database.execute("SELECT roster_version FROM communities").fetchone()[0])


def ask_for(page: Page, server: Server, number: str, kind: str) -> None:
    """Find a person by name, initials or number, and say that a card is to be made now."""
    page.goto(f"{server.url}/staff/desk")
    page.get_by_label("为谁办卡").fill({"M0011": "王秀英", "M0012": "ljg"}.get(number, number))
    page.get_by_role("button", name="查找").click()
    page.wait_for_url(f"**person={number}**")
    page.get_by_label("哪种卡").select_option("uid" if kind == "uid" else "write")
    page.get_by_role("button", name="现在发卡").click()
    page.wait_for_selector('[data-word="waiting"]', timeout=PATIENCE_MS)


def test_every_kind_of_card_is_issued_from_the_page_and_starts_a_shift(
    server: Server,
    kiosks: tuple[Kiosk, Kiosk],
    page: Page,
    tmp_path: Path,
    open_page: Callable[..., Page],
    shoot: Callable[..., Any],
    check_axe: Callable[[Page], None],
) -> None:
    office, hall = kiosks
    at_the_reader = open_page(office.url)
    for number, (kind, uid, proof) in KINDS.items():
        card = card_file(tmp_path, kind, uid)
        ask_for(page, server, number, kind)
        shoot(page, f"server/desk-waiting-{kind}")
        at_the_reader.wait_for_selector('html[data-mode="desk"]')
        assert "现在刷卡不算" in at_the_reader.inner_text("#broken")
        office.ask("hand", "put", card)
        page.wait_for_selector('[data-word="made"]', timeout=PATIENCE_MS)
        shoot(page, f"server/desk-made-{kind}")
        office.ask("hand", "take")
        assert office.status()["last"] is None, "a card at the desk is no tap"

        issued = roster_version(server)  # the card was in earlier ones too, as one that is being made
        until(lambda v=issued: hall.status()["roster_version"] >= v, "the card at the hall", said=hall.log)
        last = hall.tap(card)
        assert (last["outcome"], last["kind"]) == ("shift_started", "accepted"), kind
        if kind == "ntag213":
            assert hall.tap(clone_of(card, "04A1B2C3D4E5FF"))["outcome"] == "card_forged"
        shift = until(lambda n=number: server.items(f"shifts?volunteer={n}&state=open"), f"a shift of {kind}")
        assert shift[0]["volunteer"] == number
        page.goto(f"{server.url}/staff/volunteers/{number}")
        expect(page.locator("#cards li").filter(has_text="使用中").first).to_contain_text(proof)
    shoot(at_the_reader, "kiosk/desk-while-issuing")
    page.goto(f"{server.url}/staff/desk")
    check_axe(page)
    page.get_by_role("button", name="关闭发卡台").click()
    at_the_reader.wait_for_selector('html[data-mode="idle"]')
    server.ask("audit")
