"""A post without a screen: lights, buzzer and voice tell each tap; nobody watches the screen's stream."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.indicator import GpioIndicator
from hardware.ports import CardRead
from kiosk.screen.hub import ScreenHub
from kiosk.speaker import Speaker
from tests.support.kiosk_parts import world
from tests.support.kiosk_roster import BARE_UID, entries
from tests.support.processes import PATIENCE
from tests.support.screen import FakeVoice

GREEN, RED = 17, 22


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory(pin_class=MockPWMPin)
    yield factory
    factory.reset()


@pytest.mark.parametrize(
    ("uid", "light", "said"),
    [(BARE_UID, GREEN, "shift_started"), (bytes.fromhex("04FFFFFFFFFF01"), RED, "card_unknown")],
)
def test_a_tap_is_kept_lit_and_spoken_where_there_is_no_browser(
    pins: MockFactory, uid: bytes, light: int, said: str
) -> None:
    lit = threading.Event()

    def wait(stop: threading.Event, seconds: float) -> bool:
        lit.set()
        return stop.wait(PATIENCE)

    indicator, voice = GpioIndicator(pin_factory=pins, wait=wait), FakeVoice()
    post = world(entries(), indicator=indicator, screen=ScreenHub(), speak=Speaker(voice, ("zh",)).speak)
    post.service.tap(CardRead(medium="nfc", uid=uid))
    assert lit.wait(PATIENCE)
    assert (pins.pin(GREEN).state, pins.pin(RED).state) == (int(light == GREEN), int(light == RED))
    assert [key for key, _, _ in voice.said] == [said]
    assert [event.shown for event in post.journal.events] == [said]
    indicator.close()
