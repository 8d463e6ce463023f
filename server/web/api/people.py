"""The open API about people: volunteers and cards."""

from typing import Any

from flask import Response

from server.services.on_duty import people_on_duty
from server.web.api.base import resource
from server.web.api.lists import after, checked, page, reading
from server.web.api.models import Card, CardQuery, Cards, Volunteer, VolunteerQuery, Volunteers
from server.web.context import now
from server.web.times import rfc3339


@resource("volunteers", Volunteers)
def volunteers(query: VolunteerQuery) -> Response:
    """Volunteers, sorted by number."""
    limit, place = checked(query), after(query, str)
    wanted: dict[str, Any] = {"status": query.status, "team": query.team}
    with reading() as uow:
        present = people_on_duty(uow, uow.views.shifts.open(), now())
        if query.on_duty is not None:
            wanted["among" if query.on_duty else "besides"] = present
        rows = uow.views.people.page(wanted, after=place[0] if place else None, limit=limit)
    items = [
        Volunteer(
            number=row["number"],
            name=row["name"],
            team=row["team"],
            status=row["status"],
            on_duty=row["number"] in present,
            joined_on=row["joined_on"] or None,
            skills=row["skills"],
            trained=row["trained"],
            credited_minutes=row["hours"],
        )
        for row in rows
    ]
    return page(query, rows, items, ["number"])


@resource("cards", Cards)
def cards(query: CardQuery) -> Response:
    """Cards, sorted by id."""
    limit, place = checked(query), after(query, str)
    wanted = {"volunteer": query.volunteer, "state": query.state}
    with reading() as uow:
        rows = uow.views.people.cards(wanted, after=place[0] if place else None, limit=limit)
    items = [
        Card(
            id=row["card_id"],
            volunteer=row["volunteer"],
            state=row["state"],
            since=rfc3339(row["since"]) or "",
            medium=row["medium"],
            proof=row["proof"],
            issued_at=rfc3339(row["issued_at"]) or "",
            not_after=rfc3339(row["not_after"]),
        )
        for row in rows
    ]
    return page(query, rows, items, ["card_id"])
