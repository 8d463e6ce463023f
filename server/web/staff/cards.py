"""Cards: issuing at the counter, the printed code, lost and found, with the whole history in sight."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.errors import Invalid, NotFound, ServerError
from server.services.cards import credential_of, register_static, register_uid, set_state
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, reading, writing, yika
from server.web.forms import Fields
from server.web.staff.base import blueprint, done, told

STATES = ("active", "lost", "expired")


@blueprint.get("/cards")
@allow(READERS)
def cards() -> str:
    """The cards that were last issued or changed; people are found on their own page."""
    with reading() as uow:
        rows = uow.views.people.latest_cards(100)
    return render_template("staff/cards.html", rows=rows)


@blueprint.post("/volunteers/<number>/cards")
@allow(STAFF)
def issue_card(number: str) -> Response:
    """A new card for a person; the one in use is replaced, its history stays."""
    kind = request.form.get("kind", "static")
    back = redirect(url_for("staff.volunteer", number=number) + "#cards")
    try:
        with writing() as uow:
            if kind == "uid":
                register_uid(uow, acting(), number, uid=_uid(request.form.get("uid", "")))
            else:
                card = register_static(uow, acting(), number)
    except ServerError as error:
        told(error)
        return back
    if kind == "uid":
        done(_("卡片已登记，可以使用。"))
        return back
    return redirect(url_for("staff.print_card", card_id=card.card_id))


@blueprint.post("/cards/<card_id>/state")
@allow(STAFF)
def change_card(card_id: str) -> Response:
    """Lost (from a moment on, when that is known), found again, or at its end."""
    fields = Fields(request.form)
    state = fields.choice("state", STATES)
    since = fields.moment("since", required=False)
    with reading() as uow:
        card = _card(uow, card_id)
    if fields.good:
        try:
            with writing() as uow:
                set_state(uow, acting(), card_id, state, since=since)
            done(_("已记录。打卡机几秒内生效。"))
        except ServerError as error:
            told(error)
    return redirect(url_for("staff.volunteer", number=card["volunteer"]) + "#cards")


@blueprint.get("/cards/<card_id>/print")
@allow(STAFF)
def print_card(card_id: str) -> str:
    """A printed card at its true size, for paper or a sleeve."""
    with reading() as uow:
        card = _card(uow, card_id)
        credential = credential_of(acting(), uow.rows("cards").get(card_id=card_id))
        person = uow.views.people.one(card["volunteer"])
        community = uow.views.totals.community()
    if credential is None or credential.proof != "static":
        raise NotFound(zh="这张卡没有可打印的二维码，请为此人办一张二维码卡。")
    code = Markup(yika().qr_svg(credential.text, card=True, millimetres=38))  # noqa: S704 - our own drawing
    return render_template("staff/card_print.html", card=card, person=person, community=community, code=code)


def _uid(typed: str) -> bytes:
    try:
        return bytes.fromhex("".join(typed.replace(":", " ").replace("-", " ").split()))
    except ValueError as error:
        message = "a chip's number is written in hexadecimal digits"
        raise Invalid(message, zh="芯片编号是 8、14 或 20 位十六进制数，请重新填写。") from error


def _card(uow: Any, card_id: str) -> dict[str, Any]:
    card = uow.views.people.card(card_id)
    if card is None:
        raise NotFound(zh="没有这张卡，请刷新页面。")
    return dict(card)
