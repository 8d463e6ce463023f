"""The closed set of what a tap can come to, and the plain values that deciding reads. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.contract.hours import Hours
from server.contract.rules import OpenShift, Plan
from server.contract.wire import Shown, TapEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, as this kiosk knows it."""

    at: int
    uptime_ms: int
    boot_id: str
    synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCard:
    """What a read turned out to be, once its proof was checked."""

    medium: str
    lookup: str = ""
    card_id: str = ""
    proof: str = "none"
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fault: Shown | None = None
    reason: str | None = None
    genuine: bool = False
    """A key of this community signed it: good even when the list does not know it yet."""
    name: str | None = None
    hours: Hours | None = None
    """What the roster tells this card of its holder's hours."""
    members: Mapping[str, str] = field(default_factory=dict)
    """A leader's planned members by number, named as each of them chose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card as the roster lists it."""

    card_id: str
    volunteer: str
    state: str
    not_after: int | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """Minutes of a shift that ended here and that the roster does not count yet."""

    started_at: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The planned end of a shift that nobody ended: only ever a proposal."""

    shift_id: str
    activity_id: str | None
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A volunteer as the roster lists them: a number and rights, nothing that names a person."""

    number: str
    active: bool = True
    blocked: str | None = None
    trained: frozenset[str] = frozenset()
    leads: tuple[str, ...] = ()
    total: int | None = None
    open: OpenShift | None = None
    passed: frozenset[str] | None = None
    """Sites already passed on the open round; None when the server does not say."""
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one can serve in."""

    activity_id: str
    zh: str
    en: str
    least_proof: str = "uid"
    training: bool = False
    checkpoints: tuple[tuple[str, str, str], ...] = ()
    """Site, Chinese name, English name of each point of a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where this kiosk stands."""

    site_id: str
    role: str = "desk"
    default_activity: str | None = None
    activities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Muster:
    """A team's planned turn that its leader can open for everybody planned."""

    team_id: str
    zh: str
    en: str
    plan: Plan
    members: tuple[str, ...]


class Roster(Protocol):
    """What deciding asks of the roster."""

    @property
    def version(self) -> int:
        """The server's change counter it was made at."""

    @property
    def site(self) -> Site:
        """Where this kiosk stands."""

    def card(self, lookup: str) -> Card | None:
        """A card by its look-up key."""

    def person(self, number: str) -> Person | None:
        """A volunteer by number."""

    def activity(self, activity_id: str | None) -> Activity | None:
        """An activity by id."""

    def plans_of(self, number: str) -> Sequence[Plan]:
        """A person's own plans, from two days back to three ahead."""

    def planned_here(self, at: int) -> frozenset[str]:
        """Activities with a turn at this site at this moment, whoever is planned."""

    def musters_of(self, person: Person) -> Sequence[Muster]:
        """Turns of the teams this person leads."""


class Past(Protocol):
    """An event this kiosk remembers."""

    @property
    def event(self) -> TapEvent:
        """The event as it was stored."""

    @property
    def known_at(self) -> int | None:
        """The roster version from which on the server's roster takes it into account; None before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The tap does nothing; it is journalled all the same, so that staff can restore it."""

    shown: Shown
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A genuine card newer than our list: recorded, the name follows."""

    activity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same intention again within the debounce time."""

    first_at: int
    activity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How much of a patrol round is done."""

    passed: int
    of: int
    missing: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A checkpoint: proof of having been here, never a start or an end."""

    activity_id: str | None
    round: Round | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A shift begins; with a proposal for the one left open before, if there is one."""

    activity_id: str | None
    by: str
    choose: bool = False
    proposal: Proposal | None = None
    early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A shift ends; ``minutes`` is None when the clocks cannot say."""

    activity_id: str | None
    minutes: int | None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """One shift ends and the person's next planned one begins."""

    activity_id: str | None
    by: str
    minutes: int | None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A touch took back the tap, or left one member out of a team's opening or closing."""

    target: str | None = None
    member: str | None = None
    name: str = ""
    """How the member may be named before this leader."""
    stays: bool = False
    """Left out of the closing: goes on serving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A touch chose another activity for the tap."""

    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAgreed:
    """A touch agreed with the proposed end; a leader still has to confirm it."""

    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamOpened:
    """A leader's touch witnesses the planned members' start."""

    muster: Muster
    names: Mapping[str, str] = field(default_factory=dict)
    here: frozenset[str] = frozenset()
    """Members who have tapped themselves: nobody has to look for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamClosed:
    """A leader's touch ends what their team opening opened, and nothing else."""

    opened: str
    activity_id: str | None
    members: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)


Touch = Undone | Changed | EndAgreed | TeamOpened | TeamClosed
Outcome = Refused | Unlisted | Repeated | Passed | Started | Ended | HandedOver | Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One button under an outcome, and what a touch on it means; None: nothing happens."""

    choice: str
    touch: Touch | None
    zh: str = ""
    en: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome, whom it is about, and what may be touched next."""

    outcome: Outcome
    volunteer: str | None
    card_id: str
    offers: tuple[Offer, ...] = ()
    total: int | None = None
    gained: tuple[Gain, ...] = ()
    """What ``total`` has over the roster's word."""


def shown_of(outcome: Outcome) -> Shown:
    """The word of the closed list that the screen shows and the journal keeps."""
    match outcome:
        case Refused(shown=shown):
            return shown
        case Started(choose=choose, proposal=proposal):
            plain = Shown.CHOOSE_ACTIVITY if choose else Shown.SHIFT_STARTED
            return plain if proposal is None else Shown.END_PROPOSED
        case _:
            return _SHOWN[type(outcome)]


_SHOWN: dict[type, Shown] = {
    Unlisted: Shown.ACCEPTED_UNLISTED,
    Repeated: Shown.ALREADY_DONE,
    Passed: Shown.CHECKPOINT_PASSED,
    Ended: Shown.SHIFT_ENDED,
    HandedOver: Shown.HANDED_OVER,
    Undone: Shown.UNDONE,
    Changed: Shown.ACTIVITY_CHANGED,
    EndAgreed: Shown.END_PROPOSED,
    TeamOpened: Shown.TEAM_OPENED,
    TeamClosed: Shown.TEAM_CLOSED,
}
