"""From stored events to shifts and ledger: for the people whom something new concerns, as far as it reaches.

Every person has one moment *as of* which all their shifts hold (table ``projections``): whoever is projected
again also gets their unsettled shifts looked at, since those change with time alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from server.contract.rules import HOUR
from server.domain.credit import credit
from server.domain.facts import Grade, Shift, ShiftState, World
from server.domain.segments import Segment, quiet_gap, segment
from server.domain.shifts import project
from server.services.acting import Acting, Row, Uow
from server.services.posting import post_shifts
from server.services.world import Common, common, tap_of, worlds

Moments = Mapping[str, Collection[int]]
"""Person -> moments at which something about them changed."""
LOOK_AROUND = 48 * HOUR
"""How far around a change events are read; a person who was never quiet for that long is read whole."""
_FIELDS = tuple(item.name for item in fields(Shift))


@dataclass(slots=True)
class Person:
    """One person's part of a projection."""

    number: str
    world: World
    events: list[Row]
    moments: set[int]
    stored: list[Row] = field(default_factory=list)
    """Shifts in the table that may be replaced, or share a day with one."""
    read_until: int | None = None
    """Where reading stopped; None when everything was read."""
    segments: list[Segment] = field(default_factory=list)
    """Where their moments lie."""
    gap: int = 0
    """How long nothing has to have happened for nothing from before to matter."""

    def find_segments(self, moments: Iterable[int]) -> None:
        """Work out the segments around these moments."""
        self.moments = set(moments)
        self.gap = quiet_gap(self.world)
        # The moments too: what was there may have been moved away, and have held two stretches together.
        times = [*(row["at"] for row in self.events), *self.moments]
        for moment in sorted(self.moments):
            if not any(moment in known for known in self.segments):
                self.segments.append(segment(times, moment, self.world, self.gap))


def project_events(uow: Uow, acting: Acting, rows: Iterable[Row]) -> int:
    """Derive again what these events (new or changed) concern; how many shifts came out otherwise."""
    moments: dict[str, set[int]] = defaultdict(set)
    rows = list(rows)
    targets = {_target(row) for row in rows if row.get("target")}
    spoken_of = {row["event_id"]: row for row in uow.rows("events").rows(event_id=targets)}
    for row in rows:
        target = spoken_of.get(_target(row))
        for person in concerned(row) | (concerned(target) if target else set()):
            moments[person] |= {row["at"], row["was_at"] if "was_at" in row else row["at"]}
            # Who agrees with a proposed end speaks of a shift that began days ago.
            moments[person] |= {target["at"]} if target else set()
    return project_moments(uow, acting, moments)


def _target(row: Row) -> str:
    """The event that a touch speaks about, also when it names the shift that a team's opening began."""
    return (row.get("target") or "").partition("/")[0]


def concerned(row: Row) -> set[str]:
    """Whom an event itself concerns: whose card it was (and was thought to be), and whom a leader named.

    A touch concerns everyone whom its target concerns, too: undoing a team's opening undoes it for all.
    """
    return {person for person in (row["volunteer"], row.get("was_volunteer"), *row["members"]) if person}


def project_moments(uow: Uow, acting: Acting, moments: Moments) -> int:
    """Derive again what lies around these moments; how many shifts came out otherwise."""
    if not moments:
        return 0
    shared = common(uow)
    wanted = {person: set(found) for person, found in moments.items()}
    for row in uow.shifts.unsettled(set(wanted)):
        wanted[row["volunteer"]].add(row["started_at"])
    changes = _Changes()
    for people in _groups(wanted):
        for person in _load(uow, people, shared):
            changes.take(person, acting.now)
    uow.rows("projections").put([{"volunteer": p, "as_of": acting.now} for p in wanted])
    return _write(uow, acting, changes, shared)


def project_whole(uow: Uow, acting: Acting, people: Collection[str]) -> int:
    """Derive everything about these people again; how many shifts came out otherwise."""
    shared = common(uow)
    changes = _Changes()
    for person in _load(uow, {number: {None} for number in people}, shared):
        changes.take_whole(person, acting.now)
    uow.rows("projections").put([{"volunteer": p, "as_of": acting.now} for p in people])
    return _write(uow, acting, changes, shared)


def shift_row(shift: Shift) -> Row:
    """A shift as it is stored."""
    row: dict[str, Any] = {name: getattr(shift, name) for name in _FIELDS}
    row |= {"state": str(shift.state), "grade": str(shift.grade) if shift.grade else None}
    return row | {"flags": [str(flag) for flag in shift.flags], "events": list(shift.events)}


def shift_of(row: Row) -> Shift:
    """A stored shift as the rules see it."""
    values = {name: row[name] for name in _FIELDS}
    values |= {"state": ShiftState(row["state"]), "grade": Grade(row["grade"]) if row["grade"] else None}
    return Shift(**(values | {"flags": tuple(row["flags"]), "events": tuple(row["events"])}))


def whole_projection(person: Person, as_of: int) -> list[Shift]:
    """All shifts of one person from all their events."""
    taps = [tap_of(row) for row in person.events]
    return credit(project(person.number, taps, world=person.world, as_of=as_of), person.world)


class _Changes:
    """What a projection found to be otherwise than stored."""

    def __init__(self) -> None:
        self.put: dict[str, Shift] = {}
        self.gone: set[str] = set()

    def take_whole(self, person: Person, as_of: int) -> None:
        """Project all of a person's events."""
        self._compare(person.stored, whole_projection(person, as_of))

    def take(self, person: Person, as_of: int) -> None:
        """Project the segments that a person's moments lie in, and credit the days they touch."""
        found: list[Shift] = []
        segments = [_as_far_as_read(stretch, person) for stretch in person.segments]
        for stretch in segments:
            taps = [tap_of(row) for row in _inside(person.events, stretch)]
            found += project(person.number, taps, world=person.world, as_of=as_of, within=stretch)
        replaced = [row for row in person.stored if any(row["started_at"] in s for s in segments)]
        days = {shift.day for shift in found} | {row["day"] for row in replaced}
        names = {row["shift_id"] for row in replaced}
        beside = [row for row in person.stored if row["shift_id"] not in names and row["day"] in days]
        credited = credit([*found, *(shift_of(row) for row in beside)], person.world)
        self._compare([*replaced, *beside], credited)

    def _compare(self, stored: Iterable[Row], derived: Iterable[Shift]) -> None:
        before = {row["shift_id"]: shift_of(row) for row in stored}
        after = {shift.shift_id: shift for shift in derived}
        self.put |= {name: shift for name, shift in after.items() if before.get(name) != shift}
        self.gone |= before.keys() - after.keys()


def _as_far_as_read(found: Segment, person: Person) -> Segment:
    """A segment ends where the next begins; of one that begins behind what was read nothing is known here."""
    if person.read_until is None or (found.end is not None and found.end <= person.read_until):
        return found
    return Segment(found.start, person.read_until)


def _inside(events: Sequence[Row], stretch: Segment) -> list[Row]:
    """The events of a segment, and touches about them whenever they came."""
    inside = [row for row in events if row["at"] in stretch]
    names = _names(inside)
    return [*inside, *(row for row in events if row["target"] in names and row["event_id"] not in names)]


def _names(events: Iterable[Row]) -> set[str]:
    """What a touch can call these events, or the shifts that they opened."""
    return {name for row in events for name in (row["event_id"], *_team_shifts(row))}


def _team_shifts(row: Row) -> Iterable[str]:
    return (f"{row['event_id']}/{member}" for member in row["members"])


def _groups(wanted: Mapping[str, set[int]]) -> Iterable[Mapping[str, set[int]]]:
    """Moments that lie close together are read together, for many people at once.

    One person's moments that lie far apart are in different segments, and each is a reading of its own.
    """
    near: dict[int, dict[str, set[int]]] = defaultdict(dict)
    for person, moments in sorted(wanted.items()):
        for cluster in _clusters(moments):
            near[min(cluster) // (4 * LOOK_AROUND)][person] = cluster
    return [near[place] for place in sorted(near)]


def _clusters(moments: Iterable[int]) -> Iterable[set[int]]:
    found: list[set[int]] = []
    for moment in sorted(moments):
        if (found and moment // (4 * LOOK_AROUND) - min(found[-1]) // (4 * LOOK_AROUND) < 1) or (
            found and moment - max(found[-1]) <= 2 * LOOK_AROUND
        ):
            found[-1].add(moment)
        else:
            found.append({moment})
    return found


def _load(uow: Uow, wanted: Mapping[str, Collection[int | None]], shared: Common) -> Iterable[Person]:
    """Everything about these people around their moments; None among them asks for all there is."""
    moments = [moment for found in wanted.values() for moment in found]
    known = [moment for moment in moments if moment is not None]
    whole = len(known) < len(moments)
    span = None if whole else (min(known) - LOOK_AROUND, max(known) + LOOK_AROUND)
    far = []
    for person in read_people(uow, set(wanted), span, shared):
        person.find_segments(moment for moment in wanted[person.number] if moment is not None)
        if span and _reaches_out(person, span):
            far.append(person)
        else:
            yield person
    for near in far:
        for person in read_people(uow, {near.number}, None, shared):
            person.find_segments(near.moments)
            yield person


def read_people(uow: Uow, people: set[str], span: tuple[int, int] | None, shared: Common) -> Iterable[Person]:
    """Events, plans, decisions and shifts of these people in a span of time; None takes all there is."""
    events = uow.events.of_people(people, *(span or (None, None)))
    events += _touching(uow, events)
    whom = {row["event_id"]: concerned(row) for row in events}
    world = worlds(uow, people, span, events, shared)
    stored = _stored_shifts(uow, people, span)
    mine: dict[str, list[Row]] = defaultdict(list)
    for row in events:
        for number in (whom[row["event_id"]] | whom.get(row["target"], set())) & people:
            mine[number].append(row)
    for number in sorted(people):
        person = Person(number, world[number], mine[number], set(), stored.get(number, []))
        person.read_until = span[1] if span else None
        yield person


def _touching(uow: Uow, events: Sequence[Row]) -> list[Row]:
    """Touches that speak about these events: made outside the span, or by the leader who named people."""
    names = _names(events)
    return [row for row in uow.events.about(names) if row["event_id"] not in names]


def _stored_shifts(uow: Uow, people: set[str], span: tuple[int, int] | None) -> dict[str, list[Row]]:
    low, high = (span[0] - 24 * HOUR, span[1] + 24 * HOUR) if span else (None, None)
    found: dict[str, list[Row]] = defaultdict(list)
    for row in uow.shifts.between("started_at", low, high, volunteer=people):
        found[row["volunteer"]].append(row)
    return found


def _reaches_out(person: Person, span: tuple[int, int]) -> bool:
    """Whether a segment may go on beyond what was read: then only everything is enough."""
    low, high = span[0] + person.gap, span[1] - person.gap
    times = [*person.moments, *(row["at"] for row in person.events)]
    for found in person.segments:
        if found.start <= low or any(time >= high and time in found for time in times):
            return True
        if any(
            d.started_at and d.started_at in found and d.started_at > span[1] for d in person.world.decisions
        ):
            return True
    return False


def _write(uow: Uow, acting: Acting, changes: _Changes, shared: Common) -> int:
    if not changes.put and not changes.gone:
        return 0
    shifts = uow.shifts
    shifts.remove(shift_id=changes.gone)
    shifts.put([shift_row(shift) for shift in changes.put.values()])
    worth_now: dict[str, Shift | None] = dict.fromkeys(changes.gone)
    post_shifts(uow, acting, worth_now | changes.put, shared)
    uow.bump()
    return len(changes.put) + len(changes.gone)
