"""Which commands reach a PN53x chip, and which it need not hear again."""

import errno

import pytest

from hardware.nfc_brief import (
    PIECE,
    READ_REGISTER,
    RF_CONFIGURATION,
    WRITE_REGISTER,
    Brief,
    ReadAhead,
)

ADDRESSES, VALUES = bytes.fromhex("63026303"), b"\x80\x00"
SAME, OTHER = bytes.fromhex("630280630300"), bytes.fromhex("630280630303")
TIMINGS, LONGER = bytes.fromhex("020a0b07"), bytes.fromhex("020a0b08")
FIELD_OFF = bytes.fromhex("0102")


class Chip:
    """Answers reading with the registers' values, and anything else with nothing."""

    def __init__(self, values: bytes = VALUES) -> None:
        self.values, self.heard = values, list[tuple[int, bytes]]()
        self.deaf = False

    def say(self, code: int, data: bytes, _timeout: float) -> bytearray:
        if self.deaf:
            raise OSError(errno.ETIMEDOUT, "no answer")
        self.heard.append((code, bytes(data)))
        return bytearray(self.values if code == READ_REGISTER else b"")


def heard(*commands: tuple[int, bytes], values: bytes = VALUES) -> list[tuple[int, bytes]]:
    chip = Chip(values)
    brief = Brief(chip.say)
    for code, data in commands:
        brief(code, data, 0.1)
    return chip.heard


READ, WRITE = (READ_REGISTER, ADDRESSES), (WRITE_REGISTER, SAME)
SET = (RF_CONFIGURATION, TIMINGS)


def test_registers_are_not_written_as_they_were_just_read() -> None:
    assert heard(READ, WRITE) == [READ]


@pytest.mark.parametrize(
    "commands",
    [
        [WRITE],
        [READ, (WRITE_REGISTER, OTHER)],
        [READ, (0x42, b"\x30\x00"), WRITE],
        [READ, (RF_CONFIGURATION, FIELD_OFF), WRITE],
        [READ, (WRITE_REGISTER, OTHER), WRITE],
    ],
)
def test_registers_that_were_not_just_read_so_are_written(commands: list[tuple[int, bytes]]) -> None:
    assert heard(*commands) == commands


def test_an_answer_with_a_status_before_the_values_leaves_nothing_out() -> None:
    assert heard(READ, WRITE, values=b"\x00" + VALUES) == [READ, WRITE]


def test_timings_are_set_once_and_again_when_they_change() -> None:
    longer = (RF_CONFIGURATION, LONGER)
    assert heard(SET, SET, longer, longer, SET) == [SET, longer, SET]


def test_the_field_is_switched_off_unless_that_was_the_last_that_the_chip_heard() -> None:
    off, look = (RF_CONFIGURATION, FIELD_OFF), (0x4A, b"\x01\x00")
    assert heard(off, off, look, off, SET, off, off) == [off, look, off, SET, off]


def test_a_switch_that_the_chip_did_not_acknowledge_is_said_again() -> None:
    chip = Chip()
    brief = Brief(chip.say)
    brief(RF_CONFIGURATION, FIELD_OFF, 0.1)
    chip.deaf = True
    with pytest.raises(OSError, match="no answer"):
        brief(0x4A, b"\x01\x00", 0.1)
    chip.deaf = False
    brief(RF_CONFIGURATION, FIELD_OFF, 0.1)
    assert chip.heard == [(RF_CONFIGURATION, FIELD_OFF)] * 2


def test_timings_that_the_chip_did_not_acknowledge_are_set_again() -> None:
    chip = Chip()
    brief = Brief(chip.say)
    brief(*SET, 0.1)
    chip.deaf = True
    with pytest.raises(OSError, match="no answer"):
        brief(RF_CONFIGURATION, LONGER, 0.1)
    chip.deaf = False
    brief(*SET, 0.1)
    assert chip.heard == [SET, SET]


def test_a_command_without_data_passes() -> None:
    assert heard((0x02, b""), (0x02, b"")) == [(0x02, b""), (0x02, b"")]


class Memory:
    """A chip whose pages are each filled with their number."""

    def __init__(self) -> None:
        self.pieces, self.singly = list[tuple[int, int]](), list[int]()

    def pages(self, first: int, last: int) -> bytearray:
        return bytearray(number for number in range(first, last + 1) for _ in range(4))

    def transceive(self, frame: bytearray) -> bytearray:
        assert frame[0] == 0x3A
        self.pieces.append((frame[1], frame[2]))
        return self.pages(frame[1], frame[2])

    def read(self, page: int) -> bytearray:
        self.singly.append(page)
        return self.pages(page, page + 3)


@pytest.mark.parametrize(
    ("last", "pieces", "singly"),
    [(100, [(0, 27), (28, 55)], []), (40, [(0, 27)], [28, 32]), (15, [], list(range(0, 36, 4)))],
)
def test_memory_is_read_in_pieces_as_far_as_anybody_may(
    last: int, pieces: list[tuple[int, int]], singly: list[int]
) -> None:
    chip = Memory()
    read = ReadAhead(chip.read, chip.transceive, last=last)
    for page in range(0, 36, 4):
        assert read(page) == chip.pages(page, page + 3)
    assert (chip.pieces, chip.singly) == (pieces, singly)


def test_a_page_out_of_turn_is_asked_for_singly_and_one_known_already_is_not() -> None:
    chip = Memory()
    read = ReadAhead(chip.read, chip.transceive, last=100)
    read(40), read(0), read(20)
    assert (chip.pieces, chip.singly) == ([(0, PIECE - 1)], [40])


def test_a_refusal_is_no_answer() -> None:
    read = ReadAhead(Memory().read, lambda _: b"\x00", last=100)
    with pytest.raises(ValueError, match="1 bytes"):
        read(0)
