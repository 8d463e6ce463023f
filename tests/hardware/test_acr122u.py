"""Real nfcpy, its USB transport and its ACR122U driver, over a simulated reader below libusb."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from card_tools.ntag424 import ev2_first
from hardware.nfc_reader import NfcReader, probe
from hardware.ports import ContentKind, ReaderState, Transceive
from hardware.presentation import Patience
from hardware.simulated import Acr122u, Ntag424Card
from hardware.simulated.acr122u import DATA_BLOCK, FAILED, HEAD, TRANSFER_BLOCK
from tests.support.hardware import BRISK, MESSAGE, ReaderLog, ntag
from tests.support.usb import Plug, plugged_in

UID7 = bytes.fromhex("04112233445566")
SELECT_THE_APPLICATION = bytes.fromhex("00A4040007D276000085010100")


@contextmanager
def reading(
    reader: Acr122u, *, patience: Patience = BRISK, interrogator=None
) -> Iterator[tuple[Plug, ReaderLog]]:
    """A kiosk's reader at this plug, ready."""
    log = ReaderLog()
    with plugged_in(reader) as plug:
        driver = NfcReader(plug.path, name="desk", patience=patience)
        driver.start(log.on_read, log.on_state, interrogator)
        try:
            log.wait_state(ReaderState.READY)
            yield plug, log
        finally:
            driver.stop()


@pytest.mark.usb
def test_an_ntag_and_an_ntag_424_are_read_and_the_424_is_asked() -> None:
    proved = []

    def ask(uid: bytes, _ndef: bytes, transceive: Transceive) -> None:
        if uid == UID7:
            transceive(SELECT_THE_APPLICATION)
            proved.append(ev2_first(bytes(16), 0, transceive).card_uid(transceive))

    reader = Acr122u()
    chip = Ntag424Card(UID7, lambda count: bytes(range(count)))
    chip.write_ndef(MESSAGE)
    with reading(reader, interrogator=ask) as (_, log):
        for count, card in enumerate((ntag(last=1), chip), 1):
            reader.field.put(card)
            read = log.wait_reads(count)[-1]
            assert (read.content, read.content_kind) == (MESSAGE, ContentKind.NDEF)
            reader.field.take()
    assert [read.uid[-1] for read in log.reads] == [1, 0x66]
    assert proved == [UID7]


@pytest.mark.usb
def test_pulled_out_it_is_lost_and_plugged_in_it_reads_again() -> None:
    reader = Acr122u()
    with reading(reader) as (plug, log):
        plug.pull()
        log.wait_state(ReaderState.LOST)
        plug.put()
        log.wait_state(ReaderState.READY)
        reader.field.put(ntag())
        assert log.wait_reads(1)[0].uid == UID7


@pytest.mark.usb
def test_it_is_never_closed_however_long_nobody_comes() -> None:
    """Put to sleep it would not wake up any more (nfcpy#154)."""
    reader = Acr122u()
    with reading(reader, patience=replace(BRISK, idle_s=0)) as (plug, _):
        seen = reader.field.frames
        assert reader.field.wait_for(lambda: reader.field.frames > seen + 20, 60)
        assert (plug.opened, reader.chip.asleep) == (1, False)


@pytest.mark.usb
def test_selftest_names_the_chip_behind_it() -> None:
    with plugged_in(Acr122u()) as plug:
        assert probe(plug.path) == "PN532v1.6"


def test_a_message_that_it_does_not_know_and_a_chip_that_sleeps_are_told() -> None:
    reader = Acr122u()
    said = reader.answer(HEAD.pack(0x6B, 0, 0, 7, 0, 0, 0))
    assert HEAD.unpack(said) == (DATA_BLOCK, 0, 0, 7, FAILED, 0, 0)
    reader.chip.asleep = True
    version = bytes.fromhex("FF00000002D402")
    assert reader.answer(HEAD.pack(TRANSFER_BLOCK, 7, 0, 0, 0, 0, 0) + version)[-2:] == b"\x63\x00"
    reader.power_up()
    assert reader.answer(HEAD.pack(TRANSFER_BLOCK, 7, 0, 0, 0, 0, 0) + version)[-2:] == b"\x90\x00"
    with pytest.raises(ValueError, match="says 7 bytes"):
        reader.answer(HEAD.pack(TRANSFER_BLOCK, 7, 0, 0, 0, 0, 0))
