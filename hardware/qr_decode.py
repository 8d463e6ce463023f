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
LARGEST = 1400
"""Rescues work on pictures of at most so many pixels on their longer side."""


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

    def __init__(self, *, budget: float = 1.0, clock: Callable[[], float] = time.thread_time) -> None:
        self._cv2, self._zxing = libraries()
        self._budget = budget
        self._clock = clock
        self._detector = self._cv2.QRCodeDetectorAruco()
        self._quick = _Rescue("quick", self._look)
        self._rescues = self._make_rescues()
        self._turn = 0

    def read(self, gray: Gray) -> bytes | None:
        """The first code of a single picture, whatever it takes."""
        small = self._reduced(gray)
        tries = [(self._quick, gray), *((rescue, small) for rescue in self._rescues)]
        if small is not gray:
            tries += [(rescue, gray) for rescue in self._rescues]
        for rescue, picture in tries:
            found = self._try(rescue, picture)
            if found:
                return found[0].content
        return None

    def glance(self, gray: Gray, region: Region | None = None) -> list[Found]:
        """What one frame of many shows within the budget; ``region`` is where something changed."""
        part = gray if region is None else cut(gray, region)
        found = self._try(self._quick, part)
        if found:
            return found
        part = self._reduced(part)
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

    def _reduced(self, gray: Gray) -> Gray:
        """Rescues mend faults of a few pixels; in a photo of twelve megapixels a module has thirty."""
        scale = LARGEST / max(*gray.shape, 1)
        if scale >= 1:
            return gray
        size = [max(1, round(side * scale)) for side in reversed(gray.shape)]
        return self._cv2.resize(gray, size, interpolation=self._cv2.INTER_AREA)

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
        # Model 2 only: the smallest Micro QR codes carry no error correction and are "seen" in any clutter.
        codes = self._zxing.read_barcodes(gray, formats=self._zxing.BarcodeFormat.QRCodeModel2, **options)
        return [code.bytes for code in codes if code.valid]

    def _make_rescues(self) -> Sequence[_Rescue]:
        """In the order of what they add for their time on the pictures of benchmarks/decoders.py."""
        way = _Ways(self._cv2)

        def prepared(name: str, prepare: Callable[[Gray], Gray]) -> _Rescue:
            return _Rescue(name, lambda gray: self._look(prepare(gray)))

        def two_tone(name: str, prepare: Callable[[Gray], Gray]) -> _Rescue:
            plain = self._zxing.Binarizer.BoolCast
            return _Rescue(name, lambda gray: self._look(prepare(gray), binarizer=plain))

        return (
            prepared("refocused", lambda gray: way.threshold(way.refocus(gray), 15, 0)),
            two_tone("thresholded", lambda gray: way.median(way.threshold(gray, 25, 3))),
            prepared("refocused-doubled", lambda gray: way.double(way.refocus(gray))),
            two_tone("sharpened", lambda gray: way.threshold(way.sharpen(way.blur(gray, 0.7)), 25, 2)),
            _Rescue("inverted", lambda gray: self._look(gray, try_invert=True)),
            prepared("closed", lambda gray: way.close(way.double(gray))),
            prepared("doubled", lambda gray: way.threshold(way.double(gray), 15, 0)),
            prepared("glare", lambda gray: way.threshold(gray, 25, -3)),
            prepared("softened", lambda gray: way.sharpen(way.blur(gray, 1.2))),
            prepared("steadied", lambda gray: way.double(way.steady(gray))),
            two_tone("otsu", way.otsu),
            _Rescue("aruco", self._aruco),
        )

    def _aruco(self, gray: Gray) -> list[bytes]:
        """OpenCV's own decoder: seldom better, but it fails on other pictures than zxing-cpp does."""
        return [bytes(self._detector.detectAndDecodeBytes(gray)[0])]


class _Ways:
    """Ways to prepare a gray picture for another look."""

    def __init__(self, cv2: Any) -> None:
        self._cv2 = cv2
        self._np = import_module("numpy")
        self._refocus = self._inverse(1.5, 0.02, 11)

    def _inverse(self, sigma: float, noise: float, size: int) -> Gray:
        """The Wiener filter against a Gaussian blur, as a small kernel: far cheaper than transforming.

        Wiener: H* / (|H|² + noise), with H the blur's transfer function (here real and symmetric).
        """
        np = self._np
        frequency = np.fft.fftfreq(64)
        blur = np.exp(-2 * np.pi**2 * sigma**2 * (frequency[:, None] ** 2 + frequency[None] ** 2))
        kernel = np.fft.fftshift(np.real(np.fft.ifft2(blur / (blur * blur + noise))))
        middle, reach = 32, size // 2
        kernel = kernel[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        return (kernel / kernel.sum()).astype(np.float32)

    def refocus(self, gray: Gray) -> Gray:
        """Undo a blur of about 1.5 pixels, which is what a hand-held card at arm's length has."""
        return self._cv2.filter2D(gray, -1, self._refocus)

    def blur(self, gray: Gray, sigma: float) -> Gray:
        return self._cv2.GaussianBlur(gray, (0, 0), sigma)

    def sharpen(self, gray: Gray) -> Gray:
        """Unsharp mask."""
        return self._cv2.addWeighted(gray, 4, self.blur(gray, 2), -3, 0)

    def double(self, gray: Gray) -> Gray:
        return self._cv2.resize(gray, None, fx=2, fy=2, interpolation=self._cv2.INTER_LINEAR)

    def median(self, gray: Gray) -> Gray:
        return self._cv2.medianBlur(gray, 3)

    def close(self, gray: Gray) -> Gray:
        """Dark specks go: a moiré's and a screen's raster."""
        return self._cv2.morphologyEx(gray, self._cv2.MORPH_CLOSE, self._np.ones((3, 3), self._np.uint8))

    def threshold(self, gray: Gray, block: int, below: int) -> Gray:
        """Against the mean of the neighbourhood: sees through shadow, darkness and glare."""
        cv2 = self._cv2
        return cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, below)

    def otsu(self, gray: Gray) -> Gray:
        return self._cv2.threshold(gray, 0, 255, self._cv2.THRESH_OTSU)[1]

    def steady(self, gray: Gray) -> Gray:
        """An unsharp mask along the movement only, which is where the picture has its weakest edges."""
        cv2, np = self._cv2, self._np
        across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
        xx, xy, yy = (float(cv2.mean(product)[0]) for product in (across**2, across * down, down**2))
        angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
        kernel = np.zeros((72, 72), np.float32)
        reach = np.array([np.cos(angle), np.sin(angle)]) * 28
        ends = [tuple(int(v) for v in 36 + sign * reach) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 8)
        kernel = cv2.resize(kernel, (9, 9), interpolation=cv2.INTER_AREA)
        return cv2.addWeighted(gray, 4, cv2.filter2D(gray, -1, kernel / kernel.sum()), -3, 0)


def cut(gray: Gray, region: Region) -> Gray:
    """The region and a margin around it; the array is packed, as the libraries want it."""
    height, width = gray.shape[:2]
    dx, dy = int(width * PAD), int(height * PAD)
    top, bottom = max(0, region.top - dy), min(height, region.bottom + dy)
    left, right = max(0, region.left - dx), min(width, region.right + dx)
    return gray[top:bottom, left:right].copy()
