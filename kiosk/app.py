"""The composition root: makes every part, starts them in order, and ends them in the opposite one."""

import fcntl
import logging
import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from hardware import factory
from hardware.ports import CardReader, HardwareError, Indicator, Voice
from kiosk.challenge import Challenger
from kiosk.clock import BootClock
from kiosk.config import Config
from kiosk.desk import Desk
from kiosk.errors import ConfigWrong, KioskError
from kiosk.hand import DemoHand
from kiosk.identity import Enrolment, load_enrolment, load_key, machine_id
from kiosk.journal import SqliteJournal
from kiosk.roster import RosterStore
from kiosk.screen.hub import ScreenHub
from kiosk.screen.serving import WebThread
from kiosk.screen.web import create_screen
from kiosk.screen.words import phrases
from kiosk.server_client import ServerClient
from kiosk.service import KioskService, Parts
from kiosk.speaker import Speaker
from kiosk.sync import Syncer
from server.contract.desk import DeskWord

log = logging.getLogger(__name__)
CHECK_SECONDS = 5.0
STOP_SECONDS = 5.0


def run(config: Config, stopping: threading.Event) -> None:
    """Be a kiosk until told to stop; raises :class:`KioskError` when it cannot begin."""
    enrolment = load_enrolment(config.data_dir)
    with only_one(config), ExitStack() as parts:
        readers = built_readers(config)
        kiosk = _Kiosk(config, enrolment, parts)
        kiosk.serve(readers)
        kiosk.listen(readers)
        log.info("kiosk %s is up at http://%s:%s/", enrolment.kiosk_id, config.host, config.port)
        while not stopping.wait(CHECK_SECONDS):
            kiosk.service.check()


class _Kiosk:
    """The parts of a running kiosk; each is ended by the stack that it was given."""

    def __init__(self, config: Config, enrolment: Enrolment, stack: ExitStack) -> None:
        self.config, self._stack = config, stack
        self.clock = BootClock()
        self.journal = open_journal(config, enrolment)
        stack.callback(self.journal.close)
        self.roster = open_roster(config, enrolment)
        self.syncer, self._client = build_syncer(config, enrolment, self.journal, self.roster, self.clock)
        stack.callback(self._client.close)
        self.hub = ScreenHub()
        stack.callback(self.hub.close)
        self.desk: Desk | None = None
        self.service = self._service(enrolment)
        self.syncer.on_change = self._on_sync
        self._thread = threading.Thread(target=self.syncer.run, name="sync", daemon=True)
        stack.callback(self._stop_syncing)

    def _service(self, enrolment: Enrolment) -> KioskService:
        config = self.config
        self._indicator, voice = built_feedback(config)
        indicator = self._indicator
        self._stack.callback(indicator.close)
        self._stack.callback(voice.close)

        self.speaker = Speaker(voice, config.languages)
        parts = Parts(
            kiosk_id=enrolment.kiosk_id,
            community_id=enrolment.community_id,
            journal=self.journal,
            roster=self.roster,
            clock=self.clock,
            link=self.syncer,
            randomness=os.urandom,
            screen=self.hub,
            indicator=indicator,
            speak=self.speaker.speak,
            desk_open=lambda: self.desk is not None and self.desk.is_open,
            demo=any(reader["driver"] == "simulated" for reader in config.readers),
        )
        return KioskService(parts, tuple(name for name, _ in named(config.readers)))

    def serve(self, readers: Mapping[str, CardReader]) -> None:
        """Show the screen; a busy port is named."""
        config = self.config
        hand = next((found for each in readers.values() if (found := getattr(each, "hand", None))), None)
        demo_hand = DemoHand(hand, config.data_dir) if hand is not None else None
        screen = create_screen(
            self.hub,
            self.service,
            hand=demo_hand,
            languages=config.languages,
            on_language=self.speaker.choose,
        )
        try:
            web = WebThread(screen, host=config.host, port=config.port, before_stop=self.hub.close)
        except OSError as error:
            raise KioskError(f"port {config.port} cannot be had: {error.strerror or error}") from error
        web.start()
        self._stack.callback(web.stop)

    def listen(self, readers: Mapping[str, CardReader]) -> None:
        """Sync, and read cards."""
        self._thread.start()
        challenger = Challenger(self.roster)
        desk = self.desk = Desk(
            self._client,
            self.roster,
            self.clock,
            tap=self.service.tap,
            interrogator=challenger,
            show=self._light,
            on_change=self.hub.idle_changed,
        )
        desk.start()
        self._stack.callback(desk.stop)
        for reader in readers.values():
            self._stack.callback(reader.stop)
            reader.start(desk.tap, self.service.reader_state, desk)

    def _light(self, word: DeskWord) -> None:
        """What became of a card that is being made is told where staff look; here the lights tell it too."""
        self._indicator.show("accepted" if word is DeskWord.MADE else "refused")

    def _on_sync(self) -> None:
        self.service.check()
        self.hub.idle_changed()

    def _stop_syncing(self) -> None:
        self.syncer.stop()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)


def open_journal(config: Config, enrolment: Enrolment) -> SqliteJournal:
    """The journal of this enrolment on this machine."""
    return SqliteJournal(
        config.data_dir,
        kiosk_id=enrolment.kiosk_id,
        machine=machine_id(config.data_dir),
        randomness=os.urandom,
    )


def open_roster(config: Config, enrolment: Enrolment) -> RosterStore:
    """The roster that an earlier run kept, or none yet."""
    return RosterStore(
        config.data_dir / "roster.json",
        community_id=enrolment.community_id,
        kiosk_id=enrolment.kiosk_id,
        server_key=bytes.fromhex(enrolment.server_key),
    )


def build_syncer(
    config: Config, enrolment: Enrolment, journal: SqliteJournal, roster: RosterStore, clock: BootClock
) -> tuple[Syncer, ServerClient]:
    """What keeps in step with the server, and the connection to be closed after it."""
    client = ServerClient(enrolment, load_key(config.data_dir), clock)
    jitter = random.SystemRandom().random
    syncer = Syncer(client, journal, roster, clock=clock, random=jitter, retention_days=config.retention_days)
    return syncer, client


def named(readers: tuple[Mapping[str, Any], ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each reader's settings under a name: its driver's, with a number from the second on."""
    seen: dict[str, int] = {}
    for settings in readers:
        driver = str(settings["driver"])
        seen[driver] = seen.get(driver, 0) + 1
        yield driver if seen[driver] == 1 else f"{driver}-{seen[driver]}", settings


def built_readers(config: Config) -> dict[str, CardReader]:
    """The readers that the configuration names; raises :class:`ConfigWrong` with what to change."""
    try:
        return {name: factory.build_reader(settings, name=name) for name, settings in named(config.readers)}
    except HardwareError as error:
        raise ConfigWrong(str(error)) from error


def built_feedback(config: Config) -> tuple[Indicator, Voice]:
    """Lights and voice; raises :class:`ConfigWrong` with what to change."""
    settings: dict[str, Any] = {}
    every_phrase = {key: text for language in config.languages for key, text in phrases(language).items()}
    if config.voice != "none":
        settings = {"cache_dir": config.data_dir / "voice", "phrases": every_phrase}
    try:
        return factory.build_indicator(config.lights), factory.build_voice(config.voice, **settings)
    except HardwareError as error:
        raise ConfigWrong(str(error)) from error


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Hold the folder: two kiosks in one journal would be two connections in one write-ahead log."""
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(config.data_dir / "kiosk.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise KioskError(f"another kiosk is running in {config.data_dir}") from error
    finally:
        os.close(handle)
