"""The open API's sums of closed shifts."""

from flask import Response

from server.errors import Invalid
from server.web.api.base import resource
from server.web.api.lists import day, page, reading, small_page
from server.web.api.models import Statistic, Statistics, StatisticsQuery

GROUPINGS = ("day", "month", "activity", "site", "team")


@resource("statistics", Statistics)
def statistics(query: StatisticsQuery) -> Response:
    """Closed shifts by day, month, activity, site or team; minutes by grade."""
    if query.by not in GROUPINGS:
        raise Invalid(f"by is one of {', '.join(GROUPINGS)}", zh=f"by 请从 {'、'.join(GROUPINGS)} 中选择。")
    with reading() as uow:
        found = uow.views.totals.statistics(query.by, low=day(query.from_, "from"), high=day(query.to, "to"))
    rows = small_page(query, found, "key")
    items = [
        Statistic(
            key=row["key"],
            shifts=row["shifts"],
            volunteers=row["volunteers"],
            credited_minutes=int(row["credited_minutes"]),
            tapped_minutes=int(row["tapped"]),
            witnessed_minutes=int(row["witnessed"]),
            declared_minutes=int(row["declared"]),
        )
        for row in rows
    ]
    return page(query, rows, items, ["key"])
