"""What cards say, each in its own way: real nfcpy over a simulated chip on a pseudo-terminal."""

from typing import Any

import pytest

from hardware.ports import ContentKind, ReaderState, Transceive
from hardware.simulated import FelicaCard, NtagCard, UidCard
from hardware.simulated.ntag import NAK_ARGUMENT
from tests.support.hardware import MESSAGE, STEADY, UID7, bench, ntag, ntag424


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
    return WithoutFastRead("ntag213", UID7[:-1] + bytes((last,)), ndef=MESSAGE)


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
