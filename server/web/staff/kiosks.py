"""Kiosks: adding one with a code and its picture, seeing when each last spoke, revoking one."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from server.errors import ServerError
from server.services.kiosks import AddedKiosk, add_kiosk, kiosk, make_desk, new_code, revoke_kiosk
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, now, public_address, reading, writing, yika
from server.web.forms import Fields
from server.web.staff.base import blueprint, done, options, told

SILENT_AFTER = 10 * 60_000


@blueprint.get("/kiosks")
@allow(READERS)
def kiosks() -> str:
    """Every kiosk with its state, its site, and when it last spoke."""
    with reading() as uow:
        rows = uow.views.machines.kiosks()
        sites = options(uow.views.places.sites(), "site_id")
        version = uow.views.totals.community().get("roster_version")
    page = {"rows": rows, "sites": sites, "version": version, "now": now(), "silent_after": SILENT_AFTER}
    return render_template("staff/kiosks.html", **page)


@blueprint.post("/kiosks")
@allow(STAFF)
def add() -> Any:
    """Register a kiosk; its code is shown once."""
    fields = Fields(request.form)
    name = fields.text("name", required=True, most=40)
    site_id = fields.text("site_id", required=True)
    if not fields.good:
        fields.told(name=_("新打卡机的名称"), site_id=_("放在哪个服务点"))
        return redirect(url_for("staff.kiosks"))
    try:
        with writing() as uow:
            added = add_kiosk(uow, acting(), name, site_id=site_id)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.kiosks"))
    return _code(name, added)


@blueprint.post("/kiosks/<kiosk_id>/code")
@allow(STAFF)
def code(kiosk_id: str) -> Any:
    """A fresh code: the machine was replaced, or the first code ran out."""
    with writing() as uow:
        name = kiosk(uow, kiosk_id)["name"]
        added = new_code(uow, acting(), kiosk_id)
    return _code(name, added)


@blueprint.post("/kiosks/<kiosk_id>/revoke")
@allow(STAFF)
def revoke(kiosk_id: str) -> Any:
    """Stop trusting a kiosk; what it still holds is kept and waits for staff."""
    try:
        with writing() as uow:
            revoke_kiosk(uow, acting(), kiosk_id)
        done(_("打卡机已吊销。它之后上传的记录会保留，待工作人员审核。"))
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.kiosks"))


@blueprint.post("/kiosks/<kiosk_id>/desk")
@allow(STAFF)
def set_desk(kiosk_id: str) -> Any:
    """Let cards be made at this kiosk's reader, or no longer."""
    is_desk = Fields(request.form).tick("desk")
    try:
        with writing() as uow:
            make_desk(uow, acting(), kiosk_id, is_desk=is_desk)
        done(_("已设为发卡台，可以在“发卡台”页发卡。") if is_desk else _("已不再是发卡台。"))
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.kiosks"))


def _code(name: str, added: AddedKiosk) -> str:
    address = public_address()
    command = f"yika-kiosk enrol {address} {added.code}"
    picture = Markup(yika().qr_svg(f"{address} {added.code}", millimetres=50))  # noqa: S704 - our own drawing
    return render_template("staff/kiosk_code.html", name=name, added=added, command=command, picture=picture)
