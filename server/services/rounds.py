"""Today's patrol rounds: which points each one passed and when, and which it missed, by name.

People of one patrol activity whose shifts overlap walk one round together. A planned round to which nobody
came is a round too: of nobody, with every point missed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.services.acting import Row, Uow

WALKED = ("open", "closed", "end_missing", "held", "settled_zero")


@dataclass(frozen=True, slots=True)
class Point:
    """One checkpoint of a round; ``passed_at`` is None while nobody was there."""

    name: str
    name_en: str
    passed_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a patrol; ``ended_at`` is None while somebody still walks."""

    activity: str
    activity_en: str
    started_at: int
    ended_at: int | None
    people: int
    points: tuple[Point, ...]

    @property
    def passed(self) -> int:
        """How many points were passed."""
        return sum(point.passed_at is not None for point in self.points)


def rounds_of_day(uow: Uow, low: int, high: int, now: int) -> list[Round]:
    """The rounds that began in [low, high), in order; planned ones to which nobody came once they began."""
    sites = {row["site_id"]: row for row in uow.rows("sites").rows()}
    patrols = [row for row in uow.rows("activities").rows(active=True) if row["checkpoints"]]
    shifts = uow.rows("shifts").between("started_at", low, high, state=WALKED)
    plans = uow.rows("plans").between("start", low, min(high, now), cancelled=False)
    found = []
    for patrol in patrols:
        walked = _together(row for row in shifts if row["activity_id"] == patrol["activity_id"])
        passes = _passes(uow, [row for group in walked for row in group])
        found += [_round(patrol, group, sites, passes) for group in walked]
        planned = (row for row in plans if row["activity_id"] == patrol["activity_id"])
        found += [
            _round(patrol, [], sites, {}, plan=plan)
            for plan in planned
            if not any(_meet(plan, group) for group in walked)
        ]
    return sorted(found, key=lambda each: (each.started_at, each.activity))


def _together(shifts: Iterable[Row]) -> list[list[Row]]:
    """Shifts in the order of their starts, in groups that overlap."""
    groups: list[list[Row]] = []
    for row in shifts:
        last = groups[-1] if groups else []
        if any(other["ended_at"] is None or row["started_at"] < other["ended_at"] for other in last):
            last.append(row)
        else:
            groups.append([row])
    return groups


def _meet(plan: Row, group: list[Row]) -> bool:
    return any(
        row["started_at"] < plan["end"] and (row["ended_at"] is None or plan["start"] < row["ended_at"])
        for row in group
    )


def _passes(uow: Uow, shifts: list[Row]) -> dict[str, tuple[str, int]]:
    """Site and moment of each checkpoint tap that belongs to these shifts."""
    attached = {event_id for row in shifts for event_id in row["events"]}
    taps = uow.rows("events").rows(event_id=attached, role="checkpoint") if attached else []
    return {row["event_id"]: (row["site_id"], row["at"]) for row in taps}


def _round(
    patrol: Row,
    group: list[Row],
    sites: Mapping[str, Row],
    passes: Mapping[str, tuple[str, int]],
    *,
    plan: Row | None = None,
) -> Round:
    first: dict[str, int] = {}
    taken = [passes[event] for row in group for event in row["events"] if event in passes]
    for site_id, at in sorted(taken, key=lambda each: each[1]):
        first.setdefault(site_id, at)
    ends = [row["ended_at"] for row in group]
    return Round(
        activity=patrol["name"],
        activity_en=patrol["name_en"],
        started_at=plan["start"] if plan else group[0]["started_at"],
        ended_at=plan["end"] if plan else None if None in ends else max(ends),
        people=len({row["volunteer"] for row in group}),
        points=tuple(
            Point(sites[site]["name"], sites[site]["name_en"], first.get(site))
            for site in patrol["checkpoints"]
            if site in sites
        ),
    )
