"""An NTAG 424 DNA from the factory becomes a card, and a tear at any command can be mended."""

import secrets
from collections.abc import Callable

import pytest

from card_tools.conversation import Issued, converse
from card_tools.credential import Issuer, verify
from card_tools.errors import CardError, CardForged, ChipRefused, ChipTorn, ChipUnsuitable
from card_tools.ndef import from_ndef, to_ndef
from card_tools.ntag424 import (
    CHALLENGE_KEY,
    META_KEY,
    SELECT_APPLICATION,
    SUN_KEY,
    SunMessage,
    decrypt_sun,
    ev2_first,
    key_for,
)
from card_tools.personalise import KEY_COUNT, Order424, issue
from hardware.simulated.ntag424 import Ntag424Card

UID = bytes.fromhex("04A1B2C3D4E5F6")
MASTER = bytes(range(16))
ISSUER = Issuer(bytes(range(32)))
ADDRESS = "https://meihu.example.cn/t"
SELECT_NDEF = bytes.fromhex("00a4000c02e104")
WHOLE_RUN = 30
"""Commands from a new chip to a proved card."""


class TornAway(TimeoutError):
    """The card left the field."""


def order(*, card_id: bytes = b"\x01" * 8, address: str | None = ADDRESS, uid: bytes = UID) -> Order424:
    message = to_ndef(ISSUER.encode_bound(uid, card_id))
    return Order424(uid=uid, message=message, master=MASTER, address=address)


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


def make(card: Ntag424Card, wanted: Order424 | None = None, **how: int) -> Issued:
    return converse(issue(wanted or order()), field(card, **how))


def file_read_by_a_phone(card: Ntag424Card) -> bytes:
    transceive = field(card)
    transceive(SELECT_APPLICATION)
    transceive(SELECT_NDEF)
    return transceive(bytes.fromhex("00b0000000"))[:-2]


def sun_of(card: Ntag424Card) -> SunMessage:
    text = file_read_by_a_phone(card)
    query = dict(
        part.split(b"=") for part in text[text.index(b"?") + 1 :][: 11 + 32 + 6 + 16 - 1].split(b"&")
    )
    picc_data, mac = (bytes.fromhex(query[name].decode()) for name in (b"picc_data", b"cmac"))
    return decrypt_sun(key_for(MASTER, UID, META_KEY), key_for(MASTER, UID, SUN_KEY), picc_data, mac)


def ready(card: Ntag424Card, wanted: Order424 | None = None) -> None:
    """All that must hold of a finished card."""
    wanted = wanted or order()
    transceive = field(card)
    transceive(SELECT_APPLICATION)
    session = ev2_first(key_for(MASTER, UID, CHALLENGE_KEY), CHALLENGE_KEY, transceive)
    assert session.card_uid(transceive) == UID
    assert bytes(card.files[2].content[: len(wanted.content)]) == wanted.content
    seen = file_read_by_a_phone(card)
    found = from_ndef(seen[2 : 2 + int.from_bytes(seen[:2], "big")])
    verify(found, {ISSUER.key_id: ISSUER.public_key}, uid=UID, today=None)
    assert found == from_ndef(wanted.message)
    assert card.keys == [key_for(MASTER, UID, n) for n in range(KEY_COUNT)]
    assert card.versions == [1] * KEY_COUNT
    assert card.files[2].settings.to_bytes() == wanted.settings


def test_a_factory_chip_becomes_a_card_that_answers_the_challenge():
    card = chip()
    assert make(card) == Issued("NTAG 424 DNA", 7)
    ready(card)


def test_a_phone_that_reads_the_card_is_led_to_our_address_with_a_message_that_opens():
    card = chip()
    make(card)
    assert b"meihu.example.cn/t?picc_data=" in file_read_by_a_phone(card)
    first, second = sun_of(card), sun_of(card)
    assert (first.uid, second.counter) == (UID, first.counter + 1)


def test_without_an_address_the_card_writes_nothing_into_its_file():
    card = chip()
    make(card, order(address=None))
    ready(card, order(address=None))
    assert file_read_by_a_phone(card) == file_read_by_a_phone(card)
    assert b"?" not in file_read_by_a_phone(card)


def test_a_finished_card_needs_nothing_more():
    card = chip()
    make(card)
    assert make(card).pages_written == 0


def test_nobody_else_can_write_a_finished_card():
    card = chip()
    make(card)
    transceive = field(card)
    transceive(SELECT_APPLICATION)
    transceive(SELECT_NDEF)
    assert transceive(bytes.fromhex("00d60000020000")) == b"\x69\x82"


@pytest.mark.parametrize("address", [None, ADDRESS])
@pytest.mark.parametrize("last_is_lost", [False, True])
def test_torn_away_at_any_command_it_is_no_card_and_can_be_finished(last_is_lost: bool, address: str | None):
    wanted = order(address=address)
    for commands in range(60):
        card = chip()
        try:
            make(card, wanted, commands=commands, last_is_lost=last_is_lost)
        except TornAway:
            make(card, wanted)
            ready(card, wanted)
        else:
            break
    assert commands == (WHOLE_RUN if address else 24), "every command of a whole run was torn once"


def test_a_half_made_card_does_not_pass_the_challenge_before_its_key_is_on_it():
    for commands in range(WHOLE_RUN):
        card = chip()
        with pytest.raises(TornAway):
            make(card, commands=commands)
        transceive = field(card)
        transceive(SELECT_APPLICATION)
        if card.versions[CHALLENGE_KEY] == 0:
            with pytest.raises(CardForged):
                ev2_first(key_for(MASTER, UID, CHALLENGE_KEY), CHALLENGE_KEY, transceive)
        else:
            assert bytes(card.files[2].content[: len(order().content)]) == order().content


def test_torn_away_again_and_again_it_is_finished_in_the_end():
    card = chip()
    for commands in range(3, 60):
        try:
            make(card, commands=commands)
        except TornAway:
            continue
        break
    ready(card)


def test_a_new_chip_costs_no_failed_try_and_a_finished_one_a_single_one():
    failed = []

    def counting(command: bytes) -> bytes:
        answer = whole(command)
        failed.append(answer == b"\x91\xae")
        return answer

    card = chip()
    for expected in (0, 1):
        failed.clear()
        whole = field(card)
        converse(issue(order()), counting)
        assert sum(failed) == expected


def test_a_card_of_ours_can_be_issued_anew_and_its_counter_goes_on():
    card = chip()
    make(card)
    before = sun_of(card).counter
    again = order(card_id=b"\x02" * 8)
    assert make(card, again).pages_written == 1
    ready(card, again)
    assert sun_of(card).counter > before


@pytest.mark.parametrize("last_is_lost", [False, True])
def test_torn_away_while_it_is_issued_anew_the_card_is_empty_or_whole(last_is_lost: bool):
    again = order(card_id=b"\x02" * 8, address="https://other.example/t")
    for commands in range(60):
        card = chip()
        make(card)
        try:
            make(card, again, commands=commands, last_is_lost=last_is_lost)
        except TornAway:
            seen = bytes(card.files[2].content)
            assert seen[:2] == bytes(2) or seen.startswith((order().content, again.content))
            make(card, again)
            ready(card, again)
        else:
            break
    assert 20 < commands < 60


def test_another_chip_than_ordered_keeps_its_keys_and_its_file():
    card = chip(bytes.fromhex("04FFFFFFFFFFFF"))
    with pytest.raises(ChipUnsuitable, match="own UID"):
        make(card)
    assert card.keys == [bytes(16)] * 5
    assert not any(card.files[2].content)


def test_a_chip_with_someone_elses_key_is_refused():
    card = chip()
    card.keys[0] = b"\x07" * 16
    with pytest.raises(ChipUnsuitable, match="neither the factory's nor ours"):
        make(card)


@pytest.mark.parametrize("key_no", [CHALLENGE_KEY, META_KEY, SUN_KEY])
def test_a_chip_that_holds_another_key_where_ours_should_be_is_no_card(key_no: int):
    """Its version says that the key was changed; only proof tells by whom."""
    card = chip()
    card.keys[key_no], card.versions[key_no] = b"\x07" * 16, 1
    with pytest.raises(ChipUnsuitable, match="not those of our card"):
        make(card)


def test_a_chip_that_writes_no_sun_message_is_no_card():
    whole = field(chip())

    def silent(command: bytes) -> bytes:
        answer = whole(command)
        return bytes(len(answer) - 2) + answer[-2:] if command[:2] == b"\x00\xb0" else answer

    with pytest.raises(ChipUnsuitable, match="writes no SUN message"):
        converse(issue(order()), silent)


def test_a_sun_message_of_another_chip_is_no_proof():
    card, other = chip(), chip(bytes.fromhex("04FFFFFFFFFFFF"))
    make(other, order(uid=other.uid))
    stolen = file_read_by_a_phone(other)
    whole = field(card)

    def relaying(command: bytes) -> bytes:
        answer = whole(command)
        at = int.from_bytes(command[2:4], "big")
        return stolen[at : at + command[4]] + b"\x90\x00" if command[:2] == b"\x00\xb0" else answer

    with pytest.raises(ChipUnsuitable, match="MAC"):
        converse(issue(order()), relaying)


@pytest.mark.parametrize("wrong", [{"message": bytes(255)}, {"message": bytes(200), "address": ADDRESS}])
def test_an_order_that_is_too_long_for_the_chip_is_refused(wrong):
    with pytest.raises(ValueError, match="has 256"):
        Order424(**({"uid": UID, "master": MASTER} | wrong))


def test_an_order_for_a_uid_of_another_length_is_refused():
    with pytest.raises(ValueError, match="not 4"):
        Order424(uid=bytes(4), message=b"", master=MASTER)


@pytest.mark.parametrize("answer", [b"\x6a\x82", b"", b"\x90"])
def test_another_kind_of_chip_is_refused(answer: bytes):
    with pytest.raises(ChipRefused, match="open its application"):
        converse(issue(order()), lambda _: answer)


def test_what_reads_back_differently_is_torn_not_good():
    whole = field(chip())
    size = len(order().content)

    def worn(command: bytes) -> bytes:
        answer = whole(command)
        return bytes(len(answer) - 2) + answer[-2:] if command[1] == 0xAD else answer

    assert size > 100
    with pytest.raises(ChipTorn, match="lay the card down again"):
        converse(issue(order()), worn)


@pytest.mark.parametrize("nth", range(WHOLE_RUN))
@pytest.mark.parametrize("nonsense", [b"", b"\x91\x1e", b"\x90\x00", b"\x91\x00", bytes(300)])
def test_nonsense_in_place_of_any_answer_makes_no_card(nth: int, nonsense: bytes):
    """A fault on the air is an error of the tree; laid down again, the card is finished."""
    card = chip()
    whole, heard = field(card), 0

    def transceive(command: bytes) -> bytes:
        nonlocal heard
        heard += 1
        answer = whole(command)
        return nonsense if heard == nth + 1 else answer

    try:
        converse(issue(order()), transceive)
    except CardError:
        make(card)
    ready(card)


def test_each_chip_and_each_key_number_has_a_key_of_its_own_but_the_one_that_finds_the_chip():
    made = {key_for(MASTER, bytes([chip_no]) * 7, n) for chip_no in range(10) for n in range(KEY_COUNT)}
    assert len(made) == 10 * (KEY_COUNT - 1) + 1
    assert key_for(MASTER, UID, META_KEY) == key_for(MASTER, bytes(7), META_KEY)
    with pytest.raises(CardForged):
        ev2_first(next(iter(made)), 0, lambda _: b"\x91\x40")
