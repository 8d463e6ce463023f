"""A simulated PN532 on the level of its host frames, ISO/IEC 14443-4 beneath it, its field and its line."""

import os
import select
import threading
import time
from pathlib import Path

import pytest

from hardware.simulated import Field, Ntag424Card, Pn532Uart, UidCard
from hardware.simulated.isodep import IsoDepCard
from hardware.simulated.pn532 import ACK, SYNTAX_ERROR, FrameScanner, Pn532Chip, crc_a, framed
from tests.support.hardware import ntag
from tests.support.processes import PATIENCE


class Host:
    """A host that says commands and takes the answer out of its frame."""

    def __init__(self, *cards: object) -> None:
        self.field = Field()
        self.waits: list[float] = []
        self.chip = Pn532Chip(self.field, wait=self.waits.append)

    def say(self, command: int, data: str = "") -> bytes:
        said = list(self.chip.feed(framed(bytes((0xD4, command)) + bytes.fromhex(data))))
        assert said[0] == ACK
        (body,) = FrameScanner().feed(said[1])
        assert body[:2] == bytes((0xD5, command + 1))
        return body[2:]


def test_crc_a_follows_the_standard() -> None:
    """ISO/IEC 14443-3 annex B: 00 00 → A0 1E, 12 34 → 26 CF."""
    assert (crc_a(b"\x00\x00"), crc_a(b"\x12\x34")) == (b"\xa0\x1e", b"\x26\xcf")


def test_a_command_is_acknowledged_before_it_is_answered() -> None:
    said = Pn532Chip(Field()).feed(bytes.fromhex("0000FF02FED4022A00"))
    assert list(said) == [ACK, bytes.fromhex("0000FF06FAD50332010607E800")]


@pytest.mark.parametrize("size", [1, 3, 260])
def test_frames_are_found_in_whatever_pieces_they_come(size: int) -> None:
    stream = bytes(10) + framed(b"\xd4\x02") + b"\x55\x55" + framed(b"\xd4\x00" + bytes(range(256))) + ACK
    scanner, found = FrameScanner(), []
    for start in range(0, len(stream), size):
        found += scanner.feed(stream[start : start + size])
    assert found == [b"\xd4\x02", b"\xd4\x00" + bytes(range(256)), b""]


@pytest.mark.parametrize(
    "broken", ["0000FF02FED4022B00", "0000FF02FDD4022A00", "0000FFFFFF010300D400", "0000FF00FF"]
)
def test_a_damaged_frame_is_not_answered_and_the_next_one_is(broken: str) -> None:
    chip = Pn532Chip(Field())
    assert list(chip.feed(bytes.fromhex(broken))) == []
    assert list(chip.feed(bytes.fromhex("00000000FF02FED4022A00")))[:1] == [ACK]


def test_an_unknown_command_is_a_syntax_error() -> None:
    assert list(Pn532Chip(Field()).feed(framed(b"\xd4\xfe"))) == [ACK, SYNTAX_ERROR]


def test_a_sleeping_chip_loses_the_first_bytes_and_wakes() -> None:
    host = Host()
    assert host.say(0x16, "1001") == b"\x00"
    assert list(host.chip.feed(framed(b"\xd4\x02"))) == []
    host.say(0x16, "1001")
    assert next(iter(host.chip.feed(bytes(10) + framed(b"\xd4\x02")))) == ACK


def test_nobody_in_the_field_leaves_the_call_in_the_fifo() -> None:
    host = Host()
    assert host.say(0x4A, "0100") == b"\x00"
    assert host.say(0x06, "6339") == b"\x26"


def test_a_card_is_listed_with_its_identity() -> None:
    host = Host()
    host.field.put(ntag())
    assert host.say(0x4A, "0100") == bytes.fromhex("0101004400" + "07" + "04112233445566")
    assert host.say(0x06, "63026303") == b"\x80\x80", "CRC is on after a selection"


@pytest.mark.parametrize(("uid", "found"), [("8804112233445566", True), ("8804112233445567", False)])
def test_a_certain_card_is_called_by_its_uid_with_cascade_tag(uid: str, found: bool) -> None:
    host = Host()
    host.field.put(ntag())
    assert (host.say(0x4A, "0100" + uid) != b"\x00") is found


@pytest.mark.parametrize("kind", ["0101" + "00FFFF0100", "0103" + "00", "0104"])
def test_other_technologies_find_nobody(kind: str) -> None:
    host = Host()
    host.field.put(ntag())
    assert host.say(0x4A, kind) == b"\x00"


def test_an_answer_carries_its_crc_when_the_host_switched_the_check_off() -> None:
    host = Host()
    host.field.put(ntag())
    host.say(0x4A, "0100")
    plain = host.say(0x42, "3000")
    host.say(0x08, "630300")
    assert host.say(0x42, "3000") == plain + crc_a(plain[1:])


def test_four_bits_are_a_crc_error_unless_the_check_is_off() -> None:
    host = Host()
    host.field.put(ntag())
    host.say(0x4A, "0100")
    assert host.say(0x42, "1A00") == b"\x02"
    host.say(0x4A, "0100")
    host.say(0x08, "630300")
    assert host.say(0x42, "1A00") == b"\x00\x00"


def test_a_host_that_adds_its_own_crc_must_get_it_right() -> None:
    host = Host()
    host.field.put(ntag())
    host.say(0x4A, "0100")
    host.say(0x08, "630200")
    assert host.say(0x42, "3000" + "02A8")[0] == 0
    assert host.say(0x42, "3000" + "0000") == b"\x01"


def test_silence_takes_the_time_that_was_set() -> None:
    host = Host()
    host.field.put(ntag())
    host.say(0x4A, "0100")
    host.say(0x32, "020A0B08")
    assert host.say(0x42, "5000") == b"\x01"
    assert host.waits == [pytest.approx(0.0128)]


def test_a_card_loses_its_power_with_the_field() -> None:
    host = Host()
    host.field.put(ntag())
    host.say(0x4A, "0100")
    host.say(0x32, "0100")
    assert host.say(0x42, "3000") == b"\x01"


def test_data_exchange_judges_acknowledgements_itself() -> None:
    host = Host()
    host.field.put(ntag())
    assert host.say(0x40, "013000") == b"\x27", "nobody is selected"
    host.say(0x4A, "0100")
    assert host.say(0x40, "01A20401020304") == b"\x00"
    assert host.say(0x40, "013004")[:5] == b"\x00\x01\x02\x03\x04"
    assert host.say(0x40, "01A20001020304") == b"\x0b"
    assert host.say(0x40, "013000") == b"\x01"


def test_speed_changes_when_the_host_has_acknowledged() -> None:
    host = Host()
    host.say(0x10, "07")
    assert host.chip.baud == 115200
    assert list(host.chip.feed(ACK)) == []
    assert host.chip.baud == 921600


class Echo(IsoDepCard):
    """A card that gives every command back twice."""

    def apdu(self, command: bytes) -> bytes:
        return command * 2


def test_rats_comes_first_and_only_once() -> None:
    card = Echo()
    assert card.frame(b"\x02\x01") is None
    card.reset()
    assert card.frame(b"\xe0\x80") == card.ats
    assert card.frame(b"\xe0\x80") is None


def test_a_repeated_block_gets_the_same_answer_and_is_not_carried_out_again() -> None:
    card = Echo()
    card.frame(b"\xe0\x80")
    assert card.frame(b"\x02ab") == b"\x02abab"
    assert card.frame(b"\xb2") == b"\x02abab", "R(NAK) of the same number asks for a repeat"
    assert card.frame(b"\xb3") == b"\xa2", "R(NAK) of the other number asks whether we are there"
    assert card.frame(b"\x03c") == b"\x03cc"


def test_commands_and_answers_come_in_chained_blocks() -> None:
    card = Echo()
    card.frame(b"\xe0\x00")  # the reader takes frames of 16 bytes
    assert card.frame(b"\x12abcdefgh") == b"\xa2"
    assert card.frame(b"\x03ij") == b"\x13abcdefghijabc"
    assert card.frame(b"\xa2") == b"\x02defghij"


def test_deselect_and_pps_are_answered_alike() -> None:
    card = Echo()
    card.frame(b"\xe0\x80")
    assert card.frame(b"\xd0\x11\x00") == b"\xd0"
    assert card.frame(b"\xc2") == b"\xc2"
    assert card.frame(b"\x02a") is None


def test_a_card_is_torn_away_after_so_many_frames() -> None:
    field = Field()
    field.put(ntag(), frames=2)
    assert field.select() is not None
    assert field.exchange(b"\x60") is not None
    assert field.exchange(b"\x60") is None
    assert field.card is None


def test_a_field_remembers_what_was_said() -> None:
    field = Field()
    field.put(UidCard(b"\x01\x02\x03\x04"))
    field.select()
    field.exchange(b"\x30\x00")
    assert list(field.history) == [(b"\x26", b"\x01\x02\x03\x04"), (b"\x30\x00", b"\x04")]


def test_whoever_waits_for_the_field_is_told_of_every_move() -> None:
    field = Field()
    thread = threading.Thread(target=field.put, args=(ntag(),))
    thread.start()
    assert field.wait_for(lambda: field.card is not None, PATIENCE)
    thread.join()
    assert not field.wait_for(lambda: field.card is None, 0.01)


def talk(path: str, data: bytes, count: int, *, timeout: float = PATIENCE) -> bytes:
    """Write to a terminal and read so many bytes, or what comes in time."""
    line = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(line, data)
        got = b""
        while len(got) < count and select.select([line], [], [], timeout)[0]:
            got += os.read(line, count - len(got))
        return got
    finally:
        os.close(line)


def test_the_line_carries_bytes_as_they_are() -> None:
    """No echo, and neither 0D nor 03 nor 11 mean anything."""
    data = b"\xd4\x00\x00" + bytes(range(200))
    with Pn532Uart() as uart:
        answer = talk(uart.path, framed(data), 6 + len(framed(data)))
    assert answer == ACK + framed(b"\xd5\x01" + data[2:])


def test_a_mute_line_says_nothing() -> None:
    with Pn532Uart() as uart:
        uart.faults.mute = True
        assert talk(uart.path, framed(b"\xd4\x02"), 6, timeout=0.05) == b""


def test_bad_checksums_are_counted_down_and_leave_acknowledgements_alone() -> None:
    with Pn532Uart() as uart:
        uart.faults.bad_checksums = 1
        first = talk(uart.path, framed(b"\xd4\x02"), 19)
        second = talk(uart.path, framed(b"\xd4\x02"), 19)
    assert (first[:6], second[:6]) == (ACK, ACK)
    assert sum(first[11:18]) & 0xFF != 0
    assert sum(second[11:18]) & 0xFF == 0


@pytest.mark.parametrize(("paced", "slow", "least"), [(True, 0.0, 0.023), (False, 0.002, 0.038)])
def test_a_line_takes_its_time(paced: bool, slow: float, least: float) -> None:
    """263 bytes out and 269 in take 46 ms at 115200 baud; two milliseconds a byte 38 ms for 19 bytes."""
    data = b"\xd4\x00\x00" + bytes(252) if paced else b"\xd4\x02"
    with Pn532Uart(paced=paced) as uart:
        uart.faults.seconds_per_byte = slow
        began = time.monotonic()
        talk(uart.path, framed(data), 19)
        assert time.monotonic() - began >= least


def test_a_link_keeps_its_name_when_the_line_is_plugged_in_again(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    uart = Pn532Uart(link=link)
    uart.plug()
    assert uart.path == str(link)
    uart.unplug()
    uart.unplug()
    assert not link.is_symlink()
    uart.plug()
    assert talk(str(link), framed(b"\xd4\x02"), 6) == ACK
    uart.close()


def test_a_chip_without_a_card_says_so_in_its_general_status() -> None:
    host = Host()
    assert host.say(0x04)[2] == 0
    host.field.put(Ntag424Card(bytes.fromhex("04112233445566"), os.urandom))
    host.say(0x4A, "0100")
    assert host.say(0x04)[2] == 1
    assert host.say(0x52, "00") == b"\x00"
    assert host.say(0x04)[2] == 0
