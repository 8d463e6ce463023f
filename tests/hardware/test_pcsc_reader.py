"""The PC/SC driver with a real pcscd, a virtual reader (vsmartcard-vpcd) and virtual cards written here."""

import contextlib
import fcntl
import os
import queue
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.pcsc_reader import PcscReader, ndef_in
from hardware.ports import CardRead, CardTornAway, ContentKind, ReaderState
from tests.support.ports import claimed_port
from tests.support.processes import PATIENCE

UID = bytes.fromhex("04DE5F1EACC040")
NDEF = b"\xd4\x09\x40yika.cn:c" + bytes(range(64))
ATR_ISO = bytes.fromhex("3B8180018080")
ATR_ULTRALIGHT = bytes.fromhex("3B8F8001804F0CA0000003060300030000000068")
SLOTS = 2
"""The virtual reader's, each with a port of its own, one behind the other."""
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

Answer = Callable[[bytes], bytes | None]


class VirtualCard:
    """A card in the virtual reader: two bytes of length, then control codes or an APDU (vpcd's protocol)."""

    def __init__(self, port: int, atr: bytes, answer: Answer) -> None:
        self._atr, self._answer = atr, answer
        self._line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._line.settimeout(None)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def take(self) -> None:
        """Take the card away."""
        with contextlib.suppress(OSError):  # torn away already
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._line.close()

    def _receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count and (part := self._line.recv(count - len(data))):
            data += part
        return data

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the reader let go first
            self._run()

    def _run(self) -> None:
        while len(head := self._receive(2)) == 2:
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            message = self._receive(struct.unpack(">H", head)[0])
            if message == b"\x04":
                self._send(self._atr)
            elif len(message) > 1:
                answer = self._answer(message)
                if answer is None:
                    self._line.shutdown(socket.SHUT_RDWR)
                    return
                self._send(answer)

    def _send(self, data: bytes) -> None:
        self._line.sendall(struct.pack(">H", len(data)) + data)


def type_4(apdu: bytes, *, chosen: list[bytes]) -> bytes:
    """A type 4 tag whose NDEF file is E104."""
    container = bytes.fromhex("000F20003A00340406E10400FF0000")
    files = {b"\xe1\x03": container, b"\xe1\x04": len(NDEF).to_bytes(2, "big") + NDEF}
    if apdu == bytes.fromhex("FFCA000000"):
        return UID + b"\x90\x00"
    if apdu[:4] == bytes.fromhex("00A40400"):
        return b"\x90\x00"
    if apdu[:4] == bytes.fromhex("00A4000C"):
        chosen[:] = [apdu[5:7]]
        return b"\x90\x00"
    if apdu[:2] == bytes.fromhex("00B0"):
        offset = int.from_bytes(apdu[2:4], "big")
        return files[chosen[0]][offset : offset + apdu[4]] + b"\x90\x00"
    return b"\x6d\x00"


def type_2(apdu: bytes, *, memory: bytes) -> bytes:
    """An NTAG213 behind a reader that knows FF B0."""
    if apdu == bytes.fromhex("FFCA000000"):
        return UID + b"\x90\x00"
    if apdu[:3] == bytes.fromhex("FFB000") and apdu[3] * 4 < len(memory):
        return memory[apdu[3] * 4 :][: apdu[4]].ljust(apdu[4], b"\0") + b"\x90\x00"
    return b"\x63\x00"


def ntag(ndef: bytes) -> bytes:
    body = bytes.fromhex("0103A00C34") + b"\x03" + bytes([len(ndef)]) + ndef + b"\xfe"
    return bytes(12) + bytes.fromhex("E1101200") + body.ljust(144, b"\0")


class Daemon:
    """A pcscd with one virtual reader, and what the kiosk heard."""

    def __init__(self, folder: Path) -> None:
        self.reads: queue.Queue[CardRead] = queue.Queue()
        self.states: queue.Queue[ReaderState] = queue.Queue()
        self.cards: list[VirtualCard] = []
        self.log = (folder / "log").open("w")
        for _ in range(5):
            self._run(folder)
            if self._has_its_reader():
                return
            self.end()
        raise AssertionError(f"pcscd never opened its virtual reader; see {folder / 'log'}")

    def _run(self, folder: Path) -> None:
        self.port = claimed_port(adjacent=SLOTS)
        configuration = f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{self.port:#x}\n'
        (folder / "vpcd").write_text(configuration + f"LIBPATH {DRIVER}\nCHANNELID {self.port:#x}\n")
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        self._process = subprocess.Popen(
            [*as_root, shutil.which("pcscd") or "pcscd", "-f", "-c", str(folder)],
            stdout=self.log,
            stderr=self.log,
        )

    def _has_its_reader(self) -> bool:
        """Whether the driver listens for its cards: looked up, since to connect would be to lay a card.

        For all of them: where one slot's port is taken, pcscd opens the other, then throws the reader out.
        """
        pause, deadline = threading.Event(), time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            listening = {
                int(fields[1].rsplit(":", 1)[1], 16)
                for table in ("/proc/net/tcp", "/proc/net/tcp6")
                for fields in map(str.split, Path(table).read_text().splitlines()[1:])
                if fields[3] == "0A"
            }
            if listening.issuperset(range(self.port, self.port + SLOTS)):
                return True
            pause.wait(0.02)
        return False

    def put(self, atr: bytes, answer: Answer) -> VirtualCard:
        self.cards.append(VirtualCard(self.port, atr, answer))
        return self.cards[-1]

    def start(self, reader: PcscReader, interrogator: object = None) -> None:
        reader.start(self.reads.put, lambda name, state: self.states.put(state), interrogator)  # type: ignore[arg-type]
        while self.states.get(timeout=PATIENCE) is not ReaderState.READY:
            pass  # the daemon may not have been up yet

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(PATIENCE)

    def close(self) -> None:
        for card in self.cards:
            card.take()
        self.end()
        self.log.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """One pcscd at a time on this machine: its socket has a fixed place."""
    with Path(tempfile.gettempdir(), "yika-test-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        daemon = Daemon(tmp_path)
        yield daemon
        daemon.close()


@pytest.fixture
def reader() -> Iterator[PcscReader]:
    reader = PcscReader("virtual pcd", name="desk")
    yield reader
    reader.stop()


@pytest.mark.pcsc
def test_a_type_4_card_is_one_read_with_uid_and_ndef(daemon: Daemon, reader: PcscReader) -> None:
    daemon.start(reader)
    chosen: list[bytes] = []
    daemon.put(ATR_ISO, lambda apdu: type_4(apdu, chosen=chosen))
    read = daemon.reads.get(timeout=PATIENCE)
    assert (read.uid, read.content, read.content_kind) == (UID, NDEF, ContentKind.NDEF)
    assert (read.medium, read.reader) == ("nfc", "desk")
    assert daemon.reads.empty()


@pytest.mark.pcsc
def test_a_card_put_down_again_is_a_new_read(daemon: Daemon, reader: PcscReader) -> None:
    daemon.start(reader)
    for _ in range(2):
        card = daemon.put(ATR_ISO, lambda apdu: type_4(apdu, chosen=[b"\xe1\x03"]))
        assert daemon.reads.get(timeout=PATIENCE).uid == UID
        card.take()


@pytest.mark.pcsc
def test_a_type_2_card_is_read_page_by_page(daemon: Daemon, reader: PcscReader) -> None:
    daemon.start(reader)
    daemon.put(ATR_ULTRALIGHT, lambda apdu: type_2(apdu, memory=ntag(NDEF)))
    read = daemon.reads.get(timeout=PATIENCE)
    assert (read.uid, read.content, read.content_kind) == (UID, NDEF, ContentKind.NDEF)


@pytest.mark.pcsc
def test_a_card_that_only_has_a_uid_is_read_without_content(daemon: Daemon, reader: PcscReader) -> None:
    daemon.start(reader)
    daemon.put(ATR_ISO, lambda apdu: UID + b"\x90\x00" if apdu[0] == 0xFF else b"\x6a\x82")
    read = daemon.reads.get(timeout=PATIENCE)
    assert (read.uid, read.content_kind) == (UID, ContentKind.NONE)


@pytest.mark.pcsc
def test_the_interrogator_speaks_with_the_card_while_it_lies_there(
    daemon: Daemon, reader: PcscReader
) -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Callable[[bytes], bytes]) -> dict[str, str]:
        assert (uid, ndef) == (UID, NDEF)
        return {"answer": transceive(bytes.fromhex("9060000000")).hex()}

    daemon.start(reader, ask)
    chosen: list[bytes] = []
    daemon.put(ATR_ISO, lambda apdu: b"\x91\xaf" if apdu[0] == 0x90 else type_4(apdu, chosen=chosen))
    assert daemon.reads.get(timeout=PATIENCE).proof == {"answer": "91af"}


@pytest.mark.pcsc
def test_a_card_torn_away_in_the_middle_is_unreadable_and_the_next_one_is_read(
    daemon: Daemon, reader: PcscReader
) -> None:
    daemon.start(reader)
    daemon.put(ATR_ISO, lambda apdu: UID + b"\x90\x00" if apdu[0] == 0xFF else None)
    torn = daemon.reads.get(timeout=PATIENCE)
    assert (torn.content_kind, torn.evidence["note"]) == (ContentKind.UNREADABLE, "torn away")
    daemon.cards[-1].take()
    daemon.put(ATR_ULTRALIGHT, lambda apdu: type_2(apdu, memory=ntag(NDEF)))
    assert daemon.reads.get(timeout=PATIENCE).content == NDEF


@pytest.mark.pcsc
def test_a_card_torn_away_under_the_interrogator_keeps_what_it_said(
    daemon: Daemon, reader: PcscReader
) -> None:
    def ask(uid: bytes, ndef: bytes, transceive: object) -> None:
        raise CardTornAway("gone")

    daemon.start(reader, ask)
    chosen: list[bytes] = []
    daemon.put(ATR_ISO, lambda apdu: type_4(apdu, chosen=chosen))
    read = daemon.reads.get(timeout=PATIENCE)
    assert (read.uid, read.content, read.proof) == (UID, NDEF, {})


@pytest.mark.pcsc
def test_a_daemon_that_ends_is_a_lost_reader(daemon: Daemon, reader: PcscReader) -> None:
    daemon.start(reader)
    daemon.end()
    assert daemon.states.get(timeout=PATIENCE) is ReaderState.LOST


@pytest.mark.pcsc
def test_a_reader_that_pcscd_does_not_have_is_lost(daemon: Daemon) -> None:
    absent = PcscReader("ACR1252", name="desk")
    absent.start(daemon.reads.put, lambda name, state: daemon.states.put(state))
    assert daemon.states.get(timeout=PATIENCE) is ReaderState.LOST
    absent.stop()


@pytest.mark.parametrize(
    ("memory", "ndef"),
    [
        ("0304D1010054FE", "D1010054"),
        ("0103A00C340302ABCDFE", "ABCD"),
        ("00000301AAFE", "AA"),
        ("0300FE", ""),
        ("03FF0102" + "5A" * 258 + "FE", "5A" * 258),
    ],
)
def test_the_message_is_found_behind_whatever_stands_before_it(memory: str, ndef: str) -> None:
    assert ndef_in(bytes.fromhex(memory)) == bytes.fromhex(ndef)


@pytest.mark.parametrize("memory", ["", "FE", "00", "03", "03FF", "03FF01", "0304D101", "FE0301AA", "0105"])
def test_half_a_message_is_none(memory: str) -> None:
    assert ndef_in(bytes.fromhex(memory)) is None
