"""The fonts that cards are printed with: found on the system, asked character by character, never a box.

Noto Sans CJK SC draws nearly every name; HanaMin draws the rare characters of the Unicode extensions that
household registers use. HanaMin takes seconds to load, so it is opened only when a name needs it.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError  # type: ignore[import-untyped]

from card_tools.errors import FontMissing, GlyphMissing

_ROOTS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
_NOTO_FAMILY = "Noto Sans CJK SC"
_PACKAGES = {"Noto": "fonts-noto-cjk", "Hana": "fonts-hanazono"}
_INVISIBLE = frozenset({0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF})


def drawable(text: str) -> str:
    """A text without joiners, and without selectors that ask for another form of a character."""
    return "".join(c for c in text if not _draws_nothing(ord(c)))


def _draws_nothing(code: int) -> bool:
    return code in _INVISIBLE or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


def default_roots() -> tuple[Path, ...]:
    """Where systems keep fonts, with ``YIKA_CARDS_FONTS`` (a folder) first."""
    own = os.environ.get("YIKA_CARDS_FONTS")
    return tuple(Path(root).expanduser() for root in ((own,) if own else ()) + _ROOTS)


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face: its file, and its place in it where a file holds several."""

    path: Path
    number: int
    characters: frozenset[int] = field(repr=False)


class Fonts:
    """The faces that cards need, opened one by one."""

    def __init__(self, roots: Iterable[Path] | None = None) -> None:
        """Look below these folders; the system's own when None."""
        self._roots = tuple(roots) if roots is not None else default_roots()
        self.regular = self._open("NotoSansCJK-Regular.ttc", _NOTO_FAMILY)
        self.bold = self._open("NotoSansCJK-Bold.ttc", _NOTO_FAMILY)
        self.rare: dict[str, FontFile] = {}
        """Faces for rare characters, filled as :meth:`require` meets them."""

    def require(self, text: str) -> None:
        """Make sure that every character can be drawn; :class:`GlyphMissing` names the first that cannot."""
        for character in drawable(text):
            code = ord(character)
            if code not in self.bold.characters and not self._in_rare(code):
                raise GlyphMissing(character, text)

    def runs(self, text: str) -> Iterator[tuple[str, str]]:
        """A text that :meth:`require` has passed, cut where the face changes: (family, characters)."""
        for family, characters in groupby(drawable(text), self._family):
            yield family, "".join(characters)

    def _family(self, character: str) -> str:
        code = ord(character)
        if code in self.bold.characters:
            return "sans"
        return next(family for family, face in self.rare.items() if code in face.characters)

    def _in_rare(self, code: int) -> bool:
        if not self.rare:
            self.rare = {f"rare{part}": self._open(f"HanaMin{part}.ttf", None) for part in "AB"}
        return any(code in face.characters for face in self.rare.values())

    def _open(self, name: str, family: str | None) -> FontFile:
        path = next((found for root in self._roots for found in sorted(root.rglob(name))), None)
        if path is None:
            package = _PACKAGES[name[:4]]
            raise FontMissing(
                f"font {name} is not installed: apt-get install {package}, or set YIKA_CARDS_FONTS",
                zh=f"缺字体 {name}：请运行 apt-get install {package}，或设置 YIKA_CARDS_FONTS。",
            )
        if family is None:
            with TTFont(path, lazy=True) as font:
                return FontFile(path, 0, frozenset(font.getBestCmap()))
        try:
            # A file of our own: fontTools leaves its file open when the first bytes are wrong.
            with path.open("rb") as file, TTCollection(file, lazy=True) as faces:
                for number, face in enumerate(faces):
                    if face["name"].getBestFamilyName() == family:
                        return FontFile(path, number, frozenset(face.getBestCmap()))
        except TTLibError as error:
            raise FontMissing(
                f"{path} is not a collection of fonts: {error}", zh=f"{path} 不是字体文件，请重新安装。"
            ) from error
        raise FontMissing(f"{path} holds no {family}", zh=f"{path} 里没有 {family}，请重新安装。")
