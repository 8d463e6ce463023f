"""Who is on duty now: a shift is open, and a tap could still end it.

Only the night finds that an end is missing (``settling``); until then a board would show who forgot to tap.
"""

from collections.abc import Iterable

from server.contract.rules import OpenShift, end_deadline
from server.domain.rules_in_force import rules_at
from server.services.acting import Row, Uow
from server.services.policies import rules
from server.services.world import plan_of


def on_duty(uow: Uow, open_shifts: Iterable[Row], at: int) -> list[Row]:
    """Of open shifts with their plans' hours those that a tap could still end."""
    in_force = rules(uow)
    return [
        row
        for row in open_shifts
        if at <= end_deadline(_shift(row), (), rules_at(in_force, row["started_at"]).shared)
    ]


def people_on_duty(uow: Uow, open_shifts: Iterable[Row], at: int) -> frozenset[str]:
    """Numbers of everybody who is on duty."""
    return frozenset(row["volunteer"] for row in on_duty(uow, open_shifts, at))


def _shift(row: Row) -> OpenShift:
    hours = {"start": row["plan_start"], "end": row["plan_end"]}
    plan = None if row["plan_end"] is None else plan_of(row | hours)
    return OpenShift(
        shift_id=row["shift_id"], activity_id=row["activity_id"], started_at=row["started_at"], plan=plan
    )
