"""The hand at a simulated reader: puts cards down and takes them away again."""

from pathlib import Path

from hardware.simulated.card_file import card_named, save_card
from hardware.simulated.field import Field, VirtualCard


class Hand:
    """Holds one card at a time; a card that came from a file goes back into it, with what it has learned."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._file: Path | None = None

    def put(self, card: str | Path | VirtualCard) -> None:
        """Lay a card on the reader: ``uid:HEX``, a card file, or a card; another card there is taken away."""
        named = card_named(str(card)) if isinstance(card, str | Path) else card
        self.take()
        if isinstance(card, Path) or (isinstance(card, str) and not card.startswith("uid:")):
            self._file = Path(card)
        self.field.put(named)

    def take(self) -> None:
        """Take the card away, if one lies there."""
        card, file = self.field.take(), self._file
        self._file = None
        if card is not None and file is not None:
            save_card(card, file)
