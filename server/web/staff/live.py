"""The live board for a screen in the hall: who is here, which turns lack people, today's patrol rounds.

Names as each person chose; refreshed without a reload.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flask import render_template, request

from server.services.names import shown_name
from server.services.on_duty import on_duty
from server.services.rounds import rounds_of_day
from server.web.access import LEADERS, allow
from server.web.context import now, reading
from server.web.staff.base import DAY, blueprint
from server.web.times import day_of, day_start


@blueprint.get("/live")
@allow(LEADERS)
def live() -> str:
    """The whole board, with ``?hall=1`` without the menu, or with ``?part=1`` only what changes."""
    moment = now()
    today = day_start(day_of(moment))
    with reading() as uow:
        present = on_duty(uow, uow.views.shifts.open(), moment)
        groups = grouped(present)
        rounds = rounds_of_day(uow, today, today + DAY, moment)
        following = [
            plan
            for plan in uow.views.places.plans(moment - DAY // 8, today + DAY)
            if plan["end"] > moment and not plan["cancelled"]
        ]
    template = "staff/live_part.html" if request.args.get("part") else "staff/live.html"
    total = sum(group["count"] for group in groups)
    return render_template(
        template,
        groups=groups,
        total=total,
        following=[plan | here(plan, present, moment) for plan in following[:6]],
        rounds=[asdict(each) | {"passed": each.passed} for each in rounds],
        now=moment,
        hall=request.args.get("hall") == "1",
    )


def here(plan: dict[str, Any], present: Iterable[dict[str, Any]], moment: int) -> dict[str, Any]:
    """Before a turn its list counts, once it is on the people who came: how many, and how many lack."""
    is_on = plan["start"] <= moment
    count = sum(row["plan_id"] == plan["plan_id"] for row in present) if is_on else len(plan["members"])
    return {"is_on": is_on, "count": count, "lack": max(0, plan["need"] - count)}


def grouped(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """On-duty shifts by activity; who wants no name on shared screens is counted, not named."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = row["activity_id"] or ""
        group = found.setdefault(
            key,
            {"name": row["activity"], "name_en": row["activity_en"], "people": [], "unnamed": 0, "count": 0},
        )
        name = shown_name(row) if row["name"] else None
        group["count"] += 1
        if name:
            group["people"].append({"name": name, "site": row["site"], "since": row["started_at"]})
        else:
            group["unnamed"] += 1
    return list(found.values())
