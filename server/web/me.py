"""A volunteer's own page: hours by grade, shifts, one's data to take away, certificates, consents."""

import csv
import io
import json
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from server.errors import Invalid, NotFound
from server.services.cards import lose_phones, register_phone
from server.services.certificates import log_export
from server.services.holding import PHONE
from server.services.members import set_consent
from server.web import words
from server.web.access import SIGNED_IN, allow
from server.web.cells import safe_cell
from server.web.context import acting, community_id, now, reading, writing
from server.web.forms import Fields
from server.web.staff.base import DAY, done
from server.web.times import rfc3339

blueprint = Blueprint("me", __name__, url_prefix="/me")
FORMATS = {"json": "application/json", "csv": "text/csv"}
HIDDEN = frozenset({"has_id_number", "pinyin", "initials", "hours", "team_id"})


@blueprint.get("/")
@allow(SIGNED_IN)
def index() -> str:
    """One's own hours, what is planned, the last shifts."""
    with reading() as uow:
        person = _me(uow)
        page = {
            "balances": uow.views.ledger.of_person(person["number"]),
            "shifts": uow.views.shifts.page({"volunteer": person["number"]}, limit=30, newest=True),
            "plans": uow.views.places.plans(now() - DAY // 4, now() + 14 * DAY, volunteer=person["number"]),
            "consents": {c["purpose"]: c for c in uow.views.people.consents(person["number"])},
            "cards": uow.views.people.cards_of(person["number"]),
        }
    return render_template("me/index.html", person=person, **page)


@blueprint.post("/consents")
@allow(SIGNED_IN)
def consent() -> BaseResponse:
    """Give or withdraw a consent beyond the record itself; easily, and without losing any service."""
    fields = Fields(request.form)
    purpose = fields.choice("purpose", set(words.PURPOSES) - {"record"})
    if fields.good:
        with writing() as uow:
            number = _me(uow)["number"]
            set_consent(uow, acting(), number, purpose=purpose, granted=fields.tick("granted"))
        done(_("已记录。"))
    fields.told()
    return redirect(url_for("me.index") + "#consents")


@blueprint.get("/phone")
@allow(SIGNED_IN)
def phone() -> str:
    """The phone as a card: a code that changes, made by the page itself."""
    with reading() as uow:
        person = _me(uow)
        cards = uow.views.people.cards_of(person["number"])
    active = next((c for c in cards if c["proof"] == PHONE and c["state"] == "active"), None)
    return render_template("me/phone.html", person=person, phone=active, community=community_id())


@blueprint.post("/phone")
@allow(SIGNED_IN)
def enrol_phone() -> Response:
    """Register this phone's public key; its other half never leaves the phone."""
    try:
        public = bytes.fromhex(request.form.get("public", ""))
    except ValueError as error:
        raise Invalid("a public key is hex", zh="这不是手机公钥，请刷新页面后重试。") from error
    with writing() as uow:
        card = register_phone(uow, acting(), _me(uow)["number"], public=public)
    return jsonify(card=card.card_id)


@blueprint.post("/phone/lost")
@allow(SIGNED_IN)
def lose_phone() -> BaseResponse:
    """The phone is gone: its codes count no more."""
    with writing() as uow:
        lose_phones(uow, acting(), _me(uow)["number"])
    done(_("已停用。打卡机几秒内生效。"))
    return redirect(url_for("me.phone"))


@blueprint.get("/data.<kind>")
@allow(SIGNED_IN)
def download(kind: str) -> Response:
    """All of one's data (PIPL art. 45): JSON whole, CSV the shifts."""
    if kind not in FORMATS:
        raise NotFound(zh="只提供 JSON 与 CSV，请选择其一。")
    with writing() as uow:
        person = _me(uow)
        number = person["number"]
        shifts = uow.views.shifts.page({"volunteer": number}, limit=100_000)
        everything = {
            "volunteer": {name: value for name, value in person.items() if name not in HIDDEN},
            "consents": [_consent(row) for row in uow.views.people.consents(number)],
            "cards": [_card(row) for row in uow.views.people.cards_of(number)],
            "balances": uow.views.ledger.of_person(number),
            "shifts": [_shift(row) for row in shifts],
        }
        log_export(uow, acting(), f"own data as {kind}", rows=len(shifts), detail={"volunteer": number})
    body = (
        json.dumps(everything, ensure_ascii=False, indent=1)
        if kind == "json"
        else _table(everything["shifts"])
    )
    answer = Response(body, mimetype=FORMATS[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="yika-{number}.{kind}"'
    return answer


def _me(uow: Any) -> dict[str, Any]:
    person = uow.views.people.one(current_user.volunteer) if current_user.volunteer else None
    if person is None:
        raise NotFound(zh="此账号没有对应的志愿者档案，请联系社区工作人员。")
    return dict(person)


def _consent(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: rfc3339(row[name]) for name in ("granted_at", "withdrawn_at")}
    return {"purpose": row["purpose"], "wording": row["wording"]} | times


def _card(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("card_id", "state", "medium", "proof")} | {
        "issued_at": rfc3339(row["issued_at"])
    }


def _shift(row: dict[str, Any]) -> dict[str, Any]:
    same = ("shift_id", "activity", "site", "day", "state", "grade", "proof", "minutes", "credited")
    times = {name: rfc3339(row[name]) for name in ("started_at", "ended_at")}
    return {name: row[name] for name in same} | times | {"flags": list(row["flags"])}


def _table(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    # A byte-order mark lets spreadsheets see that this is UTF-8.
    out.write("\ufeff")
    if rows:
        writer = csv.writer(out)
        writer.writerow(rows[0])
        writer.writerows([safe_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()
