"""What happened in the last month: who was planned, who came, who forgot to tap out. Pure, from a seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random

from server.contract.rules import MINUTE
from server.demo.community import TEAMS, Turn, turns_on
from server.demo.people import SETTLED, Person, age_on

SHANGHAI = timezone(timedelta(hours=8))
DAYS_BACK = 31
DAYS_AHEAD = 14
QUIET_DAYS = 3
"""So long the first twenty people have neither plans nor taps, before today and after."""
DROP_INS = 28
REGULARS = 400
SETTLED_NUMBERS = frozenset(f"M{index + 1:04d}" for index in range(SETTLED))
CHECKPOINTS = ("east", "square", "msouth")
KIOSK_FOR = {"north": "south", "home": "hall", "care": "hub", "reading": "hub"}
"""Where people tap when the place of work has no kiosk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTurn:
    """A turn with the people planned for it."""

    turn: Turn
    day: date
    start: int
    end: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Presence:
    """One card held to one kiosk."""

    at: int
    volunteer: str
    site: str
    what: str
    """``in``, ``out``, ``again`` (a second tap within the debounce) or ``checkpoint``."""


def is_school_day(day: date, holidays: Mapping[str, bool]) -> bool:
    """Monday to Friday unless the calendar says otherwise."""
    return holidays.get(day.isoformat(), day.weekday() < 5)


def teams_of(rng: Random, people: Sequence[Person]) -> dict[str, tuple[str, ...]]:
    """Each person's one main team, by the sizes of domain.md §7.1; the youth team takes the young."""
    pool = [person.number for person in people]
    rng.shuffle(pool)
    young = {p.number for p in people if p.born.year > 1996}
    youth_size = next(team.members for team in TEAMS if team.name == "青少年志愿团队")
    youth = [number for number in pool if number in young][:youth_size]
    taken = set(youth)
    rest = iter([number for number in pool if number not in taken])
    return {
        team.name: tuple(youth) if team.name == "青少年志愿团队" else tuple(_take(rest, team.members))
        for team in TEAMS
    }


def _take(source: Iterator[str], count: int) -> list[str]:
    return [number for number, _ in zip(source, range(count), strict=False)]


def plan(
    rng: Random, people: Sequence[Person], teams: Mapping[str, tuple[str, ...]], *, today: date
) -> list[PlannedTurn]:
    """Every turn from a month back to two weeks ahead, with people assigned; nobody has two on one day."""
    may_serve = {p.number for p in people if p.active and (p.guardian is None or p.guardian_consent)}
    adults = {p.number for p in people if age_on(p.born, today) >= 18}
    resting = {p.number for p in people[:SETTLED]}
    planned = []
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        busy = set(resting) if offset >= -QUIET_DAYS else set()
        for turn in turns_on(day, school_day=is_school_day(day, {})):
            able = may_serve if turn.team == "青少年志愿团队" else may_serve & adults
            free = [n for n in teams[turn.team] if n in able and n not in busy]
            # A few turns still want people: the kiosk's idle screen asks for them.
            wanted = turn.size - 1 if offset > 0 and rng.random() < 0.25 else turn.size
            members = tuple(sorted(rng.sample(free, min(wanted, len(free)))))
            busy.update(members)
            planned.append(
                PlannedTurn(
                    turn=turn,
                    day=day,
                    start=_instant(day, turn.start),
                    end=_instant(day, turn.end),
                    members=members,
                )
            )
    return planned


def presences(
    rng: Random, people: Sequence[Person], planned: Sequence[PlannedTurn], *, now: int
) -> list[Presence]:
    """Every card held to a kiosk up to now, in order of time."""
    taps: list[Presence] = []
    for turn in planned:
        for index, number in enumerate(turn.members):
            if rng.random() < 0.93:
                taps += _at_turn(rng, turn, number, leads=index == 0)
    taps += _drop_ins(rng, people, planned, now=now)
    return sorted(tap for tap in taps if tap.at < now)


def _at_turn(rng: Random, turn: PlannedTurn, number: str, *, leads: bool) -> Iterator[Presence]:
    site = KIOSK_FOR.get(turn.turn.site, turn.turn.site)
    came = turn.start + round(rng.gauss(-4, 4) * MINUTE)
    yield Presence(came, number, site, "in")
    if rng.random() < 0.02:
        yield Presence(came + rng.randint(3, 40) * 1000, number, site, "again")
    if turn.turn.activity == "patrol" and leads:
        for step, checkpoint in enumerate(CHECKPOINTS, start=1):
            yield Presence(turn.start + step * 10 * MINUTE, number, checkpoint, "checkpoint")
    chance = rng.random()
    if chance < 0.03 and number not in SETTLED_NUMBERS:
        return  # forgot to tap out
    late = 35 if chance < 0.05 else rng.gauss(3, 3)
    yield Presence(max(turn.end + round(late * MINUTE), came + 12 * MINUTE), number, site, "out")


def _drop_ins(
    rng: Random, people: Sequence[Person], planned: Sequence[PlannedTurn], *, now: int
) -> Iterator[Presence]:
    may = [p.number for p in people[SETTLED:] if p.active and p.guardian is None]
    regulars = rng.sample(may, min(REGULARS, len(may))) + [p.number for p in people[:SETTLED]]
    resting = {p.number for p in people[:SETTLED]}
    busy: dict[date, set[str]] = {}
    for turn in planned:
        busy.setdefault(turn.day, set()).update(turn.members)
    today = datetime.fromtimestamp(now / 1000, SHANGHAI).date()
    for offset in range(-DAYS_BACK, 1):
        day = today + timedelta(days=offset)
        avoid = busy.get(day, set()) | (resting if offset >= -QUIET_DAYS else set())
        free = [n for n in regulars if n not in avoid]
        for number in rng.sample(free, min(DROP_INS, len(free))):
            came = _instant(day, rng.randint(8 * 60, 16 * 60)) + rng.randint(0, 59_999)
            site = rng.choice(("hub", "hub", "canteen"))
            yield Presence(came, number, site, "in")
            yield Presence(came + rng.randint(35, 170) * MINUTE, number, site, "out")


def _instant(day: date, minutes: int) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return int(midnight.timestamp() * 1000) + minutes * MINUTE
