"""Real nfcpy, its PN532 driver and pyserial, over a simulated chip: found, lost, found again."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardware.nfc_reader import NfcReader, probe, terminal_of
from hardware.ports import ReaderLost, ReaderState
from hardware.simulated import Field, Pn532Uart
from tests.support.hardware import (
    BRISK,
    FOR_SILENCE,
    MESSAGE,
    UID7,
    ReaderLog,
    bench,
    ntag,
    ntag424,
    udp_peer,
)
from tests.support.processes import PATIENCE, until


def test_a_failing_listener_does_not_stop_the_next_read(caplog: pytest.LogCaptureFixture) -> None:
    log = ReaderLog()

    def on_read(read: Any) -> None:
        log.on_read(read)
        raise RuntimeError("a fault of ours")

    with Pn532Uart() as uart:
        reader = NfcReader(uart.path, name="door", patience=BRISK)
        reader.start(on_read, log.on_state)
        uart.field.put(ntag(last=1))
        log.wait_reads(1)
        uart.field.put(ntag(last=2))
        log.wait_reads(2)
        reader.stop()
    assert "a fault of ours" in caplog.text


def test_a_reader_that_falls_silent_is_lost_and_ready_again_when_it_speaks() -> None:
    with bench(patience=FOR_SILENCE) as b:
        b.uart.faults.mute = True
        b.log.wait_state(ReaderState.LOST)
        b.uart.faults.mute = False
        b.log.wait_state(ReaderState.READY)
        b.field.put(ntag())
        b.log.wait_reads(1)
    assert b.log.states == [ReaderState.READY, ReaderState.LOST, ReaderState.READY]


def test_a_reader_that_is_absent_at_first_is_lost_and_found_later(tmp_path: Path) -> None:
    log, link = ReaderLog(), tmp_path / "reader"
    reader = NfcReader(str(link), name="door", patience=BRISK)
    reader.start(log.on_read, log.on_state)
    try:
        log.wait_state(ReaderState.LOST)
        with Pn532Uart(link=link) as uart:
            log.wait_state(ReaderState.READY)
            uart.field.put(ntag())
            assert log.wait_reads(1)[0].content == MESSAGE
            assert log.states == [ReaderState.LOST, ReaderState.READY]
            reader.stop()
    finally:
        reader.stop()


def test_a_reader_that_is_pulled_out_and_plugged_in_comes_back(tmp_path: Path) -> None:
    with bench(uart=Pn532Uart(link=tmp_path / "reader")) as b:
        for _ in range(2):
            b.uart.unplug()
            b.log.wait_state(ReaderState.LOST)
            b.uart.plug()
            b.log.wait_state(ReaderState.READY)
        b.field.put(ntag())
        assert b.log.wait_reads(1)[0].content == MESSAGE
    assert b.log.states == [ReaderState.READY, *[ReaderState.LOST, ReaderState.READY] * 2]


@pytest.mark.parametrize(
    "path", ["tty:nosuchreader:pn532", "udp:127.0.0.1:nonsense", "usb:ffff:ffff", "/dev/null"]
)
def test_a_path_without_a_reader_is_lost_and_never_simulated(path: str) -> None:
    log = ReaderLog()
    reader = NfcReader(path, name="door", patience=BRISK)
    reader.start(log.on_read, log.on_state)
    log.wait_state(ReaderState.LOST)
    reader.stop()
    assert (log.reads, log.states) == ([], [ReaderState.LOST])


@pytest.mark.parametrize("glitches", [1, 2])
def test_a_wrong_checksum_now_and_then_costs_neither_the_reader_nor_the_tap(glitches: int) -> None:
    with bench() as b:
        b.uart.faults.bad_checksums = glitches
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.content == MESSAGE
    assert b.log.states == [ReaderState.READY]


def test_a_line_of_wrong_checksums_is_a_lost_reader() -> None:
    with bench() as b:
        b.uart.faults.bad_checksums = 10_000
        b.log.wait_state(ReaderState.LOST)
        b.uart.faults.bad_checksums = 0
        b.log.wait_state(ReaderState.READY)


def test_slow_bytes_are_read_all_the_same() -> None:
    with bench() as b:
        b.uart.faults.seconds_per_byte = 0.0005
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.content == MESSAGE


def test_an_idle_serial_reader_is_initialised_anew_without_being_called_lost() -> None:
    with bench(patience=replace(BRISK, idle_s=0.05)) as b:
        first = b.uart.chip.awakenings
        assert b.field.wait_for(lambda: b.uart.chip.awakenings >= first + 2, PATIENCE)
        b.field.put(ntag())
        b.log.wait_reads(1)
    assert b.log.states == [ReaderState.READY]


@pytest.mark.parametrize("mute", [False, True])
def test_stop_closes_the_device_and_may_be_said_twice(mute: bool) -> None:
    """That it waits for no driver is in test_reader_thread.py."""
    with bench(patience=FOR_SILENCE) as b:
        b.field.put(ntag())
        b.log.wait_reads(1)
        b.uart.faults.mute = mute
        b.reader.stop()
        b.reader.stop()
        until(lambda: "door" not in [thread.name for thread in threading.enumerate()], "the reader's end")
        assert mute or b.uart.chip.asleep
        frames = b.field.frames
        assert not b.field.wait_for(lambda: b.field.frames > frames, 0.05)


def test_a_stopped_reader_can_be_started_again() -> None:
    with bench() as b:
        b.reader.stop()
        b.reader.start(b.log.on_read, b.log.on_state)
        b.field.put(ntag())
        assert b.log.wait_reads(1)[0].content == MESSAGE


def test_a_paced_line_takes_the_time_of_its_bytes() -> None:
    """The chip is set to 921600 baud by nfcpy: some 20 ms of bytes for a long message."""
    with bench(uart=Pn532Uart(paced=True)) as b:
        assert b.uart.chip.baud == 921600
        b.field.put(ntag("ntag216", ndef=bytes(600)))
        (read,) = b.log.wait_reads(1)
    assert read.evidence["ms"] >= 15


def test_a_line_that_is_held_at_115200_baud_takes_eight_times_as_long() -> None:
    with bench(uart=Pn532Uart(paced=True, baud=115200)) as b:
        b.field.put(ntag("ntag216", ndef=bytes(600)))
        (read,) = b.log.wait_reads(1)
    assert read.evidence["ms"] >= 100


def test_a_failing_listener_of_states_does_not_end_the_reading(caplog: pytest.LogCaptureFixture) -> None:
    log = ReaderLog()

    def on_state(name: str, state: ReaderState) -> None:
        raise RuntimeError("a fault of ours")

    with Pn532Uart() as uart:
        reader = NfcReader(uart.path, name="door", patience=BRISK)
        reader.start(log.on_read, on_state)
        uart.field.put(ntag())
        log.wait_reads(1)
        reader.stop()
    assert "a fault of ours" in caplog.text


def test_a_probe_tells_the_chip_or_that_there_is_none() -> None:
    with Pn532Uart() as uart:
        assert probe(uart.path) == "PN532v1.6"
        assert uart.chip.asleep
        uart.faults.mute = True
        with pytest.raises(ReaderLost, match=uart.path):
            probe(uart.path)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("tty:AMA0:pn532", ("/dev/ttyAMA0", "pn532")),
        ("tty:USB12:arygon", ("/dev/ttyUSB12", "arygon")),
        ("tty:serial0:pn532", ("/dev/serial0", "pn532")),
        ("tty:nfc-desk:pn532", ("/dev/nfc-desk", "pn532")),
        ("/dev/pts/3", ("/dev/pts/3", "pn532")),
        ("tty:USB:pn532", ("", "")),
        ("tty:usbserial:pn532", ("", "")),
        ("tty", ("", "")),
        ("usb:072f:2200", ("", "")),
        ("udp", ("", "")),
    ],
)
def test_an_exact_path_means_what_nfcpy_means_by_it(path: str, meant: tuple[str, str]) -> None:
    """The others are left to nfcpy's search."""
    assert terminal_of(path) == meant


@pytest.mark.parametrize("make", [ntag, ntag424])
def test_a_reader_behind_nfcpys_udp_path_reads_alike(make: Any) -> None:
    field, log = Field(), ReaderLog()
    field.put(make())
    with udp_peer(field) as port:
        reader = NfcReader(f"udp:127.0.0.1:{port}", name="door", patience=BRISK)
        reader.start(log.on_read, log.on_state)
        try:
            (read,) = log.wait_reads(1)
        finally:
            reader.stop()
    assert (read.uid, read.content, log.states) == (UID7, MESSAGE, [ReaderState.READY])
