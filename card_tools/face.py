"""What stands on a card, front and back, drawn at any place of a page. Sizes are millimetres.

A card is ISO/IEC 7810 ID-1 (CR80), 85.60 × 53.98. The code is drawn as bars, 30 mm wide with a white border
of four modules, so that it prints sharply at any resolution. Chinese stands first, English second. The team
is told by its name as well as by its colour.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from card_tools.errors import CardError
from card_tools.fonts import Fonts
from card_tools.logo import fitted, size_of
from card_tools.paper import Paper
from card_tools.qr import CARD_VERSION, QUIET_ZONE, card_matrix, check_text, runs

WIDTH, HEIGHT = 85.60, 53.98
CODE = 30.0
MODULE = CODE / (17 + 4 * CARD_VERSION)
QUIET = MODULE * QUIET_ZONE
MARGIN = 5.0
BAND = 12.0
BLEED = 1.0
"""How far colour runs over the cutting line, so that a cut beside it leaves no white edge."""
NAME_WIDTH = WIDTH - 2 * MARGIN - CODE - QUIET
TEAM_WIDTH, TEAM_WIDTH_BESIDE = WIDTH / 2 - MARGIN - 2, 27.0
"""What a team's name has at most, and beside a picture."""
GAP = 2.0
PLATE = 0.9
"""White around the community's picture."""
_CODE_AT = WIDTH - MARGIN - CODE, BAND + 2.9
_PALETTE = ("#0B6E4F", "#1F4E8C", "#9C2A2A", "#6A3D8F", "#8A4B08", "#00616B", "#A01F6B", "#3F4A55")
"""Dark enough that white words on them have a contrast above 7:1."""

TEXTS = {
    "role": ("志愿者", "Volunteer"),
    "number": ("编号", "No."),
    "use": (
        "把卡放在读卡器上，或让摄像头看二维码",
        "Lay the card on the reader, or show the code to the camera",
    ),
    "use_chip": ("把卡放在读卡器上", "Lay the card on the reader"),
    "tap": ("刷卡", "TAP"),
    "steps_title": ("怎么用", "How to use"),
    "step_1": ("开始服务：刷一次", "Begin: tap once"),
    "step_2": ("结束服务：再刷一次", "Finish: tap once more"),
    "step_3": ("看到绿灯和对勾才算成功", "Green and a tick: it counts"),
    "found": ("拾到此卡，请交还", "Found this card? Please return it to"),
    "lost": (
        "丢了请马上告诉我们，旧卡会停用，时数不会丢",
        "Lost it? Tell us; your hours stay",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """Whose cards these are."""

    name: str
    name_en: str = ""
    contact: str = ""
    """Telephone or place for whoever finds a card."""
    logo: bytes = b""
    """A picture as :func:`card_tools.logo.read_logo` gives it, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFace:
    """What one card shows: ``name`` as the person chose it, ``text`` in the code; either may be empty."""

    number: str
    text: str
    name: str = ""
    team: str = ""
    colour: str = ""
    """``#RRGGBB``; without one the team's name picks a colour, always the same."""
    row: int = 0
    """Line of the list it came from, for faults."""


def check_face(face: CardFace, fonts: Fonts) -> None:
    """Raise a :class:`CardError` that says why this card cannot be printed as it is."""
    for shown in (face.name, face.team, face.number):
        fonts.require(shown)
    colour_of(face)
    if face.text:
        check_text(face.text)


def colour_of(face: CardFace) -> tuple[int, int, int]:
    """The colour of a card's band."""
    chosen = face.colour or _PALETTE[sha256(face.team.encode()).digest()[0] % len(_PALETTE)]
    if not re.fullmatch("#[0-9A-Fa-f]{6}", chosen):
        raise CardError(
            f"a colour is # and six hex digits, not {chosen!r}",
            zh=f"颜色要写成 #1F4E8C 这样，不是 {chosen}。",
        )
    red, green, blue = bytes.fromhex(chosen[1:])
    return red, green, blue


def ink_on(colour: tuple[int, int, int]) -> int:
    """White (255) or black (0), whichever stands out more (WCAG 2.2 relative luminance)."""
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 255 if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else 0


@dataclass(frozen=True, slots=True)
class Ink:
    """How words are set: a shade from 0 (black) to 255, and their weight."""

    grey: int = 0
    bold: bool = True


BLACK, GREY, THIN = Ink(), Ink(80), Ink(60, bold=False)


class Pen:
    """Draws cards on the current page of a document."""

    def __init__(self, pdf: Paper, fonts: Fonts, community: Community) -> None:
        """Use a document in which the families of ``fonts`` are set up."""
        self._pdf = pdf
        self._fonts = fonts
        self._community = community

    def front(self, face: CardFace, x: float, y: float, *, bleed: float = 0.0) -> None:
        """The side with name, number and code."""
        shared = ("front", face.team, colour_of(face), bool(face.name), bool(face.text), bleed)
        self._pdf.stamp(shared, (x, y), lambda: self._front_of_all(face, bleed))
        if face.text:
            self.code(face.text, x + _CODE_AT[0], y + _CODE_AT[1])
        left = x + MARGIN
        if face.name:
            self._name(face.name, (left, y + 29.5))
            self._fitted(face.number, (left, y + 43.6), largest=15)
        else:
            self._fitted(face.number, (left, y + 36.0), largest=24)

    def _front_of_all(self, face: CardFace, bleed: float) -> None:
        """What the fronts of a team have in common."""
        self._band(face, bleed)
        if not face.text:
            self._waves(*_CODE_AT)
        self._words(" ".join(TEXTS["role"]), (MARGIN, BAND + 7.2), size=8, ink=GREY)
        number_at, size = (37.6, 7) if face.name else (27.0, 8)
        self._words(" ".join(TEXTS["number"]), (MARGIN, number_at), size=size, ink=GREY)
        use_zh, use_en = TEXTS["use" if face.text else "use_chip"]
        self._words(use_zh, (MARGIN, 49.6), size=6.5)
        self._words(use_en, (MARGIN, 52.2), size=5.5, ink=THIN)

    def back(self, face: CardFace, x: float, y: float, *, bleed: float = 0.0) -> None:
        """The side that says how to use it and where it belongs."""
        shared = ("back", face.team, colour_of(face), bleed)
        self._pdf.stamp(shared, (x, y), lambda: self._back_of_all(face, bleed))
        self._right(face.number, (x + WIDTH - MARGIN, y + 51.0), size=7)

    def _back_of_all(self, face: CardFace, bleed: float) -> None:
        """What the backs of a team have in common."""
        self._band(face, bleed)
        self._pair("steps_title", (MARGIN, 17.5), size=9)
        for n in (1, 2, 3):
            self._step(n, MARGIN, 17.2 + 6.4 * n)
        lost_zh, lost_en = TEXTS["lost"]
        self._words(lost_zh, (MARGIN, 41.4), size=8)
        self._words(lost_en, (MARGIN, 44.0), size=5.5, ink=THIN)
        self._words(" ".join(TEXTS["found"]), (MARGIN, 47.4), size=5.5, ink=THIN)
        owner = " · ".join(filter(None, (self._community.name, self._community.contact)))
        self._fitted(owner, (MARGIN, 51.0), largest=8.5, width=WIDTH - 2 * MARGIN - 20)

    def label(self, face: CardFace, width: float, height: float) -> None:
        """A label to stick on a card that is there already: code, name, number."""
        top = (height - CODE) / 2
        if face.text:
            self.code(face.text, QUIET, top)
        else:
            self._waves(QUIET, top)
        left = CODE + 2 * QUIET
        room = width - left - 1.5
        lines = (
            (face.name, 9.0, 16),
            (face.number, 17.0, 12),
            (face.team, 23.0, 9),
            (self._community.name, 29, 7),
        )
        for words, down, largest in lines:
            self._fitted(words, (left, top + down), largest=largest, width=room)

    def code(self, text: str, x: float, y: float) -> None:
        """The code's dark modules with (x, y) as the corner inside the white border."""
        self._pdf.bars(runs(card_matrix(text)), x - QUIET, y - QUIET, MODULE)

    def _waves(self, x: float, y: float) -> None:
        """Rings around the word where a chip card has no code."""
        self._pdf.set_draw_color(60)
        self._pdf.set_line_width(0.9)
        for radius in (9.5, 12.0, 14.5):
            self._pdf.circle(x + CODE / 2, y + CODE / 2, radius)
        zh, en = TEXTS["tap"]
        self._words(zh, (x + (CODE - self._width(zh, 16)) / 2, y + CODE / 2 + 1.2), size=16)
        self._words(en, (x + (CODE - self._width(en, 8)) / 2, y + CODE / 2 + 5.2), size=8)

    def _band(self, face: CardFace, bleed: float) -> None:
        colour = colour_of(face)
        grey = ink_on(colour)
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(-bleed, -bleed, WIDTH + 2 * bleed, BAND + bleed, style="F")
        size = self._size(face.team, 11, TEAM_WIDTH_BESIDE if self._community.logo else TEAM_WIDTH)
        self._right(face.team, (WIDTH - MARGIN, 7.4), size=size, ink=Ink(grey))
        left = self._logo()
        room = WIDTH - MARGIN - self._width(face.team, size) - GAP - left
        zh, en = self._community.name, self._community.name_en
        self._fitted(zh, (left, 5.9 if en else 7.4), largest=11, width=room, ink=Ink(grey))
        self._fitted(en, (left, 9.6), largest=6.5, width=room, ink=Ink(grey, bold=False))

    def _logo(self) -> float:
        """The community's picture on a white plate; where the words beside it begin."""
        picture = self._community.logo
        if not picture:
            return MARGIN
        wide, high = fitted(*size_of(picture))
        self._pdf.set_fill_color(255)
        self._pdf.rect(
            MARGIN,
            (BAND - high) / 2 - PLATE,
            wide + 2 * PLATE,
            high + 2 * PLATE,
            style="F",
            round_corners=True,
            corner_radius=PLATE,
        )
        self._pdf.picture(picture, (MARGIN + PLATE, (BAND - high) / 2), (wide, high))
        return MARGIN + wide + 2 * PLATE + GAP

    def _step(self, n: int, x: float, y: float) -> None:
        self._pdf.set_fill_color(30)
        self._pdf.ellipse(x, y - 3.6, 4.6, 4.6, style="F")
        digit = str(n)
        self._words(digit, (x + 2.3 - self._width(digit, 8) / 2, y - 0.3), size=8, ink=Ink(255))
        self._pair(f"step_{n}", (x + 6.4, y), size=9)

    def _pair(self, key: str, at: tuple[float, float], *, size: float) -> None:
        zh, en = TEXTS[key]
        self._words(zh, at, size=size)
        left = at[0] + self._width(zh, size) + 2
        self._words(en, (left, at[1]), size=size * 0.75, ink=THIN)

    def _name(self, name: str, at: tuple[float, float]) -> None:
        """One line as large as it fits, or two lines where one would be too small to read."""
        x, y = at
        if self._size(name, 24, NAME_WIDTH) >= 12 or len(name) < 2:
            self._fitted(name, at, largest=24)
            return
        lines = halves(name)
        size = min(self._size(line, 16, NAME_WIDTH) for line in lines)
        self._words(lines[0], (x, y - 4.2), size=size)
        self._words(lines[1], (x, y + 2.2), size=size)

    def _size(self, text: str, largest: float, width: float) -> float:
        return largest * min(1.0, width / max(self._width(text, largest), 0.1))

    def _fitted(
        self,
        text: str,
        at: tuple[float, float],
        *,
        largest: float,
        width: float = NAME_WIDTH,
        ink: Ink = BLACK,
    ) -> None:
        self._words(text, at, size=self._size(text, largest, width), ink=ink)

    def _right(self, text: str, at: tuple[float, float], *, size: float, ink: Ink = BLACK) -> None:
        self._words(text, (at[0] - self._width(text, size), at[1]), size=size, ink=ink)

    def _words(self, text: str, at: tuple[float, float], *, size: float, ink: Ink = BLACK) -> None:
        x, y = at
        self._pdf.set_text_color(ink.grey)
        for family, characters in self._fonts.runs(text):
            self._set(family, size, ink)
            self._pdf.text(x, y, characters)
            x += self._pdf.get_string_width(characters)

    def _width(self, text: str, size: float, ink: Ink = BLACK) -> float:
        width = 0.0
        for family, characters in self._fonts.runs(text):
            self._set(family, size, ink)
            width += self._pdf.get_string_width(characters)
        return width

    def _set(self, family: str, size: float, ink: Ink) -> None:
        # Rare characters exist in one weight only.
        self._pdf.set_font(family, "B" if ink.bold and family == "sans" else "", size)


def halves(name: str) -> tuple[str, str]:
    """A long name in two lines, at a space or a middle dot near its middle where it has one."""
    middle = len(name) / 2
    breaks = [i + 1 for i, c in enumerate(name[:-1]) if c in " ·•・-"]
    at = min(breaks, key=lambda i: abs(i - middle), default=round(middle))
    return name[:at].rstrip(), name[at:].lstrip()
