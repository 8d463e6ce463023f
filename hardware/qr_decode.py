"""Reading QR codes out of gray pictures: one quick look with zxing-cpp, then rescues that take turns.

A hard frame (blurred, dark, tilted, glaring) is not worth every rescue at once: the next frame comes in 40 ms
and is often better. So a *glance* makes the quick look and as many rescues as the budget allows, and the next
glance goes on where this one stopped. A single picture has no next frame: ``read`` tries every rescue.

The budget is a multiple of what the quick look costs here: a slow board shares out its time as a fast one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hardware.ports import LibraryMissing
from hardware.qr_finders import Finders

Gray = Any
"""A two-dimensional ``numpy`` array of bytes; numpy is imported only where a camera is."""

log = logging.getLogger(__name__)
PAD = 0.06
"""A region is widened by this share of the picture: a code cut at its edge cannot be read."""
LONGEST = (1400, 640)
"""Rescues work on pictures of at most so many pixels on their longer side, one size after the other."""
STRAIGHTENED = "straightened"
SMALL = "small"
"""The step that reads Micro QR and rMQR, which no card is and clutter may look like: ``Decoder.glance``."""
BENDS = (
    (0.0, 0.0),
    *((bow, 0.0) for bow in (0.03, -0.03, 0.06, -0.06, 0.1, -0.1)),
    *((0.0, bow) for bow in (0.03, -0.03, 0.06, -0.06, 0.1, -0.1)),
)
"""How far the middle of a code's edges bows, across and down, as a share of its side."""


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


@dataclass(frozen=True, slots=True)
class Sight:
    """A picture to look at, and the corners of codes that were seen in it and could not be read."""

    gray: Gray
    corners: tuple[Gray, ...] = ()


@dataclass(slots=True)
class _Rescue:
    """One way to prepare a picture and look again, and what it costs here."""

    name: str
    look: Callable[[Sight], list[bytes]]
    per_pixel: float = 0.0

    def cost(self, pixels: int) -> float:
        """Seconds it will take, as far as known."""
        return self.per_pixel * pixels


class Decoder:
    """Finds QR codes; keeps what it learned about this machine and about which rescue helped last."""

    def __init__(self, *, budget: float = 2.0, clock: Callable[[], float] = time.thread_time) -> None:
        self._cv2, self._zxing = libraries()
        # Not Micro QR in rescues: the smallest have no error correction and are "seen" in what was prepared.
        kinds = self._zxing.BarcodeFormat
        self._formats = [kinds.QRCodeModel2, kinds.QRCodeModel1]
        self._small_formats = [kinds.MicroQRCode, kinds.RMQRCode]
        self._budget = budget
        self._clock = clock
        self._detector = self._cv2.QRCodeDetectorAruco()
        self._way = _Ways(self._cv2)
        self._finders = Finders(self._cv2)
        self._seen: tuple[Gray, ...] = ()
        self._small: list[bytes] = []
        self._quick = _Rescue("quick", lambda sight: self._read_or_see(sight.gray))
        self._rescues = self._make_rescues()
        self._unfolding = _Rescue("unfolded", self._unfold)
        self._lead, self._turn = self._rescues[0], 1
        self._credit = 0.0

    def read(self, gray: Gray) -> bytes | None:
        """The first code of a single picture, whatever it takes."""
        gray = as_gray(gray)
        found, sight = self._first_look(gray)
        sizes = [sight, *(self._reduced(sight, longest) for longest in LONGEST)]
        if max(gray.shape) > LONGEST[0]:
            del sizes[0]  # every rescue at twelve megapixels would take seconds and add nothing
        tried: set[tuple[str, Any]] = set()
        for small in sizes:
            for rescue in (*self._rescues, self._unfolding):
                picture = sight if rescue.name == STRAIGHTENED else small
                if not found and (rescue.name, picture.gray.shape) not in tried:
                    tried.add((rescue.name, picture.gray.shape))
                    found = self._try(rescue, picture)
        return found[0].content if found else None

    def glance(self, gray: Gray, region: Region | None = None) -> list[Found]:
        """What one frame of many shows within the budget; ``region`` is where something changed.

        Micro QR and rMQR come only where no rescue read a full code: whoever shows one should hear that it is
        no card, but a damaged card must not be taken for one. Who asks waits for a second frame to agree.

        The budget holds in the mean: what a rescue costs beyond one frame's share, the next frames pay.
        """
        gray = as_gray(gray)
        found, sight = self._first_look(gray if region is None else cut(gray, region))
        if found or not sight.gray.size:
            return found
        small = dict.fromkeys(self._small)
        share = self._budget * self._quick.cost(gray.size)
        self._credit = min(max(self._credit, -2 * share) + share, 2 * share)
        for rescue, picture in self._in_turn(sight):
            if self._credit <= 0:
                break
            found = self._try(rescue, picture)
            self._credit -= rescue.cost(picture.gray.size)
            if found:
                self._lead = rescue  # what helped now is tried first next time
                return found
        return [Found(content, SMALL) for content in small]

    def _in_turn(self, sight: Sight) -> Iterator[tuple[_Rescue, Sight]]:
        """The rescue that helped last, then the others where the last frame stopped; each lap at its size."""
        laps = [self._reduced(sight, longest) for longest in LONGEST]
        yield self._lead, laps[0]
        for _ in self._rescues:
            lap, index = divmod(self._turn, len(self._rescues))
            rescue = self._rescues[index]
            if rescue is not self._lead or laps[lap] is not laps[0]:
                yield rescue, sight if rescue.name == STRAIGHTENED else laps[lap]
            self._turn = (self._turn + 1) % (len(laps) * len(self._rescues))

    def _first_look(self, gray: Gray) -> tuple[list[Found], Sight]:
        self._seen, self._small = (), []
        found = self._try(self._quick, Sight(gray))
        return found, Sight(gray, self._seen)

    def _reduced(self, sight: Sight, longest: int) -> Sight:
        """Rescues mend faults of a few pixels; in a photo of twelve megapixels a module has thirty."""
        scale = longest / max(*sight.gray.shape, 1)
        if scale >= 1:
            return sight
        size = [max(1, round(side * scale)) for side in reversed(sight.gray.shape)]
        return Sight(self._cv2.resize(sight.gray, size, interpolation=self._cv2.INTER_AREA))

    def _try(self, rescue: _Rescue, sight: Sight) -> list[Found]:
        pixels = sight.gray.size
        if not pixels:
            return []
        started = self._clock()
        try:
            contents = rescue.look(sight)
        except Exception as error:  # noqa: BLE001 - both libraries raise undocumented types on odd pictures
            log.debug("%s gave up on a picture: %r", rescue.name, error)
            contents = []
        spent = (self._clock() - started) / pixels
        rescue.per_pixel = spent if not rescue.per_pixel else 0.9 * rescue.per_pixel + 0.1 * spent
        return [Found(content, rescue.name) for content in dict.fromkeys(contents) if content]

    def _codes(self, gray: Gray, **how: Any) -> list[Any]:
        options = {"formats": self._formats, "try_rotate": False, "try_invert": False, **how}
        codes: list[Any] = self._zxing.read_barcodes(gray, **options)
        return codes

    def _look(self, gray: Gray, **how: Any) -> list[bytes]:
        return [code.bytes for code in self._codes(gray, **how) if code.valid]

    def _read_or_see(self, gray: Gray) -> list[bytes]:
        """Codes; where some are seen that cannot be read, their corners are kept for a closer look."""
        codes = self._codes(gray, formats=[*self._formats, *self._small_formats], return_errors=True)
        small = [code for code in codes if code.format in self._small_formats]
        full = [code for code in codes if code.format not in self._small_formats]
        self._small = [code.bytes for code in small if code.valid and code.bytes]
        self._seen = tuple(self._way.corners(code.position) for code in full if not code.valid)
        return [code.bytes for code in full if code.valid]

    def _make_rescues(self) -> Sequence[_Rescue]:
        """In the order of what they add for their time, on foreign photos and benchmarks/decoders.py."""
        way, binarizers = self._way, self._zxing.Binarizer

        def prepared(name: str, prepare: Callable[[Gray], Gray]) -> _Rescue:
            return _Rescue(name, lambda sight: self._look(prepare(sight.gray)))

        def two_tone(name: str, prepare: Callable[[Gray], Gray]) -> _Rescue:
            plain = binarizers.BoolCast
            return _Rescue(name, lambda sight: self._look(prepare(sight.gray), binarizer=plain))

        return (
            prepared("refocused-doubled", lambda gray: way.double(way.refocus(gray))),
            prepared("refocused", lambda gray: way.threshold(way.refocus(gray), 15, 0)),
            two_tone("thresholded", lambda gray: way.median(way.threshold(gray, 25, 3))),
            _Rescue("inverted", lambda sight: self._look(way.inverse(sight.gray))),
            _Rescue(STRAIGHTENED, self._straighten),
            two_tone("sharpened", lambda gray: way.threshold(way.sharpen(way.blur(gray, 0.7)), 25, 2)),
            prepared("glare", lambda gray: way.threshold(gray, 25, -3)),
            two_tone("wide", lambda gray: way.threshold(gray, 101, 7)),
            _Rescue("global", lambda s: self._look(s.gray, binarizer=binarizers.GlobalHistogram)),
            prepared("doubled", lambda gray: way.threshold(way.double(gray), 15, 0)),
            prepared("closed", lambda gray: way.close(way.double(gray), 3)),
            prepared("filled", lambda gray: way.close(gray, 5)),
            prepared("softened", lambda gray: way.sharpen(way.blur(gray, 1.2))),
            prepared("smoothed", lambda gray: way.blur(gray, 2.0)),
            prepared("steadied", lambda gray: way.double(way.steady(gray))),
            two_tone("otsu", way.otsu),
            two_tone("stained", lambda gray: way.threshold(way.blur(gray, 1.0), 51, 20)),
            _Rescue("redrawn", lambda sight: self._redraw(sight.gray)),
            _Rescue("aruco", lambda sight: self._aruco(sight.gray)),
        )

    def _aruco(self, gray: Gray) -> list[bytes]:
        """OpenCV's own decoder: seldom better, but it fails on other pictures than zxing-cpp does."""
        return [bytes(self._detector.detectAndDecodeBytes(gray)[0])]

    def _redraw(self, gray: Gray) -> list[bytes]:
        whole = self._finders.redrawn(self._way.threshold(gray, 51, 3))
        return [] if whole is None else self._look(whole, binarizer=self._zxing.Binarizer.BoolCast)

    def _unfold(self, sight: Sight) -> list[bytes]:
        """What is seen at this size, or once its finders are redrawn, pulled flat: for stills only."""
        whole = self._finders.redrawn(self._way.threshold(sight.gray, 51, 3))
        for picture in (sight.gray, whole):
            codes = [] if picture is None else self._codes(picture, return_errors=True)
            seen = tuple(self._way.corners(code.position) for code in codes if not code.valid)
            contents = self._straighten(Sight(picture, seen))
            if contents:
                return contents
        return []

    def _straighten(self, sight: Sight) -> list[bytes]:
        """A code that was seen, pulled flat by its corners and bent back, as curled cards need it."""
        for corners in sight.corners[:4]:
            for bend in BENDS:
                contents = self._look(self._way.flat(sight.gray, corners, bend))
                if contents:
                    return contents
        return []


class _Ways:
    """Ways to prepare a gray picture for another look."""

    FLAT, RIM = 256, 40
    """Pixels of a flattened code's side, and of the margin around it."""

    def __init__(self, cv2: Any) -> None:
        self._cv2 = cv2
        self._np = np = import_module("numpy")
        self._focus = self._kernels(1.5, 0.02, 11)
        down, across = np.mgrid[: self.FLAT + 2 * self.RIM, : self.FLAT + 2 * self.RIM].astype(np.float32)
        self._across, self._down = (across - self.RIM) / self.FLAT, (down - self.RIM) / self.FLAT

    def _kernels(self, sigma: float, noise: float, size: int) -> list[tuple[Gray, Gray]]:
        """The Wiener filter against a Gaussian blur as two pairs of row and column: a tenth of a full kernel.

        Wiener: H* / (|H|² + noise), with H the blur's transfer function (here real and symmetric). A kernel's
        best pairs are those of its largest singular values; two keep 99 % of this one.
        """
        np = self._np
        frequency = np.fft.fftfreq(64)
        blur = np.exp(-2 * np.pi**2 * sigma**2 * (frequency[:, None] ** 2 + frequency[None] ** 2))
        kernel = np.fft.fftshift(np.real(np.fft.ifft2(blur / (blur * blur + noise))))
        middle, reach = 32, size // 2
        kernel = kernel[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        columns, strengths, rows = np.linalg.svd(kernel / kernel.sum())
        return [(rows[i], columns[:, i] * strengths[i]) for i in range(2)]

    def refocus(self, gray: Gray) -> Gray:
        """Undo a blur of about 1.5 pixels, which is what a hand-held card at arm's length has."""
        cv2 = self._cv2
        parts = [cv2.sepFilter2D(gray, cv2.CV_16S, row, column) for row, column in self._focus]
        return cv2.add(*parts, dtype=cv2.CV_8U)

    def inverse(self, gray: Gray) -> Gray:
        """Light on dark, as phones show it at night."""
        return self._cv2.bitwise_not(gray)

    def corners(self, position: Any) -> Gray:
        """The corners of a code as an array, from the upper left on, in its own sense."""
        points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
        return self._np.array([(point.x, point.y) for point in points], self._np.float32)

    def flat(self, gray: Gray, corners: Gray, bend: tuple[float, float]) -> Gray:
        """The code between four corners as a square, its edges bent back by so much across and down."""
        np, cv2 = self._np, self._cv2
        square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
        view = cv2.getPerspectiveTransform(square, corners)
        across = self._across + np.float32(bend[1]) * 4 * self._down * (1 - self._down)
        down = self._down + np.float32(bend[0]) * 4 * self._across * (1 - self._across)
        far = view[2, 0] * across + view[2, 1] * down + view[2, 2]
        x, y = ((view[i, 0] * across + view[i, 1] * down + view[i, 2]) / far for i in range(2))
        pixels = (x.astype(np.float32), y.astype(np.float32))
        return cv2.remap(gray, *pixels, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def blur(self, gray: Gray, sigma: float) -> Gray:
        return self._cv2.GaussianBlur(gray, (0, 0), sigma)

    def sharpen(self, gray: Gray) -> Gray:
        """Unsharp mask."""
        return self._cv2.addWeighted(gray, 4, self.blur(gray, 2), -3, 0)

    def double(self, gray: Gray) -> Gray:
        return self._cv2.resize(gray, None, fx=2, fy=2, interpolation=self._cv2.INTER_LINEAR)

    def median(self, gray: Gray) -> Gray:
        return self._cv2.medianBlur(gray, 3)

    def close(self, gray: Gray, size: int) -> Gray:
        """Dark specks go: a moiré's and a screen's raster, scratches, dirt."""
        square = self._np.ones((size, size), self._np.uint8)
        return self._cv2.morphologyEx(gray, self._cv2.MORPH_CLOSE, square)

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


def as_gray(picture: Any) -> Gray:
    """Any array as a gray picture of bytes; one without pixels for what is no picture at all."""
    cv2, _ = libraries()
    np = import_module("numpy")
    array = np.asarray(picture)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim == 3 and array.shape[2] in (3, 4) and array.size:
        colours = cv2.COLOR_BGR2GRAY if array.shape[2] == 3 else cv2.COLOR_BGRA2GRAY
        array = cv2.cvtColor(np.ascontiguousarray(_bytes(np, array)), colours)
    if array.ndim != 2 or not array.size:
        return np.zeros((0, 0), np.uint8)
    return np.ascontiguousarray(_bytes(np, array))


def _bytes(np: Any, array: Any) -> Any:
    """Levels from 0 to 255: fractions of one are stretched, what is beyond or no number is clipped."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        return np.zeros(array.shape, np.uint8)
    level = np.nan_to_num(array.astype(np.float32), nan=0.0, posinf=255.0, neginf=0.0)
    if array.dtype.kind == "f" and level.max() <= 1:
        level = level * 255
    return np.clip(level, 0, 255).astype(np.uint8)
