"""The open API about what there is: teams, activities, sites, kiosks."""

from flask import Response

from server.web.api.base import resource
from server.web.api.lists import page, reading, small_page
from server.web.api.models import Activities, Activity, Kiosk, Kiosks, Page, Site, Sites, Team, Teams
from server.web.times import rfc3339


@resource("teams", Teams)
def teams(query: Page) -> Response:
    """Teams, sorted by id."""
    with reading() as uow:
        rows = small_page(query, uow.views.places.teams(), "team_id")
    items = [
        Team(
            id=row["team_id"],
            name=row["name"],
            name_en=row["name_en"],
            members=row["size"],
            leaders=row["leaders"],
            active=row["active"],
        )
        for row in rows
    ]
    return page(query, rows, items, ["team_id"])


@resource("activities", Activities)
def activities(query: Page) -> Response:
    """Activities, sorted by id."""
    with reading() as uow:
        rows = small_page(query, uow.views.places.activities(), "activity_id")
    same = ("name", "name_en", "kind", "category", "least_proof", "training", "active")
    items = [Activity(id=row["activity_id"], **{name: row[name] for name in same}) for row in rows]
    return page(query, rows, items, ["activity_id"])


@resource("sites", Sites)
def sites(query: Page) -> Response:
    """Sites, sorted by id; activities by name."""
    with reading() as uow:
        rows = small_page(query, uow.views.places.sites(), "site_id")
        names = {row["activity_id"]: row["name"] for row in uow.views.places.activities()}
    items = [
        Site(
            id=row["site_id"],
            name=row["name"],
            name_en=row["name_en"],
            role=row["role"],
            activities=[names.get(activity, activity) for activity in row["activities"]],
            default_activity=names.get(row["default_activity"]),
            active=row["active"],
        )
        for row in rows
    ]
    return page(query, rows, items, ["site_id"])


@resource("kiosks", Kiosks)
def kiosks(query: Page) -> Response:
    """Kiosks, sorted by id."""
    with reading() as uow:
        rows = small_page(query, uow.views.machines.kiosks(), "kiosk_id")
    items = [
        Kiosk(
            id=row["kiosk_id"],
            name=row["name"],
            site=row["site"],
            state=row["state"],
            last_seen=rfc3339(row["at"]),
            roster_version=row["roster_version"],
            clock=row["clock"],
            events=row["taps"],
        )
        for row in rows
    ]
    return page(query, rows, items, ["kiosk_id"])
