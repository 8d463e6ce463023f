"""Scanners on a serial port (RS-232, or USB as a virtual port): each code comes as one line."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from hardware.ports import (
    CardRead,
    ContentKind,
    Interrogator,
    LibraryMissing,
    ReaderLost,
    ReaderState,
    SettingWrong,
)
from hardware.reader_thread import ReaderThread, Repeats

LONGEST = 3000
"""Bytes; the largest QR code holds 2,953."""


class LineSplitter:
    """From bytes as they come to whole lines; a line ends with CR, LF or both."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._flood = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take some bytes, and yield each line that they end; empty lines are nothing."""
        self._pending += data
        while ends := [at for at in (self._pending.find(b"\r"), self._pending.find(b"\n")) if at >= 0]:
            line, flood = bytes(self._pending[: min(ends)]), self._flood
            del self._pending[: min(ends) + 1]
            self._flood = False
            if line and not flood and len(line) <= LONGEST:
                yield line
        if len(self._pending) > LONGEST:  # a port set to another speed gives noise without end
            self._pending.clear()
            self._flood = True


class SerialScanner:
    """A scanner on a serial port, as a card reader (``hardware.ports.CardReader``)."""

    def __init__(self, path: str, *, name: str, baud: int = 115200, gone_ms: int = 1500) -> None:
        if baud <= 0 or gone_ms < 0:
            raise SettingWrong("baud is above 0 and gone_ms not below")
        self._serial = _library()
        self.name = name
        self._path, self._baud = path, baud
        self._repeats = Repeats(gone_ms)
        self._thread = ReaderThread(name, self._serve)
        self._on_read: Callable[[CardRead], None] = lambda _read: None

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,  # noqa: ARG002 - a code answers no question
    ) -> None:
        """Begin reading; returns at once."""
        self._on_read = on_read
        self._thread.start(on_state)

    def stop(self) -> None:
        """Stop reading and close the port."""
        self._thread.stop()

    def _serve(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        try:
            # Exclusive: two programs on one port would each get half of every code.
            port = self._serial.Serial(self._path, self._baud, timeout=0.3, exclusive=True)
        except (self._serial.SerialException, ValueError) as error:
            raise ReaderLost(
                f"scanner: {error}; plugged in, held by no other program, kiosk's user in group dialout?"
            ) from error
        with port:
            ready()
            splitter = LineSplitter()
            while not stopping.is_set():
                for line in splitter.feed(self._take(port)):
                    self._deliver(line)

    def _take(self, port: Any) -> bytes:
        try:
            return bytes(port.read(port.in_waiting or 1))
        except (self._serial.SerialException, OSError) as error:
            raise ReaderLost(f"scanner: {error}") from error

    def _deliver(self, line: bytes) -> None:
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        if self._repeats.is_new(line, now):
            self._on_read(
                CardRead(
                    medium="qr",
                    content=line,
                    content_kind=ContentKind.TEXT,
                    evidence={"port": os.path.basename(self._path)},
                    reader=self.name,
                    uptime_ms=now,
                )
            )


def _library() -> Any:
    try:
        return import_module("serial")
    except ImportError as error:
        raise LibraryMissing(f"{error}: a serial scanner needs pip install pyserial") from error
