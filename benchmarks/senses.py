"""From a card in the reader's field to what a person hears and sees: the first sound, and the painted screen.

A simulated PN532 at the speed nfcpy sets on its line; our reader, service, journal, voice and screen as they
are; a real player process that writes a clip's first sample where a sound card would be; a real Chromium. The
page says on its own clock when the result was drawn: in the second animation frame after it, since the
first one runs before the pixels are made. The two clocks are compared by asking back and forth. Each card
comes a second after the one before, while that one's voice still speaks.
"""

import os
import shutil
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from playwright.sync_api import Page, sync_playwright

from benchmarks.kiosk_parts import WAIT_S, Kiosk, Person, kiosk, reading
from benchmarks.report import Options, Result, quantile, spread
from card_tools.ndef import to_ndef
from hardware.simulated import Field, NtagCard, Pn532Uart
from hardware.voice import EspeakVoice, VoiceSettings
from kiosk.screen.present import spoken
from kiosk.screen.serving import WebThread
from kiosk.screen.view import Result as Told
from kiosk.screen.web import create_screen
from kiosk.screen.words import phrases

HEADER = 44
"""Bytes of a WAV file before its first sample."""
NEXT_PERSON_S = 1.0
LANGUAGE = "zh"
TOLD = "decided, stored and told to the screen"
PLAYER = f"""#!/bin/sh
head -c {HEADER + 2} "$1" > {{sink}}
exec sleep 3
"""
"""Hands over the first sample as soon as it can, and then speaks on for three seconds."""
WATCH = """() => {
  window.painted = {};
  const section = document.querySelector("#result");
  const watched = { attributeFilter: ["data-event"] };
  const drawn = (id) => requestAnimationFrame(() => requestAnimationFrame(() => {
    window.painted[id] = performance.now();
  }));
  new MutationObserver(() => drawn(section.dataset.event)).observe(section, watched);
}"""
CHROMIUM = "--headless=new --no-sandbox --disable-gpu --autoplay-policy=no-user-gesture-required".split()


def run(options: Options) -> Result:
    """Measure one card after another."""
    result = Result("senses", "A card in the field to the first sound and the painted screen")
    count = options.size(60, least=3)
    room = options.room("senses")
    with _hall(room, count + 1) as hall:
        _one(hall, hall.door.people[0])
        taps = [_one(hall, person) for person in hall.door.people[1:]]
    told, heard, seen = zip(*taps, strict=True)
    result.add(TOLD, _figures(told))
    result.add("first sample at the player", _figures(heard), to=TOLD, aim="p95 < 150 ms")
    result.add("painted in Chromium", _figures(seen), to=TOLD, aim="p95 < 150 ms")
    result.settings["reader"] = "hardware.nfc_reader, simulated PN532, paced at the rate nfcpy sets (921600)"
    result.settings["card"] = "NTAG213 with our signed NDEF record, verified and its name opened"
    result.settings["screen"] = f"{hall.browser}, headless, 1280×800, software rendering"
    result.settings["voice"] = "hardware.voice, espeak-ng clips made before; the player is a shell"
    result.notes.append(f"{count} cards, each {NEXT_PERSON_S:g} s after the one before, which still speaks")
    result.notes.append("a sound card's own buffer, a panel's delay and 14 to 19 ms of radio are not in it")
    return result


def _figures(series: Sequence[float]) -> dict[str, float]:
    figures = spread(series)
    return {"p50 ms": figures["p50 ms"], "p95 ms": quantile(series, 0.95), "p99 ms": figures["p99 ms"]}


@dataclass(slots=True)
class _Hall:
    """A kiosk with everything a person meets, and the clocks to watch it with."""

    door: Kiosk
    uart: Pn532Uart
    page: Page
    browser: str
    ahead_ms: float
    sounded: "_Ear"
    stored: dict[str, int]


class _Ear:
    """Notes when the first sample of each clip arrives at the end of the player's pipe."""

    def __init__(self, folder: Path) -> None:
        self.sink = folder / "loudspeaker"
        os.mkfifo(self.sink)
        self._fd = os.open(self.sink, os.O_RDWR)
        self._changed = threading.Condition()
        self._heard: list[int] = []
        threading.Thread(target=self._listen, name="ear", daemon=True).start()

    def player(self, folder: Path) -> tuple[str, str]:
        script = folder / "player"
        script.write_text(PLAYER.format(sink=self.sink))
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return str(script), "{file}"

    @property
    def count(self) -> int:
        with self._changed:
            return len(self._heard)

    def wait(self, place: int) -> int:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._heard) > place, WAIT_S):
                raise RuntimeError("nothing was heard")
            return self._heard[place]

    def _listen(self) -> None:
        while True:
            left = HEADER + 2
            while left:
                left -= len(os.read(self._fd, left))
            with self._changed:
                self._heard.append(perf_counter_ns())
                self._changed.notify_all()


def _one(hall: _Hall, person: Person) -> tuple[float, float, float]:
    """One card; milliseconds until it was told, heard and seen."""
    before = hall.sounded.count
    card = NtagCard("ntag213", person.uid, ndef=to_ndef(person.bound))
    started = perf_counter_ns()
    hall.uart.field.put(card)
    heard = hall.sounded.wait(before)
    event_id, told = next(reversed(hall.stored.items()))
    hall.page.wait_for_function("id => id in window.painted", arg=event_id)
    seen = float(hall.page.evaluate("id => window.painted[id]", event_id))
    hall.uart.field.take()
    due = started + round(NEXT_PERSON_S * 1e9)
    hall.uart.field.wait_for(lambda: perf_counter_ns() > due, WAIT_S)
    return (told - started) / 1e6, (heard - started) / 1e6, seen + hall.ahead_ms - started / 1e6


@contextmanager
def _hall(folder: Path, people: int) -> Iterator[_Hall]:
    with ExitStack() as stack:
        ear = _Ear(folder)
        wanted = phrases(LANGUAGE)
        settings = VoiceSettings(cache_dir=folder / "clips", player=ear.player(folder))
        voice = EspeakVoice(settings, wanted)
        stack.callback(voice.close)
        _until_made(folder / "clips", len(set(wanted.values())))
        stored: dict[str, int] = {}

        def speak(told: Told) -> None:
            stored[told.event_id] = perf_counter_ns()
            voice.say(*spoken(told, LANGUAGE), LANGUAGE)

        door = stack.enter_context(kiosk(folder, people, speak=speak))
        web = WebThread(create_screen(door.hub, door.service), before_stop=door.hub.close)
        web.start()
        stack.callback(web.stop)
        page, browser = stack.enter_context(_page(web.url))
        uart = stack.enter_context(Pn532Uart(Field(), paced=True))
        stack.enter_context(reading(door, uart.path))
        yield _Hall(door, uart, page, browser, _ahead(page), ear, stored)


def _until_made(folder: Path, count: int) -> None:
    pause = threading.Event()
    deadline = perf_counter_ns() + round(WAIT_S * 1e9)
    while len(list(folder.glob("*.wav"))) < count:
        if perf_counter_ns() > deadline:
            raise RuntimeError("the clips were not made")
        pause.wait(0.05)


@contextmanager
def _page(url: str) -> Iterator[tuple[Page, str]]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.wait_for_selector('[data-mode="idle"]')
        page.evaluate(WATCH)
        yield page, f"Chromium {browser.version}"
        browser.close()


def _ahead(page: Page) -> float:
    """What to add to the page's clock to get ours, in ms: from the quickest of some questions."""
    answers = []
    for _ in range(30):
        asked = perf_counter_ns()
        theirs = float(page.evaluate("() => performance.now()"))
        took = perf_counter_ns() - asked
        answers.append((took, (asked + took / 2) / 1e6 - theirs))
    return min(answers)[1]
