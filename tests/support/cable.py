"""A network cable between a kiosk and its server that a test can cut: whoever speaks then hears nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65_536


class Cable:
    """A relay on a port of its own; cut, it refuses newcomers and hangs up on everybody."""

    def __init__(self, port: int) -> None:
        """``port`` is the server's; our own is found at once, and stays while the cable is cut."""
        self._server_port = port
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._whole = True
        self.refused = 0
        """Connections that were tried while the cable was cut."""
        threading.Thread(target=self._accept, name="cable", daemon=True).start()

    @property
    def url(self) -> str:
        """Where the server seems to be."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Nothing passes any more."""
        with self._lock:
            self._whole = False
            ends, self._ends = self._ends, []
        for end in ends:
            _hang_up(end)

    def mend(self) -> None:
        """Newcomers are let through again."""
        with self._lock:
            self._whole = True

    def close(self) -> None:
        """Away with it."""
        self.cut()
        _hang_up(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if not self._whole:
                    self.refused += 1
                    near.close()
                    continue
            with suppress(OSError):
                self._join(near, socket.create_connection(("127.0.0.1", self._server_port)))

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            if not self._whole:  # cut while the server was being called
                _hang_up(near)
                _hang_up(far)
                return
            self._ends += [near, far]
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=_carry, args=(source, sink), name="cable", daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    _hang_up(source)
    _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def cable_to(port: int) -> Iterator[Cable]:
    """A whole cable to a server's port."""
    cable = Cable(port)
    try:
        yield cable
    finally:
        cable.close()
