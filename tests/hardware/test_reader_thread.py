"""What a reader's thread does when its device comes, goes and comes back."""

import queue
import threading
from collections.abc import Callable

import pytest

from hardware.ports import ReaderLost, ReaderState
from hardware.reader_thread import ReaderThread, Repeats
from tests.support.processes import PATIENCE


class Device:
    """A session that ends as the test says."""

    def __init__(self) -> None:
        self.endings: queue.Queue[Exception | None] = queue.Queue()
        self.opened = 0

    def __call__(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        self.opened += 1
        ready()
        while not stopping.is_set():
            try:
                ending = self.endings.get(timeout=0.01)
            except queue.Empty:
                continue
            if ending is not None:
                raise ending
            return


class States:
    def __init__(self) -> None:
        self._told: queue.Queue[tuple[str, ReaderState]] = queue.Queue()

    def __call__(self, name: str, state: ReaderState) -> None:
        self._told.put((name, state))

    def next(self) -> tuple[str, ReaderState]:
        return self._told.get(timeout=PATIENCE)


def test_a_reader_that_answers_is_ready() -> None:
    device, states = Device(), States()
    thread = ReaderThread("door", device)
    thread.start(states)
    assert states.next() == ("door", ReaderState.READY)
    thread.stop()


@pytest.mark.parametrize("ending", [ReaderLost("unplugged"), OSError("gone"), None])
def test_a_reader_that_is_lost_is_told_and_opened_again(ending: Exception | None) -> None:
    device, states = Device(), States()
    thread = ReaderThread("door", device, backoff=(0.01,))
    thread.start(states)
    states.next()
    device.endings.put(ending)
    assert states.next()[1] is ReaderState.LOST
    assert states.next()[1] is ReaderState.READY
    thread.stop()
    assert device.opened == 2


def test_an_absent_reader_is_told_lost_once_however_often_it_is_tried() -> None:
    tries, told = threading.Semaphore(0), []

    def absent(stopping: threading.Event, ready: Callable[[], None]) -> None:
        tries.release()
        raise ReaderLost("not there")

    thread = ReaderThread("door", absent, backoff=(0.01,))
    thread.start(lambda name, state: told.append(state))
    for _ in range(4):
        assert tries.acquire(timeout=PATIENCE)
    thread.stop()
    assert told == [ReaderState.LOST]


def test_stopping_tells_nothing_lost() -> None:
    device, told = Device(), []
    thread = ReaderThread("door", device)
    ready = threading.Event()
    thread.start(lambda name, state: (told.append(state), ready.set()))
    assert ready.wait(PATIENCE)
    thread.stop()
    assert told == [ReaderState.READY]


def test_a_driver_that_hangs_does_not_hold_the_kiosk_up() -> None:
    release, released = threading.Event(), threading.Event()

    def hang(stopping: threading.Event, ready: Callable[[], None]) -> None:
        ready()
        release.wait(PATIENCE)
        released.set()

    thread, states = ReaderThread("door", hang), States()
    thread.start(states)
    states.next()
    thread.stop(seconds=0.05)
    assert not released.is_set(), "the stop waited for the driver"
    release.set()
    assert released.wait(PATIENCE)


def test_a_reader_can_be_started_again() -> None:
    device, states = Device(), States()
    thread = ReaderThread("door", device)
    for _ in range(2):
        thread.start(states)
        assert states.next()[1] is ReaderState.READY
        thread.stop()


def test_the_same_card_within_a_moment_is_the_same_presentation() -> None:
    repeats = Repeats(1500)
    assert repeats.is_new(b"a", 0)
    assert not repeats.is_new(b"a", 1400)
    assert not repeats.is_new(b"a", 2800)


def test_a_card_that_comes_back_later_and_another_card_are_new() -> None:
    repeats = Repeats(1500)
    assert repeats.is_new(b"a", 0)
    assert repeats.is_new(b"b", 100)
    assert repeats.is_new(b"a", 200)
    assert repeats.is_new(b"a", 1800)
