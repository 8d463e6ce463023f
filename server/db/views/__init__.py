"""Read queries for screens and the open API: plain rows of one community, no rules of their own."""

from functools import cached_property

from sqlalchemy import Connection

from server.db.views.ledger import LedgerViews
from server.db.views.machines import MachineViews
from server.db.views.people import PeopleViews
from server.db.views.places import PlaceViews
from server.db.views.shifts import ShiftViews
from server.db.views.totals import TotalViews

__all__ = ["Views"]


class Views:
    """What a unit of work offers to read, by subject: ``uow.views.people.page(…)``."""

    def __init__(self, connection: Connection, community_id: str) -> None:
        self._where = (connection, community_id)

    @cached_property
    def people(self) -> PeopleViews:
        """Volunteers, their cards and consents, and logins."""
        return PeopleViews(*self._where)

    @cached_property
    def shifts(self) -> ShiftViews:
        """Shifts, the taps behind them, what waits for a decision, who is on duty."""
        return ShiftViews(*self._where)

    @cached_property
    def places(self) -> PlaceViews:
        """Sites, teams, activities, plans."""
        return PlaceViews(*self._where)

    @cached_property
    def machines(self) -> MachineViews:
        """Kiosks and what they sent."""
        return MachineViews(*self._where)

    @cached_property
    def ledger(self) -> LedgerViews:
        """Entries and balances."""
        return LedgerViews(*self._where)

    @cached_property
    def totals(self) -> TotalViews:
        """Counts and sums over many people."""
        return TotalViews(*self._where)
