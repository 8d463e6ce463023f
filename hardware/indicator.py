"""Lights and a buzzer: each kind of outcome has a colour, a rhythm and a pitch of its own.

Colour is never alone (one man in twelve confuses red and green), and neither is sound: what one person sees
as a steady green another hears as a rising pair of tones. A post without a screen tells more: coming rises,
going falls, and then the light blinks the outcome's number within its kind, a long blink for five and a short
one for one, which staff look up in README.md.
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


KINDS: dict[str, tuple[str, tuple[Step, ...]]] = {
    # One rising pair of tones: the card may go.
    "accepted": ("green", (Step(("green",), 880, 0.09), Step(("green",), 1320, 0.12))),
    # Two equal short tones: known already, nothing went wrong.
    "repeated": ("yellow", _blink("yellow", 880, 0.12, 0.12, 2)),
    # One long low tone: ask a person.
    "refused": ("red", (Step(("red",), 330, 0.6),)),
    # Three low tones, then slow red blinking until something else is shown.
    "broken": ("red", _blink("red", 262, 0.2, 0.15, 3)),
}
OUTCOMES: dict[str, tuple[str, ...]] = {
    "accepted": (
        *("shift_started", "shift_ended", "handed_over", "checkpoint_passed", "choose_activity"),
        *("end_proposed", "team_opened", "team_closed", "accepted_unlisted", "undone", "activity_changed"),
    ),
    "repeated": ("already_done",),
    "refused": (
        *("card_unknown", "card_other_community", "card_lost", "card_expired", "card_forged"),
        *("card_replayed", "proof_too_weak", "phone_code_expired", "phone_uid_random", "card_unreadable"),
        *("volunteer_inactive", "guardian_consent_missing", "training_missing"),
    ),
    "broken": ("journal_unavailable", "reader_lost", "roster_missing", "kiosk_revoked"),
}
"""The outcomes of each kind; a place in its row, from one on, is the number that the light blinks."""
FALLING = frozenset({"shift_ended", "team_closed", "undone"})
"""Going, and taking back: the tones of coming in the opposite order."""
PLAIN = frozenset({"shift_started", "shift_ended", "already_done"})
"""What happens all day is steady light, not a number."""
HOLD = 2.0


def _pattern_of(kind: str, word: str = "", number: int = 0) -> tuple[Step, ...]:
    light, call = KINDS[kind]
    if word in FALLING:
        backwards = zip(call, reversed(call), strict=True)
        call = tuple(Step(step.lights, other.hertz, step.seconds) for step, other in backwards)
    if word in PLAIN or not number:
        return call if kind == "broken" else (*call, Step((light,), 0, HOLD))
    long, short = divmod(number, 5)
    dark = Step((), 0, 0.4)
    return (*call, dark, *_blink(light, 0, 0.8, 0.4, long), *_blink(light, 0, 0.2, 0.4, short))


PATTERNS: dict[str, tuple[Step, ...]] = {kind: _pattern_of(kind) for kind in KINDS} | {
    word: _pattern_of(kind, word, number)
    for kind, words in OUTCOMES.items()
    for number, word in enumerate(words, 1)
}
UNTIL_REPLACED: dict[str, tuple[Step, ...]] = dict.fromkeys(
    ("broken", *OUTCOMES["broken"]), _blink("red", 0, 0.5, 0.5, 1)
)


class NoLights:
    """A kiosk without lights and buzzer."""

    def show(self, outcome: str) -> None:
        """Nothing to show it with; an unknown word is a mistake all the same."""
        _pattern(outcome)

    def close(self) -> None:
        """Nothing to switch off."""


def _pattern(outcome: str) -> tuple[Step, ...]:
    try:
        return PATTERNS[outcome]
    except KeyError:
        raise SettingWrong(f"lights show one of {', '.join(PATTERNS)}, not {outcome!r}") from None


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

    def show(self, outcome: str) -> None:
        """Begin the pattern of one outcome, or of a kind."""
        steps, rest = _pattern(outcome), UNTIL_REPLACED.get(outcome, ())
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
