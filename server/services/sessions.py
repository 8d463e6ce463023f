"""Kiosk sessions: one nonce buys fifteen minutes; every request is signed, and its counter only rises."""

from dataclasses import dataclass
from hashlib import sha256

from server.contract.rules import MINUTE
from server.contract.wire import request_to_sign, session_to_sign
from server.errors import KioskError
from server.services.acting import Acting, Row, Uow
from server.services.keys import signature_holds

NONCE_LIFE = 2 * MINUTE
SESSION_LIFE = 15 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a kiosk sent, as far as its signature covers it."""

    method: str
    target: str
    body: bytes
    session: str
    counter: int
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKiosk:
    """Who sent a request."""

    kiosk_id: str
    site_id: str
    revoked: bool
    is_desk: bool = False
    """Whether staff may make cards at its reader."""


def give_nonce(uow: Uow, acting: Acting, kiosk_id: str) -> str:
    """A nonce for a kiosk that wants a session."""
    _kiosk_of(uow, kiosk_id)
    for old in uow.rows("kiosk_nonces").between("expires_at", None, acting.now, kiosk_id=kiosk_id):
        uow.rows("kiosk_nonces").remove(nonce_hash=old["nonce_hash"])
    nonce = acting.entropy(24).hex()
    row = {"nonce_hash": _hash(nonce), "kiosk_id": kiosk_id, "expires_at": acting.now + NONCE_LIFE}
    uow.rows("kiosk_nonces").add([row])
    return nonce


def open_session(uow: Uow, acting: Acting, kiosk_id: str, *, nonce: str, signature: str) -> str:
    """A session for a nonce that the kiosk signed; the nonce is gone whatever comes of it."""
    kiosk = _kiosk_of(uow, kiosk_id)
    row = uow.rows("kiosk_nonces").get(nonce_hash=_hash(nonce), kiosk_id=kiosk_id)
    if row is None or not uow.rows("kiosk_nonces").remove(nonce_hash=row["nonce_hash"]):
        raise KioskError("nonce_unknown")
    uow.commit()
    key = bytes.fromhex(kiosk["public_key"] or "")
    if row["expires_at"] <= acting.now or not signature_holds(
        key, session_to_sign(kiosk_id, nonce), signature
    ):
        raise KioskError("signature_invalid")
    _forget_old_sessions(uow, acting, kiosk_id)
    session = acting.entropy(24).hex()
    fresh = {"session_hash": _hash(session), "community_id": uow.community_id, "kiosk_id": kiosk_id}
    uow.rows("kiosk_sessions").add([fresh | {"counter": 0, "expires_at": acting.now + SESSION_LIFE}])
    return session


def check_request(uow: Uow, acting: Acting, request: SignedRequest) -> KnownKiosk:
    """Who sent this; the unit becomes that kiosk's community. Raises :class:`KioskError` otherwise."""
    row = uow.rows("kiosk_sessions").get(session_hash=_hash(request.session))
    if row is None or row["expires_at"] <= acting.now:
        raise KioskError("session_unknown")
    kiosk = _kiosk_of(uow, row["kiosk_id"])
    message = request_to_sign(request.method, request.target, request.body, request.session, request.counter)
    if not signature_holds(bytes.fromhex(kiosk["public_key"] or ""), message, request.signature):
        raise KioskError("signature_invalid")
    if request.counter <= row["counter"] or not uow.rows("kiosk_sessions").set(
        {"counter": request.counter}, session_hash=row["session_hash"], counter=row["counter"]
    ):
        raise KioskError("counter_replayed")
    return KnownKiosk(
        kiosk_id=kiosk["kiosk_id"],
        site_id=kiosk["site_id"],
        revoked=kiosk["state"] == "revoked",
        is_desk=kiosk["desk"] is not None,
    )


def saw(uow: Uow, acting: Acting, kiosk_id: str, *, roster_version: int | None, clock: str | None) -> None:
    """Remember when a kiosk last spoke; passing state, outside the audit."""
    row = uow.rows("last_seen").get(kiosk_id=kiosk_id) or {"roster_version": None, "clock": None}
    known = {"roster_version": row["roster_version"], "clock": row["clock"]}
    if roster_version is not None:
        known["roster_version"] = roster_version
    if clock is not None:
        known["clock"] = clock
    uow.rows("last_seen").put([{"kiosk_id": kiosk_id, "at": acting.now, **known}])


def _kiosk_of(uow: Uow, kiosk_id: str) -> Row:
    home = uow.rows("kiosk_directory").get(kiosk_id=kiosk_id)
    if home is None:
        raise KioskError("kiosk_unknown")
    uow.become(home["community_id"])
    kiosk = uow.rows("kiosks").get(kiosk_id=kiosk_id)
    if kiosk is None or not kiosk["public_key"]:
        raise KioskError("kiosk_not_enrolled")
    return kiosk


def _forget_old_sessions(uow: Uow, acting: Acting, kiosk_id: str) -> None:
    for old in uow.rows("kiosk_sessions").rows(kiosk_id=kiosk_id):
        if old["expires_at"] <= acting.now:
            uow.rows("kiosk_sessions").remove(session_hash=old["session_hash"])


def _hash(secret: str) -> str:
    return sha256(b"yika-session-1" + secret.encode()).hexdigest()
