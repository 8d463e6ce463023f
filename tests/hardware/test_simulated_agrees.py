"""Two readings of NXP's papers, ``card_tools`` and ``hardware.simulated``, meet over nfcpy and must agree."""

from typing import Any

import pytest

from card_tools import ntag424, writer
from card_tools.credential import Issuer
from card_tools.errors import CardForged
from card_tools.ndef import from_ndef, to_ndef, to_type2
from hardware.ports import CardTornAway, ContentKind, Transceive
from hardware.simulated import Ntag424Card
from tests.support.hardware import bench, ntag

UID = bytes.fromhex("04DE5F1EACC040")
SELECT = bytes.fromhex("00A4040C07D276000085010100")
FACTORY, META, FILE = bytes(16), bytes(range(16)), bytes(range(16, 32))
ISSUER = Issuer(bytes(range(32)))


def chip() -> Ntag424Card:
    numbers = iter(range(1, 1_000_000))
    return Ntag424Card(UID, lambda count: next(numbers).to_bytes(count, "big"))


def personalise(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
    """Make a factory-new chip a SUN card: two keys, the file, its settings."""
    content, offsets = ntag424.sun_url_file("https://yika.example/t")
    transceive(SELECT)
    session = ntag424.ev2_first(FACTORY, 0, transceive)
    for number, key in ((2, META), (1, FILE)):
        session.opened(transceive(ntag424.change_key(session, number, key, old=FACTORY)))
    transceive(bytes.fromhex("00A4000C02E104"))
    assert transceive(b"\x00\xd6\x00\x00" + bytes((len(content),)) + content) == b"\x90\x00"
    session = ntag424.ev2_first(FACTORY, 0, transceive)
    settings = ntag424.sun_settings(offsets)
    session.opened(transceive(ntag424.change_file_settings(session, 2, settings)))
    return {"uid": session.card_uid(transceive)}


def test_a_chip_is_made_a_sun_card_and_its_messages_verify_with_a_rising_counter() -> None:
    card = chip()
    with bench(interrogator=personalise) as b:
        b.field.put(card)
        assert b.log.wait_reads(1)[0].proof == {"uid": UID}
    counters = []
    with bench() as b:
        for count in (1, 2, 3):
            b.field.put(card)
            text = b.log.wait_reads(count)[-1].content.decode("latin-1")
            query = dict(part.split("=") for part in text.partition("?")[2].split("&"))
            picc_data, mac = bytes.fromhex(query["picc_data"]), bytes.fromhex(query["cmac"])
            message = ntag424.decrypt_sun(META, FILE, picc_data, mac)
            assert message.uid == UID
            counters.append(message.counter)
            with pytest.raises(CardForged):
                ntag424.decrypt_sun(META, FACTORY, picc_data, mac)
            b.gone()
    assert counters == sorted(set(counters))


def challenge(key: bytes) -> Any:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        session = ntag424.ev2_first(key, 0, transceive)
        return {"uid": session.card_uid(transceive)}

    return ask


def test_a_challenge_while_the_card_lies_there_proves_its_uid() -> None:
    with bench(interrogator=challenge(FACTORY)) as b:
        b.field.put(chip())
        assert b.log.wait_reads(1)[0].proof == {"uid": UID}


def test_a_challenge_with_another_key_proves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with bench(interrogator=challenge(META)) as b:
        b.field.put(chip())
        (read,) = b.log.wait_reads(1)
    assert (read.proof, read.evidence["note"]) == ({}, "interrogator failed: CardForged")


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216"])
def test_a_blank_card_is_written_on_the_reader_and_read_at_the_next_tap(kind: str) -> None:
    def write(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        if ndef:
            return {}
        password, pack = writer.password_for(b"office", uid)
        area = to_type2(to_ndef(ISSUER.encode_bound(uid, b"\x01" * 8)))
        order = writer.Order(uid=uid, area=area, password=password, pack=pack)
        return {"pages": writer.converse(writer.issue(order), transceive).pages_written}

    card = ntag(kind, ndef=None)
    with bench(interrogator=write) as b:
        b.field.put(card)
        assert b.log.wait_reads(1)[0].proof["pages"] > 20
        b.gone()
        b.field.put(card)
        read = b.log.wait_reads(2)[1]
    assert read.content_kind is ContentKind.NDEF
    assert from_ndef(read.content) == ISSUER.encode_bound(card.uid, b"\x01" * 8)


@pytest.mark.parametrize("frames", [12, 20, 30])
def test_a_card_torn_away_while_it_is_written_is_finished_when_it_is_laid_down_again(frames: int) -> None:
    """The interrogator sees the card leave; the next presentation takes it up where it was."""
    torn = []

    def write(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        password, pack = writer.password_for(b"office", uid)
        area = to_type2(to_ndef(ISSUER.encode_bound(uid, b"\x01" * 8)))
        order = writer.Order(uid=uid, area=area, password=password, pack=pack)
        try:
            return {"pages": writer.converse(writer.issue(order), transceive).pages_written}
        except CardTornAway:
            torn.append(uid)
            raise

    card = ntag(ndef=b"")
    with bench(interrogator=write) as b:
        b.field.put(card, frames=frames)
        b.log.wait_reads(1)
        b.gone()
        b.field.put(card)
        assert b.log.wait_reads(2)[1].proof["pages"] > 0
    assert torn == [card.uid]
