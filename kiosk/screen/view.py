"""What the screen shows at one moment: plain values that travel to the browser as JSON in an event stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One large button: ``choice`` is what ``POST /api/choice`` sends back."""

    choice: str
    """``activity:ID`` · ``undo`` · ``end_yes`` · ``end_no`` · ``dismiss`` · ``team_open:PLAN`` ·
    ``team_close:EVENT`` · ``team_except:NUMBER``."""
    zh: str = ""
    """Data in Chinese (an activity's name); empty where the screen has words of its own for the choice."""
    en: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """A person's own hours, in minutes, for that person's eyes."""

    today: int | None
    """None while the clock cannot say which day it is."""
    month: int | None
    total: int
    tapped: int
    witnessed: int
    declared: int
    as_of: int
    """When the server last counted the grades (ms since epoch); the other sums include what followed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Honoured:
    """One person of the honour wall, named as they chose; only people who asked to be on it."""

    name: str
    minutes: int
    team_zh: str = ""
    team_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One tap's outcome in front of the person who tapped."""

    event_id: str
    outcome: str
    """A word of ``server.contract.wire.Shown``."""
    kind: str
    reason: str | None = None
    name: str | None = None
    activity_zh: str | None = None
    activity_en: str | None = None
    minutes: int | None = None
    total_minutes: int | None = None
    at: int = 0
    """When the tap happened; for ``already_done`` when the first one did (ms since epoch)."""
    proposed_end: int | None = None
    """For ``end_proposed``: the planned end of the shift that was left open (ms since epoch)."""
    proposed_activity_zh: str | None = None
    proposed_activity_en: str | None = None
    checkpoint: Mapping[str, Any] | None = None
    """``{"passed": 3, "of": 6, "missing": [{"zh","en"}]}`` on a patrol."""
    mine: Mine | None = None
    member: Choice | None = None
    """Whom a leader has just left out."""
    choices: tuple[Choice, ...] = ()
    choice_seconds: int = 10
    durable: bool = False
    note: str | None = None
    """A second line from a closed list: ``late_end``, ``early``, ``clock_unsynced``, ``name_follows``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A planned turn on the idle screen."""

    zh: str
    en: str
    start: int
    end: int
    need: int
    have: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What the screen says while nobody taps."""

    community_zh: str = ""
    community_en: str = ""
    site_zh: str = ""
    site_en: str = ""
    turns: tuple[Turn, ...] = ()
    online: bool = False
    pending: int = 0
    last_sync_at: int | None = None
    clock: str = "unsynced"
    now: int | None = None
    """The kiosk's own time (ms since epoch); None: this machine's clock serves."""
    zone: str = "Asia/Shanghai"
    contact: str = ""
    honoured: tuple[Honoured, ...] = ()
    desk: bool = False
    """Staff make cards at this reader: taps do not count now."""
    demo: bool = False
    broken: tuple[str, ...] = ()
    """Words of the family ``broken``; each is shown at once, before anyone taps."""
    broken_detail: Mapping[str, str] = field(default_factory=dict)


class Controls(Protocol):
    """What the screen may ask of the kiosk."""

    def status(self) -> dict[str, Any]:
        """The answer of ``GET /api/status`` (design.md §3)."""

    def idle(self) -> Idle:
        """The idle screen as of now."""

    def choose(self, event_id: str, choice: str) -> None:
        """Take a choice; raises ``kiosk.errors.ChoiceRefused`` with a message for the person."""


class Hand(Protocol):
    """The simulated hand above the simulated reader; exists only in a demo."""

    def cards(self) -> list[dict[str, str]]:
        """Cards to pick up: ``{"card","label"}``."""

    def put(self, card: str) -> None:
        """Lay a card on the reader; raises ``kiosk.errors.CardNotFound``."""

    def take(self) -> None:
        """Take it away."""
