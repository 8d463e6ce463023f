"""Kiosks: adding one with a one-time code, enrolling it with its own key, revoking it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from server.contract.rules import HOUR
from server.contract.wire import enrolment_to_sign, fingerprint
from server.domain.facts import FactKind
from server.errors import Conflict, KioskError, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.deriving import regrade_kiosk
from server.services.facts import Draft, record
from server.services.projection import project_events

CODE_LIFE = 24 * HOUR
CODE_LENGTH = 10
KEY_LENGTH = 32
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""Crockford's base32: letters that people mistake are read as the digits they look like."""


@dataclass(frozen=True, slots=True)
class AddedKiosk:
    """A kiosk that waits for its machine."""

    kiosk_id: str
    code: str
    expires_at: int


def add_kiosk(uow: Uow, acting: Acting, name: str, *, site_id: str) -> AddedKiosk:
    """Register a kiosk at a site, with a code that enrols one machine within a day."""
    if uow.rows("sites").get(site_id=site_id) is None:
        raise NotFound(f"there is no site {site_id}", zh="没有这个地点，请从列表中重新选择。")
    kiosk_id = acting.ids()
    body = {"name": name, "site_id": site_id, "state": "pending", "public_key": None}
    record(uow, acting, [Draft(FactKind.KIOSK, kiosk_id, body)])
    uow.rows("kiosk_directory").add([{"kiosk_id": kiosk_id, "community_id": uow.community_id}])
    return new_code(uow, acting, kiosk_id)


def new_code(uow: Uow, acting: Acting, kiosk_id: str) -> AddedKiosk:
    """A fresh code for a kiosk (its machine was replaced, or the first ran out); no earlier one opens."""
    kiosk(uow, kiosk_id)
    _void_codes(uow, acting, kiosk_id)
    number = int.from_bytes(acting.entropy(7), "big") >> 6
    secret = "".join(_BASE32[number >> shift & 31] for shift in range(45, -1, -5))
    code = f"{secret}-{fingerprint(acting.keys.public)}"
    expires = acting.now + CODE_LIFE
    uow.rows("enrolment_codes").add(
        [
            {"code_hash": _hash(code), "community_id": uow.community_id, "kiosk_id": kiosk_id}
            | {"created_at": acting.now, "expires_at": expires, "used_at": None}
        ]
    )
    return AddedKiosk(kiosk_id, code, expires)


def move_kiosk(uow: Uow, acting: Acting, kiosk_id: str, *, site_id: str, since: int | None = None) -> None:
    """Let a kiosk stand at another site from a moment on."""
    if uow.rows("sites").get(site_id=site_id) is None:
        raise NotFound(f"there is no site {site_id}", zh="没有这个地点，请从列表中重新选择。")
    _change(uow, acting, kiosk_id, {"site_id": site_id}, since=since)
    since = acting.now if since is None else since
    project_events(uow, acting, regrade_kiosk(uow, kiosk_id, since=since))


def revoke_kiosk(uow: Uow, acting: Acting, kiosk_id: str) -> None:
    """Stop trusting a kiosk: it gets no roster, what it still pushes waits for staff, no code revives it."""
    _void_codes(uow, acting, kiosk_id)
    _change(uow, acting, kiosk_id, {"state": "revoked"})


def make_desk(uow: Uow, acting: Acting, kiosk_id: str, *, is_desk: bool) -> None:
    """Let staff make cards at a kiosk's reader, or no longer."""
    _change(uow, acting, kiosk_id, {"desk": acting.now if is_desk else None})


def enrol(uow: Uow, acting: Acting, code: str, public_key: str) -> dict[str, Any]:
    """Give a machine its identity for a code, once; the signed answer. The unit becomes the community's.

    Whoever did not hear the answer may ask again: the same code and key get it once more, and change nothing.
    """
    typed = normal_code(code)
    row = uow.rows("enrolment_codes").get(code_hash=_hash(typed))
    if row is None or row["expires_at"] <= acting.now:
        raise KioskError("code_unknown")
    if not _is_key(public_key):
        raise KioskError("key_malformed")
    uow.become(row["community_id"])
    if row["used_at"] is None:
        _use(uow, acting, row, public_key.lower())
    known = kiosk(uow, row["kiosk_id"])
    if (known["state"], known["public_key"]) != ("active", public_key.lower()):
        raise KioskError("code_unknown")
    answer = _answer(uow, acting, known)
    return {"answer": answer, "signature": acting.keys.sign(enrolment_to_sign(code, public_key, answer))}


def _use(uow: Uow, acting: Acting, row: Row, public_key: str) -> None:
    if not uow.rows("enrolment_codes").set({"used_at": acting.now}, code_hash=row["code_hash"], used_at=None):
        raise Conflict("this code has just been used", zh="这个注册码刚刚被用过，请重新获取一个。")
    _change(uow, acting, row["kiosk_id"], {"state": "active", "public_key": public_key})


def normal_code(code: str) -> str:
    """A code as it was printed, from what somebody typed: case, spaces and look-alikes do not matter."""
    plain = "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
    return f"{plain[:CODE_LENGTH]}-{plain[CODE_LENGTH:]}"


def kiosk(uow: Uow, kiosk_id: str) -> Row:
    """One kiosk's row, or :class:`NotFound`."""
    row = uow.rows("kiosks").get(kiosk_id=kiosk_id)
    if row is None:
        raise NotFound(f"there is no kiosk {kiosk_id}", zh="没有这台终端，请刷新页面。")
    return row


def _answer(uow: Uow, acting: Acting, row: Row) -> Mapping[str, Any]:
    community = uow.rows("communities").rows()[0]
    return {
        "kiosk_id": row["kiosk_id"],
        "community_id": uow.community_id,
        "community": community["name"],
        "site": row["site_id"],
        "server_key": acting.keys.public.hex(),
        "server_time": acting.now,
    }


def _void_codes(uow: Uow, acting: Acting, kiosk_id: str) -> None:
    uow.rows("enrolment_codes").set({"used_at": acting.now}, kiosk_id=kiosk_id, used_at=None)


def _change(
    uow: Uow, acting: Acting, kiosk_id: str, changes: dict[str, Any], *, since: int | None = None
) -> None:
    row = kiosk(uow, kiosk_id)
    body = {name: row[name] for name in ("name", "site_id", "state", "public_key", "desk")} | changes
    record(uow, acting, [Draft(FactKind.KIOSK, kiosk_id, body, since)])


def _hash(code: str) -> str:
    return sha256(b"yika-code-1" + code.encode()).hexdigest()


def _is_key(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == KEY_LENGTH
    except ValueError:
        return False
