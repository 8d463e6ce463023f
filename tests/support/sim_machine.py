"""A kiosk's machine in the simulator: real service, journal, roster, sync and client over a clock, a network
and a memory card that the simulator holds in its hands."""

import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hardware.ports import CardRead, ContentKind
from kiosk.clock import BootClock, Sources
from kiosk.errors import ChoiceRefused
from kiosk.journal import SqliteJournal
from kiosk.roster import RosterStore
from kiosk.screen.view import Result
from kiosk.server_client import Answer, Offline, ServerClient
from kiosk.service import KioskService, Parts
from kiosk.sync import Syncer
from server.contract.rules import HOUR
from server.contract.wire import (
    EventResult,
    PushReply,
    Status,
    chain_hash,
    push_from_bytes,
    reply_to_bytes,
    reply_to_sign,
)
from tests.support.sim_server import SimCard, SimServer

FAULTS = (
    *("none", "drop_request", "drop_reply", "twice", "html", "error", "busy", "truncate"),
    *("unsigned_lie", "signed_lie", "late_copy", "old_roster"),
)
"""What the network can do to one request of a pass."""


class Crashed(Exception):
    """The process died here."""


@dataclass(slots=True)
class SimTime:
    """The true time; only the simulator moves it."""

    now: int

    def reach(self, at: int) -> None:
        """Go on to a moment, never back."""
        self.now = max(self.now, at)


@dataclass
class SimWire:
    """HTTP between one kiosk and the server; ``fault`` befalls the ``when``-th request from now."""

    server: SimServer
    time: SimTime
    fault: str = "none"
    when: int = 0
    copies: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    first_roster: bytes = b""

    def send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Offline:
        """One request, or what becomes of it."""
        self.server.runtime.now = self.time.now
        struck = self.fault != "none" and (
            self.when == 0 or (self.fault == "old_roster" and "/roster" in target)
        )
        self.when -= 1
        request = (method, target, body, dict(headers))
        answer = self._faulty(request) if struck else self.server.http(*request)
        if (
            not self.first_roster
            and "/roster" in target
            and isinstance(answer, Answer)
            and answer.status == 200
        ):
            self.first_roster = answer.body
        return answer

    def _faulty(  # noqa: C901 - flat: one case a fault
        self, request: tuple[str, str, bytes, dict[str, str]]
    ) -> Answer | Offline:
        match self.fault:
            case "drop_request":
                return Offline("request lost")
            case "html":
                return Answer(200, b"<html><body>Please log in</body></html>", {})
            case "error":
                return Answer(500, b"oops", {})
            case "busy":
                return Answer(429, b'{"error":"too_many"}', {"Retry-After": "7"})
            case "unsigned_lie":
                return self._lie(request, signed=False)
            case "signed_lie":
                return self._lie(request, signed=True)
            case "old_roster" if "/roster" in request[1] and self.first_roster:
                return self._signed(self.first_roster, request[3])
        answer = self.server.http(*request)
        if self.fault == "drop_reply":
            return Offline("answer lost")
        if self.fault == "late_copy":
            self.copies.append(request)
        if self.fault == "twice":
            self.server.http(*request)
        if self.fault == "truncate" and isinstance(answer, Answer):
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        return answer

    def _lie(self, request: tuple[str, str, bytes, dict[str, str]], *, signed: bool) -> Answer | Offline:
        """Claims that everything is stored, of which the server never heard; signed, about other events."""
        if not request[1].endswith("/events"):
            return Offline("request lost")
        push, headers = push_from_bytes(request[2]), request[3]
        digest, results = push.prev, []
        for place, event in enumerate(push.events):
            digest = chain_hash(digest, event.inner())
            told = "f" * 64 if signed else digest
            results.append(EventResult(push.from_seq + place, told, Status.STORED))
        reply = PushReply(
            journal_id=push.journal_id,
            results=tuple(results),
            server_time=self.time.now + (0 if signed else HOUR),
            roster_version=1 << 20,
        )
        body = reply_to_bytes(reply)
        return self._signed(body, headers) if signed else Answer(200, body, {"X-Yika-Signature": "00" * 64})

    def _signed(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """An answer that our server might have given, wrongly: from an old backup, or about others."""
        message = reply_to_sign(200, body, headers["X-Yika-Session"], int(headers["X-Yika-Counter"]))
        return Answer(200, body, {"X-Yika-Signature": self.server.runtime.keys.sign(message)})

    def deliver_copies(self) -> None:
        """Requests that a slow network kept come in once more; nobody hears the answers."""
        self.server.runtime.now = self.time.now
        for request in self.copies:
            self.server.http(*request)
        self.copies.clear()

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class SimScreen:
    """Screen and light: what a person was shown; can die in the moment before."""

    shown: list[Result] = field(default_factory=list)
    dies: bool = False

    def publish(self, result: Result) -> None:
        if self.dies:
            self.dies = False
            raise Crashed
        self.shown.append(result)

    def idle_changed(self) -> None:
        """Nobody looks."""

    def show(self, kind: str) -> None:
        """The light follows the screen."""

    def close(self) -> None:
        """Nothing to end."""


@dataclass(kw_only=True)
class Habit:
    """How good this machine's clock is."""

    ppm: int = 0
    battery: str = "good"
    """``good``, ``bad`` (hours wrong after a boot) or ``none`` (1970 or the last shut-down)."""
    ntp: bool = False


class SimMachine:
    """One machine with its memory card."""

    def __init__(
        self, name: str, folder: Path, *, site: str, server: SimServer, time: SimTime, habit: Habit, seed: int
    ) -> None:
        self.name, self.folder, self.site = name, folder, site
        self.server, self.time, self.habit = server, time, habit
        self.chance = random.Random(f"{name}:{seed}")
        self.wire = SimWire(server, time)
        self.screen = SimScreen()
        self.true_times: dict[str, int] = {}
        self.shots: list[tuple[Path, set[str]]] = []
        """Copies of the card, with the events that are on them."""
        self.went_back = False
        """Whether an older roster was taken."""
        self.boots = 0
        folder.mkdir()
        self.boot()

    # -- the machine

    def boot(self) -> None:
        """Power on: a new boot with whatever the clock says now."""
        self.boots += 1
        self._boot_id = f"{self.name}-boot-{self.boots}"
        self._booted_at = self.time.now
        true = self.time.now
        error = {"good": 0, "bad": self.chance.randrange(-6 * HOUR, 6 * HOUR), "none": -true}[
            self.habit.battery
        ]
        if self.habit.battery == "none" and self.chance.random() < 0.5:
            error = -self.chance.randrange(48) * HOUR
        self._wall_error = 0 if self.habit.ntp else error
        self.start()

    def _uptime(self) -> int:
        spent = self.time.now - self._booted_at
        return spent + spent * self.habit.ppm // 1_000_000 + 30_000

    def _wall(self) -> int:
        return self.time.now + self._wall_error

    def start(self) -> None:
        """Start the kiosk's process."""
        enrolment = self.server.enrolments[self.site]
        sources = Sources(
            wall_ms=self._wall,
            uptime_ms=self._uptime,
            ntp_synced=lambda: self.habit.ntp,
            boot_id=self._boot_id,
        )
        self.clock = BootClock(sources)
        self.journal = SqliteJournal(
            self.folder,
            kiosk_id=enrolment.kiosk_id,
            machine=f"machine-{self.name}",
            randomness=self.chance.randbytes,
        )
        self.roster = RosterStore(
            self.folder / "roster.json",
            community_id=enrolment.community_id,
            kiosk_id=enrolment.kiosk_id,
            server_key=bytes.fromhex(enrolment.server_key),
        )
        key = self.server.keys[self.site]
        client = ServerClient(enrolment, key, self.clock, wire=lambda _url, _clock: self.wire)
        self.syncer = Syncer(
            client, self.journal, self.roster, clock=self.clock, random=self.chance.random, retention_days=20
        )
        self.service = KioskService(self._parts())

    def _parts(self) -> Parts:
        enrolment = self.server.enrolments[self.site]
        return Parts(
            kiosk_id=enrolment.kiosk_id,
            community_id=enrolment.community_id,
            journal=self.journal,
            roster=self.roster,
            clock=self.clock,
            link=self.syncer,
            randomness=self.chance.randbytes,
            screen=self.screen,
            indicator=self.screen,
            speak=lambda _: None,
        )

    def stop(self) -> None:
        """The process is gone."""
        self.journal.close()

    def restart(self) -> None:
        """The process dies and is started again in the same boot."""
        self.stop()
        self.start()

    def reboot(self, after: int = 40_000) -> None:
        """Power off and on again."""
        self.stop()
        self.time.now += after
        self.boot()

    # -- people

    def tap(self, card: SimCard, *, touch: int | None = None, dies: bool = False) -> None:
        """One card held there; with a touch of one of the offered choices some seconds later."""
        self.screen.dies = dies
        if self._dared(lambda: self.service.tap(_read(card, self._uptime()))) or touch is None:
            return
        shown = self.screen.shown[-1]
        if shown.choices:
            self.time.now += 3000
            choice = shown.choices[touch % len(shown.choices)].choice
            self._dared(lambda: self.service.choose(shown.event_id, choice))

    def _dared(self, act: Callable[[], None]) -> bool:
        """Do it; true when the process died over it (and is started again)."""
        before = self.journal.head
        died = False
        with suppress(ChoiceRefused):
            try:
                act()
            except Crashed:
                died = True
        if self.journal.head != before:
            self.true_times[self.journal._recent[-1].event_id] = self.time.now
        if died:
            self.restart()
        return died

    @property
    def greens(self) -> set[str]:
        """Ids of everything that was shown as accepted and on disk."""
        return {each.event_id for each in self.screen.shown if each.kind == "accepted" and each.durable}

    # -- the network

    def sync(self, fault: str = "none", when: int = 0) -> None:
        """One pass of syncing."""
        self.wire.fault, self.wire.when = fault, when
        held = self.roster.version or 0
        self.syncer.once()
        self.went_back |= (self.roster.version or 0) < held
        self.wire.fault = "none"

    # -- the memory card

    def snapshot(self) -> None:
        """Copy the card as it is, with the process running, as a backup does at night."""
        shot = self.folder.with_name(f"{self.folder.name}.shot{len(self.shots)}")
        self.stop()
        shutil.copytree(self.folder, shot)
        self.start()
        self.shots.append((shot, set(self.true_times)))

    def restore(self, *, same_place: bool) -> set[str]:
        """Put the newest copy back; ids that were on the card only and are destroyed with it."""
        self.stop()
        shot, saved = self.shots[-1]
        if same_place:
            _write_over(shot, self.folder)
        else:
            shutil.rmtree(self.folder)
            shutil.copytree(shot, self.folder)
        self.boot()
        return set(self.true_times) - saved


def _write_over(source: Path, target: Path) -> None:
    """A whole card's image written back: every file has the inode that it had."""
    names = {path.name for path in source.iterdir()}
    for path in target.iterdir():
        if path.name not in names:
            path.unlink()
    for path in source.iterdir():
        there = target / path.name
        with there.open("r+b" if there.exists() else "wb") as file:
            file.write(path.read_bytes())
            file.truncate()


def _read(card: SimCard, uptime: int) -> CardRead:
    if card.credential is None:
        return CardRead(medium="nfc", uid=card.uid, reader="simulated", uptime_ms=uptime)
    content = card.credential.text.encode()
    return CardRead(medium="qr", content=content, content_kind=ContentKind.TEXT, reader="simulated")
