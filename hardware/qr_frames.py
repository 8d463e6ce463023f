"""Where frames come from: a camera, or a file that stands for one and comes at a camera's pace.

A source is ``csi`` (a Raspberry Pi's ribbon camera, ``csi:1`` the second), or whatever ``cv2.VideoCapture``
opens: an index (``0``), a device, a stream's address, a video file, an image sequence (``f%03d.png``); or one
picture, or a folder of pictures. Of files the last frame stays, unless they are set to loop.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hardware.ports import ReaderLost, SettingWrong
from hardware.qr_decode import libraries

Frame = Any
"""A ``numpy`` array of bytes: gray, or blue-green-red."""
Wait = Callable[[float], object]
"""Waits some seconds, or less when the reader stops."""

log = logging.getLogger(__name__)

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm")
AT_END = ("hold", "loop")
MEMORY_DISK = "/dev/shm/"  # noqa: S108 - nothing is written there
V4L2_MANUAL = 1
"""V4L2_EXPOSURE_MANUAL; the exposure is then in steps of 100 µs (V4L2_CID_EXPOSURE_ABSOLUTE)."""
WHITE = 250
"""From this gray level on a pixel counts as washed out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """What a community may set for a camera."""

    width: int = 1280
    height: int = 720
    exposure_ms: float = 5.0
    """A hand moves a card by a module in some 10 ms; 0 leaves the exposure to the camera."""
    gone_ms: int = 1500
    """A code that was not seen for this long has gone; when it comes back it is a new presentation."""
    at_end: str = "hold"
    """What follows the last frame of a file: ``hold`` or ``loop``."""
    each_ms: int = 1000
    """How long each picture of a folder is held there."""
    stall_ms: int = 5000
    """A camera that gives no frame for this long is lost."""
    hung_ms: int = 10_000
    """A driver or a decoder that does not come back for this long is ended and started anew."""
    budget: float = 1.0
    """Time for rescues on one frame, as a multiple of the quick look at a whole frame."""

    def __post_init__(self) -> None:
        if self.at_end not in AT_END:
            raise SettingWrong(f"at_end is one of {', '.join(AT_END)}, not {self.at_end!r}")
        positive = ("width", "height", "gone_ms", "each_ms", "stall_ms", "hung_ms")
        if min(getattr(self, name) for name in positive) <= 0:
            raise SettingWrong(f"{', '.join(positive)} are above 0")
        if min(self.budget, self.exposure_ms) < 0:
            raise SettingWrong("budget and exposure_ms are not below 0")


class Frames(Protocol):
    """An open source of frames."""

    def read(self) -> Frame | None:
        """Wait for the next frame; ``None`` when the source is gone."""

    def close(self) -> None:
        """Let the device go."""

    def told(self) -> Mapping[str, float | str]:
        """What the device says of itself when asked after setting it; empty for files."""


Opener = Callable[[str, CameraSettings, Wait], Frames]


class _File:
    """What files have in common: nothing to let go, nothing to tell, a pace to keep."""

    def __init__(self, wait: Wait, interval: float = 1 / 25) -> None:
        self._cv2, _ = libraries()
        self._wait, self._interval = wait, interval
        self._due: float | None = None

    def _pace(self) -> None:
        """Wait until the next frame is due; a reader that was late by a second does not run after it."""
        now = time.monotonic()
        due = now if self._due is None else max(self._due, now - 1.0)
        if due > now:
            self._wait(due - now)
        self._due = due + self._interval

    def close(self) -> None:
        """Nothing to let go."""

    def told(self) -> Mapping[str, float | str]:
        return {}


class _Picture(_File):
    """One picture before the camera; a new file of the same name is a new picture."""

    def __init__(self, path: Path, wait: Wait) -> None:
        super().__init__(wait)
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._frame: Frame | None = None

    def read(self) -> Frame | None:
        self._pace()
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                picture = self._cv2.imread(str(self._path))
                if picture is not None:  # else it is half written: the old one stays until it is whole
                    self._frame, self._stamp = picture, stamp
        except OSError:
            return None
        return self._frame


class _Folder(_File):
    """The pictures of a folder by name, each held there for a while."""

    def __init__(self, folder: Path, settings: CameraSettings, wait: Wait) -> None:
        super().__init__(wait)
        self._folder, self._loop = folder, settings.at_end == "loop"
        self._frames = max(1, round(settings.each_ms / 1000 / self._interval))
        self._coming = self._listed()
        self._left = 0
        self._frame: Frame | None = None

    def _listed(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if path.suffix.lower() in PICTURES)

    def read(self) -> Frame | None:
        self._pace()
        self._left -= 1
        if self._left <= 0:
            self._next()
        return self._frame

    def _next(self) -> None:
        found = self._first_of(self._coming)
        if found is None and self._loop:
            self._coming = self._listed()
            found = self._first_of(self._coming)
        if found is not None:
            self._frame, self._left = found, self._frames

    def _first_of(self, paths: list[Path]) -> Frame | None:
        while paths:
            path = paths.pop(0)
            picture = self._cv2.imread(str(path))
            if picture is not None:
                return picture
            log.warning("%s is no picture that can be read", path)
        return None


class _Clip(_File):
    """A video file or an image sequence at its own pace."""

    def __init__(self, source: str, settings: CameraSettings, wait: Wait) -> None:
        super().__init__(wait)
        self._source, self._loop = source, settings.at_end == "loop"
        self._capture = _opened(self._cv2.VideoCapture(source), source)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        if 1 <= fps <= 240:
            self._interval = 1 / fps
        self._last: Frame | None = None

    def read(self) -> Frame | None:
        self._pace()
        good, frame = self._capture.read()
        if not good and self._loop and self._last is not None:
            self._capture.release()
            self._capture = _opened(self._cv2.VideoCapture(self._source), self._source)
            good, frame = self._capture.read()
        if good:
            self._last = frame
        return self._last

    def close(self) -> None:
        self._capture.release()


class Device:
    """A USB camera by V4L2, or a stream; ``capture`` is an open ``cv2.VideoCapture``.

    Motion JPEG, since raw 720p does not fit through USB 2 at 25 frames a second; one buffer, since a frame
    that waited in a queue shows a card that has gone. A camera may refuse any of it: what it says is told.
    """

    def __init__(self, capture: Any, source: str, settings: CameraSettings) -> None:
        cv2, _ = libraries()
        self._cv2 = cv2
        self._capture = _opened(capture, source)
        wanted = [
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, settings.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ]
        if settings.exposure_ms:
            wanted += [
                (cv2.CAP_PROP_AUTO_EXPOSURE, V4L2_MANUAL),
                (cv2.CAP_PROP_EXPOSURE, round(settings.exposure_ms * 10)),
            ]
        for what, value in wanted:
            capture.set(what, value)
        log.info("camera %s: %s", source, self.told())

    def read(self) -> Frame | None:
        """The next frame; ``None`` when the camera gives none."""
        good, frame = self._capture.read()
        return frame if good else None

    def close(self) -> None:
        """Let the device go."""
        self._capture.release()

    def told(self) -> Mapping[str, float | str]:
        """Size, format and exposure as the driver says them now."""
        cv2, get = self._cv2, self._capture.get
        format_code = int(get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True)
        told: dict[str, float | str] = {
            "width": get(cv2.CAP_PROP_FRAME_WIDTH),
            "height": get(cv2.CAP_PROP_FRAME_HEIGHT),
            "format": format_code.decode("ascii", "replace"),
        }
        if get(cv2.CAP_PROP_AUTO_EXPOSURE) == V4L2_MANUAL:
            told["exposure_ms"] = get(cv2.CAP_PROP_EXPOSURE) / 10
        return told


def _local(source: str) -> bool:
    """Whether a camera is meant: pictures may lie on the memory disk below /dev."""
    return source.isdigit() or (source.startswith("/dev/") and not source.startswith(MEMORY_DISK))


def _opened(capture: Any, source: str) -> Any:
    if not capture.isOpened():
        capture.release()
        raise ReaderLost(f"camera {source!r} does not open: plugged in, and held by no other program?")
    return capture


def _device(source: str, settings: CameraSettings) -> Device:
    cv2, _ = libraries()
    where: int | str = int(source) if source.isdigit() else source
    capture = cv2.VideoCapture(where, cv2.CAP_V4L2) if _local(source) else cv2.VideoCapture(where)
    return Device(capture, source, settings)


def open_frames(source: str, settings: CameraSettings, wait: Wait) -> Frames:
    """Open a camera or a file that stands for one; raises :class:`ReaderLost` when it is not there."""
    if source.partition(":")[0] == "csi":
        from hardware.qr_picamera import PiCamera  # lazily: only a Pi has the library

        return PiCamera(source, settings)
    if _local(source) or "://" in source:
        return _device(source, settings)
    path = Path(source)
    if path.is_dir():
        return _Folder(path, settings, wait)
    if path.suffix.lower() in PICTURES and "%" not in path.name:
        if not path.is_file():
            raise ReaderLost(f"camera picture {source!r} is not there")
        return _Picture(path, wait)
    return _Clip(source, settings, wait)


@dataclass(frozen=True, slots=True)
class Light:
    """How well a camera sees: mean and spread of its gray levels, and the strength of its edges."""

    brightness: float
    contrast: float
    sharpness: float
    """Variance of the Laplacian: below some 20 the lens is out of focus, dirty, or looks at a bare wall."""
    washed_out: float = 0.0
    """The share of pixels that are white through and through: a lamp or the sky in the picture, or glare."""
    told: Mapping[str, float | str] = field(default_factory=dict)
    """What the camera says of its own settings."""


def measure(frame: Frame, told: Mapping[str, float | str] | None = None) -> Light:
    """What one frame says of lamp and lens."""
    cv2, _ = libraries()
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame
    sharpness = float(cv2.Laplacian(gray, cv2.CV_64F).var())
    washed_out = float((gray >= WHITE).mean())
    return Light(float(gray.mean()), float(gray.std()), sharpness, washed_out, told or {})


def sample(source: str, settings: CameraSettings | None = None, *, frames: int = 10) -> Light:
    """Look through a camera once, after it has settled; raises :class:`ReaderLost` when it does not open."""
    opened = open_frames(source, settings or CameraSettings(), time.sleep)
    try:
        frame = None
        for _ in range(frames):  # the first ones are dark: automatic exposure takes a moment
            frame = opened.read()
        if frame is None:
            raise ReaderLost(f"camera {source!r} opens but gives no frame")
        return measure(frame, opened.told())
    finally:
        opened.close()
