"""A server's side of rosters and cards, with real keys: signs what a kiosk must believe."""

from dataclasses import asdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from card_tools.credential import Credential, Issuer, Note, seal_name, seal_note
from server.contract.rules import HOUR, Policy
from server.contract.wire import Manifest, lookup_key, roster_delta, roster_hash
from tests.support.kiosk_world import AT

SERVER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
SERVER_KEY = SERVER.public_key().public_bytes_raw()
ISSUER = Issuer(b"i" * 32)
PRINTED = ISSUER.encode_static(b"card0001")
CHIP_UID = bytes.fromhex("04A1B2C3D4E580")
CHIP = ISSUER.encode_bound(CHIP_UID, b"card0002")
BARE_UID = bytes.fromhex("04112233445566")


def card_entry(
    volunteer: str, card: str, credential: Credential | None = None, **fields: Any
) -> dict[str, Any]:
    """A card's entry; the name is sealed for the credential."""
    name = seal_name(credential, f"王小{volunteer[-1]}").hex() if credential else None
    given = {"card": card, "volunteer": volunteer, "state": "active", "since": 0, "medium": "qr"}
    return given | {"proof": "static", "not_after": None, "name": name} | fields


def with_note(whole: dict[str, Any], credential: Credential, note: Note, text: str) -> dict[str, Any]:
    """The same roster, in which this card alone opens a text."""
    key = f"card:{lookup_key('com1', 'card', credential.card_id)}"
    return whole | {key: whole[key] | {str(note): seal_note(credential, note, text).hex()}}


def entries(**changes: Any) -> dict[str, Any]:
    """A whole roster: one desk, two people, three cards, one turn."""
    whole: dict[str, Any] = {
        "community": {
            "id": "com1",
            "name": "美湖社区",
            "name_en": "Meihu",
            "zone": "Asia/Shanghai",
            "contact": "8510",
        },
        "site": {
            "id": "s1",
            "name": "孵化园",
            "name_en": "Incubator",
            "role": "desk",
            "default_activity": "duty",
            "activities": ["duty"],
        },
        "policy": Policy().to_dict(),
        f"key:{ISSUER.key_id.hex()}": {"public": ISSUER.public_key.hex()},
        "activity:duty": _activity("值班", "Duty"),
        "activity:hut": _activity("健康小屋", "Hut"),
        "volunteer:M0001": _volunteer(),
        "volunteer:M0002": _volunteer(),
        "team:t1": {
            "name": "护卫队",
            "name_en": "Guards",
            "leaders": ["M0001"],
            "members": ["M0001", "M0002"],
        },
        "plan:p1": {
            "activity": "hut",
            "site": "s1",
            "start": AT + 5 * HOUR,
            "end": AT + 7 * HOUR,
            "need": 3,
            "members": ["M0002"],
            "team": "t1",
        },
        f"card:{lookup_key('com1', 'card', b'card0001')}": card_entry("M0001", b"card0001".hex(), PRINTED),
        f"card:{lookup_key('com1', 'card', b'card0002')}": card_entry("M0002", b"card0002".hex(), CHIP),
        f"card:{lookup_key('com1', 'uid', BARE_UID)}": card_entry(
            "M0001", "uid-card", medium="nfc", proof="uid"
        ),
    }
    return whole | changes


def _activity(zh: str, en: str) -> dict[str, Any]:
    given = {"name": zh, "name_en": en, "kind": "service", "least_proof": "uid", "training": False}
    return given | {"checkpoints": []}


def _volunteer() -> dict[str, Any]:
    given = {"status": "active", "blocked": None, "trained": [], "leads": [], "team": None}
    return given | {"total": 600, "open": None, "proposal": None}


def signed(
    whole: dict[str, Any],
    version: int,
    *,
    base: tuple[int, dict[str, Any]] | None = None,
    key: Ed25519PrivateKey = SERVER,
    **manifest: Any,
) -> dict[str, Any]:
    """A roster as it comes over the wire; with ``base``, as a difference to that version."""
    given = {"community_id": "com1", "kiosk_id": "k1", "version": version, "hash": roster_hash(whole)}
    made = Manifest(**(given | {"base": base[0] if base else None} | manifest))
    body: dict[str, Any] = {"manifest": asdict(made), "signature": key.sign(made.to_sign()).hex()}
    return body | ({"delta": roster_delta(base[1], whole)} if base else {"entries": whole})
