"""A scanner on a serial port, played on a pseudo-terminal through real pyserial."""

import os
import pty
import queue
import tty
from collections.abc import Iterator

import pytest

from hardware.ports import CardRead, ContentKind, ReaderState, SettingWrong
from hardware.serial_scanner import LONGEST, LineSplitter, SerialScanner
from tests.support.processes import PATIENCE


def lines(*parts: bytes) -> list[bytes]:
    splitter = LineSplitter()
    return [line for part in parts for line in splitter.feed(part)]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r"])
def test_a_line_ends_with_cr_lf_or_both(end: bytes) -> None:
    assert lines(b"ONE" + end + b"TWO" + end) == [b"ONE", b"TWO"]


def test_a_line_may_come_byte_by_byte() -> None:
    assert lines(*(bytes([byte]) for byte in b"YK1:ABC\r\n")) == [b"YK1:ABC"]


def test_a_line_without_end_is_not_a_code_yet() -> None:
    assert lines(b"YK1:ABC") == []


def test_noise_without_end_is_dropped_and_the_next_code_is_read() -> None:
    assert lines(b"\xff" * (LONGEST + 500), b"\xff\xff\r", b"GOOD\r") == [b"GOOD"]


def test_the_longest_code_is_read() -> None:
    assert lines(b"A" * 2953 + b"\r") == [b"A" * 2953]


class Bench:
    """The scanner's end of the cable, and what the kiosk heard."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.reads: queue.Queue[CardRead] = queue.Queue()
        self.states: queue.Queue[ReaderState] = queue.Queue()
        self.scanner = SerialScanner(self.path, name="scanner")

    def start(self) -> None:
        self.scanner.start(self.reads.put, lambda name, state: self.states.put(state))

    def scan(self, line: bytes) -> None:
        os.write(self.master, line)

    def unplug(self) -> None:
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        self.scanner.stop()
        for fd in (self.master, self.slave):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


def test_a_scanned_code_is_one_read_with_its_bytes(bench: Bench) -> None:
    bench.start()
    assert bench.states.get(timeout=PATIENCE) is ReaderState.READY
    bench.scan("YK1:甲\r\n".encode())
    read = bench.reads.get(timeout=PATIENCE)
    assert (read.medium, read.content, read.content_kind) == ("qr", "YK1:甲".encode(), ContentKind.TEXT)
    assert read.reader == "scanner"
    assert read.uptime_ms > 0


def test_a_scanner_that_repeats_a_code_gives_one_presentation(bench: Bench) -> None:
    bench.start()
    assert bench.states.get(timeout=PATIENCE) is ReaderState.READY
    bench.scan(b"ONE\rONE\rONE\rTWO\r")
    assert [bench.reads.get(timeout=PATIENCE).content for _ in range(2)] == [b"ONE", b"TWO"]
    assert bench.reads.empty()


def test_an_unplugged_scanner_is_told_lost(bench: Bench) -> None:
    bench.start()
    assert bench.states.get(timeout=PATIENCE) is ReaderState.READY
    bench.unplug()
    assert bench.states.get(timeout=PATIENCE) is ReaderState.LOST


def test_a_port_that_is_not_there_is_lost_from_the_start() -> None:
    states: queue.Queue[ReaderState] = queue.Queue()
    scanner = SerialScanner("/dev/no-such-port", name="scanner")
    scanner.start(lambda read: None, lambda name, state: states.put(state))
    assert states.get(timeout=PATIENCE) is ReaderState.LOST
    scanner.stop()


def test_a_speed_below_one_is_refused() -> None:
    with pytest.raises(SettingWrong):
        SerialScanner("/dev/ttyS0", name="scanner", baud=0)
