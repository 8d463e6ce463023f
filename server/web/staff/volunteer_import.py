"""Taking in a spreadsheet of volunteers: a preview names each row's faults, then the good rows go in."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from server.errors import ServerError
from server.services.member_import import COLUMNS, Import, decode, read_members
from server.services.members import register_volunteers
from server.web.access import STAFF, allow
from server.web.context import acting, now, reading, writing
from server.web.staff.base import blueprint, done, told
from server.web.times import day_of


@blueprint.get("/volunteers/import")
@allow(STAFF)
def import_form() -> str:
    """Which columns there may be, and the field for the file."""
    return render_template("staff/import.html", columns=COLUMNS, found=None, text="")


@blueprint.post("/volunteers/import")
@allow(STAFF)
def import_volunteers() -> Any:
    """First the preview; with ``confirmed`` the good rows are registered, the others stay out by name."""
    try:
        text = _posted_text()
        if not request.form.get("confirmed"):
            with reading() as uow:
                found = _read(uow, text)
            return render_template("staff/import.html", columns=COLUMNS, found=found, text=text)
        with writing() as uow:
            # Read again inside the transaction: the register may have changed since the preview.
            found = _read(uow, text)
            numbers = register_volunteers(uow, acting(), found.good)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.import_form"))
    done(_("已导入 %(good)s 人，未导入 %(bad)s 行。", good=len(numbers), bad=len(found.bad)))
    return redirect(url_for("staff.volunteers"))


def _posted_text() -> str:
    file = request.files.get("file")
    return decode(file.read()) if file and file.filename else request.form.get("text", "")


def _read(uow: Any, text: str) -> Import:
    teams = {row["name"]: row["team_id"] for row in uow.views.places.teams() if row["active"]}
    return read_members(
        text, today=day_of(now()), teams=teams, registered=uow.views.people.page(limit=1_000_000)
    )
