"""What lights and buzzer do for each kind of outcome, on gpiozero's own simulated pins."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.indicator import OUTCOMES, PATTERNS, UNTIL_REPLACED, GpioIndicator, NoLights, Pins
from hardware.ports import HardwareError, SettingWrong
from server.contract.wire import Shown
from tests.support.processes import PATIENCE

KINDS = ("accepted", "repeated", "refused", "broken")


class Clockwork:
    """Stands in for waiting: a pattern's step ends when the test says so."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.seconds: list[float] = []

    def __call__(self, stop: threading.Event, seconds: float) -> bool:
        self.seconds.append(seconds)
        self.began.release()
        while not self.go_on.acquire(timeout=0.005):
            if stop.is_set():
                return True
        return stop.is_set()

    def step(self) -> None:
        assert self.began.acquire(timeout=PATIENCE)

    def next(self) -> None:
        self.go_on.release()
        self.step()


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory(pin_class=MockPWMPin)
    yield factory
    factory.reset()


@pytest.fixture
def clockwork() -> Clockwork:
    return Clockwork()


@pytest.fixture
def lights(pins: MockFactory, clockwork: Clockwork) -> Iterator[GpioIndicator]:
    indicator = GpioIndicator(pin_factory=pins, wait=clockwork)
    yield indicator
    indicator.close()


def on(pins: MockFactory) -> dict[str, bool]:
    wired = {"green": 17, "yellow": 27, "red": 22, "buzzer": 18}
    return {name: bool(pins.pin(number).state) for name, number in wired.items()}


@pytest.mark.parametrize(
    ("kind", "light"), [("accepted", "green"), ("repeated", "yellow"), ("refused", "red"), ("broken", "red")]
)
def test_each_kind_begins_with_its_own_light_and_a_tone(
    lights: GpioIndicator, pins: MockFactory, clockwork: Clockwork, kind: str, light: str
) -> None:
    lights.show(kind)
    clockwork.step()
    assert on(pins) == {"green": False, "yellow": False, "red": False, "buzzer": True} | {light: True}


def test_the_pitch_of_a_refusal_is_far_below_that_of_an_acceptance(
    lights: GpioIndicator, pins: MockFactory, clockwork: Clockwork
) -> None:
    pitches = []
    for kind in ("accepted", "refused"):
        lights.show(kind)
        clockwork.step()
        pitches.append(pins.pin(18).frequency)
    assert pitches[0] > 2 * pitches[1]


def test_each_outcome_is_told_apart_by_what_the_pins_do(pins: MockFactory) -> None:
    """A post without a screen: what lights and buzzer did, step by step, is no other outcome's."""
    seen: dict[str, list[tuple[object, ...]]] = {}
    finished = threading.Event()

    def watch(stop: threading.Event, seconds: float) -> bool:
        steps = seen[word]
        if len(steps) == len(PATTERNS[word]):
            finished.set()
            return True
        state = on(pins)
        steps.append((*state.values(), state["buzzer"] and pins.pin(18).frequency, seconds))
        if len(steps) == len(PATTERNS[word]) and word not in UNTIL_REPLACED:
            finished.set()
        return False

    indicator = GpioIndicator(pin_factory=pins, wait=watch)
    for word in map(str, Shown):
        seen[word] = []
        finished.clear()
        indicator.show(word)
        assert finished.wait(PATIENCE)
    indicator.close()
    assert len({tuple(steps) for steps in seen.values()}) == len(Shown)


def test_the_number_that_blinks_is_the_outcomes_place_in_its_row() -> None:
    """card_unreadable is the tenth refusal: two long blinks; training_missing the thirteenth."""
    blinks = {
        word: [step.seconds for step in PATTERNS[word] if step.lights == ("red",) and not step.hertz]
        for word in OUTCOMES["refused"]
    }
    assert blinks["card_unknown"] == [0.2]
    assert blinks["card_unreadable"] == [0.8, 0.8]
    assert blinks["training_missing"] == [0.8, 0.8, 0.2, 0.2, 0.2]


def test_coming_rises_and_going_falls() -> None:
    coming, going = (
        [step.hertz for step in PATTERNS[word] if step.hertz] for word in ("shift_started", "shift_ended")
    )
    assert coming == sorted(coming)
    assert going == coming[::-1]


def test_no_outcome_is_missing_or_in_the_wrong_row() -> None:
    assert {(word, kind) for kind, row in OUTCOMES.items() for word in row} == {
        (str(shown), str(shown.kind)) for shown in Shown
    }


def test_no_two_kinds_have_the_same_rhythm() -> None:
    """Someone who sees no colours and hears no pitch can still tell them apart."""
    rhythms = {tuple((bool(step.hertz), step.seconds) for step in PATTERNS[kind]) for kind in KINDS}
    assert len(rhythms) == len(KINDS)


def test_a_newer_outcome_replaces_the_older_at_once(
    lights: GpioIndicator, pins: MockFactory, clockwork: Clockwork
) -> None:
    lights.show("accepted")
    clockwork.step()
    lights.show("refused")
    clockwork.step()
    assert on(pins)["red"]
    assert not on(pins)["green"]


def test_what_is_broken_blinks_until_something_else_is_shown(
    lights: GpioIndicator, pins: MockFactory, clockwork: Clockwork
) -> None:
    lights.show("broken")
    clockwork.step()
    for _ in range(len(PATTERNS["broken"]) + 9):
        clockwork.next()
    assert on(pins)["red"] != on(pins)["green"] or not on(pins)["red"]
    states = {pins.pin(22).state}
    clockwork.next()
    states.add(pins.pin(22).state)
    assert states == {0, 1}
    assert not on(pins)["buzzer"]


def test_an_acceptance_ends_dark_and_silent(pins: MockFactory) -> None:
    ended = threading.Event()

    def at_once(stop: threading.Event, seconds: float) -> bool:
        if seconds == PATTERNS["accepted"][-1].seconds:
            ended.set()
        return False

    indicator = GpioIndicator(pin_factory=pins, wait=at_once)
    indicator.show("accepted")
    assert ended.wait(PATIENCE)
    indicator.close()
    assert not any(on(pins).values())


def test_closing_switches_everything_off_in_the_middle_of_a_pattern(
    pins: MockFactory, clockwork: Clockwork
) -> None:
    indicator = GpioIndicator(pin_factory=pins, wait=clockwork)
    indicator.show("broken")
    clockwork.step()
    indicator.close()
    assert not any(on(pins).values())


def test_an_active_buzzer_is_only_switched(pins: MockFactory, clockwork: Clockwork) -> None:
    indicator = GpioIndicator(Pins(buzzer_kind="active"), pin_factory=pins, wait=clockwork)
    indicator.show("refused")
    clockwork.step()
    assert pins.pin(18).state == 1
    indicator.close()


def test_lights_that_are_not_wired_are_left_alone(pins: MockFactory, clockwork: Clockwork) -> None:
    indicator = GpioIndicator(Pins(yellow=None, buzzer=None), pin_factory=pins, wait=clockwork)
    indicator.show("repeated")
    clockwork.step()
    assert not any(on(pins).values())
    indicator.close()


def test_a_relay_board_switches_on_when_its_pin_is_low(pins: MockFactory, clockwork: Clockwork) -> None:
    indicator = GpioIndicator(Pins(lights_active_high=False), pin_factory=pins, wait=clockwork)
    indicator.show("accepted")
    clockwork.step()
    assert pins.pin(17).state == 0
    assert pins.pin(22).state == 1
    indicator.close()


def test_two_things_on_one_pin_are_refused() -> None:
    with pytest.raises(SettingWrong, match="wired to one pin"):
        Pins(green=4, red=4)


def test_an_unknown_kind_of_buzzer_is_refused() -> None:
    with pytest.raises(SettingWrong, match="passive or active"):
        Pins(buzzer_kind="loud")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kiosk_without_lights_takes_every_kind(kind: str) -> None:
    dark = NoLights()
    dark.show(kind)
    dark.close()


def test_an_unknown_kind_is_a_mistake_even_without_lights() -> None:
    with pytest.raises(SettingWrong, match="accepted"):
        NoLights().show("purple")


def test_a_pin_that_is_taken_is_told_with_advice_and_leaves_the_others_free(pins: MockFactory) -> None:
    first = GpioIndicator(Pins(green=None, yellow=None), pin_factory=pins)
    with pytest.raises(HardwareError, match="lights"):
        GpioIndicator(pin_factory=pins)
    first.close()
    GpioIndicator(pin_factory=pins).close()
