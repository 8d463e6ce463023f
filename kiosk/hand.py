"""The hand above a simulated reader: a demo's people, card files, and bare UIDs. Exists in a demo only."""

import json
import logging
from pathlib import Path
from typing import Any, Protocol

from hardware.ports import HardwareError
from kiosk.errors import CardNotFound

log = logging.getLogger(__name__)
HELP = "没有这张卡。A card is uid:HEX, the number of a demo volunteer, or a card file."


class ReaderHand(Protocol):
    """What a simulated reader offers."""

    def put(self, card: str) -> None:
        """Lay down ``uid:HEX`` or the card in a file."""

    def take(self) -> None:
        """Take the card away."""


class DemoHand:
    """``kiosk.screen.view.Hand`` over the reader's own hand."""

    def __init__(self, hand: ReaderHand, data_dir: Path) -> None:
        """``data_dir`` may hold ``demo_cards.json``; the cards' own files are made beside it."""
        self._hand, self._folder = hand, data_dir / "hand"
        self._cards = _demo_cards(data_dir / "demo_cards.json")

    def cards(self) -> list[dict[str, str]]:
        """Cards to pick up."""
        return [{"card": name, "label": str(card.get("label", name))} for name, card in self._cards.items()]

    def put(self, card: str) -> None:
        """Lay a card on the reader."""
        try:
            self._hand.put(self._resolved(card))
        except (HardwareError, OSError) as error:
            raise CardNotFound(f"{HELP} ({error})") from error

    def take(self) -> None:
        """Take it away."""
        self._hand.take()

    def _resolved(self, card: str) -> str:
        if card in self._cards:
            return str(self._file_of(card))
        if card.startswith("uid:") or Path(card).is_file():
            return card
        raise CardNotFound(HELP)

    def _file_of(self, name: str) -> Path:
        """A demo card as a file, so that it keeps what it learns (a chip counts its reads)."""
        card = self._cards[name]
        path = self._folder / f"{name}.json"
        if not path.exists():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            kind = str(card["type"])
            content = {"type": kind.lower() if kind.lower() in ("uid", "phone") else kind, "uid": card["uid"]}
            if card.get("ndef"):
                content["ndef"] = card["ndef"]
            path.write_text(json.dumps(content), "utf-8")
        return path


def _demo_cards(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    try:
        listed = json.loads(path.read_text("utf-8"))["cards"]
        return {str(card["card"]): dict(card) for card in listed}
    except (ValueError, KeyError, TypeError) as error:
        log.warning("%s holds no list of cards: %r", path, error)
        return {}
