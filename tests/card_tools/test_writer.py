"""Issuing as a conversation: any chip, torn at any moment, is never worse than empty and can be finished."""

from collections.abc import Callable
from itertools import count

import pytest

from card_tools.credential import Issuer, verify
from card_tools.errors import CardUnreadable, ChipRefused, ChipTorn, ChipUnsuitable
from card_tools.ndef import from_ndef, from_type2, to_ndef, to_type2
from card_tools.writer import Issued, Order, converse, issue, password_for
from hardware.simulated.ntag import NtagCard

UID = bytes.fromhex("04A1B2C3D4E5F6")
ISSUER = Issuer(bytes(range(32)))
KEYS = {ISSUER.key_id: ISSUER.public_key}
KINDS = ("ntag213", "ntag215", "ntag216")


class TornAway(TimeoutError):
    """The card left the field."""


def order(
    uid: bytes = UID, *, card_id: bytes = b"\x01" * 8, master: bytes = b"office", tries: int = 7
) -> Order:
    password, pack = password_for(master, uid)
    area = to_type2(to_ndef(ISSUER.encode_bound(uid, card_id)))
    return Order(uid=uid, area=area, password=password, pack=pack, tries=tries)


def field(card: NtagCard, *, frames: int = 10_000, last_is_lost: bool = False) -> Callable[[bytes], bytes]:
    """A card on a reader that is torn away after some frames; the last may have been carried out unseen."""
    card.activate()
    left = frames

    def transceive(frame: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0 and not last_is_lost:
            raise TornAway
        answer = card.frame(frame)
        if left < 0 or answer is None:
            raise TornAway
        return bytes(answer)

    return transceive


def write(card: NtagCard, wanted: Order, **how: int) -> Issued:
    return converse(issue(wanted), field(card, **how))


def area_of(card: NtagCard) -> bytes:
    return bytes(card.memory[16:160])


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_chip_becomes_a_card_that_verifies_and_is_protected(kind: str):
    card = NtagCard(kind, UID)
    done = write(card, order())
    assert (done.model, done.pages_written > 20) == (kind.upper(), True)
    verify(from_ndef(from_type2(area_of(card))), KEYS, uid=UID, today=None)
    config = card.memory[card.model.config * 4 :]
    assert config[3] == 4, "AUTH0: everything from page 4 on"
    assert config[4] == 7, "ACCESS: reading free, seven wrong passwords"
    assert bytes(config[8:14]) == b"".join(password_for(b"office", UID))
    card.activate()
    assert card.frame(b"\xa2\x05\x00\x00\x00\x00") == b"\x00", "nobody else writes"


def test_no_lock_bit_and_no_one_time_bit_is_ever_touched():
    card = NtagCard("ntag213", UID)
    before = bytes(card.memory[:16]), bytes(card.memory[160:164])
    write(card, order())
    assert (bytes(card.memory[:16]), bytes(card.memory[160:164])) == before


def test_writing_the_same_card_again_writes_nothing():
    card = NtagCard("ntag213", UID)
    write(card, order())
    assert write(card, order()) == Issued("NTAG213", 0)


def test_a_card_of_ours_can_be_issued_anew():
    card = NtagCard("ntag213", UID)
    write(card, order())
    write(card, order(card_id=b"\x02" * 8))
    assert from_ndef(from_type2(area_of(card))).card_id == b"\x02" * 8


def test_without_a_limit_of_tries_protection_is_the_same():
    card = NtagCard("ntag215", UID)
    write(card, order(tries=0))
    assert card.memory[card.model.config * 4 + 4] == 0
    assert write(card, order(tries=0)).pages_written == 0


def blank(kind: str) -> NtagCard:
    return NtagCard(kind, UID)


def with_a_message(kind: str) -> NtagCard:
    return NtagCard(kind, UID, ndef=b"\xd1\x01\x05T\x02zhhi")


def once_ours(kind: str) -> NtagCard:
    card = blank(kind)
    write(card, order(card_id=b"\x02" * 8))
    return card


@pytest.mark.parametrize("chip", [blank, with_a_message, once_ours])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last_is_lost", [False, True])
def test_torn_away_at_any_frame_the_chip_is_old_or_empty_or_ours_and_can_be_finished(
    last_is_lost: bool, kind: str, chip: Callable[[str], NtagCard]
):
    old = chip(kind)
    whole = chip(kind)
    write(whole, order())
    allowed = {from_type2(area_of(old)), b"", from_type2(order().area)}
    for frames in count():
        card = chip(kind)
        try:
            write(card, order(), frames=frames, last_is_lost=last_is_lost)
        except TornAway:
            assert from_type2(area_of(card)) in allowed, frames
            assert card.memory[:16] == old.memory[:16], "no one-time bit"
            write(card, order())
            assert card.memory == whole.memory, frames
            assert card.failed == 0, "a torn write must not cost a try"
        else:
            break
    assert frames > 35, "every frame of a whole run was torn once"


def test_torn_away_again_and_again_it_is_finished_in_the_end():
    card = NtagCard("ntag213", UID)
    for frames in range(4, 80, 3):
        try:
            write(card, order(), frames=frames)
        except TornAway:
            continue
        break
    assert write(card, order()).pages_written == 0


def test_another_chip_than_ordered_is_left_alone():
    card = NtagCard("ntag213", UID)
    before = bytes(card.memory)
    with pytest.raises(ChipUnsuitable, match="04a1b2c3d4e5f6 lies here"):
        write(card, order(bytes(7)))
    assert bytes(card.memory) == before


def test_a_chip_protected_by_someone_else_is_left_alone():
    card = NtagCard("ntag213", UID)
    write(card, order(master=b"another office"))
    before = bytes(card.memory)
    with pytest.raises(ChipUnsuitable, match="not ours"):
        write(card, order())
    assert bytes(card.memory) == before


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (10, 0x10, "locked for ever"),
        (12, 0x00, "not laid out"),
        (15, 0x0F, "closed for writing"),
        (41 * 4 + 4, 0x40, "configuration is locked"),
    ],
)
def test_a_chip_that_cannot_become_a_card_is_refused_untouched(at: int, value: int, says: str):
    card = NtagCard("ntag213", UID)
    card.memory[at] = value
    before = bytes(card.memory)
    with pytest.raises(ChipUnsuitable, match=says):
        write(card, order())
    assert bytes(card.memory) == before


@pytest.mark.parametrize(
    "version", [b"\x00", bytes(8), bytes((0, 4, 4, 2, 1, 0, 0x0B, 3)), b"", bytes((0, 4, 3)) + bytes(5)]
)
def test_another_kind_of_chip_is_refused(version: bytes):
    with pytest.raises(ChipUnsuitable, match="no NTAG213"):
        converse(issue(order()), lambda _: version)


def test_a_card_that_is_too_long_for_the_chip_is_refused():
    long = Order(uid=UID, area=bytes(148), password=bytes(4), pack=bytes(2))
    with pytest.raises(ChipUnsuitable, match="148 bytes, a NTAG213 has 144"):
        write(NtagCard("ntag213", UID), long)
    with pytest.raises(CardUnreadable):
        from_type2(bytes(8))


def answering(card: NtagCard, *, instead: Callable[[bytes, bytes], bytes]) -> Callable[[bytes], bytes]:
    whole = field(card)
    return lambda frame: instead(frame, whole(frame))


def test_a_page_that_is_not_acknowledged_ends_the_conversation():
    refusing = answering(NtagCard("ntag213", UID), instead=lambda f, a: b"\x05" if f[0] == 0xA2 else a)
    with pytest.raises(ChipRefused, match="did not take page 4"):
        converse(issue(order()), refusing)


def test_a_page_that_cannot_be_read_ends_the_conversation():
    refusing = answering(NtagCard("ntag213", UID), instead=lambda f, a: b"\x04" if f[:1] == b"\x30" else a)
    with pytest.raises(ChipRefused, match="page 0"):
        converse(issue(order()), refusing)


def test_what_reads_back_differently_is_torn_not_good():
    worn = answering(NtagCard("ntag213", UID), instead=lambda f, a: bytes(16) if f == b"\x30\x08" else a)
    with pytest.raises(ChipTorn, match="lay the card down again"):
        converse(issue(order()), worn)


def test_a_chip_that_forgets_its_password_never_gets_a_limit_of_tries():
    card = NtagCard("ntag213", UID)
    forgetful = answering(card, instead=lambda f, a: b"\x00" if f[0] == 0x1B else a)
    with pytest.raises(ChipUnsuitable, match="did not keep its password"):
        converse(issue(order()), forgetful)
    assert card.memory[41 * 4 + 4] & 7 == 0


def test_a_chip_that_forgets_its_protection_is_not_good():
    def forget(frame: bytes, answer: bytes) -> bytes:
        return answer[:3] + b"\xff" + answer[4:] if frame == b"\x30\x29" else answer

    with pytest.raises(ChipTorn, match="protection"):
        converse(issue(order()), answering(NtagCard("ntag213", UID), instead=forget))


def test_each_chip_has_a_password_of_its_own():
    passwords = {password_for(b"office", bytes([n]) * 7) for n in range(50)}
    assert len(passwords) == 50
    assert all((len(password), len(pack)) == (4, 2) for password, pack in passwords)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"password": b""}, "four bytes"),
        ({"pack": b"x"}, "four bytes"),
        ({"tries": 8}, "up to 7"),
        ({"area": b"abc"}, "whole pages"),
        ({"area": b""}, "whole pages"),
    ],
)
def test_an_order_that_no_chip_can_carry_out_is_refused(wrong: dict[str, bytes], says: str):
    good = {"uid": UID, "area": bytes(4), "password": bytes(4), "pack": bytes(2)}
    with pytest.raises(ValueError, match=says):
        Order(**(good | wrong))
