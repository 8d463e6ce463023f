"""Records of service on paper (民政部令67 art. 14-17): free, from the record, checkable by its holder.

A certificate says what the ledger said when it was issued. Its number names one row of the export log; its
check code is a MAC over all it says under the server's key, so that no number can be guessed into a name.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from server.contract.wire import canonical
from server.errors import NotFound
from server.services.acting import Acting, Row, Uow
from server.services.members import volunteer

WHAT = "certificate"
NUMBER_LENGTH = 10
CODE_LENGTH = 10
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet: can be read aloud and typed."""
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What stands on the paper."""

    number: str
    check: str
    volunteer: str
    name: str
    issued_at: int
    minutes: Mapping[str, int]
    """Credited minutes by grade, as posted until ``issued_at``."""
    activities: tuple[tuple[str, int], ...]
    """What the service was: activity and its credited minutes, most first."""
    first_day: str
    last_day: str

    @property
    def total(self) -> int:
        """All minutes, whatever their grade."""
        return sum(self.minutes.values())


def issue(
    uow: Uow, acting: Acting, number: str, *, minutes: Mapping[str, int], work: list[Row]
) -> Certificate:
    """Issue a certificate; ``work`` are rows of activity, minutes, first_day and last_day."""
    person = volunteer(uow, number)
    detail = {
        "volunteer": number,
        "name": person["name"],
        "minutes": dict(minutes),
        "activities": [[row["activity"], int(row["minutes"])] for row in work],
        "first_day": min((row["first_day"] for row in work), default=""),
        "last_day": max((row["last_day"] for row in work), default=""),
    }
    certificate = _number(acting)
    row = {"export_id": certificate, "at": acting.now, "by": acting.by, "what": WHAT, "detail": detail}
    uow.rows("exports").add([row | {"rows": 1}])
    return _certificate(acting, uow.community_id, row)


def check(uow: Uow, acting: Acting, number: str, code: str) -> Certificate:
    """The certificate with this number and check code, or :class:`NotFound`, not saying which was wrong."""
    wanted = _plain(number)
    row = uow.rows("exports").get(export_id=wanted, what=WHAT)
    found = _certificate(acting, uow.community_id, row) if row else None
    if found is None or not hmac.compare_digest(found.check, _plain(code)):
        raise NotFound(
            "there is no certificate with this number and check code", zh="查无此证明，请核对编号与校验码。"
        )
    return found


def log_export(uow: Uow, acting: Acting, what: str, *, rows: int, detail: Row) -> None:
    """Write down who took what out (PIPL art. 55)."""
    entry = {"export_id": acting.ids(), "at": acting.now, "by": acting.by, "what": what}
    uow.rows("exports").add([entry | {"detail": detail, "rows": rows}])


def _certificate(acting: Acting, community_id: str, row: Row) -> Certificate:
    detail = row["detail"]
    said = canonical(["yika-certificate-1", community_id, row["export_id"], row["at"], detail])
    mac = hmac.new(acting.keys.derive("certificate-1"), said, sha256).digest()
    return Certificate(
        number=row["export_id"],
        check=_text(mac, CODE_LENGTH),
        volunteer=detail["volunteer"],
        name=detail["name"],
        issued_at=row["at"],
        minutes=detail["minutes"],
        activities=tuple((name, minutes) for name, minutes in detail["activities"]),
        first_day=detail["first_day"],
        last_day=detail["last_day"],
    )


def _number(acting: Acting) -> str:
    return "ZM" + _text(acting.entropy(8), NUMBER_LENGTH)


def _text(raw: bytes, length: int) -> str:
    number = int.from_bytes(raw[:8], "big")
    return "".join(_BASE32[number >> 5 * place & 31] for place in range(length))


def _plain(typed: str) -> str:
    """What somebody read from paper: case, blanks, dashes and look-alikes do not matter."""
    return "".join(typed.upper().split()).replace("-", "").translate(_READ_AS)
