"""Reading QR codes out of gray pictures: one quick look with zxing-cpp, then rescues that take turns.

A hard frame (blurred, dark, tilted, glaring) is not worth every rescue at once: the next frame comes in 40 ms
and is often better. So a *glance* makes the quick look and as many rescues as the budget allows, and the next
glance goes on where this one stopped. A single picture has no next frame: ``read`` tries every rescue.

The budget is a multiple of what the quick look costs here: a slow board shares out its time as a fast one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hardware.ports import LibraryMissing

Gray = Any
"""A two-dimensional ``numpy`` array of bytes; numpy is imported only where a camera is."""

log = logging.getLogger(__name__)
PAD = 0.06
"""A region is widened by this share of the picture: a code cut at its edge cannot be read."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Found:
    """One code: its bytes as they stand in it, and the step that read it."""

    content: bytes
    step: str


def libraries() -> tuple[Any, Any]:
    """OpenCV and zxing-cpp, or advice on what to install; OpenCV gets one thread only."""
    try:
        cv2, zxingcpp = import_module("cv2"), import_module("zxingcpp")
    except ImportError as error:
        raise LibraryMissing(
            f"{error}: the camera needs pip install 'yika[kiosk]', and from apt libgl1 and libglib2.0-0"
        ) from error
    cv2.setNumThreads(1)
    return cv2, zxingcpp


@dataclass(slots=True)
class _Rescue:
    """One way to prepare a picture and look again, and what it costs here."""

    name: str
    look: Callable[[Gray], list[bytes]]
    per_pixel: float = 0.0

    def cost(self, pixels: int) -> float:
        """Seconds it will take, as far as known."""
        return self.per_pixel * pixels


class Decoder:
    """Finds QR codes; keeps what it learned about this machine and about which rescue helped last."""

    def __init__(self, *, budget: float = 1.5, clock: Callable[[], float] = time.perf_counter) -> None:
        self._cv2, self._zxing = libraries()
        self._budget = budget
        self._clock = clock
        self._quick = _Rescue("quick", self._look)
        self._rescues = self._make_rescues()
        self._turn = 0

    def read(self, gray: Gray) -> bytes | None:
        """The first code of a single picture, whatever it takes."""
        for rescue in (self._quick, *self._rescues):
            found = self._try(rescue, gray)
            if found:
                return found[0].content
        return None

    def glance(self, gray: Gray, region: Region | None = None) -> list[Found]:
        """What one frame of many shows within the budget; ``region`` is where something changed."""
        part = gray if region is None else cut(gray, region)
        found = self._try(self._quick, part)
        if found:
            return found
        allowance = self._budget * self._quick.cost(gray.size)
        for _ in self._rescues:
            rescue = self._rescues[self._turn]
            found = self._try(rescue, part)
            if found:
                return found  # what helped now is tried first next time
            self._turn = (self._turn + 1) % len(self._rescues)
            allowance -= rescue.cost(part.size)
            if allowance < self._rescues[self._turn].cost(part.size):
                break
        return []

    def _try(self, rescue: _Rescue, gray: Gray) -> list[Found]:
        if gray.size == 0:
            return []
        started = self._clock()
        try:
            contents = rescue.look(gray)
        except Exception as error:  # noqa: BLE001 - both libraries raise undocumented types on odd pictures
            log.debug("%s gave up on a picture: %r", rescue.name, error)
            contents = []
        spent = (self._clock() - started) / gray.size
        rescue.per_pixel = spent if not rescue.per_pixel else 0.9 * rescue.per_pixel + 0.1 * spent
        return [Found(content, rescue.name) for content in dict.fromkeys(contents) if content]

    def _look(self, gray: Gray, **how: Any) -> list[bytes]:
        options = {"try_rotate": False, "try_invert": False, **how}
        codes = self._zxing.read_barcodes(gray, formats=self._zxing.BarcodeFormat.QRCode, **options)
        return [code.bytes for code in codes if code.valid]

    def _make_rescues(self) -> Sequence[_Rescue]:
        cv2 = self._cv2

        def doubled(gray: Gray) -> Gray:
            return cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)

        def sharpened(gray: Gray) -> Gray:
            big = doubled(gray)
            return cv2.addWeighted(big, 2.5, cv2.GaussianBlur(big, (0, 0), 3), -1.5, 0)

        def thresholded(gray: Gray) -> Gray:
            return cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 25, 3)

        def stretched(gray: Gray) -> Gray:
            return cv2.normalize(gray, None, 0, 255, cv2.NORM_MINMAX)

        def prepared(name: str, prepare: Callable[[Gray], Gray]) -> _Rescue:
            return _Rescue(name, lambda gray: self._look(prepare(gray)))

        return (
            prepared("sharpened", sharpened),
            prepared("thresholded", thresholded),
            prepared("stretched", stretched),
            _Rescue("inverted", lambda gray: self._look(gray, try_invert=True)),
            prepared("doubled", doubled),
        )


def cut(gray: Gray, region: Region) -> Gray:
    """The region and a margin around it; the array is packed, as the libraries want it."""
    height, width = gray.shape[:2]
    dx, dy = int(width * PAD), int(height * PAD)
    top, bottom = max(0, region.top - dy), min(height, region.bottom + dy)
    left, right = max(0, region.left - dx), min(width, region.right + dx)
    return gray[top:bottom, left:right].copy()
