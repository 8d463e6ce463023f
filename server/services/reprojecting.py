"""Deriving again what was derived: after a change that reaches into the past, or when asked to."""

from collections.abc import Collection, Iterable

from server.services.acting import Acting, Uow
from server.services.deriving import retime_journal
from server.services.projection import project_whole

AT_ONCE = 200
"""People projected together: few queries, and little in memory."""


def reproject_all(uow: Uow, acting: Acting) -> int:
    """Derive every time, shift and posting again; how many shifts came out otherwise (should be 0)."""
    uow.lock()  # before anything is read: a push that comes in meanwhile must not be overwritten
    for row in uow.rows("journals").rows("kiosk_id", "journal_id"):
        retime_journal(uow, (row["kiosk_id"], row["journal_id"]))
    return _reproject(uow, acting, _everybody(uow))


def reproject_since(uow: Uow, acting: Acting, since: int) -> int:
    """Derive again whoever has a shift since a moment: rules were changed for the past."""
    uow.lock()
    rows = uow.rows("shifts").between("started_at", since, None)
    return _reproject(uow, acting, {row["volunteer"] for row in rows})


def _everybody(uow: Uow) -> set[str]:
    people = {row["volunteer"] for row in uow.rows("projections").rows()}
    return people | {row["number"] for row in uow.rows("volunteers").rows()}


def _reproject(uow: Uow, acting: Acting, people: Collection[str]) -> int:
    return sum(project_whole(uow, acting, part) for part in _parts(sorted(people)))


def _parts(people: list[str]) -> Iterable[list[str]]:
    return (people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE))
