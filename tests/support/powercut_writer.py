"""A kiosk in its own process, tapping as fast as it can: ``python -m tests.support.powercut_writer DIR``.

Each line on standard output is the id of an event whose light was green. ``NORMAL`` as second argument is the
mutant: the journal no longer waits for the disk.
"""

import itertools
import secrets
import sqlite3
import sys
from pathlib import Path
from typing import Any

import kiosk.journal_open
from hardware.ports import CardRead, ContentKind
from kiosk.clock import BootClock
from kiosk.journal import SqliteJournal
from kiosk.roster_view import RosterView
from kiosk.screen.view import Result
from kiosk.service import KioskService, Parts
from tests.support.kiosk_journal import SENT, results_of
from tests.support.kiosk_parts import FakeLink, FakeRosterHolder
from tests.support.kiosk_roster import PRINTED, entries

KIOSK, MACHINE = "k1", "machine-1"
SYNC_EVERY = 9


class Light:
    """Screen, light and voice: a green light is a line that is out before anything else happens."""

    def publish(self, result: Result) -> None:
        """Green only when the disk has it."""
        if result.durable:
            sys.stdout.write(f"{result.event_id}\n")
            sys.stdout.flush()

    def idle_changed(self) -> None:
        """Nobody looks."""

    def show(self, kind: str) -> None:
        """The line was the light."""

    def close(self) -> None:
        """Nothing to end."""


def main() -> None:
    """Tap and sync until killed."""
    if sys.argv[2:] == ["NORMAL"]:
        _wait_for_no_disk()
    journal = SqliteJournal(
        Path(sys.argv[1]), kiosk_id=KIOSK, machine=MACHINE, randomness=secrets.token_bytes
    )
    light, link = Light(), FakeLink()
    parts = Parts(
        kiosk_id=KIOSK,
        community_id="com1",
        journal=journal,
        roster=FakeRosterHolder(RosterView(10, entries())),
        clock=BootClock(),
        link=link,
        randomness=secrets.token_bytes,
        screen=light,
        indicator=light,
        speak=lambda _: None,
    )
    service = KioskService(parts)
    card = CardRead(medium="qr", content=PRINTED.text.encode(), content_kind=ContentKind.TEXT)
    for number in itertools.count(1):
        service.tap(card)
        if number % SYNC_EVERY == 0:
            _sync(journal)


def _sync(journal: SqliteJournal) -> None:
    run = journal.runs(5)[0]
    push = journal.push_of(run, SENT)
    journal.acknowledge(run.journal_id, results_of(push), roster_version=1, at=SENT.wall)


def _wait_for_no_disk() -> None:
    original = kiosk.journal_open.connect

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        con = original(*given, **named)
        con.execute("PRAGMA synchronous=NORMAL")
        return con

    kiosk.journal_open.connect = connect


if __name__ == "__main__":
    main()
