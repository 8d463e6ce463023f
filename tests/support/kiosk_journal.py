"""Journals for tests: drafts of taps, and a journal with fixed randomness."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.journal import SqliteJournal
from kiosk.journal_mark import read_mark
from kiosk.journal_open import inspect
from kiosk.ports import Draft
from server.contract.wire import ClockSample, EventResult, Push, PushedEvent, chain_hash, uuid7

NOW = 1_790_000_000_000
SENT = ClockSample(boot_id="boot-1", uptime_ms=1000, wall=NOW, clock="synced")


def counting(start: int = 0) -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    state = [start]

    def give(size: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{start}:{state[0]}".encode()).digest(size)

    return give


def draft(number: int, **fields: Any) -> Draft:
    """The ``number``-th tap of a day, of volunteer M0001 unless told otherwise."""
    event = {
        "event_id": uuid7(NOW + number, number.to_bytes(10, "big")),
        "boot_id": "boot-1",
        "uptime_ms": 1000 + number,
        "wall": NOW + number,
        "clock": "synced",
        "card_id": "00" * 8,
        "medium": "nfc",
        "proof": "uid",
        "volunteer": "M0001",
        "shown": "shift_started",
    }
    return Draft(event=event | fields)


def open_journal(
    directory: Path, *, seed: int = 0, machine: str = "machine-1", kiosk: str = "k1"
) -> SqliteJournal:
    """A journal in ``directory``."""
    return SqliteJournal(directory, kiosk_id=kiosk, machine=machine, randomness=counting(seed))


def results_of(push: Push, status: str = "stored") -> list[EventResult]:
    """The server's word on each event of a push."""
    prev, results = push.prev, []
    for place, event in enumerate(push.events):
        prev = chain_hash(prev, PushedEvent.inner(event))
        results.append(EventResult(push.from_seq + place, prev, status))
    return results


def acknowledge(journal: SqliteJournal, *, at: int = NOW, version: int = 1) -> None:
    """The server has everything."""
    for run in journal.runs(500):
        push = journal.push_of(run, SENT)
        journal.acknowledge(push.journal_id, results_of(push), roster_version=version, at=at)


def findings(directory: Path) -> list[str]:
    """What is wrong with the journal in a directory."""
    return inspect(directory / "journal.db", read_mark(directory / "journal.mark"))
