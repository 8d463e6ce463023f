"""Cards for many people at once: who is to get one, who cannot and why, and how far a batch has come."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.errors import ServerError
from server.services.cards import set_state
from server.services.issuing import HANDOVERS, MOST_AT_ONCE, Wish, order_cards
from server.services.policies import policy_at
from server.web.access import STAFF, allow
from server.web.context import acting, now, reading, writing
from server.web.forms import Fields
from server.web.staff.base import blueprint, card_making_way, done, options, told
from server.web.staff.desk import desks_of

WHOM = ("team", "without", "numbers")


@blueprint.get("/desk/batches")
@allow(STAFF)
def batches() -> str:
    """Every batch with its progress, and the form for a new one."""
    with reading() as uow:
        page = {
            "rows": _progress(uow),
            "teams": options(uow.views.places.teams(), "team_id"),
            "desks": {row["kiosk_id"]: row["name"] for row in desks_of(uow)},
            "most": MOST_AT_ONCE,
            "most_held": policy_at(uow, now())["active_cards_per_person"],
        }
    return render_template("staff/desk_batches.html", **page)


@blueprint.post("/desk/batches")
@allow(STAFF)
def add_batch() -> Any:
    """Order cards for a team, for all who have none, or for a list of numbers."""
    fields = Fields(request.form)
    whom = fields.choice("whom", WHOM)
    handover = fields.choice("handover", HANDOVERS)
    title = fields.text("title", required=True, most=30)
    if not fields.good:
        fields.told(whom=_("给谁"), handover=_("什么时候交给本人"), title=_("这一批叫什么"))
        return redirect(url_for("staff.batches"))
    try:
        with writing() as uow:
            wish = Wish(handover=handover, batch=title, replacing=fields.tick("replacing"))
            ordered = order_cards(uow, acting(), _numbers(uow, whom, fields), wish)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.batches"))
    done(_("已加入 %(good)s 人，未加入 %(bad)s 人。", good=len(ordered.orders), bad=len(ordered.refused)))
    with reading() as uow:
        people = uow.views.people.named({number for number, _why in ordered.refused})
    return render_template("staff/desk_batch_made.html", title=title, ordered=ordered, people=people)


@blueprint.get("/desk/batch")
@allow(STAFF)
def batch() -> str:
    """Each person of a batch with what has become of the card; those made for later are handed over here."""
    title = request.args.get("title", "")
    with reading() as uow:
        orders = uow.rows("card_orders").rows("fact_seq", batch=title)
        cards = {row["card_id"]: row for row in uow.rows("cards").rows(card_id=_made(orders))}
        page = {
            "rows": orders,
            "cards": cards,
            "people": uow.views.people.named({row["volunteer"] for row in orders}),
            "desks": {row["kiosk_id"]: row["name"] for row in desks_of(uow)},
        }
    return render_template("staff/desk_batch.html", title=title, **page)


@blueprint.post("/cards/<card_id>/hand-over")
@allow(STAFF)
def hand_over(card_id: str) -> Response:
    """The person holds the card now: it works, the one before does not; and there is a receipt to sign."""
    try:
        with writing() as uow:
            card = uow.rows("cards").get(card_id=card_id)
            replaces = card_making_way(uow, card["volunteer"]) if card else None
            set_state(uow, acting(), card_id, "active", reason="handed_over", replaces=replaces)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.card_life", card_id=card_id))
    return redirect(url_for("staff.receipt", card_id=card_id))


def _made(orders: list[dict[str, Any]]) -> set[str]:
    return {row["card_id"] for row in orders if row["card_id"]}


def _numbers(uow: Any, whom: str, fields: Fields) -> list[str]:
    if whom == "numbers":
        return list(fields.words("numbers"))
    wanted = {"status": "active", "team": fields.text("team_id") if whom == "team" else None}
    people = [row["number"] for row in uow.views.people.page(wanted, limit=100_000)]
    if whom == "team":
        return people
    having = {
        row["volunteer"] for row in uow.rows("cards").rows(state="active") if row["proof"] != "rotating"
    }
    return [number for number in people if number not in having][:MOST_AT_ONCE]


def _progress(uow: Any) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in uow.rows("card_orders").rows("requested_at", "fact_seq"):
        if not row["batch"]:
            continue
        sums = {"requested": 0, "made": 0, "cancelled": 0}
        entry = found.setdefault(row["batch"], {"title": row["batch"], "at": row["requested_at"], **sums})
        entry[row["state"]] += 1
    return sorted(found.values(), key=lambda entry: entry["at"], reverse=True)
