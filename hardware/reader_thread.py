"""What every reader's thread does alike: open, say ready, serve, say lost, wait, open again."""

import logging
import threading
from collections.abc import Callable

from hardware.ports import LibraryMissing, ReaderLost, ReaderState

log = logging.getLogger(__name__)

OnState = Callable[[str, ReaderState], None]
Session = Callable[[threading.Event, Callable[[], None]], None]
"""Opens the device, calls its second argument whenever the device is known to answer, serves until the event
is set, and closes the device; raises :class:`ReaderLost` or OSError when the device is gone. Looks at the
event at least every half second."""

BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0)


class ReaderThread:
    """Keeps one session going on a thread of its own, for as long as the kiosk runs."""

    def __init__(self, name: str, session: Session, *, backoff: tuple[float, ...] = BACKOFF) -> None:
        self._name, self._session, self._backoff = name, session, backoff
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._state: ReaderState | None = None
        self._on_state: OnState = lambda _name, _state: None
        self._thread: threading.Thread | None = None

    def start(self, on_state: OnState) -> None:
        """Begin; returns at once."""
        self._stopping.clear()
        self._on_state, self._state = on_state, None
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self, *, seconds: float = 1.8) -> None:
        """End the session; a driver that hangs is left behind, for the kiosk must come down in time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                log.warning("%s still hangs in its driver", self._name)
            self._thread = None

    def tell(self, state: ReaderState) -> None:
        """Pass a state on when it is a new one."""
        with self._lock:
            changed, self._state = state is not self._state, state
        if changed:
            self._on_state(self._name, state)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            answered = False

            def ready() -> None:
                nonlocal answered
                answered = True
                self.tell(ReaderState.READY)

            try:
                self._session(self._stopping, ready)
            except (ReaderLost, LibraryMissing, OSError) as error:
                log.warning("%s: %s", self._name, error)
            if self._stopping.is_set():
                return
            self.tell(ReaderState.LOST)
            failures = 0 if answered else failures
            self._stopping.wait(self._backoff[min(failures, len(self._backoff) - 1)])
            failures += 1


class Repeats:
    """Tells a card that is still there from one that came back."""

    def __init__(self, gone_ms: int) -> None:
        self._gone_ms = gone_ms
        self._last: tuple[bytes, int] | None = None

    def is_new(self, content: bytes, now: int) -> bool:
        """Whether this is a new presentation; ``now`` is any clock in milliseconds."""
        same = self._last is not None and self._last[0] == content and now - self._last[1] < self._gone_ms
        self._last = (content, now)
        return not same
