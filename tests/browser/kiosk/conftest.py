"""A kiosk's screen on a stage: real hub, Flask and waitress; only the kiosk behind them is played."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from playwright.sync_api import Page

from kiosk.screen.hub import ScreenHub
from kiosk.screen.serving import WebThread
from kiosk.screen.view import Idle, Result
from kiosk.screen.web import create_screen
from tests.support.ports import claimed_port
from tests.support.screen import FakeControls, FakeHand

NO_TIME_PASSES = "performance.now = () => 0"
"""By this clock alone the screen tells how long a result has stood there, and its kiosk been silent."""


@dataclass
class Stage:
    """One kiosk with one page in front of it."""

    page: Page
    hub: ScreenHub
    controls: FakeControls
    hand: FakeHand
    web: WebThread
    spoken: list[str]
    """The languages that the voice was asked to speak."""
    shows: list[str] = field(default_factory=list)

    def show(self, result: Result) -> None:
        """Publish a result and wait until it is on the screen."""
        self.shows.append(result.event_id)
        unique = replace(result, event_id=f"{result.event_id}-{len(self.shows)}")
        self.hub.publish(unique)
        self.page.wait_for_selector(f'#result:visible[data-event="{unique.event_id}"]')

    def idle(self, view: Idle) -> None:
        """Change the idle view and wait for the mode that it asks for."""
        self.controls.view = view
        self.hub.idle_changed()
        mode = "broken" if view.broken else "desk" if view.desk else "idle"
        self.page.wait_for_selector(f'[data-mode="{mode}"]')

    def pass_time(self, milliseconds: int) -> None:
        """Let time go by for kiosk and page alike, so that the page hears the kiosk all the while."""
        left = milliseconds
        while left > 0:
            step = min(left, 1_000)
            left -= step
            now = (self.controls.view.now or 0) + step
            self.controls.view = replace(self.controls.view, now=now)
            self.hub.idle_changed()
            self.page.wait_for_selector(f'html[data-now="{now}"]')
            self.page.clock.run_for(step)

    def text(self, selector: str) -> str:
        """What stands in an element."""
        return self.page.inner_text(selector)


@pytest.fixture
def stage(open_page: Callable[..., Page]) -> Iterator[Callable[..., Stage]]:
    """``stage(path="/", width=1280, height=800, clock=True, **context)``: a kiosk with an open page.

    The screen's time stands still but for :meth:`Stage.pass_time`: however slow the machine, a result stays
    while it is looked at. Without ``clock`` time cannot be passed, but timers run, which axe-core needs.
    """
    running: list[Stage] = []

    def build(path: str = "/", *, clock: bool = True, view: Idle | None = None, **settings: Any) -> Stage:
        hub, hand = ScreenHub(), FakeHand()
        controls = FakeControls() if view is None else FakeControls(view=view)
        spoken: list[str] = []
        screen = create_screen(hub, controls, hand=hand, on_language=spoken.append)
        web = WebThread(screen, port=claimed_port(), before_stop=hub.close)
        web.start()
        page = open_page("about:blank", **settings)
        if clock:
            page.clock.install(time=0)
            page.clock.pause_at(1)
        else:
            page.add_init_script(NO_TIME_PASSES)
        built = Stage(page, hub, controls, hand, web, spoken)
        running.append(built)
        page.goto(f"{web.url}{path}")
        if path.startswith("/hand"):
            return built
        page.wait_for_selector('[data-mode="idle"], [data-mode="broken"], [data-mode="desk"]')
        return built

    yield build
    for each in running:
        each.page.close()
        each.web.stop()
