"""Every outcome, as an old person sees it: large enough, apart enough, light enough, and nothing cut off."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.screen.view import Idle
from server.contract.wire import Shown
from tests.support.screen import BROKEN, HONOURED, IDLE, WORST, every_outcome, more_results
from tests.support.screen_measure import Seen, faults, see

pytestmark = pytest.mark.browser

ALL = every_outcome() | more_results()
SMALL, NORMAL, LARGE = (800, 480), (1280, 800), (1920, 1080)
MODES = {
    "zh-800x480": (SMALL, "/", "zh"),
    "zh-1280x800": (NORMAL, "/", "zh"),
    "zh-1920x1080": (LARGE, "/", "zh"),
    "en-1280x800": (NORMAL, "/", "en"),
    "en-800x480": (SMALL, "/", "en"),
    "elder-1280x800": (NORMAL, "/?elder", "zh"),
    "contrast-1280x800": (NORMAL, "/?contrast", "zh"),
}
SET_LANGUAGE = "l => import('/static/settings.js').then(m => m.change({ language: l }))"
IDLES = {
    "idle": IDLE,
    "idle-worst": WORST,
    "idle-empty": replace(IDLE, turns=(), site_zh="", site_en=""),
    "idle-honour": replace(IDLE, honoured=HONOURED),
    "idle-honour-long": replace(IDLE, honoured=HONOURED[1:]),
    "idle-desk": replace(IDLE, desk=True),
} | {f"idle-{word}": replace(WORST, broken=(word,), broken_detail={word: "nfc0"}) for word in BROKEN}
WHOLE = "zh-1280x800"
"""Where axe-core looks at every state; in the other modes at one of each look and of each layout."""
EVERYWHERE = {
    *("shift_started", "shift_ended", "undone", "already_done", "card_lost", "reader_lost", "idle"),
    *("choose_activity", "end_proposed", "team_opened", "two-at-once", "idle-worst", "idle-reader_lost"),
    *("idle-honour", "idle-desk"),
}


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def in_mode(mode: str, stage: Callable[..., Any]) -> Any:
    """A stage in one of the modes, without motion, so that what is measured stands still."""
    (width, height), path, language = MODES[mode]
    built = stage(path, width=width, height=height, clock=False, reduced_motion="reduce")
    built.page.evaluate(SET_LANGUAGE, language)
    return built


def test_every_outcome_can_be_read_and_touched(
    in_mode: Any, mode: str, shoot: Callable[[Page, str], None], check_axe: Callable[[Page], None]
) -> None:
    assert {str(shown) for shown in Shown} <= ALL.keys()
    found: dict[str, list[str]] = {}
    for name, result in ALL.items():
        if name != "two-at-once":
            in_mode.page.keyboard.press("Escape")  # otherwise all these people came in the same moment
        in_mode.show(result)
        in_mode.page.evaluate(SET_LANGUAGE, MODES[mode][2])
        shoot(in_mode.page, f"kiosk/{mode}/{name}")
        found[name] = faults(see(in_mode.page))
        if mode == WHOLE or name in EVERYWHERE:
            check_axe(in_mode.page)
        if result.mine is not None and in_mode.page.locator("[data-choice=mine]").count():
            in_mode.page.click("[data-choice=mine]")
            shoot(in_mode.page, f"kiosk/{mode}/{name}-mine")
            found[f"{name}-mine"] = faults(see(in_mode.page))
            if mode == WHOLE or name in EVERYWHERE:
                check_axe(in_mode.page)
    assert not {name: each for name, each in found.items() if each}


def test_every_idle_and_broken_screen_can_be_read_and_touched(
    in_mode: Any, mode: str, shoot: Callable[[Page, str], None], check_axe: Callable[[Page], None]
) -> None:
    found: dict[str, list[str]] = {}
    for name, view in IDLES.items():
        in_mode.idle(view)
        if _mode(view) == "idle":
            in_mode.page.wait_for_selector(f'.honour[data-people="{len(view.honoured)}"]', state="attached")
        in_mode.page.evaluate(SET_LANGUAGE, MODES[mode][2])
        in_mode.page.wait_for_selector(".demo", state="visible" if view.demo else "hidden")
        shoot(in_mode.page, f"kiosk/{mode}/{name}")
        notice = _mode(view) != "idle"
        seen = see(in_mode.page)
        found[name] = faults(seen, title=64 if notice else 32, contrast=7.0 if notice else 4.5)
        if mode == WHOLE or name in EVERYWHERE:
            check_axe(in_mode.page)
    assert not {name: each for name, each in found.items() if each}


def _mode(view: Idle) -> str:
    return "broken" if view.broken else "desk" if view.desk else "idle"


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        ("font-size: 20px", "is 20 px"),
        ("color: rgb(40, 120, 90)", "has contrast"),
        ("position: relative; left: -600px", "leaves the screen"),
        ("position: relative; top: 90px", "stands on"),
    ],
)
def test_the_ruler_sees_what_is_wrong(stage: Callable[..., Any], style: str, fault: str) -> None:
    """A measure that never fails proves nothing."""
    built = stage(reduced_motion="reduce")
    built.show(ALL["shift_started"])
    built.page.evaluate("style => { document.querySelector('#result h1').style.cssText = style; }", style)
    seen: Seen = see(built.page)
    assert any(fault in each for each in faults(seen))
