"""What waits for a decision: forgotten ends, minutes above the day's cap, taps set aside. Never one's own."""

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from server.errors import ServerError
from server.services.review import (
    approve_excess,
    confirm_missing_end,
    declare_shift,
    deny_missing_end,
    restore_tap,
    set_aside_tap,
    void_shift,
)
from server.web.access import DECIDERS, LEADERS, READERS, STAFF, allow, local_target
from server.web.context import acting, now, reading, writing
from server.web.forms import Fields
from server.web.i18n import explain
from server.web.staff.base import blueprint, done, options, told


@blueprint.get("/forgotten")
@allow(LEADERS)
def forgotten() -> str:
    """Shifts that miss their end, those that waited longest first."""
    led_by = (current_user.volunteer or "") if _is_leader() else None
    with reading() as uow:
        rows = uow.views.shifts.waiting(led_by=led_by)
    return render_template("staff/forgotten.html", rows=rows, now=now())


@blueprint.post("/forgotten/<path:shift_id>")
@allow(DECIDERS)
def settle_forgotten(shift_id: str) -> Response:
    """Confirm the proposed end or an earlier time, or deny that there was one."""
    fields = Fields(request.form)
    reason = fields.text("reason", required=True)
    at = fields.moment("at", required=False)

    def confirm(uow: Any) -> None:
        confirm_missing_end(uow, acting(), shift_id, at=at, reason=reason, leads_only=_is_leader())

    def deny(uow: Any) -> None:
        deny_missing_end(uow, acting(), shift_id, reason=reason, leads_only=_is_leader())

    denying = request.form.get("answer") == "deny"
    return _carry_out(fields, deny if denying else confirm, url_for("staff.forgotten"))


@blueprint.get("/excess")
@allow(READERS)
def excess() -> str:
    """Days on which the cap holds minutes."""
    with reading() as uow:
        rows = uow.views.shifts.excess()
    return render_template("staff/excess.html", rows=rows)


@blueprint.post("/excess/<number>/<day>")
@allow(STAFF)
def approve(number: str, day: str) -> Response:
    """Credit what a person's day holds above the cap."""
    fields = Fields(request.form)
    reason = fields.text("reason", required=True)
    return _carry_out(
        fields,
        lambda uow: approve_excess(uow, acting(), number, day, reason=reason),
        url_for("staff.excess"),
    )


@blueprint.post("/events/<event_id>")
@allow(STAFF)
def decide_tap(event_id: str) -> Response:
    """Count a tap that was refused or set aside, or do not count one."""
    fields = Fields(request.form)
    reason = fields.text("reason", required=True)
    decide = restore_tap if request.form.get("answer") == "restore" else set_aside_tap
    back = local_target(request.form.get("next"), url_for("staff.shifts"))
    return _carry_out(fields, lambda uow: decide(uow, acting(), event_id, reason=reason), back)


@blueprint.post("/void/<path:shift_id>")
@allow(STAFF)
def void(shift_id: str) -> Response:
    """Make a shift worth nothing."""
    fields = Fields(request.form)
    reason = fields.text("reason", required=True)
    back = url_for("staff.shift", shift_id=shift_id)
    return _carry_out(fields, lambda uow: void_shift(uow, acting(), shift_id, reason=reason), back)


@blueprint.get("/declare")
@allow(STAFF)
def declare_form() -> str:
    """The form for entering a shift afterwards."""
    return _declare_page({}, {"volunteer": request.args.get("volunteer", "")})


@blueprint.post("/declare")
@allow(STAFF)
def declare() -> Any:
    """Enter a shift afterwards: labelled 补录 for ever, earns no points."""
    fields = Fields(request.form)
    number = fields.text("volunteer", required=True)
    where = (fields.text("activity_id", required=True), fields.text("site_id", required=True))
    start, end = fields.moment("started_at"), fields.moment("ended_at")
    reason = fields.text("reason", required=True)
    if fields.good and start is not None and end is not None:
        try:
            with writing() as uow:
                declare_shift(uow, acting(), number, where=where, span=(start, end), reason=reason)
            done(_("已补录。"))
            return redirect(url_for("staff.volunteer", number=number))
        except ServerError as error:
            fields.errors[""] = explain(error)
    return _declare_page(fields.errors, request.form), 400


def _declare_page(errors: dict[str, str], values: Any) -> str:
    with reading() as uow:
        activities = options(uow.views.places.activities(), "activity_id")
        sites = options(uow.views.places.sites(), "site_id")
    return render_template(
        "staff/declare.html", errors=errors, values=values, activities=activities, sites=sites
    )


def _carry_out(fields: Fields, work: Callable[[Any], object], back: str) -> Response:
    if not fields.good:
        fields.told(reason=_("理由"), at=_("结束时间"))
        return redirect(back)
    try:
        with writing() as uow:
            work(uow)
        done(_("已记录，时长已重新计算。"))
    except ServerError as error:
        told(error)
    return redirect(back)


def _is_leader() -> bool:
    return bool(current_user.role == "leader")
