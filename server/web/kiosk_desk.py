"""The API for a kiosk at whose reader cards are made: whether they are, and a card that lies there."""

from typing import Any

from flask import Blueprint, Response, current_app

from server.contract.desk import laid_from_bytes, reply_to_bytes, state_to_bytes
from server.errors import KioskRevoked
from server.services.acting import Acting
from server.services.desk import card_laid, desk_state
from server.services.sessions import KnownKiosk, SignedRequest, check_request
from server.web.kiosk_api import answer, limits, refuse, signed_request

blueprint = Blueprint("kiosk_desk", __name__, url_prefix="/api/v1/kiosk")


@blueprint.get("/desk")
def state() -> Response:
    """Whether staff make cards at this kiosk now."""
    return _answered(lambda uow, acting, kiosk, _: state_to_bytes(desk_state(uow, acting, kiosk.kiosk_id)))


@blueprint.post("/desk")
def card() -> Response:
    """A card that was laid down there, with what it has answered: what to say to it next."""

    def reply(uow: Any, acting: Acting, kiosk: KnownKiosk, signed: SignedRequest) -> bytes:
        laid, public = laid_from_bytes(signed.body), current_app.extensions["yika"].config.public_url
        address = f"{public}/t" if public else None
        return reply_to_bytes(card_laid(uow, acting, kiosk.kiosk_id, laid, address=address))

    return _answered(reply)


def _answered(reply: Any) -> Response:
    signed = signed_request()
    yika = current_app.extensions["yika"]
    with yika.unit_of_work("") as uow:
        kiosk = check_request(uow, yika.acting("kiosk"), signed)
        limits().requests.take(kiosk.kiosk_id)
        if kiosk.revoked:
            uow.commit()
            return refuse(signed, KioskRevoked())
        desk = uow.rows("desks").get(kiosk_id=kiosk.kiosk_id)
        # What comes of it is done in the name of whoever opened the desk, not of the pipe.
        by = desk["opened_by"] if desk else f"kiosk:{kiosk.kiosk_id}"
        body = reply(uow, yika.acting(by), kiosk, signed)
        uow.commit()
    return answer(signed, 200, body)
