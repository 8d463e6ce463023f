"""Waitress on its own thread: serves a WSGI application until it is told to stop."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from waitress import create_server, wasyncore

STOP_SECONDS = 5.0
LOOK_UP_SECONDS = 1.0
"""How long the loop waits for sockets before it looks up; the trigger wakes it sooner."""


class WebThread:
    """One web server; ``before_stop`` ends the answers that never end by themselves (event streams)."""

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 16,
        before_stop: Callable[[], None] | None = None,
    ) -> None:
        """Bind at once, so that a busy port raises ``OSError`` here; port 0 takes any free one."""
        self._before_stop = before_stop
        self._sockets: dict[int, Any] = {}
        try:
            self._server = create_server(
                app, map=self._sockets, host=host, port=port, threads=threads, ident=None
            )
        except OSError:
            wasyncore.close_all(self._sockets)  # waitress leaves them open when the port is taken
            raise
        self.host = host
        self.port = int(self._server.effective_port)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"web-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers, without a final slash."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Begin to answer; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, close every connection, and come back when that is done; once is enough."""
        if self._stopping.is_set():
            return
        if self._before_stop is not None:
            self._before_stop()
        self._stopping.set()
        self._server.pull_trigger()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._server.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        wasyncore.close_all(self._sockets)

    def _run(self) -> None:
        """Waitress's own loop, but one that can be asked to end: sockets close when nobody polls them."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=LOOK_UP_SECONDS, map=self._sockets, count=1)
