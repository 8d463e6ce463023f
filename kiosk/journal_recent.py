"""The journal's newest events in memory, found by person or card without looking at the others."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator

from kiosk.ports import Remembered
from server.contract.wire import TapEvent

REMEMBERED = 5000
"""Events kept in memory for deciding: far more than three days of one door."""
_TEAM = ("team", "")


class Recent:
    """The newest events, oldest first, and since which roster version each is known to the server."""

    def __init__(self, entries: Iterable[Remembered] = (), *, most: int = REMEMBERED) -> None:
        """``entries`` as they were stored; the oldest over ``most`` are forgotten."""
        self._most, self._count = most, 0
        self._all: deque[TapEvent] = deque()
        self._known: dict[str, int | None] = {}
        self._filed: dict[tuple[str, str], deque[tuple[int, TapEvent]]] = defaultdict(deque)
        for entry in entries:
            self.add(entry.event)
            self._known[entry.event.event_id] = entry.known_at

    @property
    def last(self) -> TapEvent | None:
        """The newest event."""
        return self._all[-1] if self._all else None

    def add(self, event: TapEvent) -> None:
        """File a new event."""
        self._count += 1
        self._all.append(event)
        self._known[event.event_id] = None
        for key in _keys(event):
            self._filed[key].append((self._count, event))
        if len(self._all) > self._most:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        event = self._all.popleft()
        self._known.pop(event.event_id, None)
        for key in _keys(event):
            self._filed[key].popleft()
            if not self._filed[key]:
                del self._filed[key]

    def know(self, event_id: str, version: int) -> None:
        """From this roster version on the server takes the event into account."""
        if event_id in self._known:
            self._known[event_id] = version

    def of(self, volunteer: str | None, card_id: str, others: Collection[str] = ()) -> list[Remembered]:
        """The events of one person or card, of ``others``, and every team event, in order."""
        keys = [_TEAM, *_owners(volunteer, card_id), *(("person", number) for number in others)]
        found = {number: event for key in keys for number, event in self._filed.get(key, ())}
        return [Remembered(found[n], self._known.get(found[n].event_id)) for n in sorted(found)]


def _owners(volunteer: str | None, card_id: str) -> Iterator[tuple[str, str]]:
    if volunteer is not None:
        yield "person", volunteer
    if card_id:
        yield "card", card_id


def _keys(event: TapEvent) -> Iterator[tuple[str, str]]:
    """Under what an event is filed."""
    yield from _owners(event.volunteer, event.card_id)
    if event.members or event.action.startswith("team_"):
        yield _TEAM
