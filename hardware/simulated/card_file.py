"""Simulated cards as files of JSON, and as words on a command line (described in ``hardware/README.md``)."""

import json
import secrets
from pathlib import Path
from typing import Any

from hardware.ports import SettingWrong
from hardware.simulated.field import VirtualCard
from hardware.simulated.ntag import MODELS, NtagCard
from hardware.simulated.plain import PhoneCard, UidCard

TYPES = ("uid", "phone", *MODELS)


def card_from_dict(data: dict[str, Any]) -> VirtualCard:
    """Make a card; ``type`` says which, all other members are optional where a chip has a factory value."""
    try:
        kind = str(data["type"])
        if kind in MODELS:
            return _ntag_from_dict(kind, data)
        if kind == "uid":
            return UidCard(_bytes(data, "uid"), sak=int(data.get("sak", "08"), 16))
        if kind == "phone":
            return PhoneCard(secrets.token_bytes)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingWrong(f"not a card: {error}") from error
    raise SettingWrong(f"a card's type is one of {', '.join(TYPES)}, not {kind!r}")


def _ntag_from_dict(kind: str, data: dict[str, Any]) -> NtagCard:
    ndef = _bytes(data, "ndef") if "ndef" in data else None
    card = NtagCard(kind, _bytes(data, "uid"), ndef=ndef, memory=_bytes(data, "memory", ""))
    card.counter, card.failed = int(data.get("counter", 0)), int(data.get("failed", 0))
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
        return card_from_dict({"type": "uid", "uid": name.removeprefix("uid:")})
    return load_card(Path(name))
