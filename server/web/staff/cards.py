"""Cards: issuing at the counter, the printed code, lost and found, with the whole history in sight."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.errors import Invalid, NotFound, ServerError
from server.services.cards import (
    BY_HAND,
    credential_of,
    following_by_hand,
    life_of,
    register_static,
    register_uid,
    set_state,
)
from server.services.holding import holding
from server.services.issuing import REASONS
from server.services.logos import logo
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, reading, writing, yika
from server.web.forms import Fields
from server.web.staff.base import blueprint, card_making_way, done, told

REPORTED = {"lost": "reported_lost", "active": "found"}
"""Why a card is usually lost or found again, where the button itself says it."""


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
    """A new card for a person; where no more are allowed, one in use is replaced and its history stays."""
    kind = request.form.get("kind", "static")
    reason = Fields(request.form).choice("reason", REASONS, required=False)
    back = redirect(url_for("staff.volunteer", number=number) + "#cards")
    try:
        with writing() as uow:
            replaces = card_making_way(uow, number)
            if kind == "uid":
                uid = _uid(request.form.get("uid", ""))
                register_uid(uow, acting(), number, uid=uid, reason=reason, replaces=replaces)
            else:
                card = register_static(uow, acting(), number, reason=reason, replaces=replaces)
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
    """Lost (from a moment on, when that is known), found again, or at its end; with the reason."""
    fields = Fields(request.form)
    state = fields.choice("state", BY_HAND)
    reason = fields.text("reason", most=60) or REPORTED.get(state, "")
    since = fields.moment("since", required=False)
    with reading() as uow:
        card = _card(uow, card_id)
    if fields.good:
        try:
            with writing() as uow:
                replaces = card_making_way(uow, card["volunteer"]) if state == "active" else None
                set_state(uow, acting(), card_id, state, since=since, reason=reason, replaces=replaces)
            done(_("已记录。打卡机几秒内生效。"))
        except ServerError as error:
            told(error)
    fields.told(state=_("改为"), reason=_("为什么"), since=_("从什么时候起"))
    return redirect(url_for("staff.volunteer", number=card["volunteer"]) + "#cards")


@blueprint.get("/cards/<card_id>")
@allow(READERS)
def card_life(card_id: str) -> str:
    """Every step of a card's life with who, when and why, and what may follow."""
    with reading() as uow:
        card = _card(uow, card_id)
        page = {"steps": life_of(uow, card_id), "held": holding(uow, acting(), card["volunteer"])}
    following = following_by_hand(card["state"])
    return render_template("staff/card_life.html", card=card, following=following, **page)


@blueprint.get("/cards/<card_id>/receipt")
@allow(STAFF)
def receipt(card_id: str) -> str:
    """What a person signs who is given a card, with how to use it and what was agreed to."""
    with reading() as uow:
        card = _card(uow, card_id)
        page = {
            "card": card,
            "steps": life_of(uow, card_id),
            "person": uow.views.people.one(card["volunteer"]),
            "consents": uow.views.people.consents(card["volunteer"]),
            "community": uow.views.totals.community(),
        }
    return render_template("staff/receipt.html", **page)


@blueprint.get("/volunteers/<number>/guardian")
@allow(STAFF)
def guardian_form(number: str) -> str:
    """The form that a minor's guardian signs."""
    with reading() as uow:
        person, community = uow.views.people.one(number), uow.views.totals.community()
    if person is None:
        raise NotFound(f"there is no volunteer {number}", zh=f"没有编号为 {number} 的志愿者，请核对编号。")
    return render_template("staff/guardian_form.html", person=person, community=community)


@blueprint.get("/cards/<card_id>/print")
@allow(STAFF)
def print_card(card_id: str) -> str:
    """A printed card at its true size, for paper or a sleeve."""
    with reading() as uow:
        card = _card(uow, card_id)
        credential = credential_of(acting(), uow.rows("cards").get(card_id=card_id))
        person = uow.views.people.one(card["volunteer"])
        community, has_logo = uow.views.totals.community(), bool(logo(uow))
    if credential is None or credential.proof != "static":
        raise NotFound(zh="这张卡没有可打印的二维码，请为此人办一张二维码卡。")
    code = Markup(yika().qr_svg(credential.text, card=True, millimetres=38))  # noqa: S704 - our own drawing
    page = {"card": card, "person": person, "community": community, "has_logo": has_logo}
    return render_template("staff/card_print.html", code=code, **page)


def _uid(typed: str) -> bytes:
    try:
        return bytes.fromhex("".join(typed.replace(":", " ").replace("-", " ").split()))
    except ValueError as error:
        message = "a chip's number is written in hexadecimal digits"
        raise Invalid(message, zh="芯片编号是 8、14、16 或 20 位十六进制数，请重新填写。") from error


def _card(uow: Any, card_id: str) -> dict[str, Any]:
    card = uow.views.people.card(card_id)
    if card is None:
        raise NotFound(zh="没有这张卡，请刷新页面。")
    return dict(card)
