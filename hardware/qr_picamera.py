"""The ribbon camera of a Raspberry Pi, by picamera2 (Debian: python3-picamera2; it is not on PyPI's lock).

Only the Y plane is taken: it is the gray picture, and no colour is computed. A frame that the sensor began
before it was asked for is old: ``flush`` waits for a newer one, and ``SensorTimestamp`` is compared besides.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from hardware.ports import LibraryMissing, ReaderLost, SettingWrong
from hardware.qr_frames import CameraSettings, Frame

FRAME_US = 40_000
PATIENCE_SECONDS = 3.0
"""A camera that gives nothing for so long is gone; one frame takes 40 ms."""


class PiCamera:
    """``csi`` or ``csi:NUMBER`` as a source of gray frames."""

    def __init__(self, source: str, settings: CameraSettings) -> None:
        number = source.partition(":")[2] or "0"
        if not number.isdigit():
            raise SettingWrong(f'source = "csi" or "csi:1", not {source!r}')
        self._size = (settings.width, settings.height)
        self._camera = _opened(int(number), source)
        try:
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": self._size, "format": "YUV420"},
                    controls=_controls(settings.exposure_ms),
                    buffer_count=3,
                    queue=False,
                )
            )
            self._camera.start()
        except RuntimeError as error:
            self._camera.close()
            raise ReaderLost(f"camera {source!r} does not start: {error}") from error
        self._last = 0
        self._told: dict[str, float | str] = {}

    def read(self) -> Frame | None:
        """The newest frame's gray plane; ``None`` when the camera gives no more."""
        while True:
            request = self._request()
            if request is None:
                return None
            try:
                metadata = request.get_metadata()
                taken = int(metadata["SensorTimestamp"])
                planes = request.make_array("main") if taken > self._last else None
            finally:
                request.release()
            if planes is not None:
                self._last = taken
                self._told = _told(metadata, self._size)
                return planes[: self._size[1], : self._size[0]]

    def _request(self) -> Any:
        try:
            return self._camera.capture_request(wait=False, flush=True).get_result(timeout=PATIENCE_SECONDS)
        except (TimeoutError, RuntimeError):
            return None

    def close(self) -> None:
        """Let the camera go."""
        self._camera.stop()
        self._camera.close()

    def told(self) -> Mapping[str, float | str]:
        """What the sensor says it did for the last frame."""
        return self._told


def _opened(number: int, source: str) -> Any:
    try:
        picamera2 = import_module("picamera2")
    except ImportError as error:
        raise LibraryMissing(
            f"{error}: a ribbon camera needs sudo apt install python3-picamera2, and a virtual environment "
            "made with --system-site-packages"
        ) from error
    try:
        return picamera2.Picamera2(number)
    except (RuntimeError, IndexError) as error:
        raise ReaderLost(f"camera {source!r} does not open: {error}") from error


def _controls(exposure_ms: float) -> dict[str, Any]:
    """A fixed exposure leaves only the gain to the camera."""
    controls: dict[str, Any] = {"FrameDurationLimits": (FRAME_US, FRAME_US)}
    if exposure_ms:
        controls["ExposureTime"] = round(exposure_ms * 1000)
    return controls


def _told(metadata: Mapping[str, Any], size: tuple[int, int]) -> dict[str, float | str]:
    told: dict[str, float | str] = {"width": size[0], "height": size[1], "format": "YUV420"}
    if "ExposureTime" in metadata:
        told["exposure_ms"] = float(metadata["ExposureTime"]) / 1000
    return told
