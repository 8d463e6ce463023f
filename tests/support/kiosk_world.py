"""A small world for the kiosk's rules: one site, two activities, a person, plans, and taps remembered."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.outcomes import Activity, Card, Moment, Muster, Person, SeenCard, Site
from kiosk.ports import Remembered
from server.contract.rules import HOUR, MINUTE, Plan, Policy
from server.contract.wire import TapEvent, uuid7

AT = 1_790_000_000_000
NUMBER = "M0001"
DUTY = Activity(activity_id="duty", zh="值班", en="General duty")
HUT = Activity(activity_id="hut", zh="健康小屋", en="Health hut")


def now(after: int = 0, *, synced: bool = True, boot: str = "b1") -> Moment:
    """The moment ``after`` milliseconds behind ``AT``."""
    return Moment(at=AT + after, uptime_ms=10 * HOUR + after, boot_id=boot, synced=synced)


def card(**fields: Any) -> SeenCard:
    """A printed card, well signed."""
    given = {"medium": "qr", "lookup": "L1", "card_id": "c1", "proof": "static", "genuine": True}
    return SeenCard(**(given | fields))


def plan(start: int, end: int, *, plan_id: str = "p1", activity: str = "hut", site: str = "s1") -> Plan:
    """A turn from ``start`` to ``end`` minutes behind ``AT``."""
    return Plan(
        plan_id=plan_id,
        activity_id=activity,
        site_id=site,
        start=AT + start * MINUTE,
        end=AT + end * MINUTE,
    )


@dataclass
class FakeRoster:
    """``kiosk.outcomes.Roster`` in memory."""

    version: int = 10
    site: Site = field(
        default_factory=lambda: Site(site_id="s1", default_activity="duty", activities=("duty",))
    )
    cards: dict[str, Card] = field(
        default_factory=lambda: {"L1": Card(card_id="c1", volunteer=NUMBER, state="active")}
    )
    people: dict[str, Person] = field(default_factory=lambda: {NUMBER: Person(number=NUMBER, total=600)})
    activities: dict[str, Activity] = field(default_factory=lambda: {"duty": DUTY, "hut": HUT})
    plans: dict[str, Sequence[Plan]] = field(default_factory=dict)
    here: frozenset[str] = frozenset()
    musters: list[Muster] = field(default_factory=list)

    def card(self, lookup: str) -> Card | None:
        return self.cards.get(lookup)

    def person(self, number: str) -> Person | None:
        return self.people.get(number)

    def activity(self, activity_id: str | None) -> Activity | None:
        return self.activities.get(activity_id or "")

    def plans_of(self, number: str) -> Sequence[Plan]:
        return self.plans.get(number, ())

    def planned_here(self, at: int) -> frozenset[str]:
        return self.here

    def musters_of(self, person: Person) -> Sequence[Muster]:
        return [muster for muster in self.musters if muster.team_id in person.leads]

    def with_person(self, **fields: Any) -> "FakeRoster":
        """The same world with another state of the person."""
        self.people[NUMBER] = replace(self.people[NUMBER], **fields)
        return self

    def with_site(self, **fields: Any) -> "FakeRoster":
        """The same world at another kind of site."""
        self.site = replace(self.site, **fields)
        return self


_count = 0


def tap(after: int, shown: str, *, known_at: int | None = None, **fields: Any) -> Remembered:
    """A tap of M0001 ``after`` milliseconds behind ``AT``, as the kiosk remembers it."""
    given = {
        "event_id": uuid7(AT + after, abs(hash((after, shown))).to_bytes(10, "big")),
        "kiosk_id": "k1",
        "journal_id": "j1",
        "seq": 1,
        "boot_id": "b1",
        "uptime_ms": 10 * HOUR + after,
        "wall": AT + after,
        "clock": "synced",
        "card_id": "c1",
        "medium": "qr",
        "proof": "static",
        "volunteer": NUMBER,
        "activity_id": "duty",
        "shown": shown,
    }
    return Remembered(TapEvent(**(given | fields)), known_at)


def touch(after: int, shown: str, action: str, target: str | None, **fields: Any) -> Remembered:
    """A touch about an earlier event."""
    return tap(after, shown, medium="touch", action=action, target=target, **fields)


POLICY = Policy()
