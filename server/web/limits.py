"""How often one caller may ask, how many are let in at once; over it, 429 with the seconds to wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
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
        self._counts: dict[bytes, int] = {}
        self._window = 0

    @property
    def callers(self) -> int:
        """How many are remembered."""
        return len(self._counts)

    def take(self, caller: str) -> None:
        """Count one request; :class:`TooMany` when there were too many in this minute."""
        who = _short(caller)
        now = self._clock()
        window = now // WINDOW_MS
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts[who] = self._counts.get(who, 0) + 1
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
        self._waiting: dict[bytes, int] = {}

    @contextmanager
    def passing(self, caller: str) -> Iterator[None]:
        """Be one of those inside; :class:`TooMany` when there are enough."""
        who = _short(caller)
        with self._lock:
            if self._inside >= self._at_once:
                raise TooMany(self._turn(who))
            self._waiting.pop(who, None)
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

    def _turn(self, who: bytes) -> int:
        now = self._clock()
        if len(self._waiting) > MAX_CALLERS:
            self._waiting = {one: due for one, due in self._waiting.items() if due > now}
        if who in self._waiting and self._waiting[who] <= now + 1000 * LEAST_WAIT:
            return LEAST_WAIT
        turn = max(now + 1000 * LEAST_WAIT, min(self._next, now + 1000 * MOST_WAIT))
        self._next = min(turn + int(self._stay / self._at_once), now + 1000 * MOST_WAIT)
        self._waiting[who] = turn
        return _seconds(turn - now)


def _short(caller: str) -> bytes:
    """What stands for a caller, whose name is often a stranger's: of any length, in no encoding at times."""
    return blake2b(caller.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _seconds(ms: int) -> int:
    return min(MOST_WAIT, max(LEAST_WAIT, -(-ms // 1000)))
