"""What the self-test finds, and the advice it gives for each finding."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hardware import selftest
from hardware.ports import LibraryMissing, ReaderLost, ReaderState
from hardware.qr_frames import Light, sample
from hardware.selftest import Check, Probes
from hardware.simulated.camera import held, scene


class FakeReader:
    """A reader that answers, or does not."""

    def __init__(self, *, answers: bool) -> None:
        self.name, self.answers, self.stopped = "fake", answers, False

    def start(
        self, on_read: object, on_state: Callable[[str, ReaderState], None], ask: object = None
    ) -> None:
        on_state(self.name, ReaderState.READY if self.answers else ReaderState.LOST)

    def stop(self) -> None:
        self.stopped = True


def probes(**other: Any) -> Probes:
    """A healthy kiosk, but for what a test says."""
    healthy: dict[str, Any] = {
        "modules": set,
        "processes": set,
        "free_bytes": lambda path: 10**10,
        "commit_ms": lambda path: 3.0,
        "sqlite_version": (3, 51, 3),
        "now_ms": lambda: selftest.BORN + 1,
        "clock_synced": lambda: True,
        "light": lambda source: Light(120, 50, 300),
        "build": lambda settings, name: FakeReader(answers=True),
        "patience": 0.01,
    }
    return Probes(**{**healthy, **other})


def check(checks: list[Check], name: str) -> Check:
    return next(one for one in checks if one.name == name)


READERS = ({"driver": "nfcpy", "path": "tty:AMA0:pn532"}, {"driver": "camera", "source": "0"})


def test_a_healthy_kiosk_passes_every_check(tmp_path: Path) -> None:
    checks = selftest.run(READERS, data_dir=tmp_path, probes=probes())
    assert [one.name for one in checks if not one.ok] == []
    assert [one.name for one in checks] == [
        "holders",
        "nfcpy-1",
        "camera-2",
        "camera-2-light",
        "lights",
        "voice",
        "sqlite",
        "disk",
        "journal",
        "clock",
    ]


def test_every_check_speaks_both_languages(tmp_path: Path) -> None:
    broken = probes(
        modules=lambda: {"pn533"},
        free_bytes=lambda path: 1,
        commit_ms=lambda path: 900.0,
        now_ms=lambda: 0,
        light=lambda source: Light(3, 1, 1),
        build=lambda settings, name: FakeReader(answers=False),
    )
    for one in selftest.run(READERS, data_dir=tmp_path, probes=broken):
        assert one.message_zh
        assert one.message_en


@pytest.mark.parametrize(
    ("drivers", "modules", "processes", "says"),
    [
        ({"nfcpy"}, {"pn533", "pn533_usb"}, set(), "blacklist pn533_usb"),
        ({"nfcpy"}, set(), {"pcscd"}, "disable --now pcscd"),
        ({"pcsc"}, set(), set(), "enable --now pcscd"),
    ],
)
def test_who_holds_the_reader_is_told_with_the_command_that_helps(
    drivers: set[str], modules: set[str], processes: set[str], says: str
) -> None:
    found = selftest.check_holders(drivers, modules, processes)
    assert not found.ok
    assert says in found.message_en
    assert says in found.message_zh


@pytest.mark.parametrize(
    ("drivers", "modules", "processes"),
    [({"camera"}, {"pn533"}, {"pcscd"}), ({"pcsc"}, set(), {"pcscd"}), ({"nfcpy"}, {"uvcvideo"}, {"bash"})],
)
def test_what_does_not_matter_to_the_drivers_in_use_is_not_complained_of(
    drivers: set[str], modules: set[str], processes: set[str]
) -> None:
    assert selftest.check_holders(drivers, modules, processes).ok


def test_a_reader_that_does_not_answer_fails_and_is_closed() -> None:
    reader = FakeReader(answers=False)
    found = selftest.try_reader("nfcpy-1", READERS[0], probes(build=lambda settings, name: reader))
    assert not found.ok
    assert "cable" in found.message_en
    assert reader.stopped


def test_a_missing_library_is_told_with_the_debian_package() -> None:
    def build(settings: Mapping[str, Any], name: str) -> FakeReader:
        raise LibraryMissing("libGL.so.1: cannot open shared object file: No such file or directory")

    found = selftest.try_reader("camera-1", READERS[1], probes(build=build))
    assert not found.ok
    assert "apt install libgl1" in found.message_en


@pytest.mark.parametrize(
    ("message", "package"),
    [
        ("libgthread-2.0.so.0: cannot open shared object file", "libglib2.0-0"),
        ("libusb-1.0.so.0: cannot open shared object file", "libusb-1.0-0"),
        ("libpcsclite.so.1: cannot open shared object file", "libpcsclite1"),
    ],
)
def test_shared_libraries_are_known_by_their_packages(message: str, package: str) -> None:
    assert selftest.advice(message).endswith(f"sudo apt install {package}")


def test_other_messages_stay_as_they_are() -> None:
    assert selftest.advice("unplugged") == "unplugged"


@pytest.mark.parametrize(
    ("light", "says"),
    [
        (Light(20, 30, 200), "too dark"),
        (Light(230, 30, 200), "too bright"),
        (Light(120, 3, 200), "covered"),
        (Light(120, 30, 5), "blurred"),
        (Light(150, 60, 200, washed_out=0.4), "strong light"),
        (Light(120, 30, 200, told={"exposure_ms": 33.0}), "smear"),
    ],
)
def test_a_camera_that_sees_badly_is_given_advice(light: Light, says: str) -> None:
    found = selftest.check_light("camera", light)
    assert not found.ok
    assert says in found.message_en


def test_a_camera_that_sees_well_says_how_it_was_measured() -> None:
    found = selftest.check_light("camera", Light(120, 50, 300, 0.03, {"exposure_ms": 5.0}))
    assert found.ok
    assert "120/50/300, 3% white, 5 ms" in found.message_en


def test_a_camera_that_does_not_open_fails() -> None:
    def blind(source: str) -> Light:
        raise ReaderLost(f"camera {source!r} does not open")

    assert not selftest.try_camera("camera", "0", blind).ok


def test_a_sharp_bright_picture_passes_and_a_blurred_dark_one_does_not(tmp_path: Path) -> None:
    pattern = (np.indices((300, 300)).sum(axis=0) // 8 % 2 * 200 + 20).astype(np.uint8)
    for name, picture, ok in (
        ("sharp", held(pattern, scene()), True),
        ("dark", held(pattern, scene()) // 8, False),
        ("blurred", cv2.GaussianBlur(held(pattern, scene()), (0, 0), 15), False),
    ):
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), picture)
        assert selftest.check_light(name, sample(str(path), frames=2)).ok is ok


def test_an_old_sqlite_passes_with_its_reason() -> None:
    found = selftest.check_sqlite((3, 40, 1))
    assert found.ok
    assert "one connection" in found.message_en


def test_a_slow_card_and_a_full_disk_fail() -> None:
    assert not selftest.check_commit(250).ok
    assert not selftest.check_disk(10**6, Path("/data")).ok


def test_a_disk_that_cannot_be_written_fails(tmp_path: Path) -> None:
    slow = probes(commit_ms=lambda path: min(selftest._commit_ms(path), 1.0))  # this disk may be slow
    assert check(selftest.run((), data_dir=tmp_path, probes=slow), "journal").ok
    gone = tmp_path / "gone"
    broken = probes(commit_ms=lambda path: selftest._commit_ms(gone))
    assert not check(selftest.run((), data_dir=tmp_path, probes=broken), "journal").ok


def test_a_clock_that_was_never_set_or_is_not_kept_fails() -> None:
    assert "2026" in selftest.check_clock(0, synced=True).message_en
    assert "timesyncd" in selftest.check_clock(selftest.BORN, synced=False).message_en


def test_lights_and_voice_that_cannot_be_are_told() -> None:
    checks = selftest.run((), lights="disco", voice="opera", probes=probes())
    assert not check(checks, "lights").ok
    assert not check(checks, "voice").ok


def test_the_real_probes_find_this_machine(tmp_path: Path) -> None:
    found = Probes()
    assert "python" in " ".join(found.processes()) or "pytest" in " ".join(found.processes())
    assert isinstance(found.modules(), set)
    assert found.free_bytes(tmp_path) > 0
    assert found.commit_ms(tmp_path) > 0
    assert found.now_ms() > 0
    assert found.clock_synced() in (True, False)
