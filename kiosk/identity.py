"""Who this kiosk is: its device key, the server it was enrolled at, and the server's pinned key."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.durable import write_private
from kiosk.errors import EnrolmentRefused, NotEnrolled
from server.contract.wire import enrolment_to_sign, fingerprint

CODE_LENGTH = 10
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""Crockford's base32: letters that people mistake are read as the digits they look like."""
_MACHINE_FILES = (
    "/sys/firmware/devicetree/base/serial-number",
    "/sys/class/dmi/id/product_uuid",
    "/etc/machine-id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What enrolling gave."""

    url: str
    kiosk_id: str
    community_id: str
    community: str
    site: str
    server_key: str


def normal_code(code: str) -> str:
    """A code as it was printed, from what somebody typed."""
    plain = "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
    if len(plain) != 2 * CODE_LENGTH:
        raise EnrolmentRefused(f"a code has {2 * CODE_LENGTH} letters and digits, not {len(plain)}")
    return f"{plain[:CODE_LENGTH]}-{plain[CODE_LENGTH:]}"


def checked_enrolment(url: str, code: str, public_key: str, body: Mapping[str, Any]) -> Enrolment:
    """Believe an enrolment answer only if the key that signed it has the fingerprint in the code."""
    try:
        answer = dict(body["answer"])
        server_key = bytes.fromhex(answer["server_key"])
        if fingerprint(server_key) != code[-CODE_LENGTH:]:
            raise EnrolmentRefused("this is not the server that the code was made by: its key is another")
        message = enrolment_to_sign(code, public_key, answer)
        Ed25519PublicKey.from_public_bytes(server_key).verify(bytes.fromhex(body["signature"]), message)
        named = {name: str(answer[name]) for name in ("kiosk_id", "community_id", "community", "site")}
    except InvalidSignature as error:
        raise EnrolmentRefused("the answer is not signed by the server that the code was made by") from error
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, EnrolmentRefused):
            raise
        raise EnrolmentRefused("what answered does not speak like a Yika server") from error
    return Enrolment(url=url, server_key=server_key.hex(), **named)


def load_enrolment(data_dir: Path) -> Enrolment:
    """What an earlier ``enrol`` kept; raises :class:`NotEnrolled`."""
    path = data_dir / "enrolment.json"
    try:
        return Enrolment(**json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise NotEnrolled("this kiosk has no server yet: run yika-kiosk enrol URL CODE") from error
    except (ValueError, TypeError) as error:
        raise NotEnrolled(f"{path} is damaged: enrol again with a new code") from error


def save_enrolment(data_dir: Path, enrolment: Enrolment) -> None:
    """Keep an enrolment, whole or not at all."""
    write_private(data_dir / "enrolment.json", json.dumps(asdict(enrolment), indent=1).encode())


def load_key(data_dir: Path) -> Ed25519PrivateKey:
    """This machine's device key; raises :class:`NotEnrolled`."""
    path = data_dir / "device.key"
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except FileNotFoundError as error:
        raise NotEnrolled("this kiosk has no key yet: run yika-kiosk enrol URL CODE") from error
    except ValueError as error:
        raise NotEnrolled(f"{path} is damaged: enrol again with a new code") from error


def save_key(data_dir: Path, key: Ed25519PrivateKey) -> None:
    """Keep the device key where only this user reads it."""
    write_private(data_dir / "device.key", key.private_bytes_raw().hex().encode() + b"\n")


def key_for(data_dir: Path, code: str) -> Ed25519PrivateKey:
    """The key to enrol with: kept before the code is used, so that a lost answer can be asked for again.

    The server gives the same answer once more to the same code and key, and to no other key.
    """
    path, code = _asked(data_dir), normal_code(code)
    # Where nobody asked yet, or the power went while this was written, a new key is as good.
    with suppress(FileNotFoundError, ValueError, TypeError, KeyError):
        asked = json.loads(path.read_bytes())
        if asked["code"] == code:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(asked["key"]))
    key = Ed25519PrivateKey.generate()
    write_private(path, json.dumps({"code": code, "key": key.private_bytes_raw().hex()}).encode())
    return key


def forget_code(data_dir: Path) -> None:
    """The code has done its work."""
    _asked(data_dir).unlink(missing_ok=True)


def _asked(data_dir: Path) -> Path:
    return data_dir / "enrolling.json"


def machine_id(data_dir: Path) -> str:
    """What tells this machine from one with a copied memory card: a serial number from the hardware."""
    for name in _MACHINE_FILES:
        try:
            if found := Path(name).read_text(errors="replace").strip("\0\n "):
                return found
        except OSError:
            continue
    path = (
        data_dir / "machine.id"
    )  # no hardware tells: a copied card then goes unnoticed until the server forks
    if not path.exists():
        write_private(path, secrets.token_hex(16).encode())
    return path.read_text()
