"""Today at a glance: who is on duty, who is wanted, what waits for a person, which kiosks are silent."""

from flask import render_template
from flask_login import current_user

from server.services.on_duty import on_duty
from server.web.access import LEADERS, allow
from server.web.context import now, reading
from server.web.staff.base import DAY, blueprint
from server.web.staff.figures import bars
from server.web.times import day_of, day_start

SILENT_AFTER = 10 * 60_000
FORTNIGHT = 14


@blueprint.get("/")
@allow(LEADERS)
def dashboard() -> str:
    """The first page of the day."""
    moment = now()
    today = day_start(day_of(moment))
    led_by = current_user.volunteer or "" if current_user.role == "leader" else None
    with reading() as uow:
        views = uow.views
        first_day = day_of(today - (FORTNIGHT - 1) * DAY)
        daily = {row["key"]: row for row in views.totals.statistics("day", low=first_day)}
        figures = {
            "sums": views.totals.sums(),
            "on_duty": on_duty(uow, views.shifts.open(), moment),
            "waiting": views.shifts.waiting(led_by=led_by),
            "excess": views.shifts.excess(),
            "wanted": views.places.wanted(moment, today + 4 * DAY),
            "plans": [p for p in views.places.plans(today, today + DAY) if not p["cancelled"]],
            "silent": views.machines.silent(moment - SILENT_AFTER),
            "latest": views.totals.latest_tap(),
        }
    days = [day_of(today - back * DAY) for back in range(FORTNIGHT - 1, -1, -1)]
    chart = bars([(day, int(daily[day]["credited_minutes"]) if day in daily else 0) for day in days])
    return render_template("staff/dashboard.html", now=moment, chart=chart, **figures)
