"""Every way a card, a chip, a key or a row of a list can be wrong: the whole tree on one page.

``word`` is the outcome that a kiosk shows for it (design.md §3), so that nobody translates classes by hand.
"""

from dataclasses import dataclass
from typing import ClassVar


class Told(Exception):
    """Something that a person is told: in English by the exception's own text, in Chinese by ``zh``."""

    zh = "没有成功。"

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        """Say it in both languages; a class that always says the same carries the Chinese itself."""
        super().__init__(message)
        if zh:
            self.zh = zh


class CardError(Told, ValueError):
    """Something about a card does not hold; the message says what."""

    word: ClassVar[str] = "card_unreadable"


class CardUnreadable(CardError):
    """The bytes are not a card of any version we know."""

    zh = "这不是能识别的志愿卡。"


class ListUnreadable(CardUnreadable):
    """A file is no list of people: of another kind, in another encoding, or without headings."""


class CardForged(CardError):
    """The card has our form, but its proof does not hold: invented, edited, or moved to another chip."""

    word = "card_forged"
    zh = "签名不对：这张卡是伪造的、改过的，或抄到了别的芯片上。"


class CardOtherCommunity(CardError):
    """The card is signed with a key that this community does not know."""

    word = "card_other_community"
    zh = "这张卡不是用本社区的密钥签发的。"


class CardExpired(CardError):
    """The card is genuine and its last day is past."""

    word = "card_expired"
    zh = "这张卡是真的，但已过期。"


class CardReplayed(CardError):
    """This code or counter has been used before."""

    word = "card_replayed"
    zh = "这个码已经用过了。"


class PhoneCodeExpired(CardError):
    """The code on the phone was made too long ago, or on a phone whose clock is wrong."""

    word = "phone_code_expired"
    zh = "手机上的码太旧，或手机的时间不准。"


class ChipError(CardError):
    """A chip did not do what writing a card needs; the message says what to do."""

    zh = "芯片没有照做，请把卡重新放好再试。"


class ChipRefused(ChipError):
    """The chip answered a command with an error."""

    zh = "芯片拒绝了这一步，请把卡重新放好再试。"


class ChipUnsuitable(ChipError):
    """The chip is of a kind, size or state that cannot carry this card."""

    zh = "这张芯片的型号、容量或状态不能写这张卡，请换一张。"


class ChipTorn(ChipError):
    """Reading back did not give what was written; lay the card down again."""

    zh = "芯片里的内容与要写的不符，请把卡重新放好，等写完再拿开。"


class PayloadTooLong(CardError):
    """More than the printed code can carry at the size that cameras read."""

    zh = "内容太长，印出来的二维码放不下。"


class LogoUnsuitable(Told, ValueError):
    """A picture that cannot be printed on cards; the message says what to change."""


class KeyFault(Told, ValueError):
    """A key file is missing, readable by others, or not a key; the message says what to change."""


class FontMissing(Told, LookupError):
    """A font that cards are printed with is not installed; the message names its package."""


class GlyphMissing(CardError):
    """No installed font can draw this character, so the name would be printed wrong."""

    def __init__(self, character: str, text: str) -> None:
        """Name the character by its code point, since nobody may be able to see it."""
        super().__init__(
            f"no font can draw U+{ord(character):04X} in {text!r}",
            zh=f"“{text}”里的字符 U+{ord(character):04X} 没有字体能印出来，请换一个写法。",
        )
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
