"""One direction of syncing on its own thread: tries, waits with jitter when it fails, and can be woken."""

import logging
import threading
from collections.abc import Callable

from kiosk.ports import Busy, Trouble

log = logging.getLogger(__name__)
POLL_SECONDS = 3.0
FIRST_DELAY, MOST_DELAY = 1.0, 60.0
TAP_GAP = 2.0
"""While offline a tap asks again at once, but not more often than this."""
AFTER_A_FAULT = 30.0


class Lane:
    """Calls ``attempt`` now, and again and again until stopped."""

    def __init__(
        self,
        attempt: Callable[[], Trouble | None],
        random: Callable[[], float],
        condition: Callable[[], threading.Condition] = threading.Condition,
    ) -> None:
        """``random`` gives numbers from 0 to 1 for the jitter; ``condition`` makes what it waits on."""
        self._attempt, self._random = attempt, random
        self._changed = condition()
        self._woken = self._stopping = False
        self._failures = 0

    def wake(self) -> None:
        """There is something to do."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End :meth:`run` soon."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping:
            with self._changed:
                self._woken = False
            try:
                self._wait(*self.delay(self._attempt()))
            except Exception:
                # A fault of ours must not end the thread: what is in the journal has to leave some day.
                log.exception("syncing failed; it begins again")
                self._wait(AFTER_A_FAULT, AFTER_A_FAULT)

    def _wait(self, delay: float, deaf: float) -> None:
        """Wait ``delay`` seconds; in the first ``deaf`` of them nobody can wake us."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._stopping, deaf):
                self._changed.wait_for(lambda: self._stopping or self._woken, delay - deaf)

    def delay(self, trouble: Trouble | None) -> tuple[float, float]:
        """How long to wait after an attempt, and how long of that a tap must wait too."""
        if trouble is None:
            self._failures = 0
            return POLL_SECONDS, 0.0
        self._failures += 1
        if isinstance(trouble, Busy):
            # Spread out behind what was asked for: every kiosk of a town may have been told the same second.
            patience = trouble.retry_after * (1 + self._random() / 2)
            return patience, patience
        highest = min(MOST_DELAY, FIRST_DELAY * 2 ** min(self._failures, 10))
        delay = FIRST_DELAY / 2 + self._random() * highest
        return delay, min(TAP_GAP, delay)
