"""From frames to presentations: one card is one read, and a camera may come and go."""

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import qrcode

from hardware.ports import CardRead, ContentKind, ReaderState, SettingWrong
from hardware.qr_camera import (
    CameraReader,
    CameraSettings,
    PresenceGate,
    Presentations,
    Watcher,
    open_frames,
)
from hardware.qr_decode import Decoder, Found, Region
from hardware.simulated.camera import StagedCamera, held, record, scene
from tests.support.processes import PATIENCE

FRAME = 40


def card(text: str, box: int = 5) -> np.ndarray:
    code = qrcode.QRCode(version=4, box_size=box, border=4)
    code.add_data(text)
    code.make()
    return np.array(code.make_image().get_image().convert("L"))


class Door:
    """A watcher that is shown frames, forty milliseconds apart."""

    def __init__(self, **settings: int) -> None:
        self.watcher = Watcher(CameraSettings(**settings))
        self.room = scene()
        random = np.random.default_rng(1)
        self.grain = [random.normal(0, 2, self.room.shape).astype(np.int16) for _ in range(4)]
        self.shade = np.ones(self.room.shape, np.float32)
        self.now = 0

    def show(self, picture: np.ndarray | None, ms: int, at: tuple[int, int] | None = None) -> list[bytes]:
        """Hold a picture there for so long; which presentations began."""
        begun = []
        for _ in range(ms // FRAME):
            frame = self.room if picture is None else held(picture, self.room, at=at)
            noisy = np.clip(frame * self.shade + self.grain[self.now // FRAME % 4], 0, 255).astype(np.uint8)
            begun += [found.content for found in self.watcher.look(noisy, self.now)]
            self.now += FRAME
        return begun


@pytest.fixture
def door() -> Door:
    return Door()


def test_a_card_held_for_long_is_one_presentation(door: Door) -> None:
    door.show(None, 400)
    assert door.show(card("A"), 4000) == [b"A"]


def test_a_code_that_stands_there_from_the_first_frame_is_read(door: Door) -> None:
    assert door.show(card("A"), 80) == [b"A"]


def test_a_poster_that_stands_there_for_ever_is_one_presentation(door: Door) -> None:
    assert door.show(card("POSTER"), 24_000) == [b"POSTER"]


def test_a_card_that_is_away_for_a_moment_is_still_the_same(door: Door) -> None:
    door.show(card("A"), 400)
    assert door.show(None, 800) == []
    assert door.show(card("A"), 400) == []


def test_a_card_that_comes_back_later_is_a_new_presentation(door: Door) -> None:
    door.show(card("A"), 400)
    door.show(None, 2000)
    assert door.show(card("A"), 400) == [b"A"]


def test_how_long_gone_is_gone_is_a_setting() -> None:
    door = Door(gone_ms=400)
    door.show(card("A"), 400)
    door.show(None, 800)
    assert door.show(card("A"), 400) == [b"A"]


def test_two_people_one_after_the_other_are_both_read(door: Door) -> None:
    assert door.show(card("A"), 400) == [b"A"]
    assert door.show(card("B"), 400) == [b"B"]
    assert door.show(card("C"), 400) == [b"C"]


def test_two_cards_in_one_frame_are_both_read(door: Door) -> None:
    assert set(door.show(np.hstack([card("A"), card("B")]), 400)) == {b"A", b"B"}


def test_a_small_card_in_a_corner_wakes_the_gate(door: Door) -> None:
    door.show(None, Watcher.EAGER_MS + 400)
    assert door.show(card("A", box=2), 120, at=(20, 30)) == [b"A"]


@pytest.mark.parametrize("light", [0.25, 0.15])
def test_a_card_in_a_dark_corner_wakes_the_gate(door: Door, light: float) -> None:
    door.shade[:300, :400] = light
    door.show(None, Watcher.EAGER_MS + 400)
    assert door.show(card("A"), 120, at=(60, 60)) == [b"A"]


def test_the_noise_of_a_dark_room_does_not_wake_the_gate() -> None:
    gate, random = PresenceGate(), np.random.default_rng(1)
    dark = scene() // 8
    height, width = dark.shape
    noise = random.normal(0, 9, (height + 100, width + 100)).astype(np.int16)
    for number in range(200):
        top, left = random.integers(100, size=2)  # another piece for each frame: to draw it anew takes long
        noisy = np.clip(dark + noise[top : top + height, left : left + width], 0, 255).astype(np.uint8)
        region = gate.changed(gate.thumbnail(noisy), number * FRAME)
        assert region is None or number < 50, number


def test_a_lamp_that_is_switched_on_is_no_card_and_blinds_nobody(door: Door) -> None:
    door.show(None, 6000)
    door.room = np.clip(door.room.astype(np.int16) + 40, 0, 255).astype(np.uint8)
    assert door.show(None, 400) == []
    assert door.show(card("A"), 200) == [b"A"]


def test_a_board_that_stalls_has_not_seen_a_card_go(door: Door) -> None:
    door.show(card("A"), 400)
    door.now += 5000
    assert door.show(card("A"), 400) == []


def test_an_unreadable_frame_between_readable_ones_begins_nothing(door: Door) -> None:
    """A hand over the card for less than the time that counts as gone."""
    for _ in range(3):
        begun = door.show(card("A"), 200)
        door.show(np.full((100, 100), 10, np.uint8), 1000)
    assert begun == []


class Tally(Decoder):
    """A decoder that counts how often it is asked."""

    asked = 0

    def glance(self, gray: np.ndarray, region: Region | None = None) -> list[Found]:
        self.asked += 1
        return super().glance(gray, region)


def test_an_empty_room_is_looked_at_once_a_second() -> None:
    """What the other frames cost is the gate alone (benchmarks/decoders.py)."""
    door, tally = Door(), Tally()
    door.watcher = Watcher(CameraSettings(), tally)
    door.show(None, Watcher.EAGER_MS + 400)
    tally.asked = 0
    door.show(None, 10_000)
    assert tally.asked == 10


def test_frames_of_any_shape_are_looked_at() -> None:
    for frame in (
        np.zeros((480, 640, 3), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((90, 4000), np.uint8),
    ):
        assert Watcher(CameraSettings()).look(frame, 0) == []


def test_the_gate_tells_where_something_came() -> None:
    gate = PresenceGate()
    assert gate.changed(gate.thumbnail(scene()), 0) is None
    region = gate.changed(gate.thumbnail(held(card("A"), scene(), at=(640, 360))), FRAME)
    assert region is not None
    assert (region.left, region.top) == pytest.approx((40, 30), abs=2)


def test_presentations_remember_each_code_by_itself() -> None:
    seen = Presentations(1500)
    assert seen.begun([b"a"], 0) == [b"a"]
    assert seen.begun([b"a", b"b"], 400) == [b"b"]
    assert seen.begun([b"b"], 800) == []
    assert seen.begun([], 1200) == []
    assert seen.begun([b"a"], 1600) == []


class Kiosk:
    """Hears what a reader tells."""

    def __init__(self) -> None:
        self.reads: queue.Queue[CardRead] = queue.Queue()
        self.states: queue.Queue[ReaderState] = queue.Queue()

    def start(self, reader: CameraReader) -> None:
        reader.start(self.reads.put, lambda name, state: self.states.put(state))

    def read(self) -> bytes:
        return self.reads.get(timeout=PATIENCE).content

    def state(self) -> ReaderState:
        return self.states.get(timeout=PATIENCE)


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


@pytest.fixture
def camera() -> StagedCamera:
    return StagedCamera()


@pytest.fixture
def staged(camera: StagedCamera) -> Iterator[CameraReader]:
    reader = CameraReader("staged", name="cam", opener=camera.open)
    yield reader
    reader.stop()


def test_a_card_before_the_camera_is_one_read_of_its_text(
    kiosk: Kiosk, camera: StagedCamera, staged: CameraReader
) -> None:
    kiosk.start(staged)
    assert kiosk.state() is ReaderState.READY
    camera.put(card("YK1:A"))
    read = kiosk.reads.get(timeout=PATIENCE)
    assert (read.medium, read.content, read.content_kind) == ("qr", b"YK1:A", ContentKind.TEXT)
    assert read.reader == "cam"
    assert read.uptime_ms > 0
    assert camera.wait_for_frames(5, seconds=PATIENCE)
    assert kiosk.reads.empty()


def test_a_camera_that_is_unplugged_is_lost_and_comes_back(
    kiosk: Kiosk, camera: StagedCamera, staged: CameraReader
) -> None:
    kiosk.start(staged)
    assert kiosk.state() is ReaderState.READY
    camera.plug(plugged=False)
    assert kiosk.state() is ReaderState.LOST
    camera.put(card("AFTER"))
    camera.plug(plugged=True)
    assert kiosk.state() is ReaderState.READY
    assert kiosk.read() == b"AFTER"


def test_a_camera_that_is_open_and_gives_no_frame_is_lost(kiosk: Kiosk) -> None:
    class Hung(StagedCamera):
        def read(self) -> None:
            self._wait(1.0)
            self._wait(1.0)
            raise OSError("and then it broke")

    reader = CameraReader("hung", name="cam", settings=CameraSettings(stall_ms=100), opener=Hung().open)
    kiosk.start(reader)
    assert kiosk.state() is ReaderState.LOST
    reader.stop()


def test_one_who_cannot_hear_a_read_does_not_stop_the_reader(
    camera: StagedCamera, staged: CameraReader
) -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def deaf(read: CardRead) -> None:
        heard.put(read.content)
        raise RuntimeError("the kiosk broke")

    staged.start(deaf, lambda name, state: None)
    camera.put(card("A"))
    assert heard.get(timeout=PATIENCE) == b"A"
    camera.put(card("B"))
    assert heard.get(timeout=PATIENCE) == b"B"


def reading(kiosk: Kiosk, source: Path | str, count: int, **settings: str) -> list[bytes]:
    reader = CameraReader(str(source), name="cam", settings=CameraSettings(**settings))
    kiosk.start(reader)
    try:
        return [kiosk.read() for _ in range(count)]
    finally:
        reader.stop()


def test_a_picture_file_is_a_card_held_still(kiosk: Kiosk, tmp_path: Path) -> None:
    for suffix in (".png", ".jpg"):
        path = tmp_path / f"card{suffix}"
        cv2.imwrite(str(path), held(card("FILE"), scene()))
        assert reading(kiosk, path, 1) == [b"FILE"]


def test_a_picture_file_that_is_replaced_is_the_next_card(kiosk: Kiosk, tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    cv2.imwrite(str(path), card("FIRST"))
    reader = CameraReader(str(path), name="cam")
    kiosk.start(reader)
    assert kiosk.read() == b"FIRST"
    cv2.imwrite(str(tmp_path / "next.png"), card("SECOND"))
    shutil.move(tmp_path / "next.png", path)
    assert kiosk.read() == b"SECOND"
    reader.stop()


def test_a_video_file_shows_one_card_after_the_other(kiosk: Kiosk, tmp_path: Path) -> None:
    record(tmp_path / "door.avi", [(None, 3), (card("A"), 20), (None, 3), (card("B"), 20), (None, 2)])
    assert reading(kiosk, tmp_path / "door.avi", 2) == [b"A", b"B"]
    assert kiosk.reads.empty()


def test_a_video_file_may_go_on_for_ever(kiosk: Kiosk, tmp_path: Path) -> None:
    record(tmp_path / "door.avi", [(card("A"), 20), (card("B"), 20), (None, 45)])
    assert reading(kiosk, tmp_path / "door.avi", 4, at_end="loop") == [b"A", b"B"] * 2


def test_an_image_sequence_is_a_video_too(kiosk: Kiosk, tmp_path: Path) -> None:
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"f{number:03}.png"), held(card("SEQ"), scene()))
    assert reading(kiosk, tmp_path / "f%03d.png", 1) == [b"SEQ"]


def test_files_come_at_the_pace_of_a_camera(tmp_path: Path) -> None:
    """As fast as they are read, but never faster than they were taken: the waits add up."""
    record(tmp_path / "door.avi", [(None, 10)])
    waits: list[float] = []
    frames = open_frames(str(tmp_path / "door.avi"), CameraSettings(), waits.append)
    for _ in range(8):
        assert frames.read() is not None
    frames.close()
    assert sum(waits) > 0
    assert max(waits) <= 7 / 25 + 0.001


@pytest.mark.parametrize("source", ["99", "/dev/video99", "missing.png", "missing.avi", "missing%03d.png"])
def test_a_camera_that_is_absent_is_lost_from_the_start(kiosk: Kiosk, tmp_path: Path, source: str) -> None:
    reader = CameraReader(source if source[0] in "9/" else str(tmp_path / source), name="cam")
    kiosk.start(reader)
    assert kiosk.state() is ReaderState.LOST
    reader.stop()
    assert kiosk.reads.empty()


def test_a_file_that_is_no_picture_is_a_lost_camera(kiosk: Kiosk, tmp_path: Path) -> None:
    for name, content in (("a.png", b"not a picture"), ("b.png", b""), ("c.avi", b"RIFF....")):
        (tmp_path / name).write_bytes(content)
        reader = CameraReader(str(tmp_path / name), name="cam")
        kiosk.start(reader)
        assert kiosk.state() is ReaderState.LOST
        reader.stop()


@pytest.mark.parametrize("wrong", [{"at_end": "explode"}, {"gone_ms": 0}, {"budget": -1.0}, {"width": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingWrong):
        CameraSettings(**wrong)  # type: ignore[arg-type]
