"""Typed reading of a roster's entries: what ``kiosk.outcomes.Roster`` promises, over a flat map."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.outcomes import Activity, Card, Muster, Person, Proposal, Site
from kiosk.ports import Sealed
from kiosk.screen.view import Honoured
from server.contract.rules import OpenShift, Plan, Policy


class RosterView:
    """One roster, never changed; a new one replaces it."""

    def __init__(self, version: int, entries: Mapping[str, Any]) -> None:
        """Read what every tap needs; ``KeyError``, ``TypeError`` or ``ValueError`` when that is not there."""
        self.version = version
        self.entries = dict(entries)
        self.community: Mapping[str, Any] = entries["community"]
        self.community_id = str(self.community["id"])
        self.zone_name = str(self.community["zone"])
        self.zone = ZoneInfo(self.zone_name)
        self.policy = Policy.from_dict(entries["policy"])
        self.site = _site(entries["site"])
        self.keys = {bytes.fromhex(name): bytes.fromhex(value["public"]) for name, value in self._all("key:")}
        self.sealed: Sealed = {
            journal_id: [(int(first), int(last)) for first, last in value["ranges"]]
            for journal_id, value in self._all("sealed:")
        }
        # What a tap asks several times over is read once; only what is listed, so that this cannot grow.
        self._cards: dict[str, Card] = {}
        self._people: dict[str, Person] = {}
        self._activities: dict[str | None, Activity] = {}
        self._plans = {name: (_plan(name, value), value) for name, value in self._all("plan:")}
        self._plans_of: dict[str, list[Plan]] = defaultdict(list)
        for plan, value in self._plans.values():
            for number in self._members(value):
                self._plans_of[number].append(plan)

    def _members(self, plan: Mapping[str, Any]) -> tuple[str, ...]:
        """Whom a plan concerns: the named members; a plan that names nobody is its whole team's."""
        named = plan["members"] or self._team(plan.get("team")).get("members", ())
        return tuple(str(number) for number in named)

    def _all(self, prefix: str) -> list[tuple[str, Any]]:
        return [(k.removeprefix(prefix), v) for k, v in self.entries.items() if k.startswith(prefix)]

    def card_entry(self, lookup: str) -> Mapping[str, Any] | None:
        """A card's whole entry, with the wrapped name."""
        entry: Mapping[str, Any] | None = self.entries.get(f"card:{lookup}")
        return entry

    def card(self, lookup: str) -> Card | None:
        """A card by its look-up key."""
        known = self._cards.get(lookup)
        entry = self.card_entry(lookup) if known is None else None
        if entry is None:
            return known
        card = self._cards[lookup] = Card(
            card_id=str(entry["card"]),
            volunteer=str(entry["volunteer"]),
            state=str(entry["state"]),
            not_after=entry.get("not_after"),
        )
        return card

    def person(self, number: str) -> Person | None:
        """A volunteer by number."""
        known = self._people.get(number)
        entry = self.entries.get(f"volunteer:{number}") if known is None else None
        if entry is None:
            return known
        passed = (entry.get("open") or {}).get("passed")
        person = self._people[number] = Person(
            number=number,
            active=entry["status"] == "active",
            blocked=entry.get("blocked"),
            trained=frozenset(entry.get("trained", ())),
            leads=tuple(entry.get("leads", ())),
            total=entry.get("total"),
            open=self._open(entry.get("open")),
            passed=None if passed is None else frozenset(passed),
            proposal=_proposal(entry.get("proposal")),
        )
        return person

    def _open(self, entry: Mapping[str, Any] | None) -> OpenShift | None:
        if entry is None:
            return None
        held = self._plans.get(entry.get("plan") or "")
        return OpenShift(
            shift_id=entry["shift_id"],
            activity_id=entry["activity"],
            started_at=entry["started_at"],
            plan=held[0] if held else None,
        )

    def activity(self, activity_id: str | None) -> Activity | None:
        """An activity by id."""
        known = self._activities.get(activity_id)
        entry = self.entries.get(f"activity:{activity_id}") if known is None else None
        if activity_id is None or entry is None:
            return known
        points = entry.get("checkpoints", ())
        activity = self._activities[activity_id] = Activity(
            activity_id=activity_id,
            zh=entry["name"],
            en=entry["name_en"],
            least_proof=entry.get("least_proof", self.policy.least_proof),
            training=bool(entry.get("training")),
            checkpoints=tuple((p["site"], p["name"], p["name_en"]) for p in points),
        )
        return activity

    def plans_of(self, number: str) -> Sequence[Plan]:
        """A person's own plans."""
        return self._plans_of.get(number, [])

    def planned_here(self, at: int) -> frozenset[str]:
        """Activities with a turn at this site now, from when a tap already belongs to it."""
        return frozenset(plan.activity_id for plan, _ in self.turns(at, ahead=0))

    def turns(self, at: int, *, ahead: int) -> list[tuple[Plan, Mapping[str, Any]]]:
        """Turns at this site that are on, or begin within ``ahead`` ms, soonest first."""
        early = self.policy.early_start * 60_000
        here = [
            (plan, value)
            for plan, value in self._plans.values()
            if plan.site_id == self.site.site_id and plan.start - max(early, ahead) <= at < plan.end
        ]
        return sorted(here, key=lambda turn: (turn[0].start, turn[0].plan_id))

    def musters_of(self, person: Person) -> Sequence[Muster]:
        """Turns of the teams this person leads."""
        if not person.leads:
            return []
        return [
            Muster(
                team_id=value["team"],
                zh=self._team(value["team"])["name"],
                en=self._team(value["team"])["name_en"],
                plan=plan,
                members=self._members(value),
            )
            for plan, value in self._plans.values()
            if value.get("team") in person.leads
        ]

    def _team(self, team_id: str | None) -> Mapping[str, Any]:
        entry: Mapping[str, Any] = self.entries.get(f"team:{team_id}", {"name": "", "name_en": ""})
        return entry

    @cached_property
    def hours_as_of(self) -> int | None:
        """As of when the server counted everybody's hours; an older server does not say."""
        at: int | None = self.entries.get("hours", {}).get("as_of")
        return at

    @cached_property
    def honoured(self) -> tuple[Honoured, ...]:
        """Who asked to be shown on the honour wall."""
        people = self.entries.get("honour", {}).get("people", ())
        return tuple(self._honoured(person) for person in people)

    def _honoured(self, person: Mapping[str, Any]) -> Honoured:
        team = self._team(person.get("team"))
        return Honoured(
            name=person["name"], minutes=person["minutes"], team_zh=team["name"], team_en=team["name_en"]
        )

    @cached_property
    def place(self) -> Mapping[str, Any]:
        """The site's entry, with its names."""
        entry: Mapping[str, Any] = self.entries["site"]
        return entry


def _site(entry: Mapping[str, Any]) -> Site:
    return Site(
        site_id=str(entry["id"]),
        role=str(entry["role"]),
        default_activity=entry.get("default_activity"),
        activities=tuple(entry.get("activities", ())),
    )


def _plan(plan_id: str, entry: Mapping[str, Any]) -> Plan:
    return Plan(
        plan_id=plan_id,
        activity_id=entry["activity"],
        site_id=entry["site"],
        start=entry["start"],
        end=entry["end"],
    )


def _proposal(entry: Mapping[str, Any] | None) -> Proposal | None:
    if entry is None:
        return None
    return Proposal(shift_id=entry["shift_id"], activity_id=entry["activity"], end=entry["proposed_end"])
