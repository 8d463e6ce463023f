"""A kiosk's machine in the simulator: real service, journal, roster, sync and client over a clock, a network
and a memory card that the simulator holds in its hands."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hardware.ports import CardRead, ContentKind
from kiosk.clock import BootClock, Sources
from kiosk.errors import ChoiceRefused
from kiosk.ports import ServerApi
from kiosk.roster import RosterStore
from kiosk.screen.view import Result
from kiosk.server_client import ServerClient
from kiosk.service import KioskService, Parts
from kiosk.sync import Syncer
from server.contract.rules import HOUR
from server.contract.wire import MAX_PUSH
from tests.support.sim_disk import Crashed, SimDisk, SimJournal
from tests.support.sim_faults import DISK_FAULTS, FAULTS
from tests.support.sim_net import SimNet, SimPort, SimWire
from tests.support.sim_server import SimCard, SimServer

CHECKPOINT_AFTER = 12
"""Events and acknowledgements: a real kiosk, which takes more of them, moves its log into the file later."""


@dataclass(slots=True)
class SimTime:
    """The true time; only the simulator moves it."""

    now: int

    def reach(self, at: int) -> None:
        """Go on to a moment, never back."""
        self.now = max(self.now, at)


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
    retention_days: int = 20
    most: int = MAX_PUSH
    """Events in one push: a few, and a day of one person comes in pieces like a month of everybody."""
    http: bool = False
    """Whether it speaks to the server through sessions and signatures (slower, and less can go wrong)."""


class SimMachine:
    """One machine with its memory card."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        kiosk: str,
        server: SimServer,
        time: SimTime,
        habit: Habit,
        seed: int,
    ) -> None:
        self.name, self.folder, self.kiosk = name, folder, kiosk
        self.server, self.time, self.habit = server, time, habit
        self.enrolment = server.enrolments[kiosk]
        self.chance = random.Random(f"{name}:{seed}")
        self.net, self.disk = SimNet(server), SimDisk(server.tally)
        self.wires: list[SimWire | SimPort] = []
        """Every connection that may still hold copies of requests."""
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
        if self._wall_error:
            kind = (
                "hours wrong" if self.habit.battery == "bad" else "1970" if error == -true else "stands still"
            )
            self.server.tally[f"clock: {kind}"] += 1
        self.start()

    def _uptime(self) -> int:
        spent = self.time.now - self._booted_at
        return spent + spent * self.habit.ppm // 1_000_000 + 30_000

    def _wall(self) -> int:
        return self.time.now + self._wall_error

    def start(self) -> None:
        """Start the kiosk's process."""
        sources = Sources(
            wall_ms=self._wall,
            uptime_ms=self._uptime,
            ntp_synced=lambda: self.habit.ntp,
            boot_id=self._boot_id,
        )
        self.clock = BootClock(sources)
        self.journal = SimJournal(
            self.folder,
            kiosk_id=self.enrolment.kiosk_id,
            machine=f"machine-{self.name}",
            randomness=self.chance.randbytes,
            checkpoint_after=CHECKPOINT_AFTER,
            disk=self.disk,
            heard=lambda event_id: self.true_times.update({event_id: self.time.now}),
        )
        self.roster = RosterStore(
            self.folder / "roster.json",
            community_id=self.enrolment.community_id,
            kiosk_id=self.enrolment.kiosk_id,
            server_key=bytes.fromhex(self.enrolment.server_key),
        )
        self.syncer = Syncer(
            self._api(),
            self.journal,
            self.roster,
            clock=self.clock,
            random=self.chance.random,
            retention_days=self.habit.retention_days,
            most=self.habit.most,
        )
        self.service = KioskService(self._parts())
        self.syncer.on_change = self._on_sync

    def _on_sync(self) -> None:
        """As kiosk.app does it; the screen then asks for what it shows."""
        self.service.check()
        self.service.idle()
        self.service.status()

    def _api(self) -> ServerApi:
        if not self.habit.http:
            port = SimPort(self.net, self.enrolment.kiosk_id, self.clock)
            self.wires.append(port)
            return port
        wire = SimWire(self.net)
        self.wires.append(wire)
        key = self.server.keys[self.kiosk]
        return ServerClient(self.enrolment, key, self.clock, wire=lambda _url, _clock: wire)

    def _parts(self) -> Parts:
        return Parts(
            kiosk_id=self.enrolment.kiosk_id,
            community_id=self.enrolment.community_id,
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
        self.syncer.stop()
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

    def tap(self, card: SimCard, *, touch: int | None = None, fault: str = "none") -> None:
        """One card held there; with a touch of one of the offered choices some seconds later."""
        self.screen.dies, self.disk.fault = fault == "dies", fault if fault in DISK_FAULTS else "none"
        if self._survived(lambda: self.service.tap(_read(card, self._uptime()))) and touch is not None:
            shown = self.screen.shown[-1]
            if shown.choices:
                self.time.now += 3000
                choice = shown.choices[touch % len(shown.choices)].choice
                with suppress(ChoiceRefused):
                    self._survived(lambda: self.service.choose(shown.event_id, choice))
        self.server.tally["light: dies"] += fault == "dies" and not self.screen.dies
        self.screen.dies, self.disk.fault = False, "none"

    def _survived(self, act: Callable[[], object]) -> bool:
        """Do it; false when the process died over it (and is started again)."""
        try:
            act()
        except Crashed:
            self.disk.fault = self.net.fault = "none"
            self.restart()
            return False
        return True

    @property
    def greens(self) -> set[str]:
        """Ids of everything that was shown as accepted and on disk."""
        return {each.event_id for each in self.screen.shown if each.kind == "accepted" and each.durable}

    # -- the network

    def sync(self, fault: str = "none", when: int = 0, lanes: str = "both") -> None:
        """One pass of syncing, of both lanes or one; ``fault`` of the network, or of the disk."""
        self.server.runtime.now = self.time.now
        self.net.fault, self.net.when = fault if fault in FAULTS else "none", when
        self.disk.fault = fault if fault in DISK_FAULTS else "none"
        held = self.roster.version or 0
        passes = {"both": self.syncer.once, "push": self.syncer.push_once, "pull": self.syncer.pull_once}
        self._survived(passes[lanes])
        self.went_back |= (self.roster.version or 0) < held
        self.net.fault = self.disk.fault = "none"

    def deliver_copies(self) -> None:
        """What a slow network kept comes in once more."""
        self.server.runtime.now = self.time.now
        for wire in self.wires:
            wire.deliver_copies()

    def forget_copies(self) -> None:
        """No copy of a request outlives the server it was sent to."""
        for wire in self.wires:
            wire.copies.clear()

    # -- the memory card

    def held(self) -> list[str]:
        """Ids of all events that are on the card, read past the journal."""
        with closing(sqlite3.connect(self.folder / "journal.db")) as card:
            return [event_id for (event_id,) in card.execute("SELECT event_id FROM events")]

    def without_card(self, act: Callable[[], None]) -> None:
        """Somebody pulls the memory card out and puts it in again after ``act``."""
        away = self.folder.with_name(f"{self.folder.name}.pulled")
        self.folder.rename(away)
        self.service.check()
        act()
        away.rename(self.folder)
        self.service.check()

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
