"""A person's plans as they held at a moment: a plan edited later never changes what was formed before."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from server.contract.rules import HOUR, OpenShift, Plan, Policy, end_deadline
from server.domain.facts import PersonPlan

_DAY = 24 * HOUR
_REACH = 2
"""Days: no setting (grace, early start, late end) lets a plan matter to a tap more than a day away."""


class PlanBook:
    """All versions of all plans that ever concerned one person."""

    def __init__(self, versions: Iterable[PersonPlan], volunteer: str) -> None:
        self._volunteer = volunteer
        self._versions: dict[str, list[PersonPlan]] = defaultdict(list)
        self._near: dict[int, set[str]] = defaultdict(set)
        """Day number -> plans that may matter then, so that a long history costs a tap nothing."""
        for version in sorted(versions, key=lambda v: (v.holds_from, v.recorded_at, v.seq)):
            plan = version.plan
            self._versions[plan.plan_id].append(version)
            for day in range(plan.start // _DAY - _REACH, plan.end // _DAY + _REACH + 1):
                self._near[day].add(plan.plan_id)
        stood = [
            version.plan
            for found in self._versions.values()
            for version in found
            if version is self._in_force(found, version.plan.start) and self._is_own(version)
        ]
        self._stood = sorted(stood, key=lambda plan: (plan.start, plan.plan_id))
        """Each plan as it stood when it began."""
        self._starts = [plan.start for plan in self._stood]

    def visible(self, at: int) -> list[Plan]:
        """The person's own plans around a moment, as they stand then."""
        near = self._near.get(at // _DAY, ())
        found = [self._in_force(self._versions[plan_id], at) for plan_id in near]
        return [version.plan for version in found if version is not None and self._is_own(version)]

    def _in_force(self, versions: list[PersonPlan], at: int) -> PersonPlan | None:
        held = [version for version in versions if version.holds_from <= at]
        return held[-1] if held else None

    def _is_own(self, version: PersonPlan) -> bool:
        """Named members only; a plan that names nobody is its whole team's."""
        named = self._volunteer in version.members if version.members else version.team_id is not None
        return named and not version.cancelled

    def running(self, shift: OpenShift, until: int, policy: Policy) -> OpenShift:
        """A shift whose planned end follows what leaders changed while it ran, until it was over.

        The start stays: the person is already there. A plan cancelled meanwhile leaves its last window.
        """
        if shift.plan is None:
            return shift
        for version in self._versions[shift.plan.plan_id]:
            if version.holds_from > min(until, self.deadline(shift, policy)):
                break
            current = shift.plan
            changed = version.holds_from > shift.started_at and self._is_own(version)
            if changed and version.plan.end > max(shift.started_at, current.start):
                shift = replace(shift, plan=replace(current, end=version.plan.end))
                assert shift.plan is not None
        return shift

    def deadline(self, shift: OpenShift, policy: Policy) -> int:
        """Until when a tap can end a shift: its own limit, or the next plan that stood when it began."""
        own = None if shift.plan is None else shift.plan.plan_id
        behind = shift.started_at + 1 if shift.plan is None else shift.plan.end
        later = self._stood[bisect_left(self._starts, behind) :]
        following = next((plan for plan in later if plan.plan_id != own), None)
        return end_deadline(shift, [] if following is None else [following], policy)
