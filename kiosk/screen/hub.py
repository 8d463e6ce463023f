"""Where a tap's result meets the browsers that show it: the tap never waits, the browsers always catch up."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from kiosk.screen.view import Result

MOST_SUBSCRIBERS = 8
"""One screen and a few curious hands; the oldest makes room, so that they never eat all web threads."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a subscriber was told last."""

    result: int = 0
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Update:
    """What there is to tell now: the latest result with its age, if it is newer than what was seen."""

    seen: Seen
    result: Result | None
    age_ms: int
    serial: str
    """Names this showing of the result, so that a browser that comes back does not show it again."""
    idle_changed: bool


class Subscription:
    """One browser's place at the hub; used by one thread."""

    def __init__(self, hub: "ScreenHub") -> None:
        """Begin having seen nothing, so that the first update carries the current view."""
        self._hub = hub
        self._seen = Seen()

    def next(self, timeout: float) -> Update | None:
        """Wait for something new: None when ``timeout`` seconds passed without; raises :class:`HubClosed`."""
        update = self._hub._wait(self, self._seen, timeout)
        if update is not None:
            self._seen = update.seen
        return update

    def close(self) -> None:
        """Leave the hub."""
        self._hub._leave(self)


class HubClosed(Exception):
    """The kiosk is stopping, or this subscriber had to make room for a newer one."""


class ScreenHub:
    """The latest view and who watches it: a slow one skips to the newest result, a dead one is dropped."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``monotonic`` measures how old a result is, in seconds."""
        self._monotonic = monotonic
        self._run = token_hex(4)
        self._changed = threading.Condition()
        self._subscribers: list[Subscription] = []
        self._result: Result | None = None
        self._shown_at = 0.0
        self._latest = Seen(result=0, idle=1)
        self._closed = False

    def publish(self, result: Result) -> None:
        """Show a tap's result now; never waits for a browser."""
        with self._changed:
            self._result = result
            self._shown_at = self._monotonic()
            self._latest = Seen(result=self._latest.result + 1, idle=self._latest.idle)
            self._changed.notify_all()

    def idle_changed(self) -> None:
        """Say that the idle screen should be asked for again."""
        with self._changed:
            self._latest = Seen(result=self._latest.result, idle=self._latest.idle + 1)
            self._changed.notify_all()

    def subscribe(self) -> Subscription:
        """A new watcher; raises :class:`HubClosed` when the kiosk is stopping."""
        subscription = Subscription(self)
        with self._changed:
            if self._closed:
                raise HubClosed
            self._subscribers.append(subscription)
            del self._subscribers[:-MOST_SUBSCRIBERS]
            self._changed.notify_all()
        return subscription

    def close(self) -> None:
        """Send every watcher away, for good."""
        with self._changed:
            self._closed = True
            self._subscribers.clear()
            self._changed.notify_all()

    @property
    def watchers(self) -> int:
        """How many browsers watch."""
        with self._changed:
            return len(self._subscribers)

    def _leave(self, subscription: Subscription) -> None:
        with self._changed:
            if subscription in self._subscribers:
                self._subscribers.remove(subscription)

    def _wait(self, subscription: Subscription, seen: Seen, timeout: float) -> Update | None:
        def ready() -> bool:
            return subscription not in self._subscribers or self._latest != seen

        with self._changed:
            if not self._changed.wait_for(ready, timeout):
                return None
            if subscription not in self._subscribers:
                raise HubClosed
            latest = self._latest
            age_ms = round((self._monotonic() - self._shown_at) * 1000)
            result = self._result if latest.result != seen.result else None
            serial = f"{self._run}-{latest.result}"
            return Update(latest, result, age_ms, serial, latest.idle != seen.idle)
