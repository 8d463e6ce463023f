"""Where frames come from: a camera, or a file that stands for one and comes at a camera's pace.

A source is whatever ``cv2.VideoCapture`` opens: an index (``0``), a device, a stream's address, a video file,
an image sequence (``f%03d.png``), or one picture. Of files the last frame stays, unless they are set to loop.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hardware.ports import ReaderLost, SettingWrong
from hardware.qr_decode import libraries

Frame = Any
"""A ``numpy`` array of bytes: gray, or blue-green-red."""
Wait = Callable[[float], object]
"""Waits some seconds, or less when the reader stops."""

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm")
AT_END = ("hold", "loop")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """What a community may set for a camera."""

    width: int = 1280
    height: int = 720
    gone_ms: int = 1500
    """A code that was not seen for this long has gone; when it comes back it is a new presentation."""
    at_end: str = "hold"
    """What follows the last frame of a file: ``hold`` or ``loop``."""
    stall_ms: int = 5000
    """A camera that gives no frame for this long is lost."""
    budget: float = 1.0
    """Time for rescues on one frame, as a multiple of the quick look at a whole frame."""

    def __post_init__(self) -> None:
        if self.at_end not in AT_END:
            raise SettingWrong(f"at_end is one of {', '.join(AT_END)}, not {self.at_end!r}")
        if min(self.width, self.height, self.gone_ms, self.stall_ms) <= 0 or self.budget < 0:
            raise SettingWrong("width, height, gone_ms and stall_ms are above 0, budget is not below 0")


class Frames(Protocol):
    """An open source of frames."""

    def read(self) -> Frame | None:
        """Wait for the next frame; ``None`` when the source is gone."""

    def close(self) -> None:
        """Let the device go."""


Opener = Callable[[str, CameraSettings, Wait], Frames]


class _Picture:
    """One picture before the camera; a new file of the same name is a new picture."""

    def __init__(self, path: Path, wait: Wait) -> None:
        self._cv2, _ = libraries()
        self._path, self._wait = path, wait
        self._stamp: tuple[int, int] | None = None
        self._frame: Frame | None = None

    def read(self) -> Frame | None:
        first = self._frame is None
        if not first:
            self._wait(1 / 25)
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

    def close(self) -> None:
        self._frame = None


class _Clip:
    """A video file or an image sequence at its own pace."""

    def __init__(self, source: str, settings: CameraSettings, wait: Wait) -> None:
        self._cv2, _ = libraries()
        self._source, self._loop, self._wait = source, settings.at_end == "loop", wait
        self._capture = _opened(self._cv2.VideoCapture(source), source)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self._interval = 1 / fps if 1 <= fps <= 240 else 1 / 25
        self._due: float | None = None
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

    def _pace(self) -> None:
        now = time.monotonic()
        due = now if self._due is None else max(self._due, now - 1.0)
        if due > now:
            self._wait(due - now)
        self._due = due + self._interval

    def close(self) -> None:
        self._capture.release()


class _Device:
    """A USB camera by V4L2: motion JPEG, since raw 720p does not fit through USB 2 at 25 frames a second."""

    def __init__(self, source: str, settings: CameraSettings) -> None:
        cv2, _ = libraries()
        where: int | str = int(source) if source.isdigit() else source
        capture = cv2.VideoCapture(where, cv2.CAP_V4L2) if _local(source) else cv2.VideoCapture(where)
        self._capture = _opened(capture, source)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def read(self) -> Frame | None:
        good, frame = self._capture.read()
        return frame if good else None

    def close(self) -> None:
        self._capture.release()


def _local(source: str) -> bool:
    return source.isdigit() or source.startswith("/dev/")


def _opened(capture: Any, source: str) -> Any:
    if not capture.isOpened():
        capture.release()
        raise ReaderLost(f"camera {source!r} does not open: plugged in, and held by no other program?")
    return capture


def open_frames(source: str, settings: CameraSettings, wait: Wait) -> Frames:
    """Open a camera or a file that stands for one; raises :class:`ReaderLost` when it is not there."""
    if _local(source) or "://" in source:
        return _Device(source, settings)
    path = Path(source)
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


def sample(source: str, settings: CameraSettings | None = None, *, frames: int = 10) -> Light:
    """Look through a camera once, after it has settled; raises :class:`ReaderLost` when it does not open."""
    cv2, _ = libraries()
    opened = open_frames(source, settings or CameraSettings(), time.sleep)
    try:
        frame = None
        for _ in range(frames):  # the first ones are dark: automatic exposure takes a moment
            frame = opened.read()
        if frame is None:
            raise ReaderLost(f"camera {source!r} opens but gives no frame")
    finally:
        opened.close()
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame
    return Light(float(gray.mean()), float(gray.std()), float(cv2.Laplacian(gray, cv2.CV_64F).var()))
