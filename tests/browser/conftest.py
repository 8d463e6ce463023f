"""A real Chromium for tests: pages of any size, pictures of them, accessibility checks, and a server."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kiosk.screen.serving import WebThread
from tests.support.processes import PATIENCE

PATIENCE_MS = 1000 * PATIENCE
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
WANTED = bool(os.environ.get("YIKA_SCREENSHOTS"))
"""A picture takes Chromium a tenth of a second, and there are a thousand of them."""
ARGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
).split()
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first of these that is there: one engine, and a window costs a fifth of the time."""
RUN_AXE = "async () => (await axe.run({ resultTypes: ['violations'] })).violations"
LOCAL = re.compile(r"^(http://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:)")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the whole session."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGS, timeout=PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page(url, width=1280, height=800, expect_errors=False, **context)``: a page in its own context.

    When the test is over, a page that threw an error, logged one, or asked for anything outside fails it.
    """
    troubles: list[str] = []
    with ExitStack() as stack:

        def opener(
            url: str, *, width: int = 1280, height: int = 800, expect_errors: bool = False, **context: Any
        ) -> Page:
            settings = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"} | context
            browsing = chromium.new_context(viewport={"width": width, "height": height}, **settings)
            browsing.set_default_timeout(PATIENCE_MS)
            browsing.add_init_script(AXE_SCRIPT)  # here Chromium keeps it compiled from page to page
            stack.callback(browsing.close)
            page = browsing.new_page()
            if not expect_errors:
                page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
                page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
            page.on("request", lambda r: None if LOCAL.match(r.url) else troubles.append(f"asked {r.url}"))
            page.goto(url)
            return page

        yield opener
    assert troubles == []


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """``shoot(page, "kiosk/idle-zh")`` keeps a picture under screenshots/, where somebody wants to look."""

    def take(page: Page, name: str) -> None:
        if WANTED:
            path = SCREENSHOTS / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=path, animations="disabled")

    return take


@pytest.fixture
def check_axe() -> Callable[[Page], None]:
    """``check_axe(page)`` fails when axe-core finds anything serious or critical."""

    def check(page: Page) -> None:
        found = page.evaluate(RUN_AXE)
        grave = [v for v in found if v["impact"] in ("serious", "critical")]
        lines = [f"{v['id']} ({v['impact']}): {v['help']}: {n['html']}" for v in grave for n in v["nodes"]]
        assert not lines, "\n".join(lines)

    return check


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """``serve(wsgi_app)`` starts it under waitress on a free port and gives its address."""
    with ExitStack() as stack:

        def start(app: Callable[..., Any], *, before_stop: Callable[[], None] | None = None) -> str:
            web = WebThread(app, before_stop=before_stop)
            web.start()
            stack.callback(web.stop)
            return web.url

        yield start
