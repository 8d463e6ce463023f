"""Simulated cards as files of JSON, and as words on a command line (described in ``hardware/README.md``)."""

import json
import secrets
from pathlib import Path
from typing import Any

from hardware.ports import SettingWrong
from hardware.simulated.felica import FelicaCard
from hardware.simulated.field import VirtualCard
from hardware.simulated.ntag import MODELS, NtagCard
from hardware.simulated.ntag424 import Ntag424Card
from hardware.simulated.ntag424_sdm import FileSettings
from hardware.simulated.ntag424_secure import Refused
from hardware.simulated.plain import PhoneCard, UidCard

TYPES = ("uid", "phone", *MODELS, "ntag424", "felica")

FELICA_DIGITS = 16
"""A number of eight bytes can only be a FeliCa card's."""


def card_from_dict(data: dict[str, Any]) -> VirtualCard:
    """Make a card; ``type`` says which, all other members are optional where a chip has a factory value."""
    try:
        kind = str(data["type"]).lower()
        if kind in MODELS:
            return _ntag_from_dict(kind, data)
        if kind == "uid":
            return UidCard(_bytes(data, "uid"), sak=int(data.get("sak", "08"), 16))
        if kind == "phone":
            return PhoneCard(secrets.token_bytes)
        if kind == "ntag424":
            return _ntag424_from_dict(data)
        if kind == "felica":
            return FelicaCard(_bytes(data, "uid"), ndef=_bytes(data, "ndef") if "ndef" in data else None)
    except (KeyError, TypeError, ValueError, IndexError, Refused) as error:
        raise SettingWrong(f"not a card: {error}") from error
    raise SettingWrong(f"a card's type is one of {', '.join(TYPES)}, not {kind!r}")


def _ntag_from_dict(kind: str, data: dict[str, Any]) -> NtagCard:
    ndef = _bytes(data, "ndef") if "ndef" in data else None
    card = NtagCard(kind, _bytes(data, "uid"), ndef=ndef, memory=_bytes(data, "memory", ""))
    card.counter, card.failed = int(data.get("counter", 0)), int(data.get("failed", 0))
    return card


def _ntag424_from_dict(data: dict[str, Any]) -> Ntag424Card:
    card = Ntag424Card(_bytes(data, "uid"), secrets.token_bytes)
    for number, key in dict(data.get("keys", {})).items():
        card.keys[int(number)] = bytes.fromhex(key)
    for number, version in dict(data.get("key_versions", {})).items():
        card.versions[int(number)] = int(version)
    for number, content in dict(data.get("files", {})).items():
        file = card.files[int(number)]
        file.content[:] = bytes.fromhex(content).ljust(len(file.content), b"\x00")[: len(file.content)]
    for number, settings in dict(data.get("settings", {})).items():
        card.files[int(number)].settings = FileSettings.from_bytes(bytes.fromhex(settings))
    card.counter, card.random_uid = int(data.get("counter", 0)), bool(data.get("random_uid", False))
    if any(len(key) != 16 for key in card.keys):
        raise ValueError("a key of an NTAG 424 DNA has 16 bytes")
    if "ndef" in data:
        card.write_ndef(_bytes(data, "ndef"))
    return card


def _bytes(data: dict[str, Any], key: str, default: str | None = None) -> bytes:
    return bytes.fromhex(data[key] if default is None else data.get(key, default))


def card_to_dict(card: VirtualCard) -> dict[str, Any]:
    """All that a card keeps without power."""
    match card:
        case NtagCard():
            return {
                "type": card.kind,
                "uid": card.uid.hex(),
                "memory": card.memory.hex(),
                "counter": card.counter,
                "failed": card.failed,
            }
        case Ntag424Card():
            return {
                "type": card.kind,
                "uid": card.uid.hex(),
                "keys": {str(number): key.hex() for number, key in enumerate(card.keys)},
                "key_versions": {str(number): version for number, version in enumerate(card.versions)},
                "files": {str(number): file.content.hex() for number, file in card.files.items()},
                "settings": {
                    str(number): file.settings.to_bytes().hex() for number, file in card.files.items()
                },
                "counter": card.counter,
                "random_uid": card.random_uid,
            }
        case FelicaCard():
            message = {} if card.ndef is None else {"ndef": card.ndef.hex()}
            return {"type": card.kind, "uid": card.uid.hex(), **message}
        case UidCard():
            return {"type": card.kind, "uid": card.uid.hex(), "sak": f"{card.sak:02x}"}
        case PhoneCard():
            return {"type": card.kind}
    raise SettingWrong(f"a {type(card).__name__} cannot be kept in a file")


def load_card(path: Path) -> VirtualCard:
    """Read a card from its file."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingWrong(f"no card in {path}: {error}") from error
    if not isinstance(data, dict):
        raise SettingWrong(f"no card in {path}: a JSON object is wanted")
    return card_from_dict(data)


def save_card(card: VirtualCard, path: Path) -> None:
    """Write a card to a file, as a whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(card_to_dict(card), indent=1) + "\n", "utf-8")
    draft.replace(path)


def card_named(name: str) -> VirtualCard:
    """The card that a person means by ``uid:HEX`` or by the path of a card file."""
    if name.startswith("uid:"):
        uid = name.removeprefix("uid:")
        return card_from_dict({"type": "felica" if len(uid) == FELICA_DIGITS else "uid", "uid": uid})
    return load_card(Path(name))
