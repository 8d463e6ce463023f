"""Whom kiosks honour while nobody taps: people who asked to be on the wall, a few each day, all in turn."""

from typing import Any

from server.domain.calendar import DAY, day_start
from server.services.acting import Uow
from server.services.names import shown_name

MOST = 12
"""People in one roster: enough for a day of slow slides."""
EVERYBODY = 10_000


def honoured(uow: Uow, today: str) -> list[dict[str, Any]]:
    """Today's people, by number: a wall in turn is no ranking, which would want a consent of its own."""
    wall = sorted(uow.views.people.wall(EVERYBODY), key=lambda row: str(row["number"]))
    people = [
        {"name": name, "minutes": row["hours"], "team": row["team_id"]}
        for row in wall
        if (name := shown_name(row)) is not None
    ]
    first = day_start(today) // DAY * MOST % max(len(people), 1)
    return (people[first:] + people[:first])[:MOST]
