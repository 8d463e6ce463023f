"""A PDF that takes a whole QR code as one shape, and repeats what many cards have in common.

By fpdf2's own means a code is five hundred rectangles, and the same thirty lines of words are set anew on
every card: 1,550 cards took six times as long.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from fpdf import FPDF
from fpdf.enums import PDFResourceType
from fpdf.fonts import CoreFont, TTFFont

_SEAM = 0.04
"""A hair of overlap, in modules: screens that smooth edges would show white seams between rows."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Drawing commands that leave no trace in the page's state, and what they name: fonts, pictures."""

    content: bytes
    named: frozenset[tuple[PDFResourceType, int]]


class Paper(FPDF):
    """Pages for cards, in millimetres."""

    def __init__(self, size: tuple[float, float]) -> None:
        """Pages of ``size``, width and height, whose margins are the drawer's own affair."""
        super().__init__(unit="mm", format=size)
        self.set_auto_page_break(False)
        self.set_margin(0)
        self._stamps: dict[Hashable, _Stamp] = {}
        self._named: set[tuple[PDFResourceType, int]] = set()

    def bars(self, bars: Iterable[tuple[int, int, int]], x: float, y: float, unit: float) -> None:
        """Black bars (row, first column, length) on a grid of ``unit``; (x, y) is where it begins.

        ``cm`` turns the grid's own numbers into points, downwards; ``re`` adds a rectangle to the path and
        one ``f`` fills it (ISO 32000-1, 8.3 and 8.5).
        """
        side = unit * self.k
        grid = f"q 0 g {side:.4f} 0 0 {-side:.4f} {x * self.k:.3f} {(self.h - y) * self.k:.3f} cm"
        shapes = " ".join(f"{column} {row} {length} {1 + _SEAM} re" for row, column, length in bars)
        self._out(f"{grid} {shapes} f Q")

    def picture(self, content: bytes, at: tuple[float, float], size: tuple[float, float]) -> None:
        """A PNG or JPEG with its upper left corner at ``at``; it is in the file once, however often drawn."""
        drawn = self.image(content, *at, *size)
        number = drawn["i"]
        assert isinstance(number, int)
        self._named.add((PDFResourceType.X_OBJECT, number))

    def stamp(self, key: Hashable, at: tuple[float, float], draw: Callable[[], None]) -> None:
        """What ``draw`` draws at the page's corner, moved to ``at``; a known ``key`` is not drawn again."""
        if key not in self._stamps:
            self._stamps[key] = self._recorded(draw)
        stamp = self._stamps[key]
        for kind, number in stamp.named:
            self._resource_catalog.add(kind, number, self.page)
        self._out(f"q 1 0 0 1 {at[0] * self.k:.3f} {-at[1] * self.k:.3f} cm")
        self._out(stamp.content)
        self._out("Q")

    def _recorded(self, draw: Callable[[], None]) -> _Stamp:
        page = self.pages[self.page]
        kept, page.contents = page.contents, bytearray()
        self._named = set()
        try:
            with self.local_context():
                # Said again, since what stands on the page before a stamp is different each time.
                self.set_fill_color(0)
                self.current_font_is_set_on_page = False
                draw()
            return _Stamp(bytes(page.contents), frozenset(self._named))
        finally:
            page.contents = kept

    def _set_font_for_page(
        self, font: CoreFont | TTFFont, font_size_pt: float, wrap_in_text_object: bool = True
    ) -> str:
        self._named.add((PDFResourceType.FONT, font.i))
        return super()._set_font_for_page(font, font_size_pt, wrap_in_text_object)
