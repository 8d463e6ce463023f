"""A camera reader in a process of its own: no picture and no driver can crash the kiosk or hang it.

Camera drivers, OpenCV and zxing-cpp are native code: a fault there ends the process it happens in, and a
thread that hangs in it can never be ended. A process can. The child does everything from the frame to the
code, so no picture crosses over; it is ended when it falls silent, started again when it fell, and it ends by
itself when the kiosk goes.

One line of JSON each way, the child's on its standard output:

    to the child    {"source", "name", "settings"}, once; the end of the stream asks it to stop
    to the kiosk    {"state": "ready" | "lost"}   {"code": HEX, "evidence", "uptime_ms"}
                    {"alive": true}, twice a second   {"missing": TEXT}, a library that does not load
"""

import contextlib
import dataclasses
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from hardware.ports import CardRead, ContentKind, Interrogator, LibraryMissing, ReaderLost, ReaderState
from hardware.qr_frames import CameraSettings
from hardware.reader_thread import ReaderThread

log = logging.getLogger(__name__)

ALIVE_SECONDS = 0.5
STARTING_SECONDS = 60.0
"""A board that starts everything at once may load OpenCV for as long as this."""
LEAVE_SECONDS = 1.0
"""The child has this long to close its camera; then it is ended, which closes it too."""
HUNG_EXIT = 3
ROOT = Path(__file__).parent.parent
TRY = "import cv2, numpy, zxingcpp"


class CameraProcess:
    """A camera as a card reader (``hardware.ports.CardReader``); the work is done by a child process."""

    def __init__(self, source: str, *, name: str, settings: CameraSettings | None = None) -> None:
        self.name = name
        self._settings = settings or CameraSettings()
        self._order = {
            "source": str(source),
            "name": name,
            "settings": dataclasses.asdict(self._settings),
        }
        _check_libraries()
        self._on_read: Callable[[CardRead], None] = lambda _read: None
        self._thread = ReaderThread(name, self._serve)
        self.child: int | None = None
        """The process's id while there is one; for selftest and tests."""

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,  # noqa: ARG002 - a printed code answers no question
    ) -> None:
        """Begin reading; returns at once."""
        self._on_read = on_read
        self._thread.start(on_state)

    def stop(self) -> None:
        """Stop reading; the child closes its camera or is ended."""
        self._thread.stop()

    def _serve(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        child = _spawn("-m", "hardware.qr_process")
        self.child = child.pid
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(self._order).encode() + b"\n")
            child.stdin.flush()
            for message in self._messages(child, stopping):
                self._hear(message, ready)
        finally:
            self.child = None
            _end(child)

    def _messages(
        self, child: subprocess.Popen[bytes], stopping: threading.Event
    ) -> Iterator[Mapping[str, Any]]:
        """What the child says until the reader stops; raises :class:`ReaderLost` when it will say no more."""
        assert child.stdout is not None
        pipe, rest = child.stdout.fileno(), b""
        heard, patience = time.monotonic(), STARTING_SECONDS
        while not stopping.is_set():
            if not select.select([pipe], [], [], 0.25)[0]:
                if time.monotonic() - heard > patience:
                    raise ReaderLost("the camera's process hangs: it is ended and started again")
                continue
            came = os.read(pipe, 65536)
            if not came:
                raise ReaderLost(_farewell(child))
            heard, patience = time.monotonic(), self._settings.hung_ms / 1000
            *lines, rest = (rest + came).split(b"\n")
            yield from (json.loads(line) for line in lines)

    def _hear(self, message: Mapping[str, Any], ready: Callable[[], None]) -> None:
        if "missing" in message:
            raise LibraryMissing(message["missing"])
        if "code" in message:
            self._on_read(
                CardRead(
                    medium="qr",
                    content=bytes.fromhex(message["code"]),
                    content_kind=ContentKind.TEXT,
                    evidence=message["evidence"],
                    reader=self.name,
                    uptime_ms=message["uptime_ms"],
                )
            )
        elif message.get("state") == ReaderState.READY:
            ready()
        elif message.get("state") == ReaderState.LOST:
            self._thread.tell(ReaderState.LOST)


def _spawn(*arguments: str) -> subprocess.Popen[bytes]:
    """A child of this Python that finds this package; a session of its own keeps Ctrl-C from it."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def _check_libraries() -> None:
    """A missing library is told at once, not from a thread; tried in a process that may fall."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", TRY], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise LibraryMissing(
            f"{said[-1] if said else done.returncode}: the camera needs pip install 'yika[kiosk]', and from "
            "apt libgl1 and libglib2.0-0"
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; end it when it does not."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(BrokenPipeError):  # it has gone already
        child.stdin.close()
    try:
        child.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    child.stdout.close()


def _farewell(child: subprocess.Popen[bytes]) -> str:
    code = child.wait()
    why = "its driver or its decoder hung" if code == HUNG_EXIT else f"exit code {code}"
    return f"the camera's process ended ({why}): it is started again"


def main() -> None:
    """The child: read as told on standard input until that ends."""
    lines = _private_output()
    telling = threading.Lock()

    def tell(**message: Any) -> None:
        with telling:
            lines.write(json.dumps(message) + "\n")
            lines.flush()

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    order = json.loads(sys.stdin.buffer.readline())
    try:
        from hardware.qr_camera import CameraReader  # here: what it loads takes a while, and may be missing

        reader = CameraReader(
            order["source"], name=order["name"], settings=CameraSettings(**order["settings"])
        )
    except LibraryMissing as error:
        tell(missing=str(error))
        return
    reader.start(
        lambda read: tell(code=read.content.hex(), evidence=dict(read.evidence), uptime_ms=read.uptime_ms),
        lambda _name, state: tell(state=state.value),
    )
    try:
        while not select.select([sys.stdin], [], [], ALIVE_SECONDS)[0]:
            if reader.hangs():
                os._exit(HUNG_EXIT)  # a thread that hangs in native code lets no ordinary exit pass
            tell(alive=True)
    except BrokenPipeError:
        os._exit(0)  # the kiosk has gone without a word
    reader.stop()
    os._exit(0)


def _private_output() -> IO[str]:
    """Standard output for our lines alone; whatever a library prints there goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return lines


if __name__ == "__main__":
    main()
