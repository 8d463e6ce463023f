"""A camera that reads QR codes: one thread takes frames, another looks at the newest one only.

A source is whatever ``cv2.VideoCapture`` opens (:mod:`hardware.qr_frames`). Looking is cheap while nothing is
there: a gate on a thumbnail wakes the decoder, which looks at what changed (:mod:`hardware.qr_decode`).
"""

import logging
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from hardware.ports import CardRead, ContentKind, Interrogator, ReaderLost, ReaderState
from hardware.qr_decode import SMALL, Decoder, Found, Gray, Region, as_gray, libraries
from hardware.qr_frames import CameraSettings, Frame, Opener, open_frames
from hardware.reader_thread import ReaderThread

log = logging.getLogger(__name__)

USUAL = ((), (3,))
"""What follows height and width in the shape of a frame: nothing when it is gray, else three colours."""

__all__ = ["CameraReader", "CameraSettings", "PresenceGate", "Presentations", "Watcher", "open_frames"]


class PresenceGate:
    """Sees where a frame differs from the scene without a card, on 80 × 60 cells, in a third of a ms.

    The scene is learned: quickly where nothing stands, slowly (``ABSORB_MS``) where something does, so that a
    card held still stays a change for long and a moved chair does not stay one for ever.
    """

    CELLS = (80, 60)
    STEP = 14.0
    """Gray levels that count as a change where there is light."""
    DIM = 0.17
    """In a dark corner a card stands out by less: so much of the scene's own level is enough there,"""
    NOISES = 6.0
    """but never less than so many times what the sensor's noise moves a cell by."""
    LEAST = 5
    """So many changed cells are something; a code of 25 mm held at 200 mm covers some hundred."""
    FOLLOW_MS, ABSORB_MS = 500.0, 15_000.0

    def __init__(self) -> None:
        self._cv2, _ = libraries()
        self._numpy = import_module("numpy")
        self._scene: Any = None
        self._at = 0

    def thumbnail(self, frame: Frame) -> Any:
        """The frame in 80 × 60 gray cells."""
        # Eight pixels of each cell, and of colours the green: enough for a mean, at a tenth of the cost.
        down, across = max(1, frame.shape[0] // 120), max(1, frame.shape[1] // 320)
        coarse = frame[down // 2 :: down, across // 2 :: across, ...]
        gray = coarse[..., 1] if coarse.ndim == 3 else coarse
        packed = self._numpy.ascontiguousarray(gray)
        cells = self._cv2.resize(packed, self.CELLS, interpolation=self._cv2.INTER_AREA)
        return cells.astype(self._numpy.float32)

    def changed(self, thumbnail: Any, now: int) -> Region | None:
        """Where something stands that is not the scene, in cells; ``None`` when nothing does."""
        np = self._numpy
        if self._scene is None:
            self._scene, self._at = thumbnail.copy(), now
            return None
        difference = thumbnail - self._scene
        # A lamp or the camera's own exposure moves every cell alike: that is no card.
        apart = np.abs(difference - self._middle(difference))
        noise = self._middle(apart) / 0.674  # the median of what a normal error moves by
        least = min(self.NOISES * noise, self.STEP)
        different = apart > np.clip(self._scene * self.DIM, least, self.STEP)
        elapsed = min(max(now - self._at, 0), 1000)
        self._at = now
        follow, absorb = (1 - np.exp(-elapsed / tau) for tau in (self.FOLLOW_MS, self.ABSORB_MS))
        self._scene += difference * np.where(different, np.float32(absorb), np.float32(follow))
        if np.count_nonzero(different) < self.LEAST:
            return None
        rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
        return Region(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    def _middle(self, cells: Any) -> float:
        """The median of every fourth cell, which is a quarter of ``numpy.median``'s work."""
        some = cells[::2, ::2].ravel()
        return float(self._numpy.partition(some, some.size // 2)[some.size // 2])


class Presentations:
    """Tells a new presentation from a code that is still there."""

    def __init__(self, gone_ms: int) -> None:
        self._gone_ms = gone_ms
        self._absent: dict[bytes, int] = {}
        self._at: int | None = None

    def begun(self, seen: list[bytes], now: int) -> list[bytes]:
        """Which of the codes seen now were not there before.

        Only absence that was looked at counts: a board that stalls for two seconds has not seen a code go.
        """
        elapsed = 0 if self._at is None else min(max(now - self._at, 0), self._gone_ms // 3)
        self._at = now
        self._absent = {
            content: absent + elapsed
            for content, absent in self._absent.items()
            if absent + elapsed < self._gone_ms or content in seen
        }
        new = [c for c in dict.fromkeys(seen) if self._absent.get(c, self._gone_ms) >= self._gone_ms]
        self._absent |= dict.fromkeys(seen, 0)
        return new


class Watcher:
    """From frames to presentations: the gate, the decoder and the memory of what is still there."""

    EAGER_MS = 5000
    """So long after the start every frame is looked at whole: a code may have stood there all along."""
    LOOK_MS = 1000
    """Afterwards a scene without change is looked at this often."""

    def __init__(self, settings: CameraSettings, decoder: Decoder | None = None) -> None:
        self._cv2, _ = libraries()
        self._decoder = decoder or Decoder(budget=settings.budget)
        self._gate = PresenceGate()
        self._presentations = Presentations(settings.gone_ms)
        self._began: int | None = None
        self._looked = 0
        self._held: tuple[Any, list[bytes]] | None = None
        self._small: set[bytes] = set()

    def look(self, frame: Frame, now: int) -> list[Found]:
        """The presentations that begin with this frame; ``now`` is any clock in milliseconds."""
        if self._began is None:
            self._began = now
        if (
            getattr(frame, "dtype", None) != "uint8"
            or frame.ndim not in (2, 3)
            or frame.shape[2:] not in USUAL
        ):
            frame = as_gray(frame)  # no camera gives it; a driver that broke may
        if not frame.size:
            return []
        thumbnail = self._gate.thumbnail(frame)
        cells = self._gate.changed(thumbnail, now)
        found = self._agreed(self._search(frame, cells, now))
        seen = [one.content for one in found]
        if seen:
            self._held = (thumbnail, seen)
        elif self._lies_still(thumbnail):
            assert self._held is not None
            seen = self._held[1]
        begun = self._presentations.begun(seen, now)
        return [one for one in found if one.content in begun]

    def _agreed(self, found: list[Found]) -> list[Found]:
        """Without the small codes that the frame before did not show: clutter is never twice the same one."""
        before, self._small = self._small, {one.content for one in found if one.step == SMALL}
        return [one for one in found if one.step != SMALL or one.content in before]

    def _search(self, frame: Frame, cells: Region | None, now: int) -> list[Found]:
        assert self._began is not None
        whole = now - self._began < self.EAGER_MS or now - self._looked >= self.LOOK_MS
        if cells is None and not whole:
            return []
        gray = self._cv2.cvtColor(frame, self._cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame
        found = [] if cells is None else self._decoder.glance(gray, self._pixels(gray, cells))
        if whole and not found:
            self._looked = now
            found = self._decoder.glance(gray)
        return found

    def _pixels(self, gray: Gray, cells: Region) -> Region:
        height, width = gray.shape[:2]
        across, down = width / PresenceGate.CELLS[0], height / PresenceGate.CELLS[1]
        return Region(
            int(cells.left * across),
            int(cells.top * down),
            int(cells.right * across),
            int(cells.bottom * down),
        )

    def _lies_still(self, thumbnail: Any) -> bool:
        """Whether the picture is still the one in which codes were last read: then they are still there."""
        if self._held is None:
            return False
        return bool(abs(thumbnail - self._held[0]).max() < PresenceGate.STEP)


class _Task:
    """One thing a thread does again and again, and since when it has been at it."""

    def __init__(self) -> None:
        self._since: int | None = None

    def at(self, now: int) -> None:
        """It begins now."""
        self._since = now

    def over(self) -> None:
        """It came back."""
        self._since = None

    def lasts(self, now: int) -> int:
        """Milliseconds since it began; 0 while it is not at it."""
        since = self._since
        return 0 if since is None else now - since


class CameraReader:
    """A camera as a card reader (``hardware.ports.CardReader``); every code it sees is one presentation.

    It works in the process that makes it: what a fault in native code can do to that process,
    :mod:`hardware.qr_process` keeps from the kiosk.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str,
        settings: CameraSettings | None = None,
        opener: Opener | None = None,
        uptime: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
    ) -> None:
        libraries()  # a missing library is told at once, not from a thread
        self.name = name
        self._source, self._opener, self._uptime = str(source), opener or open_frames, uptime
        self._settings = settings or CameraSettings()
        self._fresh = threading.Condition()
        self._latest: tuple[Frame, int] | None = None
        self._stopping = True
        self._taking, self._looking = _Task(), _Task()
        self._frames = ReaderThread(name, self._take_frames)
        self._decoding: threading.Thread | None = None

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,  # noqa: ARG002 - a printed code answers no question
    ) -> None:
        """Begin reading; returns at once."""
        self._stopping, self._latest = False, None
        self._frames.start(on_state)
        self._decoding = threading.Thread(
            target=self._decode, args=(on_read,), name=f"{self.name}-codes", daemon=True
        )
        self._decoding.start()

    def stop(self) -> None:
        """Stop reading and close the camera; a driver that hangs is left behind."""
        with self._fresh:
            self._stopping = True
            self._fresh.notify_all()
        self._frames.stop(seconds=1.4)
        if self._decoding is not None:
            self._decoding.join(0.5)

    def hangs(self) -> bool:
        """Whether the driver or the decoder has not come back for ``hung_ms``."""
        now = self._uptime()
        return max(task.lasts(now) for task in (self._taking, self._looking)) > self._settings.hung_ms

    def _take_frames(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        self._taking.at(self._uptime())
        try:
            frames = self._opener(self._source, self._settings, stopping.wait)
            try:
                while not stopping.is_set():
                    self._taking.at(self._uptime())
                    frame = frames.read()
                    if frame is None:
                        raise ReaderLost(f"camera {self._source!r} gives no more frames")
                    ready()
                    with self._fresh:
                        self._latest = (frame, self._uptime())
                        self._fresh.notify_all()
            finally:
                frames.close()
        finally:
            self._taking.over()

    def _decode(self, on_read: Callable[[CardRead], None]) -> None:
        watcher = Watcher(self._settings)
        while True:
            with self._fresh:
                came = self._fresh.wait_for(
                    lambda: self._latest is not None or self._stopping, self._settings.stall_ms / 1000
                )
                if self._stopping:
                    return
                latest, self._latest = self._latest, None
            if not came:
                self._frames.tell(ReaderState.LOST)  # open, and yet no frame: a hung camera
            if latest is not None:
                self._look(watcher, latest, on_read)

    def _look(self, watcher: Watcher, latest: tuple[Frame, int], on_read: Callable[[CardRead], None]) -> None:
        frame, at = latest
        self._looking.at(self._uptime())
        try:
            for found in watcher.look(frame, at):
                on_read(self._to_read(found, at))
        except Exception:  # the next card must be read whatever this frame, or its hearer, did
            log.exception("%s: a frame could not be looked at", self.name)
        finally:
            self._looking.over()

    def _to_read(self, found: Found, at: int) -> CardRead:
        return CardRead(
            medium="qr",
            content=found.content,
            content_kind=ContentKind.TEXT,
            evidence={"step": found.step, "ms": self._uptime() - at},
            reader=self.name,
            uptime_ms=at,
        )
