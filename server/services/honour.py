"""Whom kiosks honour while nobody taps: people who asked to be on the wall, a few each day, all in turn."""

from collections.abc import Mapping
from typing import Any

from server.contract.hours import Hours
from server.domain.calendar import DAY, day_start
from server.services.acting import Row, Uow
from server.services.names import shown_name

MOST = 12
"""People in one roster: enough for a day of slow slides."""


def honoured(
    uow: Uow, people: Mapping[str, Row], hours: Mapping[str, Hours], today: str
) -> list[dict[str, Any]]:
    """Today's people, by number: a wall in turn is no ranking, which would want a consent of its own.

    The same people as on the wall's own page, from rows that a roster has read anyway.
    """
    consents = uow.rows("consents").rows("number", purpose="wall", withdrawn_at=None)
    asked = (people[row["number"]] for row in consents if row["granted_at"] is not None)
    wall = [
        {"name": name, "minutes": hours[row["number"]].total, "team": row["team_id"]}
        for row in asked
        if row["status"] == "active"
        and hours.get(row["number"], Hours()).total > 0
        and (name := shown_name(row)) is not None
    ]
    first = day_start(today) // DAY * MOST % max(len(wall), 1)
    return (wall[first:] + wall[:first])[:MOST]
