"""The page that a phone opens when it reads an NTAG 424 DNA: whether the card is good, not whose it is."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from server.services.sun import read_by_phone
from server.web.access import open_to_all
from server.web.context import reading, writing, yika
from server.web.limits import Allowance, clock_of

blueprint = Blueprint("sun", __name__)
READINGS = 30
"""A minute from one address."""


def install(app: Flask) -> None:
    """An allowance for this process."""
    app.extensions["yika_sun_limit"] = Allowance(READINGS, clock_of(app))


def said(query: Mapping[str, str]) -> dict[str, str]:
    """What a card wrote into the query of its address."""
    return {name: query.get(name, "") for name in ("picc_data", "cmac")}


@blueprint.get("/t")
@open_to_all
def read() -> Response:
    """What a card wrote into its address: its holder goes to their own page, nobody else is told a name."""
    current_app.extensions["yika_sun_limit"].take(request.remote_addr or "")
    with writing() as uow:
        card = read_by_phone(uow, yika().acting("phone"), **said(request.args))
    own: Any = current_user.volunteer if current_user.is_authenticated else None
    if own is not None and own == card.volunteer:
        return redirect(url_for("me.index"))
    with reading() as uow:
        community = uow.views.totals.community()
    answer = current_app.make_response(render_template("card_read.html", card=card, community=community))
    answer.headers["Cache-Control"] = "no-store"
    return answer
