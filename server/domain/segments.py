"""How far one tap reaches: the stretch of a person's time that has to be projected again, and no more.

A shift waits for its end for a bounded time, a repeated tap and a touch refer back a bounded time. So where a
person was quiet for longer than all of that, nothing from before matters after: a projection of only the taps
of one segment gives the same shifts as a projection of all. That keeps the cost of a tap flat for life.

How to use it: ``times`` are the (corrected) times of the person's events around ``at``, the new ones among
them; for a time that moved, ask for the old and the new place. Project the taps inside, together with every
touch whose target lies inside, whenever it came, with ``within=`` the segment, and replace the stored shifts
that start inside. ``world.plans`` must hold every version of the plans that lie inside (with ``quiet_gap`` of
slack on both sides).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server.contract.rules import MINUTE
from server.domain.facts import DecisionKind, World
from server.domain.rules_in_force import DEFAULT
from server.domain.timeline import TOUCH_LIMIT


@dataclass(frozen=True, slots=True)
class Segment:
    """A half-open stretch of time: from its first event until the next segment's (``None``: until ever)."""

    start: int
    end: int | None

    def __contains__(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


def quiet_gap(world: World) -> int:
    """Longer than anything before can matter: the longest a shift may wait, the debounce, a touch."""
    longest = _longest_plan(world)
    waits = [
        max(r.shared.open_limit * MINUTE, (r.shared.early_start + r.shared.late_end) * MINUTE + longest)
        + r.shared.debounce_seconds * 1000
        for r in world.rules or (DEFAULT,)
    ]
    return max(waits) + TOUCH_LIMIT


def _longest_plan(world: World) -> int:
    """The longest that any plan can last, its versions mixed: a running shift keeps the first one's start."""
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for version in world.plans:
        plan = version.plan
        starts[plan.plan_id] = min(plan.start, starts.get(plan.plan_id, plan.start))
        ends[plan.plan_id] = max(plan.end, ends.get(plan.plan_id, plan.end))
    return max((ends[plan_id] - start for plan_id, start in starts.items()), default=0)


def segment(times: Iterable[int], at: int, world: World, gap: int | None = None) -> Segment:
    """The segment that a moment lies in, among a person's event times and shifts entered by hand.

    ``gap`` is the world's ``quiet_gap``, where it has been worked out already.
    """
    gap = quiet_gap(world) if gap is None else gap
    busy = [(time, time + gap) for time in (*times, at)]
    busy += [
        (decision.started_at, max(decision.ended_at, decision.started_at) + gap)
        for decision in world.decisions
        if decision.kind is DecisionKind.DECLARE_SHIFT
        and decision.started_at is not None
        and decision.ended_at is not None
    ]
    return _around(sorted(busy), at)


def _around(busy: list[tuple[int, int]], at: int) -> Segment:
    start, reach = busy[0]
    for begins, until in busy[1:]:
        if begins > reach:
            if at < begins:
                return Segment(start, begins)
            start = begins
        reach = max(reach, until)
    return Segment(start, None)
