"""The community's busiest minutes: sixty people, two readers at once, a cut cable, a browser killed twice.

Everything is a real process but the two PN532s, which sit on pseudo-terminals above nfcpy's own driver, and
the ten minutes: each person comes as soon as the one before them at the same reader has been told. Nothing
waits, so what a reader, the journal or the screen cannot keep up with would show here.
"""

import json
import os
import shutil
import signal
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from card_tools.ndef import to_ndef
from hardware.simulated import Field, NtagCard, Pn532Uart
from server.config import ServerConfig
from server.runtime import Runtime
from server.services.cards import register_bound
from server.services.community import ActivitySpec, SiteSpec, set_activities, set_sites
from server.services.members import NewVolunteer, register_volunteers
from tests.support.cable import Cable, cable_to
from tests.support.ports import claimed_port
from tests.support.processes import PATIENCE, Kiosk, Server, fetch, new_server, running, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database(
        "sqlite", "the server is here to receive; what it does with taps is tested on both"
    ),
]
PEOPLE = 60
READERS = ("left", "right")
FIRST_GATE, SECOND_GATE = 14, 25
"""At each reader these people find a new browser before them; those just before had none."""
CHROMIUM = "--headless=new --no-sandbox --disable-gpu --disable-background-networking".split()


class Ear:
    """Listens to the kiosk's event stream and keeps every result it hears."""

    def __init__(self, url: str) -> None:
        self.results: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._stream = urllib.request.urlopen(f"{url}/events", timeout=PATIENCE)
        threading.Thread(target=self._listen, name="ear", daemon=True).start()

    def wait(self, name: str) -> dict[str, Any]:
        """The result that greets this person."""
        greeting = f"{name}，您好"
        with self._changed:
            assert self._changed.wait_for(lambda: greeting in self.greeted(), PATIENCE), (
                f"{name} was not told"
            )
            return self.results[self.greeted().index(greeting)]

    def wait_for(self, count: int) -> None:
        """Until so many people have been told."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.results) >= count, PATIENCE), len(self.results)

    def ids(self) -> list[str]:
        """The events that were told so far."""
        return [result["event_id"] for result in self.results]

    def greeted(self) -> list[str]:
        """The greetings so far, in order."""
        return [result["words"]["zh"]["greeting"] for result in self.results]

    def _listen(self) -> None:
        kind = ""
        for line in self._stream:
            key, _, value = line.decode().strip().partition(": ")
            kind = value if key == "event" else kind
            if key == "data" and kind == "result":
                with self._changed:
                    self.results.append(json.loads(value))
                    self._changed.notify_all()


class Screen:
    """The browser in front of the people; whoever kills it starts it again, as systemd does."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._url, self._stack = url, stack
        self._chromium = stack.enter_context(sync_playwright()).chromium
        self._browser: Browser | None = None
        self.page: Page

    def start(self) -> None:
        """Begin to show what the kiosk says."""
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        self._browser = self._chromium.launch(executable_path=program, args=CHROMIUM, timeout=PATIENCE * 1000)
        self._stack.callback(self._browser.close)
        self.page = self._browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.goto(self._url)
        self.page.wait_for_selector("html[data-mode]")

    def kill(self) -> None:
        """SIGKILL the browser's own process."""
        assert self._browser is not None
        asked = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        (process,) = (int(each["id"]) for each in asked["processInfo"] if each["type"] == "browser")
        os.kill(process, signal.SIGKILL)
        with pytest.raises(PlaywrightError, match="closed"):
            self.page.wait_for_selector("#never")

    def shows(self, holds: str, event_ids: list[str]) -> None:
        """Wait until of the result that was drawn last something holds: that it is ``id`` among ``ids``."""
        asked = f"(ids) => {{ const id = document.querySelector('#result').dataset.event; return {holds}; }}"
        self.page.wait_for_function(asked, arg=event_ids)


def test_sixty_people_are_told_and_kept_whatever_happens_meanwhile(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as apart:  # playwright runs once a thread: others' may be in this
        apart.submit(_ten_minutes, tmp_path).result()


def _ten_minutes(tmp_path: Path) -> None:
    server = new_server(tmp_path / "server")
    cards = _community(server)
    with ExitStack() as stack:
        cable = stack.enter_context(cable_to(server.port))
        readers = [stack.enter_context(Pn532Uart(Field(), link=tmp_path / name)) for name in READERS]
        stack.enter_context(running(server))
        server.up()
        kiosk = _kiosk(tmp_path / "kiosk", server, cable, [reader.path for reader in readers])
        stack.enter_context(running(kiosk))
        kiosk.up()
        until(lambda: _ready(kiosk), "a roster and two readers", said=kiosk.log)
        screen = Screen(kiosk.url, stack)
        screen.start()
        ear = Ear(kiosk.url)
        people, gates = list(cards.items()), {FIRST_GATE: threading.Event(), SECOND_GATE: threading.Event()}
        hands = [
            threading.Thread(target=_hand, args=(reader, people[place::2], ear, gates), daemon=True)
            for place, reader in enumerate(readers)
        ]
        for hand in hands:
            hand.start()
        _disturb(ear, screen, cable, kiosk, gates)
        for hand in hands:
            hand.join(PATIENCE)
        screen.shows("id === ids.at(-1)", ear.ids())
        told = {ear.wait(name)["event_id"]: ear.wait(name)["outcome"] for name in cards}
        assert len(ear.results) == len(told) == PEOPLE
        assert set(told.values()) == {"shift_started"}
        until(lambda: kiosk.status()["pending"] == 0, "everything acknowledged", said=kiosk.log)
        _kept(kiosk, server, told)


def _disturb(ear: Ear, screen: Screen, cable: Cable, kiosk: Kiosk, gates: dict[int, threading.Event]) -> None:
    """What goes wrong while they come."""
    ear.wait_for(15)
    cable.cut()
    ear.wait_for(20)
    screen.kill()
    screen.start()
    until(lambda: not kiosk.status()["online"], "the kiosk notices that it is alone", said=kiosk.log)
    screen.page.wait_for_selector("#idle .status [data-key=offline]")
    before = ear.ids()
    gates[FIRST_GATE].set()
    screen.shows("id && !ids.includes(id)", before)
    ear.wait_for(40)
    screen.kill()
    screen.start()
    assert cable.refused, "nobody asked for the server while it was away"
    cable.mend()
    gates[SECOND_GATE].set()


def _hand(
    reader: Pn532Uart, cards: list[tuple[str, NtagCard]], ear: Ear, gates: dict[int, threading.Event]
) -> None:
    """One person after another, each gone as soon as they were told."""
    for place, (name, card) in enumerate(cards):
        assert place not in gates or gates[place].wait(PATIENCE)
        reader.field.put(card)
        ear.wait(name)
    reader.field.take()


def _kept(kiosk: Kiosk, server: Server, told: dict[str, str]) -> None:
    """Each of them stands in the journal with what was shown, and at the server as an open shift."""
    assert kiosk.stop() == 0
    assert kiosk.ask("journal", "verify", "--json")["ok"]
    lines = kiosk.text("journal", "export").splitlines()
    events = [json.loads(json.loads(line)["body"]) for line in lines]
    assert {event["event_id"]: event["shown"] for event in events} == told
    assert [event["seq"] for event in events] == list(range(1, PEOPLE + 1))
    assert len({event["volunteer"] for event in events}) == PEOPLE
    token = server.ask("create-token", "tests", "--scope", "read", "--json")["token"]
    shifts = fetch(f"{server.url}/api/v1/shifts?state=open&limit=100", token=token)["items"]
    assert {shift["events"][0] for shift in shifts} == told.keys()
    assert {shift["proof"] for shift in shifts} == {"signed"}
    server.ask("audit")


def _community(server: Server) -> dict[str, NtagCard]:
    """A desk and sixty people with a chip card each; the cards by the name that the screen greets."""
    url = f"sqlite:///{server.home / 'data' / 'yika.sqlite'}"
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=url))
    names = [f"志愿者{place:02d}" for place in range(1, PEOPLE + 1)]
    cards = {}
    with runtime.unit_of_work() as uow:
        acting = runtime.acting("test")
        set_activities(uow, acting, [ActivitySpec(activity_id="duty", name="值班", name_en="Duty")])
        desk = SiteSpec(site_id="hall", name="大厅", default_activity="duty", activities=("duty",))
        set_sites(uow, acting, [desk])
        people = [NewVolunteer(name=name, birth="1955-06-07", name_display="full") for name in names]
        for place, (name, number) in enumerate(
            zip(names, register_volunteers(uow, acting, people), strict=True)
        ):
            uid = b"\x04" + place.to_bytes(6, "big")
            credential = register_bound(uow, acting, number, uid=uid).credential
            assert credential is not None
            cards[name] = NtagCard("ntag213", uid, ndef=to_ndef(credential))
        uow.commit()
    runtime.dispose()
    return cards


def _kiosk(home: Path, server: Server, cable: Cable, paths: list[str]) -> Kiosk:
    """A kiosk with two contactless readers, enrolled through the cable."""
    home.mkdir()
    port = claimed_port()
    readers = "".join(f'[[reader]]\ndriver = "nfcpy"\npath = "{path}"\n' for path in paths)
    config = home / "kiosk.toml"
    config.write_text(f'data_dir = "{home / "data"}"\n[screen]\nport = {port}\n{readers}')
    kiosk = Kiosk("yika-kiosk", home, {"YIKA_KIOSK_CONFIG": str(config)}, port=port)
    code = server.ask("add-kiosk", "hall", "--site", "hall", "--json")["code"]
    kiosk.ask("enrol", cable.url, code)
    return kiosk


def _ready(kiosk: Kiosk) -> bool:
    status = kiosk.status()
    states = [reader["state"] for reader in status.get("readers", [])]
    return bool(status.get("roster_version")) and states == ["ready", "ready"]
