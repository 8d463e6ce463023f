"""Every way a card, a chip, a key or a row of a list can be wrong: the whole tree on one page.

``word`` is the outcome that a kiosk shows for it (design.md §3), so that nobody translates classes by hand.
"""

from dataclasses import dataclass
from typing import ClassVar


class CardError(ValueError):
    """Something about a card does not hold; the message says what."""

    word: ClassVar[str] = "card_unreadable"


class CardUnreadable(CardError):
    """The bytes are not a card of any version we know."""


class CardForged(CardError):
    """The card has our form, but its proof does not hold: invented, edited, or moved to another chip."""

    word = "card_forged"


class CardOtherCommunity(CardError):
    """The card is signed with a key that this community does not know."""

    word = "card_other_community"


class CardExpired(CardError):
    """The card is genuine and its last day is past."""

    word = "card_expired"


class CardReplayed(CardError):
    """This code or counter has been used before."""

    word = "card_replayed"


class PhoneCodeExpired(CardError):
    """The code on the phone was made too long ago, or on a phone whose clock is wrong."""

    word = "phone_code_expired"


class ChipError(CardError):
    """A chip did not do what writing a card needs; the message says what to do."""


class ChipRefused(ChipError):
    """The chip answered a command with an error."""


class ChipUnsuitable(ChipError):
    """The chip is of a kind, size or state that cannot carry this card."""


class ChipTorn(ChipError):
    """Reading back did not give what was written; lay the card down again."""


class PayloadTooLong(CardError):
    """More than the printed code can carry at the size that cameras read."""


class KeyFault(ValueError):
    """A key file is missing, readable by others, or not a key; the message says what to change."""


class FontMissing(LookupError):
    """A font that cards are printed with is not installed; the message names its package."""


class GlyphMissing(CardError):
    """No installed font can draw this character, so the name would be printed wrong."""

    def __init__(self, character: str, text: str) -> None:
        """Name the character by its code point, since nobody may be able to see it."""
        super().__init__(f"no font can draw U+{ord(character):04X} in {text!r}")
        self.character = character
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One row of a list that cannot become a card: a value, since the other rows go on."""

    row: int
    """Line of the file, from 1, as an editor shows it."""
    field: str
    message_zh: str
    message_en: str
