"""An NTAG 424 DNA from the factory becomes a card, and a tear at any command can be mended."""

import secrets
from collections.abc import Callable

import pytest

from card_tools.credential import Issuer, verify
from card_tools.errors import CardForged, ChipRefused, ChipTorn, ChipUnsuitable
from card_tools.ndef import from_ndef, to_ndef
from card_tools.ntag424 import CHALLENGE_KEY, ev2_first, key_for
from card_tools.personalise import Order424, personalise
from hardware.simulated.ntag424 import APPLICATION, Ntag424Card

UID = bytes.fromhex("04A1B2C3D4E5F6")
MASTER = bytes(range(16))
ISSUER = Issuer(bytes(range(32)))
ORDER = Order424(uid=UID, message=to_ndef(ISSUER.encode_bound(UID, b"\x01" * 8)), master=MASTER)


class TornAway(TimeoutError):
    """The card left the field."""


def chip(uid: bytes = UID) -> Ntag424Card:
    return Ntag424Card(uid, secrets.token_bytes)


def field(
    card: Ntag424Card, *, commands: int = 10_000, last_is_lost: bool = False
) -> Callable[[bytes], bytes]:
    """A chip on a reader that is torn away after some commands; the last may have been carried out unseen."""
    card.activate()
    left = commands

    def transceive(command: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0 and not last_is_lost:
            raise TornAway
        answer = card.apdu(command)
        if left < 0:
            raise TornAway
        return answer

    return transceive


def ready(card: Ntag424Card) -> None:
    """All that must hold of a finished card."""
    transceive = field(card)
    transceive(b"\x00\xa4\x04\x00\x07" + APPLICATION + b"\x00")
    session = ev2_first(key_for(MASTER, UID, CHALLENGE_KEY), CHALLENGE_KEY, transceive)
    assert session.card_uid(transceive) == UID
    content = bytes(card.files[2].content)
    verify(from_ndef(content[2 : 2 + content[1]]), {ISSUER.key_id: ISSUER.public_key}, uid=UID, today=None)
    assert card.keys == [key_for(MASTER, UID, n) for n in range(5)]
    assert card.versions == [1] * 5
    assert card.files[2].settings.to_bytes() == bytes.fromhex("0000e0")


def test_a_factory_chip_becomes_a_card_that_answers_the_challenge():
    card = chip()
    assert personalise(ORDER, field(card)) == 7
    ready(card)


def test_a_finished_card_needs_nothing_more():
    card = chip()
    personalise(ORDER, field(card))
    assert personalise(ORDER, field(card)) == 0


def test_nobody_else_can_write_a_finished_card():
    card = chip()
    personalise(ORDER, field(card))
    transceive = field(card)
    transceive(bytes.fromhex("00a4040007d276000085010100"))
    transceive(bytes.fromhex("00a4000c02e104"))
    assert transceive(bytes.fromhex("00d60000020000")) == b"\x69\x82"


@pytest.mark.parametrize("last_is_lost", [False, True])
def test_torn_away_at_any_command_it_can_be_finished(last_is_lost: bool):
    for commands in range(60):
        card = chip()
        try:
            personalise(ORDER, field(card, commands=commands, last_is_lost=last_is_lost))
        except TornAway:
            personalise(ORDER, field(card))
        else:
            break
        ready(card)
    assert 15 < commands < 59, "every command of a whole run was torn once"


def test_another_chip_than_ordered_keeps_its_keys():
    card = chip(bytes.fromhex("04FFFFFFFFFFFF"))
    with pytest.raises(ChipUnsuitable, match="own UID"):
        personalise(ORDER, field(card))
    assert card.keys == [bytes(16)] * 5


def test_a_chip_with_someone_elses_key_is_refused():
    card = chip()
    card.keys[0] = b"\x07" * 16
    with pytest.raises(ChipUnsuitable, match="neither the factory's nor ours"):
        personalise(ORDER, field(card))


def test_a_finished_card_does_not_become_another():
    card = chip()
    personalise(ORDER, field(card))
    other = Order424(uid=UID, message=to_ndef(ISSUER.encode_bound(UID, b"\x02" * 8)), master=MASTER)
    with pytest.raises(ChipUnsuitable, match="another card already"):
        personalise(other, field(card))
    ready(card)


def test_a_message_that_is_too_long_is_refused():
    with pytest.raises(ChipUnsuitable, match="257 bytes"):
        personalise(Order424(uid=UID, message=bytes(255), master=MASTER), field(chip()))


def test_another_kind_of_chip_is_refused():
    with pytest.raises(ChipRefused, match="6a82"):
        personalise(ORDER, lambda _: b"\x6a\x82")


def test_what_reads_back_differently_is_torn_not_good():
    whole = field(chip())
    with pytest.raises(ChipTorn):
        personalise(ORDER, lambda c: b"\x00\x90\x00" if c[1] == 0xB0 else whole(c))


def test_each_chip_and_each_key_number_has_a_key_of_its_own():
    made = {key_for(MASTER, bytes([chip_no]) * 7, n) for chip_no in range(10) for n in range(5)}
    assert len(made) == 50
    with pytest.raises(CardForged):
        ev2_first(next(iter(made)), 0, lambda _: b"\x91\x40")
