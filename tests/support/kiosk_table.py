"""A kiosk's syncing parts and a server on one table, with real HTTP between them."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import BootClock, Sources
from kiosk.identity import Enrolment
from kiosk.journal import SqliteJournal
from kiosk.roster import RosterStore
from kiosk.server_client import ServerClient
from kiosk.sync import Syncer
from tests.support.kiosk_journal import draft, open_journal
from tests.support.kiosk_roster import SERVER_KEY
from tests.support.kiosk_server import FakeServer

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


class Table:
    """A kiosk's syncing parts and its server, on one table."""

    def __init__(self, server: FakeServer, folder: Path) -> None:
        server.kiosk_key = KEY.public_key()
        self.server = server
        self.clock = BootClock(Sources(wall_ms=lambda: 5000, ntp_synced=lambda: False, boot_id="boot-1"))
        self.journal: SqliteJournal = open_journal(folder)
        self.roster = RosterStore(
            folder / "roster.json", community_id="com1", kiosk_id="k1", server_key=SERVER_KEY
        )
        enrolment = Enrolment(
            url=server.url,
            kiosk_id="k1",
            community_id="com1",
            community="",
            site="s1",
            server_key=SERVER_KEY.hex(),
        )
        self.client = ServerClient(enrolment, KEY, self.clock)
        self.syncer = self.new_syncer()

    def new_syncer(self, **more: Any) -> Syncer:
        """As after a restart, or otherwise than usual."""
        parts = {"roster": self.roster, "clock": self.clock, "random": lambda: 0.0}
        return Syncer(self.client, self.journal, **parts | more)

    def tap(self, *numbers: int) -> None:
        """A tap for each number."""
        for number in numbers:
            self.journal.append(draft(number))

    def close(self) -> None:
        """Both ends."""
        self.client.close()
        self.journal.close()
