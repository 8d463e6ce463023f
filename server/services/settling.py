"""The nightly work, safe to repeat: what time alone changes, points that die, taps that are sealed."""

from dataclasses import dataclass

from server.domain.calendar import DAY
from server.services.acting import Acting, Uow
from server.services.books import let_points_die
from server.services.policies import policy_at
from server.services.projection import project_moments, unsettled
from server.services.sealing import seal_events


@dataclass(frozen=True, slots=True)
class Settled:
    """What one night's work came to."""

    shifts: int
    expiries: int
    sealed: int


def settle(uow: Uow, acting: Acting) -> Settled:
    """Close what has waited long enough, let points die, seal old checkpoint taps."""
    moments = {row["volunteer"]: {row["started_at"]} for row in unsettled(uow)}
    shifts = project_moments(uow, acting, moments)
    expiries = let_points_die(uow, acting)
    days = policy_at(uow, acting.now)["checkpoint_retention_days"]
    old = uow.rows("events").between("at", None, acting.now - days * DAY, role="checkpoint")
    sealed = seal_events(uow, acting, [row["event_id"] for row in old if row["body"] is not None])
    uow.bump()
    return Settled(shifts, expiries, sealed)
