"""How often one caller may ask; over it, 429 with the seconds to wait."""

from collections.abc import Callable
from threading import Lock

from server.errors import TooMany

WINDOW_MS = 60_000
MAX_CALLERS = 10_000


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
