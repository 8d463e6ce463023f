"""One card in front of the reader is one read: real nfcpy over a simulated chip on a pseudo-terminal."""

from dataclasses import replace

import pytest

from hardware.nfc_reader import NfcReader
from hardware.ports import ContentKind, ReaderState
from hardware.simulated import PhoneCard, Pn532Uart
from tests.support.hardware import (
    BRISK,
    FOR_SILENCE,
    MESSAGE,
    STEADY,
    UID7,
    ReaderLog,
    bench,
    ntag,
)
from tests.support.processes import PATIENCE


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


def test_a_card_torn_away_that_comes_back_in_time_is_one_good_read() -> None:
    with bench(patience=STEADY) as b:
        b.field.put(ntag(), frames=2)
        assert b.field.wait_for(lambda: b.field.card is None, PATIENCE)
        b.looks(3)
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert (read.content_kind, read.content) == (ContentKind.NDEF, MESSAGE)
    assert read.evidence["tries"] >= 2


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
