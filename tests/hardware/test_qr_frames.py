"""Devices and folders as sources of frames; the libraries' own objects are stood in for by hand."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from hardware.ports import LibraryMissing, ReaderLost, SettingWrong
from hardware.qr_frames import CameraSettings, Device, open_frames


class Capture:
    """A ``cv2.VideoCapture`` that keeps what it is told, but for what it refuses."""

    def __init__(self, *, refuses: tuple[int, ...] = (), is_open: bool = True) -> None:
        self.values: dict[int, float] = {}
        self._refuses, self._open = refuses, is_open

    def isOpened(self) -> bool:
        return self._open

    def set(self, what: int, value: float) -> bool:
        if what not in self._refuses:
            self.values[what] = value
        return what not in self._refuses

    def get(self, what: int) -> float:
        return self.values.get(what, 0.0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        return False, None

    def release(self) -> None:
        self._open = False


def test_a_usb_camera_is_asked_for_small_fresh_frames_and_a_short_exposure() -> None:
    capture = Capture()
    device = Device(capture, "0", CameraSettings())
    assert capture.values[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert capture.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert device.told() == {"width": 1280, "height": 720, "format": "MJPG", "exposure_ms": 5.0}


def test_what_a_camera_refuses_is_not_told_as_done() -> None:
    capture = Capture(refuses=(cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_FRAME_WIDTH))
    told = Device(capture, "0", CameraSettings()).told()
    assert "exposure_ms" not in told
    assert told["width"] == 0


def test_the_exposure_may_be_left_to_the_camera() -> None:
    capture = Capture()
    Device(capture, "0", CameraSettings(exposure_ms=0))
    assert cv2.CAP_PROP_EXPOSURE not in capture.values


def test_a_device_that_does_not_open_is_lost_and_one_without_frames_gives_none() -> None:
    with pytest.raises(ReaderLost):
        Device(Capture(is_open=False), "0", CameraSettings())
    assert Device(Capture(), "0", CameraSettings()).read() is None


def folder(path: Path, *levels: int) -> Path:
    for number, level in enumerate(levels):
        cv2.imwrite(str(path / f"{number}.png"), np.full((20 + number, 30), level, np.uint8))
    (path / "broken.png").write_bytes(b"no picture")
    (path / "notes.txt").write_text("no picture either")
    return path


def levels(path: Path, count: int, **settings: object) -> list[int]:
    chosen = CameraSettings(**settings)  # type: ignore[arg-type]
    frames = open_frames(str(path), chosen, lambda _seconds: None)
    try:
        taken = [frames.read() for _ in range(count)]
    finally:
        frames.close()
    return [int(frame.mean()) for frame in taken if frame is not None]


def test_a_folder_shows_each_picture_for_a_while_and_holds_the_last(tmp_path: Path) -> None:
    assert levels(folder(tmp_path, 10, 200), 7, each_ms=80) == [10, 10, 200, 200, 200, 200, 200]


def test_a_folder_may_go_round(tmp_path: Path) -> None:
    assert levels(folder(tmp_path, 10, 200), 5, each_ms=40, at_end="loop") == [10, 200, 10, 200, 10]


def test_an_empty_folder_gives_no_frame(tmp_path: Path) -> None:
    assert levels(tmp_path, 1) == []


class Request:
    """One completed request: planes as libcamera gives them, rows padded to its stride."""

    def __init__(self, timestamp: int, level: int) -> None:
        self.timestamp, self.level, self.released = timestamp, level, False

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": self.timestamp, "ExposureTime": 4987}

    def make_array(self, name: str) -> np.ndarray:
        assert name == "main"
        return np.full((720 * 3 // 2, 1344), self.level, np.uint8)

    def release(self) -> None:
        self.released = True


class Job:
    """What a capture without waiting gives back."""

    def __init__(self, request: Request | None) -> None:
        self._request = request

    def get_result(self, timeout: float) -> Request:
        if self._request is None:
            raise TimeoutError(f"nothing within {timeout} s")
        return self._request


class Picamera2:
    """As much of picamera2 as is used, with its names (its source, picamera2.py and request.py)."""

    coming: list[Request]
    made: "Picamera2"

    def __init__(self, number: int) -> None:
        if number:
            raise IndexError("list index out of range")
        Picamera2.made = self
        self.running, self.closed = False, False
        self.config: dict[str, object] = {}

    def create_video_configuration(self, **config: object) -> dict[str, object]:
        return config

    def configure(self, config: dict[str, object]) -> None:
        self.config = config

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.closed = True

    def capture_request(self, *, wait: bool, flush: bool) -> Job:
        assert not wait
        assert flush
        return Job(self.coming.pop(0) if self.coming else None)


@pytest.fixture
def pi() -> Iterator[type[Picamera2]]:
    """A Pi's library in its place at the import boundary."""
    module = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2  # type: ignore[attr-defined]
    sys.modules["picamera2"] = module
    yield Picamera2
    del sys.modules["picamera2"]


def opened(source: str = "csi", **settings: object) -> object:
    return open_frames(source, CameraSettings(**settings), lambda _seconds: None)  # type: ignore[arg-type]


def test_a_ribbon_camera_gives_the_gray_plane_and_drops_what_is_old(pi: type[Picamera2]) -> None:
    requests = [Request(100, 10), Request(100, 20), Request(90, 30), Request(200, 40)]
    pi.coming = list(requests)
    frames = opened()
    first, second = frames.read(), frames.read()  # type: ignore[attr-defined]
    assert (first.shape, int(first[0, 0]), int(second[0, 0])) == ((720, 1280), 10, 40)
    assert all(request.released for request in requests)
    assert frames.told()["exposure_ms"] == pytest.approx(4.987)  # type: ignore[attr-defined]
    assert frames.read() is None  # type: ignore[attr-defined]
    frames.close()  # type: ignore[attr-defined]
    assert (pi.made.running, pi.made.closed) == (False, True)


@pytest.mark.parametrize(("exposure", "asked"), [(5.0, 5000), (0.0, None)])
def test_a_ribbon_camera_is_asked_for_a_short_exposure(
    pi: type[Picamera2], exposure: float, asked: int | None
) -> None:
    pi.coming = []
    opened(exposure_ms=exposure)
    controls = pi.made.config["controls"]
    assert isinstance(controls, dict)
    assert controls.get("ExposureTime") == asked


def test_a_second_ribbon_camera_that_is_not_there_is_lost(pi: type[Picamera2]) -> None:
    with pytest.raises(ReaderLost):
        opened("csi:1")


def test_a_ribbon_camera_has_a_number_and_its_library_comes_from_apt() -> None:
    with pytest.raises(SettingWrong):
        opened("csi:left")
    with pytest.raises(LibraryMissing, match="python3-picamera2"):
        opened("csi")
