"""Today's patrol rounds: which points each one passed and when, and which it missed, by name.

A round is a planned turn of a patrol: those planned for it, and those without a plan who came while a tap
would belong to it, walk it together. Rounds that overlap (a late end, an early start) stay two. Where nothing
is planned, those who set out together walk one round: within the time that a planned start may be late. A
planned round to which nobody came is a round too: of nobody, with every point missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.contract.rules import MINUTE, Plan, Policy, plan_at
from server.domain.rules_in_force import rules_at
from server.services.acting import Row, Uow
from server.services.policies import rules
from server.services.world import plan_of

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
    policy = rules_at(rules(uow), now).shared
    found = []
    for patrol in patrols:
        walked = [row for row in shifts if row["activity_id"] == patrol["activity_id"]]
        passes = _passes(uow, walked)
        planned = [row for row in plans if row["activity_id"] == patrol["activity_id"]]
        turns, others = _by_turn(walked, planned, policy)
        found += [_round(patrol, group, sites, passes) for group in _together(others, policy)]
        found += [_round(patrol, turns.pop(p["plan_id"], []), sites, passes, plan=p) for p in planned]
        # Of plans that were cancelled or moved to another day since people walked them.
        found += [_round(patrol, group, sites, passes) for group in turns.values()]
    return sorted(found, key=lambda each: (each.started_at, each.activity))


def _by_turn(
    walked: Sequence[Row], planned: Sequence[Row], policy: Policy
) -> tuple[dict[str, list[Row]], list[Row]]:
    """Shifts by the plan they belong to, and those that belong to none."""
    plans = [plan_of(row) for row in planned]
    turns: dict[str, list[Row]] = {}
    others = []
    for row in walked:
        plan_id = row["plan_id"] or _joined(row, plans, policy)
        if plan_id is None:
            others.append(row)
        else:
            turns.setdefault(plan_id, []).append(row)
    return turns, others


def _joined(row: Row, plans: Sequence[Plan], policy: Policy) -> str | None:
    """The turn somebody without a plan walked with: a tap belonged to it, and it was on before they left."""
    on = [plan for plan in plans if row["ended_at"] is None or plan.start < row["ended_at"]]
    near = plan_at(on, row["started_at"], policy)
    return near.plan_id if near else None


def _together(shifts: Sequence[Row], policy: Policy) -> list[list[Row]]:
    """Shifts in the order of their starts, in groups that set out together."""
    groups: list[list[Row]] = []
    for row in shifts:
        if groups and row["started_at"] - groups[-1][0]["started_at"] <= policy.grace_after * MINUTE:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


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
        started_at=group[0]["started_at"] if group or plan is None else plan["start"],
        ended_at=_last(ends) if group or plan is None else plan["end"],
        people=len({row["volunteer"] for row in group}),
        points=tuple(
            Point(sites[site]["name"], sites[site]["name_en"], first.get(site))
            for site in patrol["checkpoints"]
            if site in sites
        ),
    )


def _last(ends: Sequence[int | None]) -> int | None:
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None
