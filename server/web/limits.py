"""How often one caller may ask, how many push at once; over it, 429 with the seconds to wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from flask import Flask

from server.errors import TooMany

WINDOW_MS = 60_000
MAX_CALLERS = 10_000
LEAST_WAIT, MOST_WAIT = 2, 60
A_SECOND = 4
"""So many who were turned away cost one second more of waiting."""


def clock_of(app: Flask) -> Callable[[], int]:
    """The application's clock, whichever it has when it is asked."""
    return lambda: int(app.extensions["yika"].clock())


class Allowance:
    """So many requests a minute for each caller, counted in this process."""

    def __init__(self, per_minute: int, clock: Callable[[], int]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[str, tuple[int, int]] = {}

    def take(self, caller: str) -> None:
        """Count one request; :class:`TooMany` when there were too many in this minute."""
        now = self._clock()
        window = now // WINDOW_MS
        with self._lock:
            if len(self._counts) > MAX_CALLERS:
                self._counts = {who: seen for who, seen in self._counts.items() if seen[0] == window}
            started, count = self._counts.get(caller, (window, 0))
            count = count + 1 if started == window else 1
            self._counts[caller] = (window, count)
        if count > self._per_minute:
            raise TooMany(max(1, (WINDOW_MS - now % WINDOW_MS + 999) // 1000))


class Gate:
    """So many at once; whoever finds it full comes back later, and the later the more were turned away.

    When every kiosk of a town comes back after an outage, a request that waits holds a thread until its kiosk
    gives up, and then comes again: work for nothing. One that is refused at once costs next to nothing.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._lock = Lock()
        self._inside = 0
        self._turned_away = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be one of those inside; :class:`TooMany` when there are enough."""
        with self._lock:
            if self._inside >= self._at_once:
                self._turned_away = min(self._turned_away + 1, MOST_WAIT * A_SECOND)
                raise TooMany(min(MOST_WAIT, LEAST_WAIT + self._turned_away // A_SECOND))
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._turned_away = max(0, self._turned_away - 1)
