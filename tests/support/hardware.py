"""What tests of readers share: a reader with a simulated chip, and a log of what it told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hardware.nfc_reader import NfcReader, Patience
from hardware.ports import CardRead, Interrogator, ReaderState
from hardware.simulated import Field, NtagCard, Pn532Uart

BRISK = Patience(poll_s=0.002, gone_ms=60, give_up_ms=400, backoff_s=(0.02, 0.05))
"""A patient reader's rules at a test's speed."""
MESSAGE = bytes.fromhex("D4094679696B612E636E3A63") + bytes(range(70))
"""A message of one external record; what it says does not matter to a reader."""


def ntag(kind: str = "ntag213", last: int = 0x66, ndef: bytes | None = MESSAGE) -> NtagCard:
    """An NTAG whose UID ends in ``last``."""
    return NtagCard(kind, bytes.fromhex("041122334455") + bytes((last,)), ndef=ndef)


@dataclass
class ReaderLog:
    """What a reader told, in order; waits without sleeping."""

    reads: list[CardRead] = field(default_factory=list)
    states: list[ReaderState] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def on_read(self, read: CardRead) -> None:
        with self.changed:
            self.reads.append(read)
            self.changed.notify_all()

    def on_state(self, name: str, state: ReaderState) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout: float = 5.0) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, timeout)

    def wait_reads(self, count: int, timeout: float = 5.0) -> list[CardRead]:
        assert self.wait(lambda: len(self.reads) >= count, timeout), f"{len(self.reads)} of {count} reads"
        return self.reads

    def wait_state(self, state: ReaderState, timeout: float = 5.0) -> None:
        assert self.wait(lambda: bool(self.states) and self.states[-1] is state, timeout), self.states


@dataclass
class Bench:
    """A running reader over a simulated chip."""

    uart: Pn532Uart
    reader: NfcReader
    log: ReaderLog

    @property
    def field(self) -> Field:
        return self.uart.field

    def looks(self, count: int, timeout: float = 5.0) -> None:
        """Wait until the chip has called into the field so many times more."""
        target = self.field.frames + count
        assert self.field.wait_for(lambda: self.field.frames >= target, timeout)

    def passes(self, milliseconds: int) -> None:
        """Let the reader look for so long."""
        due = time.monotonic() + milliseconds / 1000
        assert self.field.wait_for(lambda: time.monotonic() >= due, milliseconds / 1000 + 5)


@contextmanager
def bench(
    *, patience: Patience = BRISK, interrogator: Interrogator | None = None, uart: Pn532Uart | None = None
) -> Iterator[Bench]:
    """A reader that is ready, with nothing in its field; closed at the end, whatever happened."""
    log = ReaderLog()
    with uart or Pn532Uart() as line:
        reader = NfcReader(line.path, name="door", patience=patience)
        reader.start(log.on_read, log.on_state, interrogator)
        try:
            log.wait_state(ReaderState.READY)
            yield Bench(line, reader, log)
        finally:
            reader.stop()
