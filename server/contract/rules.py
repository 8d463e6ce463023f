"""The rules of time that kiosk and server both apply, so that what was shown is what is counted.

All times are milliseconds since the Unix epoch, UTC; all lengths are whole minutes unless the name says
otherwise. Sources: domain.md §6 (policy set), 民政部令67 art. 7 (service time is time really given).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

MINUTE = 60_000
HOUR = 60 * MINUTE
PROOFS = ("none", "uid", "static", "signed", "rotating", "challenge")
"""From weakest to strongest."""


def proof_suffices(proof: str, least: str) -> bool:
    """Whether a tap's proof is at least what an activity accepts."""
    return PROOFS.index(proof) >= PROOFS.index(least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What both sides must know of a community's policies; the server keeps the rest to itself."""

    version: int = 1
    grace_before: int = 10
    grace_after: int = 15
    early_start: int = 60
    """How long before a plan a tap already belongs to it."""
    minimum: int = 10
    """A shorter shift is void."""
    late_end: int = 240
    """How long after the planned end a tap still ends the shift (clipped to the window, flagged)."""
    open_limit: int = 360
    """How long a shift with no plan waits for its end."""
    debounce_seconds: int = 60
    choice_seconds: int = 10
    undo_seconds: int = 10
    least_proof: str = "uid"

    def to_dict(self) -> dict[str, Any]:
        """As the roster carries it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read from a roster; settings of a newer server are left aside."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in raw.items() if key in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One planned turn: where, what, from when to when, and for whom."""

    plan_id: str
    activity_id: str
    site_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShift:
    """A shift that waits for its end."""

    shift_id: str
    activity_id: str | None
    started_at: int
    plan: Plan | None = None


class Step(StrEnum):
    """What a tap at a desk does to a person's open shift."""

    START = "start"
    END = "end"
    HAND_OVER = "hand_over"
    MISSING_THEN_START = "missing_then_start"


def plan_at(plans: Iterable[Plan], at: int, policy: Policy, *, site_id: str | None = None) -> Plan | None:
    """The person's own plan that a tap at this moment belongs to: this site first, then the nearest start."""
    early = policy.early_start * MINUTE
    fitting = [plan for plan in plans if plan.start - early <= at < plan.end]
    return min(
        fitting,
        key=lambda plan: (plan.site_id != site_id, abs(plan.start - at), plan.start, plan.plan_id),
        default=None,
    )


def next_plan_at(
    shift: OpenShift, at: int, plans: Iterable[Plan], policy: Policy, *, site_id: str | None = None
) -> Plan | None:
    """The plan that a hand-over starts: never the open shift's own, nor one that began before the shift."""
    own = None if shift.plan is None else shift.plan.plan_id
    others = [plan for plan in plans if plan.plan_id != own and plan.start > shift.started_at]
    return plan_at(others, at, policy, site_id=site_id)


def confirms_start(plan: Plan | None, at: int) -> bool:
    """Whether a member's first tap confirms a start that a leader witnessed: before half the plan."""
    return plan is not None and at < (plan.start + plan.end) // 2


def end_deadline(shift: OpenShift, plans: Iterable[Plan], policy: Policy) -> int:
    """Until when a plain tap ends this shift: the next plan, or planned end + 4 h; without a plan 6 h."""
    if shift.plan is None:
        limit = shift.started_at + policy.open_limit * MINUTE
    else:
        limit = shift.plan.end + policy.late_end * MINUTE
    starts = [plan.start for plan in plans if _comes_after(plan, shift)]
    return min([limit, *starts])


def step_at(
    shift: OpenShift | None, at: int, plans: Iterable[Plan], policy: Policy, *, chosen: str | None = None
) -> Step:
    """What a tap at a desk does; ``chosen`` is an activity picked by a finger, never a kiosk's default.

    Only a chosen activity or the person's own next plan hands over to another shift. A plan hands over from
    ``grace_before`` ahead of its start until ``grace_after`` behind it; a tap later than the deadline leaves
    the old shift without an end and starts another.
    """
    if shift is None:
        return Step.START
    plans = list(plans)
    if _is_handed_over_by_plan(shift, at, plans, policy):
        return Step.HAND_OVER
    if at > end_deadline(shift, plans, policy):
        return Step.MISSING_THEN_START
    return Step.HAND_OVER if chosen is not None and chosen != shift.activity_id else Step.END


def _is_handed_over_by_plan(shift: OpenShift, at: int, plans: list[Plan], policy: Policy) -> bool:
    next_plan = min(
        (plan for plan in plans if _comes_after(plan, shift)),
        key=lambda p: (p.start, p.plan_id),
        default=None,
    )
    if next_plan is None:
        return False
    opens = next_plan.start - policy.grace_before * MINUTE
    closes = next_plan.start + policy.grace_after * MINUTE
    limit = end_deadline(shift, [], policy)
    # Never past the shift's own limit: yesterday's forgotten round is not ended by today's plan.
    return max(opens, shift.started_at + 1) <= at <= min(closes, limit)


def _comes_after(plan: Plan, shift: OpenShift) -> bool:
    if shift.plan is not None:
        return plan.plan_id != shift.plan.plan_id and plan.start >= shift.plan.end
    return plan.start > shift.started_at


def is_late(shift: OpenShift, ended_at: int, policy: Policy) -> bool:
    """Whether an end lies behind the planned window: it counts up to the window, flagged ``late_end``."""
    return shift.plan is not None and ended_at > shift.plan.end + policy.grace_after * MINUTE


def counted_minutes(started_at: int, ended_at: int, plan: Plan | None, policy: Policy) -> int:
    """Whole minutes really given inside the planned window −10/+15; 0 when below the minimum (void)."""
    if plan is not None:
        started_at = max(started_at, plan.start - policy.grace_before * MINUTE)
        ended_at = min(ended_at, plan.end + policy.grace_after * MINUTE)
    minutes = max(0, ended_at - started_at) // MINUTE
    return minutes if minutes >= policy.minimum else 0


def is_repeat(previous_at: int | None, at: int, policy: Policy) -> bool:
    """Whether a tap lies so close to the person's last accepted one that it is the same intention."""
    return previous_at is not None and 0 <= at - previous_at < policy.debounce_seconds * 1000
