"""A serial line to a simulated PN532: a pseudo-terminal whose other end real drivers open; needs no root."""

import logging
import os
import select
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from hardware.simulated.field import Field
from hardware.simulated.pn532 import Pn532Chip

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LineFaults:
    """What is wrong with the line; may be changed while it runs."""

    mute: bool = False
    """Nothing comes back, and nothing arrives."""
    bad_checksums: int = 0
    """So many of the next answers have a wrong data checksum."""
    seconds_per_byte: float = 0.0
    """A slow line: pause before each byte the chip says."""


class Pn532Uart:
    """A PN532 on a pseudo-terminal; ``path`` is what a driver opens, as long as this lives.

    ``paced`` makes bytes take their time on a wire (ten bits each), for benchmarks: at the rate the driver
    sets, or always at ``baud``, as behind a Pi's mini UART that can do no more than 115200.
    ``link`` is a name that stays when the line is unplugged and plugged in again.
    """

    def __init__(
        self,
        field: Field | None = None,
        *,
        paced: bool = False,
        baud: int | None = None,
        link: Path | None = None,
    ) -> None:
        self.field = field or Field()
        self.faults = LineFaults()
        self._paced, self._baud, self._link = paced, baud, link
        self._stop = threading.Event()
        self.chip = Pn532Chip(self.field, wait=self._stop.wait)
        self._thread: threading.Thread | None = None
        self._master = self._slave = self._wake_read = self._wake_write = -1
        self.path = ""
        self.plug()

    def __enter__(self) -> "Pn532Uart":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """Connect the line; the chip starts as after power-on."""
        if self._thread is not None:
            return
        self._stop.clear()
        self.chip = Pn532Chip(self.field, wait=self._stop.wait)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # a line discipline would echo and translate
        self._wake_read, self._wake_write = os.pipe()
        self.path = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        self._thread = threading.Thread(target=self._run, name="simulated-pn532", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the plug: whoever holds the path gets input/output errors."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        os.write(self._wake_write, b".")
        thread.join()
        for descriptor in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(descriptor)
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    close = unplug

    def _run(self) -> None:
        while not self._stop.is_set():
            ready, _, _ = select.select([self._master, self._wake_read], [], [])
            if self._master not in ready:
                continue
            data = os.read(self._master, 4096)
            if self.faults.mute:
                continue
            self._pace(len(data))
            for said in self.chip.feed(data):
                self._say(said)

    def _pace(self, count: int) -> None:
        if self._paced:
            _exactly(count * 10 / (self._baud or self.chip.baud), self._stop.wait)

    def _say(self, data: bytes) -> None:
        if self.faults.bad_checksums > 0 and len(data) > 6:
            self.faults.bad_checksums -= 1
            data = data[:-2] + bytes((data[-2] ^ 0x5A,)) + data[-1:]
        if self.faults.seconds_per_byte:
            for byte in data:
                self._stop.wait(self.faults.seconds_per_byte)
                os.write(self._master, bytes((byte,)))
            return
        self._pace(len(data))
        os.write(self._master, data)


def _exactly(seconds: float, wait: Callable[[float], object]) -> None:
    """Wait to within some microseconds: the scheduler alone would double the time of a short frame."""
    due = time.perf_counter() + seconds
    if seconds > 0.002:
        wait(seconds - 0.001)
    while time.perf_counter() < due:
        pass
