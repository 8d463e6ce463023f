"""Sites and activities: what the community offers and where people tap."""

from dataclasses import asdict
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from server.errors import NotFound, ServerError
from server.services.community import ActivitySpec, SiteSpec, set_activities, set_sites
from server.web import words
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, reading, writing, yika
from server.web.forms import Fields
from server.web.i18n import explain
from server.web.staff.base import blueprint, done, options

NEW = "new"
PROOFS = tuple(words.PROOFS)[1:]


@blueprint.get("/sites")
@allow(READERS)
def sites() -> str:
    """Every site."""
    with reading() as uow:
        rows, activities = uow.views.places.sites(), uow.views.places.activities()
    names = {row["activity_id"]: row["name"] for row in activities}
    return render_template("staff/sites.html", rows=rows, names=names)


@blueprint.get("/sites/<site_id>")
@allow(STAFF)
def site(site_id: str) -> str:
    """The form of one site, or of a new one."""
    blank = asdict(SiteSpec(site_id=NEW, name=""))
    with reading() as uow:
        row = blank if site_id == NEW else _found(uow.rows("sites").get(site_id=site_id))
        activities = options(uow.views.places.activities(), "activity_id")
    return render_template("staff/site.html", row=row, activities=activities, errors={})


@blueprint.post("/sites/<site_id>")
@allow(STAFF)
def save_site(site_id: str) -> Any:
    """Add or change a site."""
    fields = Fields(request.form)
    with reading() as uow:
        before = uow.rows("sites").get(site_id=site_id) or {}
        activities = options(uow.views.places.activities(), "activity_id")
    spec = SiteSpec(
        site_id=yika().ids() if site_id == NEW else site_id,
        name=fields.text("name", required=True, most=40),
        name_en=fields.text("name_en", most=60),
        role=fields.choice("role", words.SITE_ROLES),
        default_activity=fields.choice("default_activity", activities, required=False) or None,
        activities=fields.many("activities", activities),
        place=before.get("place") or {},
        active=fields.tick("active"),
    )
    if spec.default_activity and spec.default_activity not in spec.activities:
        fields.errors["default_activity"] = _("默认项目须在提供的项目之中。")
    if fields.good:
        try:
            with writing() as uow:
                set_sites(uow, acting(), [spec])
            done(_("已保存。"))
            return redirect(url_for("staff.sites"))
        except ServerError as error:
            fields.errors[""] = explain(error)
    row = asdict(spec) | {"site_id": site_id}
    return render_template("staff/site.html", row=row, activities=activities, errors=fields.errors), 400


@blueprint.get("/activities")
@allow(READERS)
def activities() -> str:
    """Every activity."""
    with reading() as uow:
        rows = uow.views.places.activities()
    return render_template("staff/activities.html", rows=rows)


@blueprint.get("/activities/<activity_id>")
@allow(STAFF)
def activity(activity_id: str) -> str:
    """The form of one activity, or of a new one."""
    blank = asdict(ActivitySpec(activity_id=NEW, name=""))
    with reading() as uow:
        row = blank if activity_id == NEW else _found(uow.rows("activities").get(activity_id=activity_id))
        points = _checkpoints(uow)
    return render_template("staff/activity.html", row=row, points=points, proofs=PROOFS, errors={})


@blueprint.post("/activities/<activity_id>")
@allow(STAFF)
def save_activity(activity_id: str) -> Any:
    """Add or change an activity."""
    fields = Fields(request.form)
    with reading() as uow:
        points = _checkpoints(uow)
        before = uow.rows("activities").get(activity_id=activity_id)
    # What judges earlier service stays as it is: another kind or proof is another activity.
    spec = ActivitySpec(
        activity_id=yika().ids() if activity_id == NEW else activity_id,
        name=fields.text("name", required=True, most=40),
        name_en=fields.text("name_en", most=60),
        kind=before["kind"] if before else fields.choice("kind", words.KINDS),
        category=fields.text("category", most=20) or "社区服务",
        least_proof=before["least_proof"] if before else fields.choice("least_proof", PROOFS),
        training=fields.tick("training"),
        checkpoints=fields.many("checkpoints", points),
        active=fields.tick("active"),
    )
    if fields.good:
        try:
            with writing() as uow:
                set_activities(uow, acting(), [spec])
            done(_("已保存。"))
            return redirect(url_for("staff.activities"))
        except ServerError as error:
            fields.errors[""] = explain(error)
    page = {"row": asdict(spec) | {"activity_id": activity_id}, "points": points, "proofs": PROOFS}
    return render_template("staff/activity.html", errors=fields.errors, **page), 400


def _checkpoints(uow: Any) -> dict[str, str]:
    rows = [row for row in uow.views.places.sites() if row["role"] == "checkpoint"]
    return options(rows, "site_id")


def _found(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise NotFound(zh="没有找到，请从列表中重新选择。")
    return row
