"""The API for kiosks: enrolment, sessions, pushes, rosters. Every answer to a signed request is signed."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, request

from server.contract.wire import (
    canonical,
    push_from_bytes,
    reply_to_bytes,
    reply_to_sign,
)
from server.errors import Invalid, KioskRevoked, ServerError, TooMany
from server.services.acting import Acting
from server.services.ingest import ingest
from server.services.kiosks import enrol
from server.services.roster import roster_for
from server.services.sessions import (
    SESSION_LIFE,
    KnownKiosk,
    SignedRequest,
    check_request,
    give_nonce,
    open_session,
    saw,
)
from server.web.errors import status_of
from server.web.limits import Allowance, Gate

MAX_BODY = 8 << 20
"""Bytes: 500 events of the largest sensible size."""
MAX_TEXT = 500
blueprint = Blueprint("kiosk_api", __name__, url_prefix="/api/v1/kiosk")


@dataclass(frozen=True, slots=True)
class Allowances:
    """How often kiosks may ask, and how many may push at once; kept per process in
    ``app.extensions["yika_kiosk_limits"]``.
    """

    requests: Allowance
    openings: Allowance
    pushes: Gate
    nonces: Gate
    sessions: Gate
    rosters: Gate
    """Lines of their own, or a whole town's would hold every thread, and a session wait for rosters."""

    def pause(self) -> int | None:
        """Seconds after which to ask for what can wait; None when nobody stands in line to bring events."""
        ahead = (line.pause() for line in (self.pushes, self.sessions, self.nonces))
        return max((seconds for seconds in ahead if seconds is not None), default=None)


def _yika() -> Any:
    return current_app.extensions["yika"]


def limits() -> Allowances:
    """How often kiosks may ask this process."""
    limits: Allowances = current_app.extensions["yika_kiosk_limits"]
    return limits


@blueprint.post("/enrol")
def enrol_kiosk() -> Response:
    """Give a machine its identity for a one-time code."""
    limits().openings.take(request.remote_addr or "")
    code, public_key = _texts("code", "public_key")
    with _yika().unit_of_work("") as uow:
        answer = enrol(uow, _yika().acting("kiosk"), code, public_key)
        uow.commit()
    return _json(canonical(answer))


@blueprint.post("/session")
def session() -> Response:
    """Step one: a nonce. Step two, with the nonce signed: a session."""
    limits().openings.take(f"{request.remote_addr}:{_body().get('kiosk_id')}")
    yika = _yika()
    (kiosk_id,) = _texts("kiosk_id")
    acting: Acting = yika.acting(f"kiosk:{kiosk_id}")
    line = limits().sessions if "nonce" in _body() else limits().nonces
    with line.passing(kiosk_id), yika.unit_of_work("") as uow:
        if "nonce" not in _body():
            answer: dict[str, Any] = {"nonce": give_nonce(uow, acting, kiosk_id)}
        else:
            nonce, signature = _texts("nonce", "signature")
            opened = open_session(uow, acting, kiosk_id, nonce=nonce, signature=signature)
            answer = {"session": opened, "expires_in": SESSION_LIFE // 1000}
        uow.commit()
    return _json(canonical(answer | {"server_time": acting.now}))


@blueprint.post("/events")
def events() -> Response:
    """Take in a range of a kiosk's journal; a word on each event, after it is durable."""
    yika = _yika()
    acting: Acting = yika.acting("kiosk")
    with limits().pushes.passing(request.headers.get("X-Yika-Session", "")), yika.unit_of_work("") as uow:
        signed = signed_request()
        kiosk = check_request(uow, acting, signed)
        limits().requests.take(kiosk.kiosk_id)
        push = push_from_bytes(signed.body)
        reply = ingest(uow, yika.acting(f"kiosk:{kiosk.kiosk_id}"), push, kiosk)
        saw(uow, acting, kiosk.kiosk_id, roster_version=None, clock=push.sent.clock)
        uow.commit()
    return answer(signed, 200, reply_to_bytes(reply))


@blueprint.get("/roster")
def roster() -> Response:
    """What this kiosk may know, as a difference to what it holds; 304 when it has everything.

    While pushes, or sessions for them, stand in line a kiosk that holds a roster asks again later: each push
    changes it once more, and a town that has brought its events would keep the rest of it outside.
    One without any roster can tell nobody's name, and stands in the line for rosters only.
    """
    have = request.args.get("have", type=int)
    pause = limits().pause()
    if have is not None and pause is not None:
        raise TooMany(pause)
    signed = signed_request()
    yika = _yika()
    acting: Acting = yika.acting("kiosk")
    with limits().rosters.passing(signed.session), yika.unit_of_work("") as uow:
        kiosk: KnownKiosk = check_request(uow, acting, signed)
        limits().requests.take(kiosk.kiosk_id)
        saw(uow, acting, kiosk.kiosk_id, roster_version=have, clock=None)
        if kiosk.revoked:
            uow.commit()
            return refuse(signed, KioskRevoked())
        reply = roster_for(uow, acting, kiosk, have=have, digest=request.args.get("hash", ""))
        uow.commit()
    return answer(signed, 304, b"") if reply.body is None else answer(signed, 200, canonical(reply.body))


def signed_request() -> SignedRequest:
    """The kiosk's request that is being answered, not checked yet."""
    headers = request.headers
    try:
        counter = int(headers["X-Yika-Counter"])
        session_id, signature = headers["X-Yika-Session"], headers["X-Yika-Signature"]
    except (KeyError, ValueError) as error:
        raise Invalid(
            "a kiosk's request carries session, counter and signature",
            zh="终端的请求缺少会话、序号或签名，请更新终端程序。",
        ) from error
    if not 0 <= counter < 1 << 53:
        raise Invalid("a counter is a whole number", zh="终端的序号有误，请重新启动终端。")
    query = request.query_string.decode("ascii", "replace")
    target = f"{request.path}?{query}" if query else request.path
    return SignedRequest(
        method=request.method,
        target=target,
        body=_limited_body(),
        session=session_id,
        counter=counter,
        signature=signature,
    )


def _limited_body() -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise Invalid(
            f"a push has at most {MAX_BODY} bytes", zh=f"一次最多上传 {MAX_BODY} 字节，请分次上传。"
        )
    return request.get_data(cache=True)


def _body() -> dict[str, Any]:
    _limited_body()
    raw = request.get_json(force=True, silent=True)
    if not isinstance(raw, dict):
        raise Invalid("the body is a JSON object", zh="请求内容应为 JSON 对象，请更新终端程序。")
    return raw


def _texts(*names: str) -> list[str]:
    body = _body()
    texts = [text for text in (body.get(name) for name in names) if isinstance(text, str) and _sane(text)]
    if len(texts) != len(names):
        which = ", ".join(names)
        raise Invalid(f"the body has texts named {which}", zh=f"请求内容应含文字项 {which}，请更新终端程序。")
    return texts


def _sane(text: str) -> bool:
    return 0 < len(text) <= MAX_TEXT and "\0" not in text


def _json(body: bytes) -> Response:
    return Response(body, mimetype="application/json", headers={"Cache-Control": "no-store"})


def answer(signed: SignedRequest, status: int, body: bytes) -> Response:
    """A signed answer to a signed request."""
    reply = _json(body)
    reply.status_code = status
    message = reply_to_sign(status, body, signed.session, signed.counter)
    reply.headers["X-Yika-Signature"] = _yika().keys.sign(message)
    return reply


def refuse(signed: SignedRequest, error: ServerError) -> Response:
    """A signed refusal, so that the kiosk believes it."""
    words = {"zh": error.zh, "en": error.message}
    return answer(signed, status_of(error), canonical({"error": error.code, "message": words}))
