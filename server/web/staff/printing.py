"""Many cards as one PDF for the printer or the print shop, with progress where scripts run."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Conflict, NotFound, ServerError
from server.services.certificates import log_export
from server.services.logos import logo, remove_logo, set_logo
from server.services.printing import first_cards, prints
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, reading, writing, yika
from server.web.forms import Fields
from server.web.staff.base import blueprint, done, options, told

WHOM = ("all", "team", "numbers")
LAYOUTS = ("a4", "cr80", "labels")
STEP = 10
"""Progress is told every so many cards: a sheet."""


@blueprint.get("/cards/print")
@allow(STAFF)
def print_form() -> str:
    """Whose cards, and on what."""
    with reading() as uow:
        teams = options(uow.views.places.teams(), "team_id")
        page = {"logo": logo(uow), "community": uow.views.totals.community()}
    return render_template("staff/card_book.html", teams=teams, **page)


@blueprint.get("/cards/logo")
@allow(READERS)
def show_logo() -> Response:
    """The picture on the community's cards."""
    with reading() as uow:
        picture = logo(uow)
    if not picture:
        raise NotFound("there is no picture for the cards", zh="还没有放卡上的标志。")
    return Response(picture, mimetype="image/png")


@blueprint.post("/cards/logo")
@allow(STAFF)
def save_logo() -> BaseResponse:
    """Print another picture on the cards from now on, or none."""
    sent = request.files.get("picture")
    try:
        if request.form.get("remove"):
            with writing() as uow:
                remove_logo(uow)
            done(_("卡上不再印标志。"))
        elif sent is None or not sent.filename:
            flash(_("请先选一个图片文件。"), "bad")
        else:
            picture = yika().read_logo(sent.read())
            with writing() as uow:
                set_logo(uow, acting(), picture)
            done(_("已保存，以后印的卡都带这个标志。"))
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.print_form") + "#logo")


@blueprint.post("/cards/print")
@allow(STAFF)
def print_book() -> Any:
    """The PDF; for a script lines of progress first, then a line that tells its length and all faults."""
    fields = Fields(request.form)
    whom, layout = fields.choice("whom", WHOM), fields.choice("layout", LAYOUTS)
    if not fields.good:
        fields.told(whom=_("印谁的"), layout=_("印在什么上"))
        return redirect(url_for("staff.print_form"))
    try:
        book = _book(fields, whom, layout)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.print_form"))
    if request.headers.get("X-Requested-With") == "yika":
        return Response(_told(book), mimetype="application/octet-stream")
    printed = _finished(book)
    for fault in printed.faults:
        flash(fault.message_zh, "bad")
    named = {"Content-Disposition": 'attachment; filename="cards.pdf"'}
    return Response(printed.pdf, mimetype="application/pdf", headers=named)


def _book(fields: Fields, whom: str, layout: str) -> Any:
    """Make the cards that are wanted first, and begin to draw."""
    with writing() as uow:
        people = _people(uow, whom, fields)
        who = acting()
        if fields.tick("first"):
            first_cards(uow, who, [person["number"] for person in people])
        faces = list(prints(uow, who, people))
        if not faces:
            raise Conflict("none of these people has a card", zh="这些人都没有在用的卡，请先办卡。")
        log_export(uow, who, "cards as pdf", rows=len(faces), detail={"whom": whom, "layout": layout})
        community, picture = uow.views.totals.community(), logo(uow)
    return yika().card_book(faces, community, layout, picture)


def _people(uow: Any, whom: str, fields: Fields) -> list[dict[str, Any]]:
    wanted = {"status": "active", "team": fields.text("team_id") if whom == "team" else None}
    people: list[dict[str, Any]] = uow.views.people.page(wanted, limit=100_000)
    if whom == "numbers":
        numbers = set(fields.words("numbers"))
        return [person for person in people if person["number"] in numbers]
    return people


def _told(book: Any) -> Iterator[bytes]:
    while True:
        try:
            drawn, total = next(book)
        except StopIteration as end:
            printed = end.value
            break
        if drawn % STEP == 0 or drawn == total:
            yield f"{drawn} {total}\n".encode()
    yield json.dumps({"size": len(printed.pdf), "faults": [f.message_zh for f in printed.faults]}).encode()
    yield b"\n" + printed.pdf


def _finished(book: Any) -> Any:
    while True:
        try:
            next(book)
        except StopIteration as end:
            return end.value
