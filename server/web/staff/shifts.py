"""Shifts: the list, and one shift with every tap behind it: what was shown, what was proved, when it was."""

import json
from typing import Any

from flask import render_template, request
from flask_login import current_user

from server.errors import NotAllowed, NotFound
from server.web import words
from server.web.access import LEADERS, allow
from server.web.context import reading
from server.web.staff.base import DAY, PAGE, blueprint, options
from server.web.times import day_start

MOST_DIGITS = 16
"""Of a moment in an address; more would be no number that a database holds."""


@blueprint.get("/shifts")
@allow(LEADERS)
def shifts() -> str:
    """Shifts, latest first; leaders see those of their teams."""
    args = request.args
    wanted: dict[str, Any] = {
        "volunteer": args.get("volunteer") or None,
        "state": args.get("state") if args.get("state") in words.STATES else None,
        "activity": args.get("activity") or None,
        "low": _day(args.get("from")),
        "high": _day(args.get("to"), DAY),
        "led_by": _leads(),
    }
    with reading() as uow:
        rows = uow.views.shifts.page(wanted, after=_after(args.get("after")), limit=PAGE + 1, newest=True)
        activities = options(uow.views.places.activities(), "activity_id")
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    more = f"{last['started_at']}.{last['shift_id']}" if last else None
    return render_template(
        "staff/shifts.html", rows=rows[:PAGE], more=more, activities=activities, wanted=wanted
    )


@blueprint.get("/shifts/<path:shift_id>")
@allow(LEADERS)
def shift(shift_id: str) -> str:
    """One shift with its evidence."""
    with reading() as uow:
        views = uow.views
        row = views.shifts.one(shift_id)
        if row is None:
            raise NotFound(zh="没有这次服务，请刷新页面。")
        leads = _leads()
        if leads is not None and not views.shifts.is_led_by(row["volunteer"], leads):
            raise NotAllowed(zh="只能查看本队成员的服务，请找对方的队长。")
        taps = views.machines.events({"ids": tuple(row["events"])}, limit=200)
        bodies = {tap["event_id"]: _told(views.machines.body(tap["event_id"])) for tap in taps}
        decisions = views.shifts.decisions(row)
        plan = views.shifts.plan(row["plan_id"])
    page = {"taps": taps, "bodies": bodies, "decisions": decisions, "plan": plan}
    return render_template("staff/shift.html", shift=row, own=_is_own(row), **page)


def _leads() -> str | None:
    """Whose teams limit what is seen: a leader's; None for staff."""
    return (current_user.volunteer or "") if current_user.role == "leader" else None


def _is_own(row: dict[str, Any]) -> bool:
    return bool(current_user.volunteer and current_user.volunteer == row["volunteer"])


def _told(body: str | None) -> dict[str, Any]:
    """What the kiosk itself said about a tap; nothing when it is sealed or unreadable."""
    try:
        told = json.loads(body or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _day(text: str | None, behind: int = 0) -> int | None:
    try:
        return day_start(text) + behind if text else None
    except ValueError:
        return None


def _after(text: str | None) -> tuple[int, str] | None:
    at, _, shift_id = (text or "").partition(".")
    return (int(at), shift_id) if at.isascii() and at.isdigit() and len(at) < MOST_DIGITS else None
