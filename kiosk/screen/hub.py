"""Where a tap's result meets the browsers that show it: the tap never waits, the browsers always catch up."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from kiosk.screen.view import Result

MOST_SUBSCRIBERS = 8
"""One screen and a few curious hands; the oldest makes room, so that they never eat all web threads."""


MOST_KEPT = 16
"""Results that a watcher which slept can still catch up with; older ones are in the journal alone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a subscriber was told last."""

    result: int = 0
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One showing of a result."""

    result: Result
    age_ms: int
    serial: str
    """Names this showing, so that a browser that comes back does not show it again."""


@dataclass(frozen=True, slots=True)
class Update:
    """What there is to tell now: each result since what was seen, in the order of the taps."""

    seen: Seen
    told: tuple[Told, ...]
    idle_changed: bool

    @property
    def result(self) -> Result | None:
        """The newest of them, if there is one."""
        return self.told[-1].result if self.told else None


@dataclass(frozen=True, slots=True)
class _Showing:
    number: int
    result: Result
    at: float


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
    """The latest results and who watches: each is told every tap; who comes new, the last one."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``monotonic`` measures how old a result is, in seconds."""
        self._monotonic = monotonic
        self._run = token_hex(4)
        self._changed = threading.Condition()
        self._subscribers: list[Subscription] = []
        self._showings: deque[_Showing] = deque(maxlen=MOST_KEPT)
        self._latest = Seen(result=0, idle=1)
        self._closed = False

    def publish(self, result: Result) -> None:
        """Show a tap's result now; never waits for a browser."""
        with self._changed:
            number = self._latest.result + 1
            self._showings.append(_Showing(number, result, self._monotonic()))
            self._latest = Seen(result=number, idle=self._latest.idle)
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
            return Update(latest, self._told(seen), latest.idle != seen.idle)

    def _told(self, seen: Seen) -> tuple[Told, ...]:
        now = self._monotonic()
        newer = [showing for showing in self._showings if showing.number > seen.result]
        if seen == Seen():
            del newer[:-1]  # who comes new was not there when the others tapped
        return tuple(
            Told(each.result, round((now - each.at) * 1000), f"{self._run}-{each.number}") for each in newer
        )
