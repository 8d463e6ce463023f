"""The hand at a simulated reader: puts cards down and takes them away again."""

import logging
from pathlib import Path
from typing import Any

from hardware.simulated.card_file import card_named, card_to_dict, save_card
from hardware.simulated.field import Field, VirtualCard

log = logging.getLogger(__name__)
NOTICED_S = 2.0
"""A reader that has not looked so often by then is not at work."""


class Hand:
    """Holds one card at a time; a card that came from a file goes back into it when it has changed."""

    def __init__(self, field: Field, *, looks: int = 0) -> None:
        """``looks``: how often a reader must look in vain to believe that a card is away."""
        self.field, self._looks = field, looks
        self._from_file: tuple[Path, dict[str, Any]] | None = None

    def put(self, card: str | Path | VirtualCard) -> None:
        """Lay a card on the reader: ``uid:HEX``, a card file, or a card; another card there is taken away."""
        named = card_named(str(card)) if isinstance(card, str | Path) else card
        self._lift()
        if isinstance(card, str | Path) and not str(card).startswith("uid:"):
            self._from_file = (Path(card), card_to_dict(named))
        self.field.put(named)

    def take(self) -> None:
        """Take the card away, if one lies there, for long enough that laying it down again counts."""
        seen = self.field.looks
        if self._lift():
            self.field.wait_for(lambda: self.field.looks - seen >= self._looks, NOTICED_S)

    def _lift(self) -> bool:
        """Take the card away, and keep what it has learned; whether one lay there."""
        card, (file, before) = self.field.take(), self._from_file or (None, {})
        self._from_file = None
        if card is None or file is None or card_to_dict(card) == before:
            return card is not None
        try:
            save_card(card, file)
        except OSError:
            log.warning("what the card has learned could not be kept in %s", file, exc_info=True)
        return True
