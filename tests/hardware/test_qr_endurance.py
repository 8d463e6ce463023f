"""What no frame may do to a camera's reader: crash it, hang it, fill the memory, or change a byte of a code.

A share runs always; the full counts (800 codes, 10,000 damaged pictures, 100,000 frames) are a closing run:

    YIKA_ENDURANCE=1 python -m pytest -n 0 tests/hardware/test_qr_endurance.py

which takes some five minutes of processor time, and tells how far it is.
"""

import ctypes
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode

from benchmarks import qr_pictures
from hardware.qr_camera import CameraSettings, Watcher
from hardware.qr_decode import SMALL, Decoder

WHOLE = os.environ.get("YIKA_ENDURANCE") == "1"
CODES, DAMAGED, FRAMES = (800, 10_000, 100_000) if WHOLE else (20, 200, 1500)
HANG_SECONDS = 60
"""No picture takes as long as this, on whatever machine; an ordinary one takes some milliseconds."""

pytestmark = pytest.mark.timeout(3 * 3600 if WHOLE else 600)


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Says in the closing run how far it is; the share that runs always says nothing."""

    def tell(line: str) -> None:
        if WHOLE:
            with capfd.disabled():
                print(f"\n{time.process_time():.0f} s of processor time: {line}", end="", flush=True)

    return tell


def drawn(content: bytes, rng: np.random.Generator) -> np.ndarray:
    level = [qrcode.ERROR_CORRECT_L, qrcode.ERROR_CORRECT_M, qrcode.ERROR_CORRECT_Q, qrcode.ERROR_CORRECT_H]
    code = qrcode.QRCode(error_correction=level[rng.integers(4)], box_size=int(rng.integers(3, 6)), border=4)
    code.add_data(content, optimize=0)
    code.make()
    return np.array(code.make_image().get_image().convert("L"))


def test_codes_of_random_bytes_arrive_byte_for_byte() -> None:
    rng, decoder = np.random.default_rng(800), Decoder()
    for _ in range(CODES):
        content = rng.bytes(int(rng.integers(1, 400)))
        assert decoder.read(drawn(content, rng)) == content


def damaged(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A frame as a broken driver might hand it over: cut, stretched, of another type, with other channels."""
    height, width = picture.shape
    ways = (
        lambda: picture[: rng.integers(0, height), : rng.integers(0, width)],
        lambda: picture[:: int(rng.integers(1, 9)), :: int(rng.integers(1, 9))],
        lambda: picture[::-1, ::-1].T,
        lambda: rng.integers(0, 256, (int(rng.integers(0, 4)), int(rng.integers(0, 4))), dtype=np.uint8),
        lambda: rng.integers(0, 256, (1, int(rng.integers(1, 4000))), dtype=np.uint8),
        lambda: picture.astype(np.float32) / 255,
        lambda: np.full((48, 64), np.nan, np.float64),
        lambda: picture.astype(np.int64) - 1000,
        lambda: picture > 128,
        lambda: np.dstack([picture] * int(rng.integers(1, 6))),
        lambda: np.zeros((0, int(rng.integers(0, 50)), 3), np.uint8),
        lambda: np.array(7, np.uint8),
        lambda: picture[None, None],
        lambda: np.where(rng.random(picture.shape) < rng.random(), picture, rng.integers(256)).astype(
            np.uint8
        ),
        lambda: np.roll(picture, int(rng.integers(width)), axis=1),
        lambda: (
            np.broadcast_to(np.uint8(rng.integers(256)), (3000, 4000)) if rng.random() < 0.02 else picture
        ),
    )
    return np.asarray(ways[rng.integers(len(ways))]())


def small_or_usual(number: int) -> tuple[bytes, np.ndarray]:
    """A picture to be damaged; of five one is of the usual size, since each takes every rescue there is."""
    rng = np.random.default_rng(number)
    size = (640, 480) if number % 5 == 0 else (320, 240)
    text, sharp, _, _ = qr_pictures.shot(rng, frame=size)
    return text, qr_pictures.grain(rng, sharp)


def test_damaged_pictures_end_nothing_hang_nothing_and_say_nothing_else(tell: Callable[[str], None]) -> None:
    rng, decoder = np.random.default_rng(10_000), Decoder()
    watcher = Watcher(CameraSettings())
    good = qr_pictures.picture("clean", np.random.default_rng(1))
    whole = [small_or_usual(number) for number in range(50)]
    read, longest = Counter[str](), 0.0
    for number in range(DAMAGED):
        text, picture = whole[number % len(whole)]
        frame = damaged(rng, picture)
        started = time.monotonic()
        content = decoder.read(frame)
        glanced = [found.content for found in decoder.glance(frame) if found.step != SMALL]
        begun = [found.content for found in watcher.look(frame, number * 40)]
        longest = max(longest, time.monotonic() - started)
        assert longest < HANG_SECONDS
        assert {*glanced, *begun, content} <= {text, None}
        read += Counter(still=content is not None, glance=bool(glanced), watcher=bool(begun))
        if (number + 1) % (DAMAGED // 4) == 0:
            tell(f"{number + 1} damaged pictures, read {dict(read)}, the longest {longest:.2f} s")
    assert decoder.read(good[1]) == good[0]


def resident() -> int:
    """Bytes of this process in memory, less what the C library keeps for later, where a leak could hide."""
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_memory_stays_flat_over_many_frames(tell: Callable[[str], None]) -> None:
    """Empty rooms, hard frames and odd ones in turn; the first quarter of them may still warm up.

    One frame of five is of 720p, the others are a quarter of it each way: what is lost on each frame, of
    whatever size, shows in all of them, and what is lost of a picture in 20,000 times a megabyte.
    """
    text, empty, hard = qr_pictures.sequence(np.random.default_rng(5))
    large = [*empty, *hard, cv2.cvtColor(hard[0], cv2.COLOR_GRAY2BGR), *empty]
    small = [cv2.resize(frame, (320, 180), interpolation=cv2.INTER_AREA) for frame in large]
    frames = [*large, *small * 4]
    watcher, kept, read = Watcher(CameraSettings()), [resident()], 0
    for number in range(FRAMES):
        found = watcher.look(frames[number % len(frames)], number * 40)
        assert all(one.content == text for one in found)
        read += len(found)
        if (number + 1) % (FRAMES // 4) == 0:
            kept.append(resident())
            tell(f"{number + 1} frames, {read} presentations, {[each // 1000 for each in kept]} kB resident")
    assert read > 0
    assert kept[-1] - kept[1] < 8_000_000
