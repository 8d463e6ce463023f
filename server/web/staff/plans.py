"""Plans: a week at a glance with who is missing, single turns and weekly ones, their people."""

from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.errors import NotFound, ServerError
from server.services.community import PlanSpec, cancel_plan, set_plans
from server.web.access import LEADERS, STAFF, allow
from server.web.context import acting, now, reading, writing, yika
from server.web.forms import Fields
from server.web.i18n import explain
from server.web.staff.base import DAY, blueprint, done, options, told
from server.web.times import date_of, day_of, day_start, moment

NEW = "new"
MOST_WEEKS = 26


@blueprint.get("/plans")
@allow(LEADERS)
def plans() -> str:
    """One week, a column a day."""
    monday = _monday(request.args.get("week"))
    low = day_start(monday)
    with reading() as uow:
        rows = [row for row in uow.views.places.plans(low, low + 7 * DAY) if not row["cancelled"]]
    days = [(monday + timedelta(days=n)).isoformat() for n in range(7)]
    by_day = {day: [row for row in rows if day_of(row["start"]) == day] for day in days}
    week = {
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
    }
    return render_template("staff/plans.html", by_day=by_day, today=day_of(now()), **week)


@blueprint.get("/plans/<plan_id>")
@allow(LEADERS)
def plan(plan_id: str) -> str:
    """One turn with its people, or the form of a new one."""
    with reading() as uow:
        row = _plan(uow, plan_id)
        choices = _choices(uow)
        names = uow.views.people.named(set(row["members"]))
    return render_template("staff/plan.html", row=row, names=names, errors={}, **choices)


@blueprint.post("/plans/<plan_id>")
@allow(STAFF)
def save_plan(plan_id: str) -> Any:
    """Add turns (once, or for some weeks), or change one; what was tapped before stays as it was."""
    fields = Fields(request.form)
    with reading() as uow:
        choices = _choices(uow)
        row = _plan(uow, plan_id)
        members = fields.words("members")
        names = uow.views.people.named(set(members))
    spec = _read(fields, plan_id, choices, members)
    if strangers := [number for number in members if number not in names]:
        fields.errors["members"] = _("没有这些编号：%(numbers)s", numbers="、".join(strangers))
    weeks = fields.whole("weeks", 1, MOST_WEEKS, default=1) if plan_id == NEW else 1
    if fields.good:
        try:
            with writing() as uow:
                set_plans(uow, acting(), repeated(spec, weeks))
            done(_("已保存 %(count)s 个班次。", count=weeks))
            return redirect(url_for("staff.plans", week=day_of(spec.start)))
        except ServerError as error:
            fields.errors[""] = explain(error)
    shown = row | {name: getattr(spec, name) for name in ("activity_id", "site_id", "need", "team_id")}
    shown |= {"members": list(members), "start": spec.start or row["start"], "end": spec.end or row["end"]}
    return render_template("staff/plan.html", row=shown, names=names, errors=fields.errors, **choices), 400


@blueprint.post("/plans/<plan_id>/cancel")
@allow(STAFF)
def cancel(plan_id: str) -> Response:
    """Take a turn off."""
    try:
        with writing() as uow:
            cancel_plan(uow, acting(), plan_id)
        done(_("班次已取消。"))
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.plans"))


def repeated(spec: PlanSpec, weeks: int) -> list[PlanSpec]:
    """The same turn on the same weekday, so many weeks in a row; each is a plan of its own."""
    found = []
    for week in range(weeks):
        plan_id = spec.plan_id if week == 0 else yika().ids()
        shift = week * 7 * DAY
        found.append(_moved(spec, plan_id, shift))
    return found


def _moved(spec: PlanSpec, plan_id: str, by: int) -> PlanSpec:
    return PlanSpec(
        plan_id=plan_id,
        activity_id=spec.activity_id,
        site_id=spec.site_id,
        start=spec.start + by,
        end=spec.end + by,
        need=spec.need,
        members=spec.members,
        team_id=spec.team_id,
    )


def _read(fields: Fields, plan_id: str, choices: dict[str, Any], members: tuple[str, ...]) -> PlanSpec:
    day = fields.day("day", required=True)
    start, end = (_at(fields, day, name) for name in ("from", "to"))
    if start and end and end <= start:
        # A turn over midnight ends on the next day.
        end += DAY
    return PlanSpec(
        plan_id=yika().ids() if plan_id == NEW else plan_id,
        activity_id=fields.choice("activity_id", choices["activities"]),
        site_id=fields.choice("site_id", choices["sites"]),
        start=start,
        end=end,
        need=fields.whole("need", 1, 500, default=1),
        members=members,
        team_id=fields.choice("team_id", choices["teams"], required=False) or None,
    )


def _at(fields: Fields, day: str | None, name: str) -> int:
    text = fields.text(name, required=True)
    try:
        return moment(f"{day}T{text}") if day and text else 0
    except ValueError:
        fields.errors[name] = _("时间写作 08:30。")
        return 0


def _choices(uow: Any) -> dict[str, Any]:
    return {
        "activities": options(uow.views.places.activities(), "activity_id"),
        "sites": options(uow.views.places.sites(), "site_id"),
        "teams": options(uow.views.places.teams(), "team_id"),
    }


def _plan(uow: Any, plan_id: str) -> dict[str, Any]:
    if plan_id == NEW:
        tomorrow = day_of(now() + DAY)
        start = day_start(_date(request.args.get("day"), tomorrow)) + 9 * DAY // 24
        blank = {"plan_id": NEW, "start": start, "end": start + DAY // 12, "need": 1, "members": []}
        return blank | {"activity_id": "", "site_id": "", "team_id": None, "cancelled": False}
    row = uow.rows("plans").get(plan_id=plan_id)
    if row is None:
        raise NotFound(zh="没有这个班次，请刷新页面。")
    return dict(row)


def _monday(text: str | None) -> date:
    day = _date(text, day_of(now()))
    return day - timedelta(days=day.weekday())


def _date(text: str | None, otherwise: str) -> date:
    """The date in an address; another one when there is none, or somebody spoiled it."""
    try:
        return date_of(text or otherwise)
    except ValueError:
        return date_of(otherwise)
