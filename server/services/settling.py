"""The nightly work, safe to repeat: what time alone changes, points that die, what is forgotten."""

from dataclasses import dataclass

from server.domain.calendar import DAY
from server.services.acting import Acting, Uow
from server.services.books import let_points_die
from server.services.cards import let_cards_expire
from server.services.forgetting import forget_contacts
from server.services.policies import policy_at
from server.services.projection import project_moments
from server.services.sealing import seal_events


@dataclass(frozen=True, slots=True)
class Settled:
    """What one night's work came to."""

    shifts: int
    expiries: int
    sealed: int
    forgotten: int
    expired: int


def settle(uow: Uow, acting: Acting) -> Settled:
    """Close what has waited long enough, let points die, forget what has been kept long enough."""
    uow.lock()  # before anything is read: a push that comes in meanwhile must not be overwritten
    moments = {row["volunteer"]: {row["started_at"]} for row in uow.shifts.unsettled()}
    shifts = project_moments(uow, acting, moments)
    expiries = let_points_die(uow, acting)
    sealed = seal_events(uow, acting, _old_checkpoint_taps(uow, acting.now))
    forgotten = forget_contacts(uow, acting)
    expired = let_cards_expire(uow, acting)
    uow.bump()
    return Settled(shifts, expiries, sealed, forgotten, expired)


def _old_checkpoint_taps(uow: Uow, now: int) -> list[str]:
    """Those that happened for certain before the retention began, or that lie here that long already.

    A kiosk whose clock was never set may date a tap of today years back: what is erased cannot be restored.
    """
    before = now - policy_at(uow, now)["checkpoint_retention_days"] * DAY
    return [
        row["event_id"]
        for row in uow.events.open_checkpoints(before)
        if min(row["at"] + row["uncertainty"], row["received_at"]) < before
    ]
