"""Teams: their people and who leads them."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from server.errors import NotFound, ServerError
from server.services.community import TeamSpec, set_teams
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, reading, writing, yika
from server.web.forms import Fields
from server.web.i18n import explain
from server.web.staff.base import blueprint, done

NEW = "new"


@blueprint.get("/teams")
@allow(READERS)
def teams() -> str:
    """Every team with its leaders and size."""
    with reading() as uow:
        rows = uow.views.places.teams()
        names = uow.views.people.named({number for row in rows for number in row["leaders"]})
    return render_template("staff/teams.html", rows=rows, names=names)


@blueprint.get("/teams/<team_id>")
@allow(READERS)
def team(team_id: str) -> str:
    """One team with its people, or the form of a new one."""
    with reading() as uow:
        row, people = _team(uow, team_id)
    leaders = [p["volunteer"] for p in people if p["leader"]]
    members = [p["volunteer"] for p in people if not p["leader"]]
    return render_template(
        "staff/team.html", row=row, people=people, leaders=leaders, members=members, errors={}
    )


@blueprint.post("/teams/<team_id>")
@allow(STAFF)
def save_team(team_id: str) -> Any:
    """Add or change a team; people are named by number."""
    fields = Fields(request.form)
    leaders, members = fields.words("leaders"), fields.words("members")
    with reading() as uow:
        row, people = _team(uow, team_id)
        known = uow.views.people.named({*leaders, *members})
    for name, numbers in (("leaders", leaders), ("members", members)):
        if strangers := [number for number in numbers if number not in known]:
            fields.errors[name] = _("没有这些编号：%(numbers)s", numbers="、".join(strangers))
    spec = TeamSpec(
        team_id=yika().ids() if team_id == NEW else team_id,
        name=fields.text("name", required=True, most=40),
        name_en=fields.text("name_en", most=60),
        leaders=leaders,
        members=members,
        active=fields.tick("active"),
    )
    if fields.good:
        try:
            with writing() as uow:
                set_teams(uow, acting(), [spec])
            done(_("已保存。"))
            return redirect(url_for("staff.teams"))
        except ServerError as error:
            fields.errors[""] = explain(error)
    shown = row | {"name": spec.name, "name_en": spec.name_en, "active": spec.active}
    page = {"row": shown, "people": people, "leaders": leaders, "members": members}
    return render_template("staff/team.html", errors=fields.errors, **page), 400


def _team(uow: Any, team_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if team_id == NEW:
        return {"team_id": NEW, "name": "", "name_en": "", "active": True}, []
    row = uow.rows("teams").get(team_id=team_id)
    if row is None:
        raise NotFound(zh="没有这支志愿队，请刷新页面。")
    return row, uow.views.places.team_people(team_id)
