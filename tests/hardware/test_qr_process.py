"""A camera reader in a process of its own: whatever happens there, the kiosk goes on."""

import os
import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode

from hardware.ports import CardRead, LibraryMissing, ReaderState
from hardware.qr_frames import CameraSettings
from hardware.qr_process import CameraProcess
from hardware.simulated.camera import held, record, scene

PATIENCE = 240
"""Seconds: a loaded machine may take its time to load OpenCV once more."""
BUSY_MS = 60_000
"""A child that a busy machine lets wait this long is not taken for a hung one."""


def card(text: str) -> np.ndarray:
    code = qrcode.QRCode(version=4, box_size=5, border=4)
    code.add_data(text)
    code.make()
    return np.array(code.make_image().get_image().convert("L"))


class Door:
    """A reader of one picture file, and what it told."""

    def __init__(self, picture: Path, hung_ms: int = BUSY_MS) -> None:
        self.picture = picture
        self.reads: queue.Queue[CardRead] = queue.Queue()
        self.states: queue.Queue[ReaderState] = queue.Queue()
        self.reader = CameraProcess(str(picture), name="eye", settings=CameraSettings(hung_ms=hung_ms))

    def hold(self, text: str) -> None:
        coming = self.picture.with_name("coming.png")
        cv2.imwrite(str(coming), held(card(text), scene()))
        coming.replace(self.picture)

    def start(self) -> None:
        self.reader.start(self.reads.put, lambda _name, state: self.states.put(state))

    def read(self) -> CardRead:
        return self.reads.get(timeout=PATIENCE)

    def state(self) -> ReaderState:
        return self.states.get(timeout=PATIENCE)

    def child(self) -> int:
        assert self.reader.child is not None
        return self.reader.child


@pytest.fixture
def hung_ms() -> int:
    """Tests of hanging say another."""
    return BUSY_MS


@pytest.fixture
def door(tmp_path: Path, hung_ms: int) -> Iterator[Door]:
    door = Door(tmp_path / "before-the-camera.png", hung_ms)
    door.hold("FIRST")
    door.start()
    yield door
    door.reader.stop()


def gone(process: int) -> bool:
    """Whether there is no such process, nor a dead one that nobody fetched."""
    return not Path(f"/proc/{process}").exists()


def test_a_card_is_read_across_the_processes(door: Door) -> None:
    read = door.read()
    assert (read.medium, read.content, read.reader) == ("qr", b"FIRST", "eye")
    assert read.evidence["step"] == "quick"
    assert read.uptime_ms > 0
    assert door.state() is ReaderState.READY


def test_every_byte_comes_across_as_it_was(tmp_path: Path) -> None:
    code = qrcode.QRCode(version=20, box_size=4, border=4)
    code.add_data(bytes(range(256)), optimize=0)
    code.make()
    cv2.imwrite(str(tmp_path / "bytes.png"), np.array(code.make_image().get_image().convert("L")))
    door = Door(tmp_path / "bytes.png")
    door.start()
    assert door.read().content == bytes(range(256))
    door.reader.stop()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_in_native_code_costs_a_moment_and_not_the_kiosk(door: Door, how: signal.Signals) -> None:
    door.read()
    assert door.state() is ReaderState.READY
    before = door.child()
    os.kill(before, how)
    assert door.state() is ReaderState.LOST
    door.hold("AFTER")
    assert door.state() is ReaderState.READY
    assert door.read().content == b"AFTER"
    assert gone(before)


@pytest.mark.parametrize("hung_ms", [3500])
def test_a_child_that_falls_silent_is_ended_and_started_again(door: Door) -> None:
    """Stopped as a whole, it is as silent as one whose every thread hangs in native code."""
    door.read()
    assert door.state() is ReaderState.READY
    before = door.child()
    os.kill(before, signal.SIGSTOP)
    assert door.state() is ReaderState.LOST
    assert door.state() is ReaderState.READY
    assert gone(before)


def test_stopping_leaves_no_child_behind_even_one_that_hangs(door: Door) -> None:
    door.read()
    child = door.child()
    os.kill(child, signal.SIGSTOP)
    door.reader.stop()
    assert gone(child)
    assert not [thread for thread in threading.enumerate() if thread.name == "eye"]


def test_a_camera_that_is_pulled_out_is_lost_and_comes_back(door: Door) -> None:
    door.read()
    assert door.state() is ReaderState.READY
    child = door.child()
    door.picture.unlink()
    assert door.state() is ReaderState.LOST
    door.hold("BACK")
    assert door.state() is ReaderState.READY
    assert door.read().content == b"BACK"
    assert door.child() == child  # an absent camera is no reason for a new process


def test_a_kiosk_that_is_killed_takes_its_camera_along(tmp_path: Path) -> None:
    record(tmp_path / "door.avi", [(None, 50)])
    program = f"""
import sys, threading
from hardware.qr_process import CameraProcess
reader = CameraProcess({str(tmp_path / "door.avi")!r}, name="eye")
reader.start(print, lambda name, state: print(reader.child, flush=True))
threading.Event().wait()
"""
    kiosk = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert kiosk.stdout is not None
    child = int(kiosk.stdout.readline())
    watching = os.pidfd_open(child)
    kiosk.kill()
    kiosk.wait()
    kiosk.stdout.close()
    assert became_readable(watching)
    os.close(watching)


def became_readable(pidfd: int) -> bool:
    """Whether a process ended (pidfd_open(2): it polls readable then)."""
    return bool(select.select([pidfd], [], [], PATIENCE)[0])


def broken(folder: Path, library: str, how: str) -> str:
    """A search path on which a library fails to load."""
    (folder / f"{library}.py").write_text(how)
    return str(folder)


@pytest.mark.parametrize("library", ["cv2", "zxingcpp", "numpy"])
def test_a_library_that_does_not_load_is_told_before_anything_starts(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = "raise ImportError('libGL.so.1: cannot open shared object file')"
    monkeypatch.setenv("PYTHONPATH", broken(tmp_path, library, how))
    with pytest.raises(LibraryMissing, match=r"libGL\.so\.1.*yika\[kiosk\]"):
        CameraProcess("0", name="eye")


def test_a_library_that_crashes_as_it_loads_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", broken(tmp_path, "zxingcpp", "import os; os.abort()"))
    with pytest.raises(LibraryMissing, match="yika"):
        CameraProcess("0", name="eye")


HANGS_ON_A_SIGN = """
import os, time
if os.environ.get("YIKA_TEST_SIGN"):
    import zxingcpp
    look = zxingcpp.read_barcodes
    def read_barcodes(*args, **kwargs):
        while os.path.exists(os.environ["YIKA_TEST_SIGN"]):
            time.sleep(0.05)
        return look(*args, **kwargs)
    zxingcpp.read_barcodes = read_barcodes
"""


def test_a_decoder_that_never_comes_back_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child notices that one thread hangs while the others live; zxing-cpp is stood in for."""
    sign = tmp_path / "hang"
    (tmp_path / "sitecustomize.py").write_text(HANGS_ON_A_SIGN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("YIKA_TEST_SIGN", str(sign))
    door = Door(tmp_path / "before-the-camera.png", hung_ms=3500)
    sign.touch()
    door.hold("AFTER THE HANG")
    door.start()
    assert door.state() is ReaderState.READY
    assert door.state() is ReaderState.LOST
    sign.unlink()
    assert door.state() is ReaderState.READY
    assert door.read().content == b"AFTER THE HANG"
    door.reader.stop()
