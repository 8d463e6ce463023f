"""Which of the eight masks a code gets: the rule of ISO/IEC 18004 §7.8.3, on a whole code as one number.

Two codes of one version and level that carry the same bits differ by their mask only, and in the same places
whatever the bits are. So one drawn code tells the other seven, and a number with a bit for each module is
judged by a few shifts. Judging all eight module by module took two thirds of the time of printing a card.
"""

from collections.abc import Sequence

MASKS = range(8)
Rows = Sequence[Sequence[bool | None]]
"""Modules without quiet zone, True is dark."""


class Square:
    """Codes of one size as numbers: a bit for each module; after each row an empty one ends its runs."""

    def __init__(self, size: int) -> None:
        """Codes of ``size`` × ``size`` modules."""
        self.size = size
        self._stride = size + 1
        self._full = sum(((1 << size) - 1) << row * self._stride for row in range(size))

    def number(self, rows: Rows) -> int:
        """A code as a number."""
        lines = ("0" + "".join("1" if dark else "0" for dark in reversed(row)) for row in reversed(rows))
        return int("".join(lines), 2)

    def rows(self, number: int) -> list[list[bool]]:
        """A number as a code."""
        bits = f"{number:0{self.size * self._stride}b}"[::-1]
        return [
            [bit == "1" for bit in bits[start : start + self.size]]
            for start in range(0, self.size * self._stride, self._stride)
        ]

    def penalty(self, dark: int) -> int:
        """What speaks against a code: long runs, blocks, what looks like a corner, more of one colour."""
        light = self._full ^ dark
        share = dark.bit_count() * 100 / self.size**2
        return (
            sum(self._runs(shade) + self._blocks(shade) for shade in (dark, light))
            + 40 * self._like_corners(dark, light)
            + 10 * int(abs(share - 50) / 5)
        )

    def _runs(self, shade: int) -> int:
        """N1: 3 for five alike in a line, and 1 for each more."""
        total = 0
        for step in (1, self._stride):
            fives = shade
            for place in range(1, 5):
                fives &= shade >> place * step
            total += fives.bit_count() + 2 * (fives & ~(fives << step)).bit_count()
        return total

    def _blocks(self, shade: int) -> int:
        """N2: 3 for each square of four alike."""
        pairs = shade & shade >> 1
        return 3 * (pairs & pairs >> self._stride).bit_count()

    def _like_corners(self, dark: int, light: int) -> int:
        """N3: how often dark and light run 1:1:3:1:1 with four light modules before or after."""
        found = 0
        for step in (1, self._stride):
            for pattern in ("10111010000", "00001011101"):
                here = self._full
                for place, bit in enumerate(pattern):
                    here &= (dark if bit == "1" else light) >> place * step
                found += here.bit_count()
        return found
