"""Certificates: issued from one's own record or at the counter, printable, checkable by its holder."""

from typing import Any

from flask import Blueprint, Flask, current_app, render_template, request
from flask_babel import force_locale
from flask_login import current_user
from markupsafe import Markup

from server.errors import NotFound
from server.services.certificates import Certificate, check, issue
from server.services.names import surname
from server.web.access import SIGNED_IN, STAFF, allow, open_to_all
from server.web.context import acting, now, public_address, reading, writing, yika
from server.web.limits import Allowance, clock_of

blueprint = Blueprint("certificates", __name__)
CHECKS = 20
"""Attempts a minute from one address."""


def install(app: Flask) -> None:
    """An allowance for this process."""
    app.extensions["yika_verify_limit"] = Allowance(CHECKS, clock_of(app))


@blueprint.post("/me/certificate")
@allow(SIGNED_IN)
def own() -> str:
    """A certificate of one's own record: free, at any time (民政部令67 art. 14)."""
    if not current_user.volunteer:
        raise NotFound(zh="此账号没有对应的志愿者档案，请联系社区工作人员。")
    return _issue(current_user.volunteer)


@blueprint.post("/staff/volunteers/<number>/certificate")
@allow(STAFF)
def at_the_counter(number: str) -> str:
    """A certificate for a volunteer who asks at the counter."""
    return _issue(number)


@blueprint.get("/verify")
@open_to_all
def verify() -> Any:
    """Whether a certificate is one of ours, and what it said when it was issued."""
    number, code = request.args.get("number", "").strip(), request.args.get("code", "").strip()
    page: dict[str, Any] = {
        "number": number,
        "code": code,
        "certificate": None,
        "today": None,
        "fault": False,
    }
    with reading() as uow:
        page["community"] = uow.views.totals.community()
        if not number and not code:
            return render_template("verify.html", **page)
        current_app.extensions["yika_verify_limit"].take(request.remote_addr or "")
        try:
            found = check(uow, yika().acting("verify"), number, code)
        except NotFound:
            return render_template("verify.html", **page | {"fault": True}), 404
        today = uow.views.ledger.hours_as_posted(found.volunteer, until=now())
    masked = surname(found.name) + "＊" * (len(found.name) - len(surname(found.name)))
    page |= {"certificate": found, "today": sum(today.values()), "masked": masked}
    return render_template("verify.html", **page)


def _issue(number: str) -> str:
    who = acting()
    with writing() as uow:
        minutes = uow.views.ledger.hours_as_posted(number, until=who.now)
        certificate = issue(uow, who, number, minutes=minutes, work=uow.views.shifts.work_of(number))
        community = uow.views.totals.community()
    return _paper(certificate, community)


def _paper(certificate: Certificate, community: dict[str, Any]) -> str:
    address = f"{public_address()}/verify"
    query = f"number={certificate.number}&code={certificate.check}"
    picture = Markup(yika().qr_svg(f"{address}?{query}", millimetres=28))  # noqa: S704 - our own drawing
    # An official paper is Chinese, whatever language its reader chose for the screens.
    with force_locale("zh"):
        return render_template(
            "certificate.html",
            certificate=certificate,
            community=community,
            address=address,
            picture=picture,
        )
