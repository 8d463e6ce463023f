"""Lights and a buzzer: each kind of outcome has a colour, a rhythm and a pitch of its own.

Colour is never alone (one man in twelve confuses red and green), and neither is sound: what one person sees
as a steady green another hears as one high, short tone.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hardware.ports import HardwareError, LibraryMissing, SettingWrong

Wait = Callable[[threading.Event, float], bool]
"""Waits until the event is set or the seconds are over; true when it was set."""


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a pattern: which lights are on, which pitch sounds (0 is silence), and for how long."""

    lights: tuple[str, ...]
    hertz: int
    seconds: float


def _blink(light: str, hertz: int, on: float, off: float, times: int) -> tuple[Step, ...]:
    return (Step((light,), hertz, on), Step((), 0, off)) * times


PATTERNS: dict[str, tuple[Step, ...]] = {
    # One rising pair of tones, long green: the card may go.
    "accepted": (Step(("green",), 880, 0.09), Step(("green",), 1320, 0.12), Step(("green",), 0, 2.0)),
    # Two equal short tones, yellow twice: known already, nothing went wrong.
    "repeated": (*_blink("yellow", 880, 0.12, 0.12, 2), Step(("yellow",), 0, 1.5)),
    # One long low tone, red: ask a person.
    "refused": (Step(("red",), 330, 0.6), Step(("red",), 0, 2.0)),
    # Three low tones, then slow red blinking until something else is shown.
    "broken": _blink("red", 262, 0.2, 0.15, 3),
}
UNTIL_REPLACED: dict[str, tuple[Step, ...]] = {"broken": _blink("red", 0, 0.5, 0.5, 1)}


class NoLights:
    """A kiosk without lights and buzzer."""

    def show(self, kind: str) -> None:
        """Nothing to show it with; an unknown kind is a mistake all the same."""
        _pattern(kind)

    def close(self) -> None:
        """Nothing to switch off."""


def _pattern(kind: str) -> tuple[Step, ...]:
    try:
        return PATTERNS[kind]
    except KeyError:
        raise SettingWrong(f"lights show one of {', '.join(PATTERNS)}, not {kind!r}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Where lights and buzzer are wired: names of GPIO pins in Broadcom numbers; ``None`` is not wired."""

    green: int | None = 17
    yellow: int | None = 27
    red: int | None = 22
    buzzer: int | None = 18
    buzzer_kind: str = "passive"
    """``passive`` sounds at the pitch it is given; ``active`` has a pitch of its own and is only switched."""
    lights_active_high: bool = True
    """Relay boards switch on when the pin is low: then ``False``."""

    def __post_init__(self) -> None:
        if self.buzzer_kind not in ("passive", "active"):
            raise SettingWrong(f"buzzer_kind is passive or active, not {self.buzzer_kind!r}")
        wired = [pin for pin in (self.green, self.yellow, self.red, self.buzzer) if pin is not None]
        if len(set(wired)) != len(wired):
            raise SettingWrong(f"two things are wired to one pin: {wired}")


class GpioIndicator:
    """Lights and buzzer on a Raspberry Pi's pins, by gpiozero; a newer pattern replaces the older at once."""

    def __init__(
        self,
        pins: Pins | None = None,
        *,
        pin_factory: Any = None,
        wait: Wait = lambda event, seconds: event.wait(seconds),
    ) -> None:
        self._wait = wait
        self._lights, self._buzzer = _open(pins or Pins(), pin_factory)
        self._lock = threading.Lock()
        self._player: tuple[threading.Thread, threading.Event] | None = None

    def show(self, kind: str) -> None:
        """Begin the pattern of one kind of outcome."""
        steps, rest = _pattern(kind), UNTIL_REPLACED.get(kind, ())
        with self._lock:
            self._halt()
            stop = threading.Event()
            thread = threading.Thread(target=self._play, args=(steps, rest, stop), name="lights", daemon=True)
            self._player = (thread, stop)
            thread.start()

    def close(self) -> None:
        """Switch everything off and let the pins go."""
        with self._lock:
            self._halt()
            for device in (*self._lights.values(), self._buzzer):
                if device is not None:
                    device.close()
            self._lights, self._buzzer = {}, None

    def _halt(self) -> None:
        if self._player is not None:
            thread, stop = self._player
            stop.set()
            thread.join()
            self._player = None

    def _play(self, steps: tuple[Step, ...], rest: tuple[Step, ...], stop: threading.Event) -> None:
        for step in steps:
            self._apply(step)
            if self._wait(stop, step.seconds):
                break
        while rest and not stop.is_set():
            for step in rest:
                self._apply(step)
                if self._wait(stop, step.seconds):
                    break
        self._apply(Step((), 0, 0))

    def _apply(self, step: Step) -> None:
        for name, light in self._lights.items():
            light.value = name in step.lights
        if self._buzzer is not None:
            self._buzzer(step.hertz)


def _open(pins: Pins, pin_factory: Any) -> tuple[dict[str, Any], Any]:
    """The lights that are wired, by name, and the buzzer."""
    try:
        gpiozero = import_module("gpiozero")
    except ImportError as error:
        raise LibraryMissing(f"{error}: lights need pip install 'yika[gpio]'") from error
    names = {"green": pins.green, "yellow": pins.yellow, "red": pins.red}
    opened = ExitStack()  # a pin that is taken must not leave the others taken by us
    try:
        lights = {
            name: opened.enter_context(
                gpiozero.LED(pin, active_high=pins.lights_active_high, pin_factory=pin_factory)
            )
            for name, pin in names.items()
            if pin is not None
        }
        buzzer = None if pins.buzzer is None else _Buzzer(gpiozero, pins, pin_factory)
    except (gpiozero.GPIOZeroError, OSError) as error:
        opened.close()
        raise HardwareError(
            f"lights: {error}; is this a Raspberry Pi, is lgpio installed, may this user use /dev/gpiochip0?"
        ) from error
    return lights, buzzer


class _Buzzer:
    """A buzzer that is told a pitch; 0 is silence."""

    def __init__(self, gpiozero: Any, pins: Pins, pin_factory: Any) -> None:
        self._pitched = pins.buzzer_kind == "passive"
        kind = gpiozero.PWMOutputDevice if self._pitched else gpiozero.Buzzer
        self._device = kind(pins.buzzer, pin_factory=pin_factory)

    def __call__(self, hertz: int) -> None:
        if self._pitched and hertz:
            self._device.frequency = hertz
        self._device.value = (0.5 if self._pitched else 1) if hertz else 0

    def close(self) -> None:
        self._device.close()
