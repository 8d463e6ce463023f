"""From the names in a kiosk's configuration to drivers, and what is said when that fails."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from hardware.factory import READERS, SimulatedReader, build_indicator, build_reader, build_voice
from hardware.nfc_reader import NfcReader
from hardware.ports import CardReader, DriverUnknown, ReaderState, SettingWrong
from hardware.presentation import Patience
from hardware.simulated.card_file import TYPES
from tests.support.hardware import MESSAGE, ReaderLog, ntag


def simulated(**settings: Any) -> SimulatedReader:
    reader = build_reader({"driver": "simulated", **settings}, name="demo")
    assert isinstance(reader, SimulatedReader)
    return reader


def test_a_simulated_reader_reads_what_its_hand_puts_down() -> None:
    log, reader = ReaderLog(), simulated()
    reader.start(log.on_read, log.on_state)
    try:
        log.wait_state(ReaderState.READY)
        reader.hand.put("uid:DEADBEEF")
        log.wait_reads(1)
        reader.hand.take()
        reader.hand.put(ntag())
        log.wait_reads(2)
    finally:
        reader.stop()
    assert [read.uid.hex() for read in log.reads] == ["deadbeef", "04112233445566"]
    assert log.reads[1].content == MESSAGE
    assert {read.reader for read in log.reads} == {"demo"}


def test_a_card_that_its_hand_took_away_counts_again_when_it_is_laid_down_at_once() -> None:
    log, reader = ReaderLog(), simulated()
    reader.start(log.on_read, log.on_state)
    try:
        for count in (1, 2, 3):
            reader.hand.put("uid:DEADBEEF")
            log.wait_reads(count)
            reader.hand.take()
    finally:
        reader.stop()


def test_a_simulated_reader_can_be_started_again() -> None:
    log, reader = ReaderLog(), simulated()
    for count in (1, 2):
        reader.start(log.on_read, log.on_state)
        reader.hand.put(ntag(last=count))
        log.wait_reads(count)
        reader.stop()


def test_a_reader_of_cards_is_made_without_being_opened() -> None:
    reader: CardReader = build_reader({"driver": "nfcpy", "path": "tty:AMA0:pn532"}, name="door")
    assert reader.name == "door"


def test_times_of_a_reader_may_be_set() -> None:
    settings = {"driver": "nfcpy", "path": "usb", "gone_ms": 500, "poll_s": 0.05}
    reader = build_reader(settings, name="door")
    assert isinstance(reader, NfcReader)
    assert reader._patience == Patience(gone_ms=500, poll_s=0.05)


def test_a_camera_is_made_with_its_source_and_settings() -> None:
    assert build_reader({"driver": "camera", "source": "0", "width": 640}, name="eye").name == "eye"


@pytest.mark.parametrize("driver", ["", "nfc", "Simulated", "__init__"])
def test_an_unknown_driver_is_refused_with_the_known_ones(driver: str) -> None:
    with pytest.raises(DriverUnknown, match="nfcpy, camera, pcsc, keyboard, serial, simulated"):
        build_reader({"driver": driver}, name="door")


def test_a_reader_without_a_driver_is_refused() -> None:
    with pytest.raises(DriverUnknown):
        build_reader({}, name="door")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"driver": "nfcpy"}, "needs path"),
        ({"driver": "nfcpy", "path": ""}, "needs path"),
        ({"driver": "nfcpy", "path": 3}, "needs path"),
        ({"driver": "camera"}, "needs source"),
        ({"driver": "nfcpy", "path": "usb", "paht": "usb"}, 'no setting "paht"'),
        ({"driver": "nfcpy", "path": "usb", "gone_ms": "long"}, "gone_ms is like 300"),
        ({"driver": "nfcpy", "path": "usb", "clock_uptime_ms": 1}, 'no setting "clock_uptime_ms"'),
        ({"driver": "nfcpy", "path": "usb", "patience": 1}, 'no setting "patience"'),
        ({"driver": "camera", "source": "0", "at_end": "explode"}, "at_end"),
        ({"driver": "camera", "source": "0", "width": -1}, "width"),
        ({"driver": "simulated", "path": "usb"}, 'no setting "path"'),
        ({"driver": "simulated", "paced": "yes"}, "paced is like False"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingWrong, match=said):
        build_reader(settings, name="door")


def test_no_lights_and_no_voice_are_silent() -> None:
    indicator, voice = build_indicator("none"), build_voice("none")
    indicator.show("accepted")
    voice.say("shift_started", "好", "zh")
    indicator.close()
    voice.close()


def test_unknown_lights_and_voices_are_refused() -> None:
    with pytest.raises(DriverUnknown, match="none, gpio"):
        build_indicator("candle")
    with pytest.raises(DriverUnknown, match="none, espeak-ng"):
        build_voice("choir")


@pytest.mark.parametrize(("driver", "library"), [("nfcpy", "nfc"), ("camera", "cv2")])
def test_a_missing_library_is_named_with_what_to_install(driver: str, library: str, tmp_path: Path) -> None:
    """In a process of its own, where the library cannot be found."""
    (tmp_path / f"{library}.py").write_text("raise ImportError('it is not there')")
    program = f"""
import os, sys
sys.path.insert(0, {str(tmp_path)!r})
os.environ["PYTHONPATH"] = {str(tmp_path)!r}
from hardware.factory import build_reader
from hardware.ports import LibraryMissing
try:
    build_reader({{"driver": {driver!r}, {READERS[driver].where!r}: "usb"}}, name="door")
except LibraryMissing as error:
    assert "yika[kiosk]" in str(error), error
else:
    sys.exit("it was made")
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_the_factory_imports_no_driver_before_one_is_asked_for() -> None:
    program = """
import sys
import hardware.factory
libraries = {"nfc", "cv2", "zxingcpp", "smartcard", "evdev", "serial", "gpiozero", "hardware.simulated"}
found = libraries & set(sys.modules)
sys.exit(str(found) if found else 0)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_a_simulated_reader_that_was_never_started_holds_nothing_open() -> None:
    before = set(threading.enumerate())
    reader = simulated()
    assert set(threading.enumerate()) == before
    reader.stop()


def test_lights_take_the_pins_that_were_set() -> None:
    pins = MockFactory(pin_class=MockPWMPin)
    indicator = build_indicator("gpio", pin_factory=pins, green=5)
    indicator.show("accepted")
    indicator.close()
    assert [state.state for state in pins.pin(5).states][-1] in (0, 0.0, False)
    assert any(state.state for state in pins.pin(5).states)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"green": "x"}, "green is like 17"), ({"grean": 5}, 'no setting "grean"'), ({"green": 27}, "one pin")],
)
def test_wrong_pins_are_refused_by_name(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingWrong, match=said):
        build_indicator("gpio", **settings)


@pytest.mark.parametrize(
    ("driver", "settings"),
    [
        pytest.param("pcsc", {}, marks=pytest.mark.pcsc),
        ("keyboard", {"base": "hex"}),
        ("serial", {"baud": 9600}),
    ],
)
def test_the_other_readers_are_made_under_their_name(driver: str, settings: dict[str, Any]) -> None:
    assert build_reader({"driver": driver, "path": "any", **settings}, name="door").name == "door"


@pytest.mark.parametrize("driver", READERS)
def test_each_driver_and_each_kind_of_card_file_is_explained_to_its_user(driver: str) -> None:
    text = (Path(__file__).parents[2] / "hardware" / "README.md").read_text("utf-8")
    assert f'`driver = "{driver}"`' in text
    assert all(f"`{kind}`" in text for kind in TYPES)
