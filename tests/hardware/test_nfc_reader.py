"""Real nfcpy, its PN532 driver and pyserial, over a simulated chip on a pseudo-terminal."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardware.nfc_reader import NfcReader, probe, terminal_of
from hardware.ports import CardTornAway, ContentKind, ReaderLost, ReaderState, Transceive
from hardware.simulated import FelicaCard, Field, Ntag424Card, NtagCard, PhoneCard, Pn532Uart, UidCard
from hardware.simulated.ntag import NAK_ARGUMENT
from tests.support.hardware import BRISK, FOR_SILENCE, MESSAGE, STEADY, ReaderLog, bench, ntag, udp_peer
from tests.support.processes import PATIENCE, until

UID7 = bytes.fromhex("04112233445566")


def ntag424(last: int = 0x66) -> Ntag424Card:
    card = Ntag424Card(UID7[:6] + bytes((last,)), lambda count: bytes(range(count)))
    card.write_ndef(MESSAGE)
    return card


@pytest.mark.parametrize("uid", ["DEADBEEF", "04DEADBE", "04112233445566", "04112233445566778899"])
def test_a_card_without_readable_memory_is_read_by_its_uid(uid: str) -> None:
    with bench() as b:
        b.field.put(UidCard(bytes.fromhex(uid)))
        (read,) = b.log.wait_reads(1)
    assert (read.medium, read.uid, read.content_kind) == ("nfc", bytes.fromhex(uid), ContentKind.NONE)
    assert (read.reader, read.evidence["sak"]) == ("door", "08")


@pytest.mark.parametrize(
    ("kind", "chip"), [("ntag213", "NXP NTAG213"), ("ntag215", "NXP NTAG215"), ("ntag216", "NXP NTAG216")]
)
def test_the_ndef_message_of_an_ntag_is_read(kind: str, chip: str) -> None:
    with bench() as b:
        b.field.put(ntag(kind))
        (read,) = b.log.wait_reads(1)
    assert (read.uid, read.content, read.content_kind) == (UID7, MESSAGE, ContentKind.NDEF)
    assert read.evidence["chip"] == chip


def test_a_long_message_of_an_ntag216_is_read_whole() -> None:
    message = bytes(range(256)) * 3 + bytes(100)
    with bench() as b:
        b.field.put(ntag("ntag216", ndef=message))
        assert b.log.wait_reads(1)[0].content == message


def test_a_message_of_our_length_is_read_in_one_piece() -> None:
    message = bytes(range(91))
    with bench() as b:
        b.field.put(ntag(ndef=message))
        assert b.log.wait_reads(1)[0].content == message
        asked = [data for data, _ in b.field.history if data[:1] in (b"\x30", b"\x3a")]
    assert asked == [bytes((0x3A, 0, 27))]


class WithoutFastRead(NtagCard):
    """A copy that calls itself NTAG213 but knows no FAST_READ: it refuses, or says nothing at all."""

    says: bytes | None = NAK_ARGUMENT

    def _command(self, data: bytes) -> bytes | None:
        return self.says if data[:1] == b"\x3a" else super()._command(data)


@pytest.mark.parametrize("says", [NAK_ARGUMENT, None, bytes(16)])
def test_a_copy_that_knows_no_long_pieces_is_read_at_the_second_attempt(says: bytes | None) -> None:
    card = WithoutFastRead("ntag213", UID7, ndef=MESSAGE)
    card.says = says
    with bench(patience=STEADY) as b:
        b.field.put(card)
        (read,) = b.log.wait_reads(1)
    assert (read.content, read.content_kind, read.evidence["tries"]) == (MESSAGE, ContentKind.NDEF, 2)


def tries_of(b: Any, cards: list[NtagCard]) -> list[int]:
    """How many attempts each card took, laid down one after another."""
    tries = []
    for count, card in enumerate(cards, 1):
        b.field.put(card)
        read = b.log.wait_reads(count)[-1]
        assert (read.uid, read.content) == (card.uid, MESSAGE)
        tries.append(read.evidence["tries"])
    return tries


def test_a_reader_that_fails_at_long_pieces_asks_for_none_after_five_cards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with bench(patience=STEADY) as b:
        tries = tries_of(b, [copy_without_fast_read(last) for last in range(1, 9)])
    assert tries == [2, 2, 2, 2, 2, 1, 1, 1]
    assert caplog.text.count("cards are read in short pieces from now on") == 1


def test_one_card_in_five_that_is_read_in_a_long_piece_is_enough_to_go_on() -> None:
    with bench(patience=STEADY) as b:
        cards = [ntag(last=n) if n % 5 == 0 else copy_without_fast_read(n) for n in range(1, 12)]
        assert tries_of(b, cards) == [2, 2, 2, 2, 1, 2, 2, 2, 2, 1, 2]


def test_the_ndef_message_of_an_ntag_424_is_read() -> None:
    with bench() as b:
        b.field.put(ntag424())
        (read,) = b.log.wait_reads(1)
    assert (read.uid, read.content, read.content_kind) == (UID7, MESSAGE, ContentKind.NDEF)


@pytest.mark.parametrize("message", [None, b""])
def test_a_blank_card_says_nothing_and_is_not_called_unreadable(message: bytes | None) -> None:
    with bench() as b:
        b.field.put(ntag(ndef=message))
        assert b.log.wait_reads(1)[0].content_kind is ContentKind.NONE


def test_a_read_protected_card_is_read_by_its_uid() -> None:
    card = ntag()
    card.memory[41 * 4 + 3], card.memory[42 * 4] = 4, 0x80
    with bench() as b:
        b.field.put(card)
        assert b.log.wait_reads(1)[0].content_kind is ContentKind.NONE


def test_a_telephone_gives_one_read_though_its_uid_changes() -> None:
    numbers = iter(range(1, 10_000))
    with bench() as b:
        b.field.put(PhoneCard(lambda count: next(numbers).to_bytes(count, "big")))
        (read,) = b.log.wait_reads(1)
        b.looks(20)
    assert (read.uid[0], len(read.uid), len(b.log.reads)) == (0x08, 4, 1)


def test_one_presentation_is_one_read_however_long_the_card_lies() -> None:
    with bench() as b:
        b.field.put(ntag())
        b.log.wait_reads(1)
        b.looks(100)
    assert len(b.log.reads) == 1


def test_a_card_that_flickers_at_the_edge_is_one_presentation() -> None:
    with bench(patience=STEADY) as b:
        for _ in range(5):
            b.field.put(ntag())
            b.log.wait_reads(1)
            b.field.take()
            b.looks(5)
    assert len(b.log.reads) == 1


def test_a_card_that_was_gone_and_comes_again_is_a_second_presentation() -> None:
    with bench() as b:
        for count in (1, 2):
            b.field.put(ntag())
            b.log.wait_reads(count)
            b.gone()
    assert [read.uid for read in b.log.reads] == [UID7, UID7]


def test_a_card_exchanged_for_another_without_a_gap_gives_two_reads() -> None:
    with bench() as b:
        b.field.put(ntag(last=1))
        b.log.wait_reads(1)
        b.field.put(ntag(last=2))
        b.log.wait_reads(2)
        b.looks(30)
    assert [read.uid[-1] for read in b.log.reads] == [1, 2]


def test_two_cards_that_answer_in_turn_are_two_presentations() -> None:
    """Two cards in one wallet: whichever answers, neither is new again and again."""
    cards = ntag(last=1), ntag(last=2)
    with bench(patience=STEADY) as b:
        for index in range(10):
            b.field.put(cards[index % 2])
            b.log.wait_reads(min(index + 1, 2))
            b.looks(6)
    assert [read.uid[-1] for read in b.log.reads] == [1, 2]


def test_a_hundred_taps_come_in_order() -> None:
    with bench() as b:
        for number in range(100):
            b.field.put(ntag(last=number))
            b.log.wait_reads(number + 1)
            b.field.take()
    assert [read.uid[-1] for read in b.log.reads] == list(range(100))
    assert all(read.content == MESSAGE for read in b.log.reads)


def test_a_tap_is_told_after_the_same_few_frames_each_time() -> None:
    """How soon that is on a clock, benchmarks/ measures."""
    spoken = [frames_of_a_whole_reading(ntag(last=number)) for number in range(20)]
    assert len(set(spoken)) == 1
    assert spoken[0] < 30


def frames_of_a_whole_reading(card: Any) -> int:
    with bench() as b:
        b.field.put(card)
        b.log.wait_reads(1)
        b.field.take()
        return sum(1 for data, _ in b.field.history if data != b"\x26") + 1


def copy_without_fast_read(last: int = 0x66) -> NtagCard:
    return WithoutFastRead("ntag213", UID7[:6] + bytes((last,)), ndef=MESSAGE)


@pytest.mark.parametrize(
    ("make", "least"),
    [(ntag, 4), (copy_without_fast_read, 10), (ntag424, 6)],
    ids=["ntag", "copy", "ntag424"],
)
def test_a_card_torn_away_at_any_frame_is_unreadable_and_never_called_blank(make: Any, least: int) -> None:
    frames = frames_of_a_whole_reading(make())
    assert frames >= least
    with bench() as b:
        for count in range(1, frames):
            b.field.put(make(last=count), frames=count)
            read = b.log.wait_reads(count)[-1]
            assert (read.content_kind, read.content) in (
                (ContentKind.UNREADABLE, b""),
                (ContentKind.NDEF, MESSAGE),
            ), count
            assert read.uid[-1] == count
        kinds = [read.content_kind for read in b.log.reads]
    assert kinds[0] is ContentKind.UNREADABLE
    assert kinds == sorted(kinds, reverse=True), "up to some frame nothing, from there on everything"


def test_a_card_torn_away_that_comes_back_in_time_is_one_good_read() -> None:
    with bench(patience=STEADY) as b:
        b.field.put(ntag(), frames=2)
        assert b.field.wait_for(lambda: b.field.card is None, PATIENCE)
        b.looks(3)
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert (read.content_kind, read.content) == (ContentKind.NDEF, MESSAGE)
    assert read.evidence["tries"] >= 2


class Stubborn(UidCard):
    """A card that lies there and answers nothing; what is read is the SAK."""

    def frame(self, data: bytes) -> bytes | None:
        return None


def test_a_card_that_lies_there_but_never_answers_is_unreadable_in_the_end() -> None:
    with bench() as b:
        b.field.put(Stubborn(UID7, sak=0x00))
        (read,) = b.log.wait_reads(1)
    assert read.content_kind is ContentKind.UNREADABLE


def test_a_silent_mifare_classic_is_still_good_for_its_uid() -> None:
    with bench() as b:
        b.field.put(Stubborn(bytes.fromhex("DEADBEEF")))
        (read,) = b.log.wait_reads(1)
    assert (read.uid, read.content_kind) == (bytes.fromhex("DEADBEEF"), ContentKind.NONE)


class Babbler(UidCard):
    """A card whose answers keep to no standard."""

    def frame(self, data: bytes) -> bytes | None:
        return b"\x01"


def test_a_card_that_nfcpy_does_not_understand_is_good_for_its_uid_and_harms_nobody() -> None:
    with bench() as b:
        b.field.put(Babbler(bytes.fromhex("CAFE0001"), sak=0x20))
        (strange,) = b.log.wait_reads(1)
        b.field.put(ntag())
        good = b.log.wait_reads(2)[1]
    assert (strange.uid, strange.content_kind) == (bytes.fromhex("CAFE0001"), ContentKind.NONE)
    assert good.content == MESSAGE
    assert b.log.states == [ReaderState.READY]


def test_the_interrogator_gets_uid_message_and_whole_commands_and_its_word_is_the_proof() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        select = transceive(bytes.fromhex("00A4040C07D276000085010100"))
        return {
            "uid": uid,
            "ndef": ndef,
            "select": select,
            "challenge": transceive(bytes.fromhex("9071000002000000")),
        }

    with bench(interrogator=ask) as b:
        b.field.put(ntag424())
        (read,) = b.log.wait_reads(1)
    assert (read.proof["uid"], read.proof["ndef"], read.proof["select"]) == (UID7, MESSAGE, b"\x90\x00")
    assert read.proof["challenge"][16:] == b"\x91\xaf"


def test_an_interrogator_speaks_raw_commands_with_a_type_2_card_also_after_a_refusal() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        refused = transceive(bytes.fromhex("1BFFFFFFFE"))
        return {"refused": refused, "version": transceive(b"\x60")}

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.proof == {"refused": b"\x00", "version": bytes.fromhex("0004040201000F03")}


def test_an_interrogator_without_a_question_leaves_the_proof_empty() -> None:
    with bench(interrogator=lambda uid, ndef, transceive: None) as b:
        b.field.put(ntag())
        assert b.log.wait_reads(1)[0].proof == {}


def test_a_card_torn_away_while_it_is_asked_keeps_what_it_said_before() -> None:
    torn = []

    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        b.field.take()
        try:
            transceive(b"\x60")
        except CardTornAway:
            torn.append(True)
            raise
        return {}

    with bench(interrogator=ask, patience=replace(BRISK, give_up_ms=60_000)) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert torn == [True]
    assert (read.content_kind, read.content, read.proof) == (ContentKind.NDEF, MESSAGE, {})
    assert read.evidence["note"] == "torn away"


def test_a_failing_interrogator_does_not_lose_the_tap(caplog: pytest.LogCaptureFixture) -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        raise RuntimeError("a fault of ours")

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert (read.content, read.proof) == (MESSAGE, {})
    assert "a fault of ours" in caplog.text


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


def test_the_moment_of_a_read_is_its_first_sight() -> None:
    times = iter(range(1000, 1_000_000, 7))
    log = ReaderLog()
    with Pn532Uart() as uart:
        uart.field.put(ntag())
        reader = NfcReader(uart.path, name="door", patience=BRISK, clock_uptime_ms=lambda: next(times))
        reader.start(log.on_read, log.on_state)
        (read,) = log.wait_reads(1)
        reader.stop()
    assert 1000 <= read.uptime_ms < 1100
    assert read.evidence["ms"] > 0


def test_a_card_replaced_before_it_was_read_is_told_before_the_one_that_replaced_it() -> None:
    with bench(patience=STEADY) as b:
        b.field.put(ntag(last=1), frames=2)
        assert b.field.wait_for(lambda: b.field.card is None, PATIENCE)
        b.field.put(ntag(last=2))
        b.log.wait_reads(2)
    assert [(read.uid[-1], read.content_kind) for read in b.log.reads] == [
        (1, ContentKind.UNREADABLE),
        (2, ContentKind.NDEF),
    ]


@pytest.mark.parametrize(("outage_ms", "reads"), [(60_000, 1), (0, 2)])
def test_a_card_that_lies_there_through_a_short_outage_is_no_new_presentation(
    outage_ms: int, reads: int
) -> None:
    with bench(patience=replace(FOR_SILENCE, outage_ms=outage_ms)) as b:
        b.field.put(ntag())
        b.log.wait_reads(1)
        b.uart.faults.mute = True
        b.log.wait_state(ReaderState.LOST)
        b.uart.faults.mute = False
        b.log.wait_state(ReaderState.READY)
        b.log.wait_reads(reads)
        b.looks(20)
        assert len(b.log.reads) == reads


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


def test_an_interrogator_that_meets_a_fault_of_its_own_does_not_make_the_reader_lost() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        raise FileNotFoundError("a key file of ours")

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.evidence["note"] == "interrogator failed: FileNotFoundError"
    assert b.log.states == [ReaderState.READY]


def test_a_line_that_dies_while_a_card_is_asked_is_a_lost_reader_and_the_card_is_asked_again() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        b.uart.faults.mute = len(b.log.states) == 1
        return {"version": transceive(b"\x60")}

    with bench(interrogator=ask, patience=FOR_SILENCE) as b:
        b.field.put(ntag())
        b.log.wait_state(ReaderState.LOST)
        b.uart.faults.mute = False
        (read,) = b.log.wait_reads(1)
    assert read.proof == {"version": bytes.fromhex("0004040201000F03")}


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


class TestFelica:
    """Cards of type F, which a reader calls for where ``felica = true`` says that people have them."""

    IDM = bytes.fromhex("0123456789ABCDEF")

    def test_its_message_is_read_and_a_transport_card_is_known_by_its_number(self) -> None:
        with bench(felica=True) as b:
            for count, card in enumerate(
                (FelicaCard(self.IDM, ndef=MESSAGE), FelicaCard(self.IDM), ntag()), 1
            ):
                b.field.put(card)
                b.log.wait_reads(count)
                b.gone()
        lite, transport, last = b.log.reads
        assert (lite.uid, lite.content, lite.content_kind) == (self.IDM, MESSAGE, ContentKind.NDEF)
        assert (transport.uid, transport.content_kind) == (self.IDM, ContentKind.NONE)
        assert (last.uid, last.content) == (UID7, MESSAGE)
        assert lite.evidence["chip"].startswith("FeliCa Lite-S")
        assert transport.evidence["pmm"] == "0120220427674eff"

    def test_a_reader_that_was_not_told_to_does_not_call_for_it(self) -> None:
        with bench() as b:
            b.field.put(FelicaCard(self.IDM))
            b.looks(20)
        assert b.log.reads == []

    def test_a_telephone_that_makes_up_its_number_is_one_presentation(self) -> None:
        with bench(felica=True, patience=STEADY) as b:
            for last in range(3):
                b.field.put(FelicaCard(bytes.fromhex("01FE0000000000") + bytes((last,))))
                b.log.wait_reads(1)
                b.looks(10)
        assert len(b.log.reads) == 1

    def test_whoever_asks_it_as_a_chip_of_ours_is_told_that_it_does_not_answer(self) -> None:
        def ask(_uid: bytes, _ndef: bytes, transceive: Transceive) -> None:
            transceive(b"\x60")

        with bench(felica=True, interrogator=ask) as b:
            b.field.put(FelicaCard(self.IDM, ndef=MESSAGE))
            (read,) = b.log.wait_reads(1)
        assert (read.content, read.evidence["note"]) == (MESSAGE, "torn away while it was asked")
