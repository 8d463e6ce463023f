"""The screen and the stream from its kiosk: who comes late, a kiosk that is lost, one of another build."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.screen.hub import ScreenHub
from kiosk.screen.serving import WebThread
from kiosk.screen.web import create_screen
from tests.support.screen import IDLE, NOW, FakeControls, every_outcome, mode

pytestmark = pytest.mark.browser

OUTCOMES = every_outcome()
Staged = Callable[..., Any]


@pytest.mark.parametrize(("age", "shown"), [(3.0, "result"), (60.0, "idle")])
def test_a_browser_that_comes_late_shows_a_result_only_while_it_is_fresh(
    open_page: Callable[..., Page], serve: Callable[..., str], age: float, shown: str
) -> None:
    now = [0.0]
    hub = ScreenHub(monotonic=lambda: now[0])
    hub.publish(OUTCOMES["shift_started"])
    now[0] += age
    controls = FakeControls()
    page = open_page(serve(create_screen(hub, controls), before_stop=hub.close))
    for second in (0, 1):  # told after the other, so all of what it was told first has been drawn by then
        controls.view = replace(IDLE, now=NOW + second * 1000)
        hub.idle_changed()
        page.wait_for_selector(f'html[data-now="{NOW + second * 1000}"]')
    mode(page, shown)


def test_a_stream_that_comes_back_does_not_show_a_closed_result_again(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_started"])
    built.page.keyboard.press("Escape")
    mode(built.page, "idle")
    with built.page.expect_request("**/events"):
        built.page.clock.run_for(2_500)
    built.pass_time(1_000)
    mode(built.page, "idle")


@pytest.fixture
def restarted() -> Iterator[Callable[..., ScreenHub]]:
    """``restarted(port, app=None)``: another kiosk on the port that one has left."""
    webs: list[WebThread] = []

    def start(port: int, wrap: Callable[[Any], Any] = lambda app: app) -> ScreenHub:
        hub = ScreenHub()
        web = WebThread(wrap(create_screen(hub, FakeControls())), port=port, before_stop=hub.close)
        web.start()
        webs.append(web)
        return hub

    yield start
    for web in webs:
        web.stop()


def test_a_screen_that_lost_its_kiosk_says_so_and_comes_back_by_itself(
    stage: Staged, restarted: Callable[..., ScreenHub], shoot: Callable[[Page, str], Any]
) -> None:
    built = stage(expect_errors=True)
    built.web.stop()
    built.page.clock.run_for(4_000)
    mode(built.page, "idle")
    built.page.clock.run_for(2_000)
    mode(built.page, "lost")
    assert built.text("#lost h1") == "屏幕与打卡机失去联系"
    shoot(built.page, "kiosk/lost")
    hub = restarted(built.web.port)
    built.page.clock.run_for(2_500)
    mode(built.page, "idle")
    hub.publish(OUTCOMES["shift_ended"])
    expect(built.page.locator("#result h1")).to_have_text("签退成功")


def as_other_build(app: Any) -> Any:
    """The same screen, as if its files were others."""

    def other(environ: Any, start_response: Any) -> Any:
        parts = app(environ, start_response)
        try:
            for part in parts:
                yield part.replace(b'"build": "', b'"build": "other-')
        finally:
            parts.close()

    return other


def test_a_screen_of_another_build_loads_itself_again(
    stage: Staged, restarted: Callable[..., ScreenHub]
) -> None:
    built = stage(expect_errors=True)
    built.page.evaluate("() => { window.first = true; }")
    built.web.stop()
    restarted(built.web.port, as_other_build)
    built.page.clock.run_for(2_500)
    built.page.wait_for_function("() => !window.first")
    mode(built.page, "idle")
