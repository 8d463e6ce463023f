"""A kiosk in its own process, tapping as fast as it can: ``python -m tests.support.powercut_writer DIR``.

Each line on standard output is ``green`` with the id of an event whose light was green, ``acknowledged`` with
one that the server's word is on the disk for, or the stage that begins (``powercut_rig.STAGES``). ``NORMAL``
as second argument is the mutant: the journal no longer waits for the disk.
"""

import secrets
import sqlite3
import sys
from pathlib import Path
from typing import Any

import kiosk.journal_open
from hardware.ports import CardRead, ContentKind
from kiosk.clock import BootClock
from kiosk.journal import DAY, SqliteJournal
from kiosk.roster_view import RosterView
from kiosk.screen.view import Result
from kiosk.service import KioskService, Parts
from server.contract.wire import MAX_PUSH, TapEvent
from tests.support.kiosk_journal import SENT, results_of
from tests.support.kiosk_parts import FakeLink, FakeRosterHolder
from tests.support.kiosk_roster import PRINTED, entries

KIOSK, MACHINE = "k1", "machine-1"
TAPS = range(12)
"""Between two syncs."""


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Light:
    """Screen, light and voice: a green light is a line that is out before anything else happens."""

    def publish(self, result: Result) -> None:
        """Green only when the disk has it."""
        if result.durable:
            say(f"green {result.event_id}")

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
        Path(sys.argv[1]),
        kiosk_id=KIOSK,
        machine=MACHINE,
        randomness=secrets.token_bytes,
        checkpoint_after=len(TAPS),
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
    now = SENT.wall
    while True:
        say("tap")
        for _ in TAPS:
            service.tap(card)
        now += DAY
        say("acknowledge")
        _acknowledge(journal, now)
        say("prune")
        journal.prune(now=now + DAY, days=3)
        say("checkpoint")
        journal.probe()


def _acknowledge(journal: SqliteJournal, now: int) -> None:
    for run in journal.runs(MAX_PUSH):
        push = journal.push_of(run, SENT)
        journal.acknowledge(run.journal_id, results_of(push), roster_version=1, at=now)
        for event in push.events:
            say(f"acknowledged {TapEvent.from_bytes(event.body.encode()).event_id}")


def _wait_for_no_disk() -> None:
    original = kiosk.journal_open.connect

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        con = original(*given, **named)
        con.execute("PRAGMA synchronous=NORMAL")
        return con

    kiosk.journal_open.connect = connect


if __name__ == "__main__":
    main()
