"""The issuing desk: find a person, lay a card on the desk's reader, see what becomes of it."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.errors import NotFound, ServerError
from server.services.desk import LEASE, choose_order, close_desk, hold_desk, open_desk, open_one
from server.services.holding import holding
from server.services.issuing import (
    KINDS,
    REASONS,
    Obstacle,
    Wish,
    cancel_order,
    obstacles,
    order_cards,
    order_of,
    put_off,
    queue,
)
from server.services.members import set_consent
from server.web import words
from server.web.access import STAFF, allow
from server.web.context import acting, now, reading, writing
from server.web.forms import Fields
from server.web.staff.base import blueprint, card_making_way, told

SEEN_WITHIN = 5_000
"""A kiosk that asked so lately hears of a card at once."""
FOUND, SHOWN = 8, 40
COUNTER = ""
"""The queue of people who stand at the counter; batches have names."""


@blueprint.get("/desk")
@allow(STAFF)
def desk() -> Any:
    """Search and one person's form above, the reader and the queue below."""
    typed, number = request.args.get("q", "").strip(), request.args.get("person", "")
    with reading() as uow:
        desks = desks_of(uow)
        kiosk_id = _chosen(desks)
        found = uow.views.people.page({"search": typed, "status": "active"}, limit=FOUND) if typed else []
        if typed and len(found) == 1 and not number:
            return redirect(url_for("staff.desk", kiosk=kiosk_id, person=found[0]["number"]))
        person = uow.views.people.one(number) if number else None
        page = {
            "person": person,
            "consents": {row["purpose"]: row for row in uow.views.people.consents(number)},
            "held": holding(uow, acting(), number) if person else None,
            "q": typed,
            "found": found,
            "obstacle": obstacles(uow, acting(), [number], replacing=True).get(number) if person else None,
            "live": _live(uow, kiosk_id) if kiosk_id else None,
        }
    return render_template(
        "staff/desk.html",
        desks=desks,
        kiosk_id=kiosk_id,
        reasons=REASONS,
        **page,
    )


@blueprint.get("/desk/live/<kiosk_id>")
@allow(STAFF)
def desk_live(kiosk_id: str) -> str:
    """What changes: the card on the reader, and the queue. Asking for it holds the desk open."""
    with reading() as uow:
        if uow.rows("kiosks").get(kiosk_id=kiosk_id) is None:
            raise NotFound(zh="没有这台终端，请刷新页面。")
        live = _live(uow, kiosk_id)
    if live["desk"] is not None and live["desk"]["lease_until"] - now() < LEASE // 2:
        with writing() as uow:
            hold_desk(uow, acting(), kiosk_id)
    return render_template("staff/desk_part.html", live=live)


@blueprint.post("/desk/<kiosk_id>/open")
@allow(STAFF)
def open_the_desk(kiosk_id: str) -> Response:
    """Make cards at this kiosk now: taps there wait until it is closed."""
    return _doing(
        kiosk_id, lambda uow: open_desk(uow, acting(), kiosk_id, batch=request.form.get("batch", COUNTER))
    )


@blueprint.post("/desk/<kiosk_id>/close")
@allow(STAFF)
def close_the_desk(kiosk_id: str) -> Response:
    """Let the kiosk take taps again."""
    return _doing(kiosk_id, lambda uow: close_desk(uow, kiosk_id))


@blueprint.post("/desk/<kiosk_id>/orders")
@allow(STAFF)
def order_card(kiosk_id: str) -> Response:
    """Put a person into the counter's queue, or before all others when the card is to be made now."""
    fields = Fields(request.form)
    number = fields.text("number", required=True)
    wish = Wish(
        kind=fields.choice("kind", KINDS),
        reason=fields.choice("reason", REASONS),
        # Where several cards are allowed, the choice among them says that staff know of them.
        replacing=fields.tick("replacing") or "replaces" in request.form,
    )
    if not fields.good:
        fields.told(number=_("志愿者编号"), kind=_("哪种卡"), reason=_("为什么办"))
        return redirect(url_for("staff.desk", kiosk=kiosk_id, person=number))
    try:
        with writing() as uow:
            _record_consents(uow, number, fields)
            wish = replace(wish, replaces=card_making_way(uow, number))
            ordered = order_cards(uow, acting(), [number], wish)
            if not ordered.refused:
                _next(uow, kiosk_id, ordered.orders[0], now_=fields.tick("now"))
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.desk", kiosk=kiosk_id, person=number))
    if ordered.refused:
        return _refused(kiosk_id, number, ordered.refused[0][1])
    return redirect(url_for("staff.desk", kiosk=kiosk_id))


@blueprint.post("/desk/<kiosk_id>/orders/<order_id>/<step>")
@allow(STAFF)
def change_order(kiosk_id: str, order_id: str, step: str) -> Response:
    """Somebody in the queue comes now, waits behind the others, or gets no card."""

    def change(uow: Any) -> None:
        order_of(uow, order_id)
        if step == "later":
            put_off(uow, acting(), order_id)
        elif step == "cancel":
            cancel_order(uow, acting(), order_id, reason="other")
        chosen = order_id if step == "now" else None
        if open_one(uow, acting(), kiosk_id) is not None:
            choose_order(uow, acting(), kiosk_id, chosen)

    return _doing(kiosk_id, change)


def _doing(kiosk_id: str, change: Any) -> Response:
    try:
        with writing() as uow:
            change(uow)
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.desk", kiosk=kiosk_id))


def _refused(kiosk_id: str, number: str, obstacle: Obstacle) -> Response:
    flash(words.word(obstacle, "obstacle"), "bad")
    return redirect(url_for("staff.desk", kiosk=kiosk_id, person=number))


def _record_consents(uow: Any, number: str, fields: Fields) -> None:
    """What the person agrees to at the counter; withdrawing is done on the person's own page."""
    given = {
        row["purpose"]
        for row in uow.views.people.consents(number)
        if row["granted_at"] and not row["withdrawn_at"]
    }
    for purpose in fields.many("consents", words.PURPOSES):
        if purpose not in given:
            set_consent(uow, acting(), number, purpose=purpose, granted=True)


def _next(uow: Any, kiosk_id: str, order_id: str, *, now_: bool) -> None:
    """Open the desk when it is not, and take this person first when it is free or shall be."""
    desk = open_one(uow, acting(), kiosk_id)
    if desk is None:
        open_desk(uow, acting(), kiosk_id, order_id=order_id if now_ else None, batch=COUNTER)
    elif now_ or desk["order_id"] is None:
        choose_order(uow, acting(), kiosk_id, order_id)


def desks_of(uow: Any) -> list[dict[str, Any]]:
    """The kiosks at which cards are made."""
    return [
        row for row in uow.views.machines.kiosks() if row["state"] == "active" and row["desk"] is not None
    ]


def _chosen(desks: list[dict[str, Any]]) -> str | None:
    wanted = request.args.get("kiosk")
    known = [row["kiosk_id"] for row in desks]
    return wanted if wanted in known else next(iter(known), None)


def _live(uow: Any, kiosk_id: str) -> dict[str, Any]:
    """Everything that the changing part shows."""
    desk = open_one(uow, acting(), kiosk_id)
    batch = desk["batch"] if desk and desk["batch"] is not None else COUNTER
    waiting = queue(uow, batch)
    order = uow.rows("card_orders").get(order_id=desk["order_id"]) if desk and desk["order_id"] else None
    since = {"low": None} if batch else {"low": desk["opened_at"] if desk else now()}
    made = uow.rows("card_orders").between("since", since["low"], None, batch=batch, state="made")
    numbers = {row["volunteer"] for row in [*waiting[:SHOWN], *made[-SHOWN:]]}
    numbers |= {order["volunteer"]} if order else set()
    numbers |= {desk["detail"]["volunteer"]} if desk and desk["detail"].get("volunteer") else set()
    return {
        "kiosk_id": kiosk_id,
        "desk": desk,
        "order": order,
        "ready": bool(desk and desk["seen_at"] and now() - desk["seen_at"] < SEEN_WITHIN),
        "waiting": [row for row in waiting if order is None or row["order_id"] != order["order_id"]][:SHOWN],
        "left": len(waiting),
        "made": list(reversed(made[-SHOWN:])),
        "made_count": len(made),
        "people": uow.views.people.named(numbers),
    }
