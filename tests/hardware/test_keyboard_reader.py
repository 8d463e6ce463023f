"""Readers that type: what they type, what it means, and what is never taken for a card."""

import os
import queue
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.keyboard_reader import (
    KeyboardFormat,
    KeyboardReader,
    KeyDecoder,
    calibrate,
    find,
    is_cut,
    to_read,
)
from hardware.ports import CardRead, ContentKind, ReaderLost, ReaderState, SettingWrong
from tests.support.processes import PATIENCE

UID = bytes.fromhex("EFBEADDE")
CODES = {
    **{str(n): 1 + n for n in range(1, 10)},
    "0": 11,
    **dict(zip("ABCDEF", (30, 48, 46, 32, 18, 33), strict=True)),
    "$": 5,
    ":": 39,
    "K": 37,
    "Y": 21,
}
NEEDS_SHIFT = set("$:")


def event(kind: int, code: int, value: int, at_ms: int) -> bytes:
    return struct.pack("llHHi", at_ms // 1000, at_ms % 1000 * 1000, kind, code, value)


def key(code: int, at_ms: int = 0) -> bytes:
    """A key goes down and up, each with the kernel's own report after it."""
    down, up, report = (event(*e, at_ms) for e in ((1, code, 1), (1, code, 0), (0, 0, 0)))
    return down + report + up + report


def typed(text: str, *, at_ms: int = 0, end: int = 28) -> bytes:
    raw = b""
    for i, character in enumerate(text):
        shift = character.isupper() or character in NEEDS_SHIFT
        raw += event(1, 42, 1, at_ms + i) if shift else b""
        raw += key(CODES[character.upper()], at_ms + i)
        raw += event(1, 42, 0, at_ms + i) if shift else b""
    return raw + key(end, at_ms + len(text))


def decoded(*parts: bytes) -> list[str]:
    decoder = KeyDecoder()
    return [line for part in parts for line in decoder.feed(part)]


def test_digits_and_enter_are_a_line() -> None:
    assert decoded(typed("4022250974")) == ["4022250974"]


@pytest.mark.parametrize("end", [28, 96, 15])
def test_enter_of_the_number_pad_and_tab_end_a_line_too(end: int) -> None:
    assert decoded(typed("12", end=end)) == ["12"]


def test_capital_letters_and_signs_need_shift() -> None:
    assert decoded(typed("YK1:$")) == ["YK1:$"]
    assert decoded(typed("dead")) == ["dead"]


def test_events_may_come_in_any_pieces() -> None:
    raw = typed("4022250974")
    assert decoded(*(raw[i : i + 7] for i in range(0, len(raw), 7))) == ["4022250974"]


def test_a_key_that_repeats_itself_counts_once() -> None:
    held = event(1, 2, 1, 0) + event(1, 2, 2, 300) + event(1, 2, 2, 330) + event(1, 2, 0, 340)
    assert decoded(held + key(28, 350)) == ["1"]


def test_after_a_pause_a_new_line_begins() -> None:
    """Someone leaned on a key in the morning; the card of the afternoon is not longer for it."""
    assert decoded(key(CODES["7"], 1000), typed("12", at_ms=9000)) == ["12"]


def test_what_the_kernel_dropped_in_the_middle_of_is_no_number() -> None:
    assert decoded(key(CODES["7"]), event(0, 3, 0, 0), typed("12")) == ["12"]


def test_an_empty_line_is_nothing() -> None:
    assert decoded(key(28)) == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("4022250974", KeyboardFormat(base="decimal", order="as_read", digits=10)),
        ("3735928559", KeyboardFormat(base="decimal", order="reversed", digits=10)),
        ("EFBEADDE", KeyboardFormat(base="hex", order="as_read", digits=8)),
        ("deadbeef", KeyboardFormat(base="hex", order="reversed", digits=8)),
    ],
)
def test_one_card_is_typed_in_four_ways_and_calibration_finds_which(text: str, form: KeyboardFormat) -> None:
    found = calibrate(UID, text)
    assert found == form
    assert found.read(text) == UID


def test_leading_zeros_tell_how_long_every_number_is() -> None:
    uid = bytes.fromhex("00000A0B")
    assert calibrate(uid, "0000002571").digits == 10
    assert calibrate(uid, "2571").digits == 0


def test_a_reader_that_cuts_seven_bytes_is_found_out() -> None:
    uid = bytes.fromhex("04DE5F1EACC040")
    for part in (b"\x88" + uid[:3], uid[:4], uid[-4:]):
        with pytest.raises(SettingWrong, match="only part"):
            calibrate(uid, str(int.from_bytes(part, "big")))


def test_a_card_that_reads_the_same_both_ways_cannot_calibrate() -> None:
    with pytest.raises(SettingWrong, match="another card"):
        calibrate(bytes.fromhex("12344321"[:4] + "3412"), str(int("12343412", 16)))


def test_text_that_is_not_this_card_is_refused() -> None:
    with pytest.raises(SettingWrong, match="not the UID"):
        calibrate(UID, "123")


@given(
    st.sampled_from([4, 7]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    st.sampled_from(["decimal", "hex"]),
    st.sampled_from(["as_read", "reversed"]),
)
def test_what_is_written_is_read_back_unless_it_is_a_cut_uid(uid: bytes, base: str, order: str) -> None:
    form = KeyboardFormat(base=base, order=order, uid_bytes=len(uid))
    if is_cut(uid):
        with pytest.raises(ValueError, match="88"):
            form.read(form.write(uid))
    else:
        assert form.read(form.write(uid)) == uid


@pytest.mark.parametrize("line", ["", "12x", "99999999999", "１２", "-5", "1_0", "123456789"])
def test_what_is_no_number_is_unreadable_with_its_reason(line: str) -> None:
    read = to_read(line, KeyboardFormat(digits=10), reader="door", now=7)
    assert (read.uid, read.content_kind) == (b"", ContentKind.UNREADABLE)
    assert read.evidence["reason"]


def test_a_cut_uid_is_never_taken_for_a_card() -> None:
    form = KeyboardFormat(base="hex")
    read = to_read("8804DE5F", form, reader="door", now=7)
    assert read.content_kind is ContentKind.UNREADABLE
    assert "two cards may look the same" in read.evidence["reason"]


def test_a_scanner_that_types_codes_yields_text() -> None:
    read = to_read("YK1:A", KeyboardFormat(base="text"), reader="door", now=7)
    assert (read.medium, read.content, read.content_kind) == ("qr", b"YK1:A", ContentKind.TEXT)


@pytest.mark.parametrize("wrong", [{"base": "octal"}, {"order": "sideways"}, {"uid_bytes": 5}])
def test_a_format_that_does_not_exist_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingWrong):
        KeyboardFormat(**wrong)  # type: ignore[arg-type]


def test_a_device_is_found_by_what_it_calls_itself(tmp_path: Path) -> None:
    for number, name in ((3, "Logi Keyboard"), (7, "Sycreader RFID 13.56")):
        (tmp_path / f"event{number}" / "device").mkdir(parents=True)
        (tmp_path / f"event{number}" / "device" / "name").write_text(name + "\n")
    pattern = f"{tmp_path}/event*/device/name"
    assert find("name:sycreader", names=pattern) == "/dev/input/event7"
    assert find("/dev/input/event3") == "/dev/input/event3"
    with pytest.raises(ReaderLost, match="acr"):
        find("name:acr", names=pattern)


class Bench:
    """A pipe in place of the kernel's device, and what the kiosk heard."""

    def __init__(self, path: Path, form: KeyboardFormat) -> None:
        os.mkfifo(path)
        self.fd = os.open(path, os.O_RDWR)
        self.seized: list[int] = []
        self.reads: queue.Queue[CardRead] = queue.Queue()
        self.states: queue.Queue[ReaderState] = queue.Queue()
        self.reader = KeyboardReader(str(path), name="typed", format=form, seize=self.seized.append)
        self.reader.start(self.reads.put, lambda name, state: self.states.put(state))

    def close(self) -> None:
        self.reader.stop()
        os.close(self.fd)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "event0", KeyboardFormat(digits=10))
    yield bench
    bench.close()


def test_a_typed_card_is_one_read_and_the_keyboard_is_ours_alone(bench: Bench) -> None:
    assert bench.states.get(timeout=PATIENCE) is ReaderState.READY
    os.write(bench.fd, typed("4022250974") + typed("4022250974", at_ms=300))
    read = bench.reads.get(timeout=PATIENCE)
    assert (read.medium, read.uid, read.reader) == ("nfc", UID, "typed")
    assert len(bench.seized) == 1
    os.write(bench.fd, typed("3735928559", at_ms=2000))
    assert bench.reads.get(timeout=PATIENCE).uid == bytes.fromhex("DEADBEEF")
    assert bench.reads.empty()


def test_a_device_that_is_not_there_or_is_no_keyboard_is_lost(tmp_path: Path) -> None:
    plain = tmp_path / "no-keyboard"
    plain.write_bytes(b"")
    for path in (tmp_path / "nothing", plain):
        states: queue.Queue[ReaderState] = queue.Queue()
        reader = KeyboardReader(str(path), name="typed")
        reader.start(lambda read: None, lambda name, state, told=states: told.put(state))
        assert states.get(timeout=PATIENCE) is ReaderState.LOST
        reader.stop()
