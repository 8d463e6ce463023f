"""Redraws a QR code's three finder patterns where they are broken, overgrown or have no margin.

Decoders look for the whole pattern of seven modules (ISO/IEC 18004, 6.3.3). What survives most is its stone,
the dark square of three by three modules with a light ring about it: from its corners the rest is known. What
the code says is not touched, and error correction still has to hold.
"""

from importlib import import_module
from typing import Any

Gray = Any

LEAST = 5
"""Pixels of a stone's side: below that a module has less than two."""
LARGEST = 6
"""A stone covers at most this part of the picture's shorter side: three and what is between them fit in."""
LONGISH = 2.0
"""Length of a stone's sides to each other when the card is tilted."""
SOLID = 0.72
"""The share of its rectangle that a stone fills; tilted it is a trapezium."""
RING, FRAME = 4 / 3, 2.0
"""Middle of the light ring and of the dark frame about the stone, in halves of its side."""
RING_DARK, FRAME_DARK = 0.2, 0.35
"""At most so much of the ring is dark, and at least so much of the frame, which may be bleached or torn."""
SQUARES = ((3.0, 255), (7 / 3, 0), (5 / 3, 255), (1.0, 0))
"""Margin, frame, ring and stone as halves of the stone's side, each drawn over the one before."""
FRACTION = 4
"""Bits behind the point in coordinates that OpenCV draws by."""


class Finders:
    """Finds stones in a picture of two tones, and draws what belongs about them."""

    def __init__(self, cv2: Any) -> None:
        self._cv2 = cv2
        self._np = np = import_module("numpy")
        self._along = np.arange(4)[:, None] / 4

    def redrawn(self, two_tone: Gray) -> Gray | None:
        """The picture with all finder patterns whole; ``None`` when there are not even two of them."""
        cv2, np = self._cv2, self._np
        stones = self._stones(cv2.bitwise_not(two_tone))
        if len(stones) < 2:
            return None
        whole = two_tone.copy()
        for middle, corners in stones:
            for size, level in SQUARES:
                points = np.round((middle + corners * size) * 2**FRACTION).astype(np.int32)
                cv2.fillConvexPoly(whole, points, level, cv2.LINE_8, FRACTION)
        return whole

    def _stones(self, dark: Gray) -> list[tuple[Gray, Gray]]:
        """Middle of each stone, and its corners from there."""
        np = self._np
        _, labels, boxes, _ = self._cv2.connectedComponentsWithStats(dark, connectivity=8)
        _, _, width, height, area = boxes.T
        short, long = np.minimum(width, height), np.maximum(width, height)
        # A square that stands on its corner fills half of its box.
        likely = (short >= LEAST) & (long * LARGEST < min(dark.shape)) & (long < LONGISH * short)
        likely &= area > SOLID / 2 * width * height
        likely[0] = False  # the background
        found = []
        for label in np.flatnonzero(likely):
            left, top, across, down, pixels = boxes[label]
            part = labels[top : top + down, left : left + across] == label
            corners = self._corners(part.astype(np.uint8), pixels)
            if corners is None:
                continue
            middle = corners.mean(axis=0)
            stone = (middle + np.array([left, top]), corners - middle)
            if self._dark(dark, *stone, RING) <= RING_DARK and self._dark(dark, *stone, FRAME) >= FRAME_DARK:
                found.append(stone)
        return found

    def _corners(self, part: Gray, pixels: int) -> Gray | None:
        """The four corners of a square in whatever view; ``None`` for another shape."""
        cv2, np = self._cv2, self._np
        outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        rectangle = cv2.minAreaRect(outlines[0])
        short, long = sorted(side + 1 for side in rectangle[1])  # from pixel to pixel there is one more
        if pixels < SOLID * short * long or long > LONGISH * short:
            return None
        rough = cv2.approxPolyDP(outlines[0], 0.1 * cv2.arcLength(outlines[0], True), True)
        square = len(rough) == 4 and cv2.isContourConvex(rough)
        corners = (rough[:, 0] if square else cv2.boxPoints(rectangle)).astype(np.float32)
        middle = corners.mean(axis=0)
        return middle + (corners - middle) * long / (long - 1)

    def _dark(self, dark: Gray, middle: Gray, corners: Gray, size: float) -> float:
        """How much of a square's outline is dark; outside of the picture nothing is."""
        np = self._np
        sides = np.roll(corners, -1, axis=0) - corners
        outline = (corners[:, None] + sides[:, None] * self._along).reshape(-1, 2)
        x, y = (middle + outline * size + 0.5).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < dark.shape[1]) & (y < dark.shape[0])
        return float(np.count_nonzero(dark[y[inside], x[inside]]) / len(outline))
