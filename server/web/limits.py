"""How often one caller may ask, how many are let in at once; over it, 429 with the seconds to wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from flask import Flask

from server.errors import TooMany

WINDOW_MS = 60_000
MAX_CALLERS = 10_000
LEAST_WAIT, MOST_WAIT = 2, 300
CAN_WAIT = 30
"""Seconds that something which can wait is put off at least: to ask again costs the server work as well."""
A_GUESS = 1_000.0
"""Milliseconds that one stays inside, before anyone did."""
A_FEW = 8
"""How many stays the expected one is averaged over."""


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
    """So many at once; whoever finds it full is given a turn, as many seconds away as the line is long.

    When every kiosk of a town comes back after an outage, a request that waits holds a thread until its kiosk
    gives up, and then comes again: work for nothing. One that is refused at once costs next to nothing, and
    comes again when there is likely to be room: turns are as far apart as one who is let in needs. Whoever
    had waited and finds it full all the same is not sent to the end of the line.
    """

    def __init__(self, at_once: int, clock: Callable[[], int]) -> None:
        self._at_once = at_once
        self._clock = clock
        self._lock = Lock()
        self._inside = 0
        self._stay = A_GUESS
        self._next = 0
        self._waiting: dict[str, int] = {}

    @contextmanager
    def passing(self, caller: str) -> Iterator[None]:
        """Be one of those inside; :class:`TooMany` when there are enough."""
        with self._lock:
            if self._inside >= self._at_once:
                raise TooMany(self._turn(caller))
            self._waiting.pop(caller, None)
            self._inside += 1
        came = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._stay += (max(0, self._clock() - came) - self._stay) / A_FEW

    @property
    def waiting(self) -> int:
        """How many were given a turn and did not come yet."""
        return len(self._waiting)

    def pause(self) -> int | None:
        """Seconds after which to ask for something that can wait; None when nobody stands in line."""
        with self._lock:
            ahead = self._next - self._clock()
            return None if ahead <= 0 else max(CAN_WAIT, _seconds(ahead))

    def _turn(self, caller: str) -> int:
        now = self._clock()
        if len(self._waiting) > MAX_CALLERS:
            self._waiting = {who: due for who, due in self._waiting.items() if due > now}
        if caller in self._waiting and self._waiting[caller] <= now + 1000 * LEAST_WAIT:
            return LEAST_WAIT
        turn = max(now + 1000 * LEAST_WAIT, min(self._next, now + 1000 * MOST_WAIT))
        self._next = min(turn + int(self._stay / self._at_once), now + 1000 * MOST_WAIT)
        self._waiting[caller] = turn
        return _seconds(turn - now)


def _seconds(ms: int) -> int:
    return min(MOST_WAIT, max(LEAST_WAIT, -(-ms // 1000)))
