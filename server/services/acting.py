"""Who acts, when, and with what: passed to every use case, so that none reads a clock or makes an id."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from server.services.keys import Keys

Row = dict[str, Any]


def plain_spelling(name: str) -> tuple[str, str]:
    """Spelling where no dictionary is at hand: Latin letters as they are."""
    words = name.lower().split()
    return " ".join(words), "".join(word[0] for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """One use case's circumstances."""

    by: str
    """The user's name or volunteer's number, ``kiosk:ID``, or ``system``."""
    now: int
    """Milliseconds since the epoch, UTC."""
    ids: Callable[[], str]
    """A fresh UUIDv7."""
    keys: Keys
    entropy: Callable[[int], bytes]
    """So many random bytes, for codes, nonces and card ids."""
    spell: Callable[[str], tuple[str, str]] = plain_spelling
    """A name's pinyin and its initials."""
    volunteer: str | None = None
    """The volunteer's number of whoever acts, so that nobody decides about their own hours."""


class Repository(Protocol):
    """What a use case asks of one table (see server/db/repositories.py)."""

    def get(self, **key: Any) -> Row | None:
        """The one row with these values."""

    def rows(self, *order: str, **where: Any) -> list[Row]:
        """All rows with these values."""

    def between(self, column: str, low: int | str | None, high: int | str | None, **where: Any) -> list[Row]:
        """Rows whose column lies in [low, high)."""

    def last(self, *order: str, **where: Any) -> Row | None:
        """The row that comes last in this order."""

    def count(self, **where: Any) -> int:
        """How many rows have these values."""

    def add(self, rows: Any) -> None:
        """Insert rows."""

    def put(self, rows: Any) -> None:
        """Insert or replace rows."""

    def increase(self, rows: Any) -> None:
        """Insert rows, or add what is no key to those that are there."""

    def set(self, values: Any, **where: Any) -> int:
        """Change columns of rows."""

    def remove(self, **where: Any) -> int:
        """Delete rows."""


class Events(Repository, Protocol):
    """What ingest and projection ask of the table of events."""

    def known(self, event_ids: Any) -> dict[str, tuple[str, str]]:
        """Of these ids, those that are stored: id -> (hash, status)."""

    def neighbours(self, journal: tuple[str, str], low: int, high: int) -> list[tuple[int, str, str]]:
        """Place, prev and hash of what is stored in [low, high] of one journal."""

    def store(self, rows: Any) -> None:
        """Insert new events."""

    def derive(self, rows: Any) -> None:
        """Write derived columns by id."""

    def erase(self, event_ids: Any) -> None:
        """Let salt and bytes of these events be gone."""

    def open_checkpoints(self, before: int) -> list[Row]:
        """Checkpoint taps that are not sealed yet, dated before a moment: when they happened and came."""

    def readings(self, journal: tuple[str, str], low: int) -> list[Row]:
        """The clocks of every readable event of one journal from a place on, in order."""

    def last_believed(self, journal: tuple[str, str], low: int, high: int) -> Row | None:
        """The last event behind ``low``, up to ``high``, whose own clock was synced and believed."""

    def missing_before(self, journal: tuple[str, str], seq: int) -> int | None:
        """The first place of a journal below ``seq`` from which on nothing is stored."""

    def about(self, targets: Any) -> list[Row]:
        """Touches that speak about these events or shifts."""

    def of_people(self, people: Any, low: int | None, high: int | None) -> list[Row]:
        """Events of these people, and those that name them, at corrected times in [low, high)."""


class Shifts(Repository, Protocol):
    """What a projection asks of the table of shifts."""

    def unsettled(self, people: Any = None) -> list[Row]:
        """Shifts that time alone can change: of these people, or of everybody."""


class Clocks(Repository, Protocol):
    """What the correction of times asks of the table of clock samples."""

    def anchors(self, journal: tuple[str, str], top: int, before: int, places: int) -> list[Row]:
        """Events up to a place that were the last of their boot when it was sampled, latest first."""

    def near(self, journal: tuple[str, str], known: Row, low: int, boots: Any) -> list[Row]:
        """What ``server.domain.time.correct_after`` asks for, from a place and a known event on."""


class PeopleRead(Protocol):
    """What a roster reads about everybody at once (server/db/views/people.py)."""

    def credited(self, first: str, today: str) -> list[Row]:
        """Of everybody who served since a day: minutes credited since then (``month``) and ``today``."""


class Reads(Protocol):
    """Read queries, by subject."""

    @property
    def people(self) -> PeopleRead:
        """Volunteers."""


class Uow(Protocol):
    """One transaction in one community, as use cases see it (server/db/unit_of_work.py)."""

    community_id: str

    def become(self, community_id: str) -> None:
        """Go on in another community."""

    @property
    def clocks(self) -> Clocks:
        """Clock samples."""

    @property
    def events(self) -> Events:
        """Tap events."""

    @property
    def shifts(self) -> Shifts:
        """Derived shifts."""

    @property
    def views(self) -> Reads:
        """Read queries that no single table answers."""

    def rows(self, name: str) -> Repository:
        """The repository of a table, by name."""

    def commit(self) -> None:
        """Make everything durable."""

    def lock(self) -> None:
        """Let one writer at a time into this community."""

    def strangers(self) -> list[tuple[str, str]]:
        """Rows of communities that do not exist: (table, community)."""

    def bump(self) -> None:
        """Raise the community's change counter."""
