"""A camera that is not there: an empty scene into which pictures of cards are held, at a camera's own pace.

:class:`StagedCamera` gives frames as ``hardware.qr_camera.Frames`` does (hand it over as ``opener``), and
:func:`record` keeps a staged scene as a video file, for any kiosk: ``source = "scene.avi"``.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hardware.ports import SettingWrong

Frame = np.ndarray[Any, np.dtype[Any]]

WIDTH, HEIGHT, FPS = 1280, 720, 25


def scene(seed: int = 0) -> Frame:
    """An empty room, out of focus; the same for the same seed."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(70, 180, (6, 8)).astype(np.float32)
    return np.clip(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), 0, 255).astype(
        np.uint8
    )


def held(picture: Frame, room: Frame, *, at: tuple[int, int] | None = None) -> Frame:
    """The room with a gray picture held into it, in the middle or with its upper left corner at ``at``."""
    height, width = picture.shape[:2]
    left, top = at or ((room.shape[1] - width) // 2, (room.shape[0] - height) // 2)
    if left < 0 or top < 0 or left + width > room.shape[1] or top + height > room.shape[0]:
        raise SettingWrong(f"a picture of {width} × {height} does not fit at {left}, {top}")
    frame = room.copy()
    frame[top : top + height, left : left + width] = picture
    return frame


class StagedCamera:
    """Frames of a room into which cards are held; waits for no clock but the one it is given."""

    def __init__(self, *, seed: int = 0, noise: float = 3.0) -> None:
        self._room, self._noise = scene(seed), noise
        self._random = np.random.default_rng(seed)
        self._changed = threading.Condition()
        self._card: Frame | None = None
        self._plugged = True
        self._wait: Callable[[float], object] = lambda _seconds: None
        self.taken = 0
        """How many frames were taken."""

    def open(self, _source: str, _settings: object, wait: Callable[[float], object]) -> "StagedCamera":
        """For ``CameraReader(..., opener=camera.open)``; an unplugged camera does not open."""
        if not self._plugged:
            raise OSError("the staged camera is unplugged")
        self._wait = wait
        return self

    def put(self, picture: Frame) -> None:
        """Hold a gray picture of a card before the camera."""
        with self._changed:
            self._card = picture

    def take(self) -> None:
        """Take it away."""
        with self._changed:
            self._card = None

    def plug(self, *, plugged: bool) -> None:
        """Pull the cable, or put it back."""
        with self._changed:
            self._plugged = plugged

    def wait_for_frames(self, count: int, *, seconds: float = 10) -> bool:
        """Wait until so many more frames were taken; false when time ran out first."""
        with self._changed:
            goal = self.taken + count
            return self._changed.wait_for(lambda: self.taken >= goal, seconds)

    def read(self) -> Frame | None:
        """The next frame at the camera's pace; ``None`` when it is unplugged."""
        self._wait(1 / FPS)
        with self._changed:
            if not self._plugged:
                return None
            frame = self._room if self._card is None else held(self._card, self._room)
            self.taken += 1
            self._changed.notify_all()
        grain = (
            self._random.normal(0, self._noise, (HEIGHT // 4, WIDTH // 4)).repeat(4, axis=0).repeat(4, axis=1)
        )
        return np.clip(frame + grain, 0, 255).astype(np.uint8)

    def close(self) -> None:
        """Nothing to let go."""


def record(path: Path, shots: Sequence[tuple[Frame | None, int]], *, seed: int = 0) -> None:
    """Write a video: each shot is a picture held into the room (or nobody there) for so many frames."""
    room = scene(seed)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT), isColor=False)
    if not video.isOpened():
        raise SettingWrong(f"{path} cannot be written as a video; its name should end with .avi")
    try:
        for picture, frames in shots:
            frame = room if picture is None else held(picture, room)
            for _ in range(frames):
                video.write(frame)
    finally:
        video.release()
