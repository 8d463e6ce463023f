"""A person's plans as they held at a moment: a plan edited later never changes what was formed before."""

from collections.abc import Iterable
from dataclasses import replace

from server.contract.rules import OpenShift, Plan, Policy, end_deadline
from server.domain.facts import PersonPlan


class PlanBook:
    """All versions of all plans that ever concerned one person."""

    def __init__(self, versions: Iterable[PersonPlan], volunteer: str) -> None:
        self._volunteer = volunteer
        self._versions: dict[str, list[PersonPlan]] = {}
        for version in sorted(versions, key=lambda v: (v.holds_from, v.recorded_at)):
            self._versions.setdefault(version.plan.plan_id, []).append(version)
        self._stood = [
            version.plan
            for found in self._versions.values()
            for version in found
            if version is self._in_force(found, version.plan.start) and self._is_own(version)
        ]
        """Each plan as it stood when it began."""

    def visible(self, at: int) -> list[Plan]:
        """The person's own plans as they stand at a moment."""
        found = [self._in_force(versions, at) for versions in self._versions.values()]
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
        """Until when a tap can end a shift: its own limit, or a next plan that stood when it began."""
        return end_deadline(shift, self._stood, policy)
