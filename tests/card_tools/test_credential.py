"""What a card says: the bytes, whom they are believed from, and what only the card opens."""

from datetime import date, timedelta

import base45
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from card_tools.credential import (
    DAY_ZERO,
    LAST_DAY,
    LENGTH,
    MOST_HELD,
    Credential,
    Issuer,
    Kind,
    Note,
    decode,
    digest,
    held,
    key_id,
    open_key,
    open_name,
    open_note,
    seal_key,
    seal_name,
    seal_note,
    verify,
)
from card_tools.errors import CardError, CardExpired, CardForged, CardOtherCommunity, CardUnreadable

ISSUER = Issuer(bytes(range(32)))
OTHER = Issuer(bytes(range(1, 33)))
KEYS = {ISSUER.key_id: ISSUER.public_key}
CARD = bytes.fromhex("0123456789abcdef")
UID = bytes.fromhex("04958CAA5C5E80")
TODAY = date(2026, 11, 24)

days = st.dates(min_value=DAY_ZERO + timedelta(days=1), max_value=LAST_DAY)
card_ids = st.binary(min_size=8, max_size=8)
uids = st.sampled_from([4, 7, 10]).flatmap(lambda n: st.binary(min_size=n, max_size=n))


@given(card_ids, st.none() | days)
def test_a_static_card_says_again_what_was_put_in_as_bytes_and_as_text(card_id: bytes, last: date | None):
    made = ISSUER.encode_static(card_id, expires=last)
    for read in (decode(bytes(made)), decode(str(made)), decode(str(made).encode()), decode(f" {made}\r\n")):
        assert read == made
        assert (read.version, read.kind, read.proof) == (1, Kind.STATIC, "static")
        assert (read.key_id, read.card_id, read.expires_on) == (ISSUER.key_id, card_id, last)
        verify(read, KEYS, today=last)


@given(uids, card_ids, st.none() | days)
def test_a_bound_card_holds_on_its_own_chip(uid: bytes, card_id: bytes, last: date | None):
    read = decode(ISSUER.encode_bound(uid, card_id, expires=last).raw)
    assert (read.kind, read.proof) == (Kind.BOUND, "signed")
    verify(read, KEYS, uid=uid, today=last)


@given(uids, uids)
def test_a_bound_card_holds_on_no_other_chip(uid: bytes, other: bytes):
    card = ISSUER.encode_bound(uid, CARD)
    if uid != other:
        with pytest.raises(CardForged):
            verify(card, KEYS, uid=other, today=TODAY)


@pytest.mark.parametrize("uid", [None, b""])
def test_a_bound_card_is_worth_nothing_as_a_picture(uid: bytes | None):
    with pytest.raises(CardForged, match="no chip was read"):
        verify(ISSUER.encode_bound(UID, CARD), KEYS, uid=uid, today=TODAY)


def test_a_static_card_does_not_mind_which_chip_carries_it():
    verify(ISSUER.encode_static(CARD), KEYS, uid=UID, today=TODAY)


def test_the_bytes_are_those_of_the_format():
    """A fixed example: whoever changes the format changes its version."""
    card = ISSUER.encode_static(CARD, expires=date(2027, 12, 31))
    assert card.raw[:15].hex() == f"11{ISSUER.key_id.hex()}0123456789abcdef0b69"
    assert (len(card.raw), len(card.text), card.expires) == (LENGTH, 124, 2921)
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    public.verify(card.signature, b"yika-card-1" + card.raw[:15] + b"\x00")
    bound = ISSUER.encode_bound(UID, CARD)
    public.verify(bound.signature, b"yika-card-1" + bound.raw[:15] + b"\x07" + UID)


def test_no_single_bit_can_be_changed():
    for card, uid in ((ISSUER.encode_static(CARD), None), (ISSUER.encode_bound(UID, CARD), UID)):
        for bit in range(LENGTH * 8):
            edited = bytearray(card.raw)
            edited[bit // 8] ^= 1 << bit % 8
            with pytest.raises(CardError):
                verify(decode(bytes(edited)), KEYS, uid=uid, today=TODAY)


@given(st.binary(max_size=120) | st.binary(min_size=LENGTH, max_size=LENGTH))
def test_other_bytes_are_unreadable_or_not_ours_and_never_anything_else(content: bytes):
    try:
        card = decode(content)
    except CardUnreadable:
        return
    with pytest.raises((CardForged, CardOtherCommunity)):
        verify(card, KEYS, today=TODAY)


@given(st.text(max_size=140) | st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:").map("YIKA:".__add__))
def test_other_texts_are_unreadable_and_never_anything_else(content: str):
    with pytest.raises(CardUnreadable):
        decode(content)


@given(st.binary(min_size=64, max_size=64), st.sampled_from([0x11, 0x12]))
def test_a_made_up_signature_is_forged(signature: bytes, first: int):
    invented = Credential(bytes([first]) + ISSUER.key_id + CARD + b"\x00\x00" + signature)
    with pytest.raises(CardForged):
        verify(invented, KEYS, uid=UID, today=TODAY)


def test_unsigned_zeros_are_forged_not_accepted():
    with pytest.raises(CardForged):
        verify(Credential(b"\x11" + ISSUER.key_id + bytes(74)), KEYS, today=TODAY)


def test_a_card_signed_with_a_key_we_do_not_know_is_another_communitys():
    with pytest.raises(CardOtherCommunity, match=OTHER.key_id.hex()):
        verify(OTHER.encode_static(CARD), KEYS, today=TODAY)


def test_a_foreign_card_that_claims_our_key_is_forged():
    foreign = OTHER.encode_static(CARD).raw
    with pytest.raises(CardForged):
        verify(decode(foreign[:1] + ISSUER.key_id + foreign[5:]), KEYS, today=TODAY)


def test_after_a_change_of_keys_old_and_new_cards_hold():
    both = KEYS | {OTHER.key_id: OTHER.public_key}
    verify(ISSUER.encode_static(CARD), both, today=TODAY)
    verify(OTHER.encode_static(CARD), both, today=TODAY)


def test_a_card_is_good_on_its_last_day_and_expired_on_the_next():
    card = ISSUER.encode_static(CARD, expires=TODAY)
    verify(card, KEYS, today=TODAY)
    with pytest.raises(CardExpired, match="2026-11-24"):
        verify(card, KEYS, today=TODAY + timedelta(days=1))


def test_while_the_clock_is_not_to_be_trusted_no_card_is_expired():
    verify(ISSUER.encode_static(CARD, expires=date(2020, 1, 2)), KEYS, today=None)


def test_a_card_that_held_is_believed_again_and_nothing_that_resembles_it():
    """Most cards come twice a day: a signature that held is remembered, one that did not never is."""
    card = ISSUER.encode_bound(UID, CARD)
    for _ in range(2):
        verify(card, KEYS, today=TODAY, uid=UID)
        with pytest.raises(CardForged):
            verify(card, KEYS, today=TODAY, uid=UID[:-1] + b"\x81")
        for place in (6, 13, LENGTH - 1):
            turned = bytearray(card.raw)
            turned[place] ^= 1
            with pytest.raises(CardForged):
                verify(Credential(bytes(turned)), KEYS, today=None, uid=UID)
        with pytest.raises(CardForged):
            verify(card, {ISSUER.key_id: OTHER.public_key}, today=TODAY, uid=UID)


def test_a_card_that_held_still_ends():
    card = ISSUER.encode_static(CARD, expires=TODAY)
    verify(card, KEYS, today=TODAY)
    with pytest.raises(CardExpired):
        verify(card, KEYS, today=TODAY + timedelta(days=1))


def test_cards_without_number_take_bounded_memory():
    for number in range(MOST_HELD + 2):
        verify(ISSUER.encode_static(number.to_bytes(8, "big")), KEYS, today=TODAY)
    assert held() <= MOST_HELD


def test_a_forged_card_is_forged_whatever_its_date():
    card = bytearray(ISSUER.encode_static(CARD, expires=date(2021, 1, 1)).raw)
    card[14] ^= 1
    with pytest.raises(CardForged):
        verify(decode(bytes(card)), KEYS, today=TODAY)


@pytest.mark.parametrize("last", [DAY_ZERO, date(2019, 12, 31), LAST_DAY + timedelta(days=1)])
def test_a_last_day_that_two_bytes_cannot_say_is_refused_when_issuing(last: date):
    with pytest.raises(ValueError, match="expire"):
        ISSUER.encode_static(CARD, expires=last)


def test_issuing_refuses_a_card_id_of_another_length_and_a_missing_uid():
    with pytest.raises(ValueError, match="8 bytes"):
        ISSUER.encode_static(CARD[:7])
    with pytest.raises(ValueError, match="UID"):
        ISSUER.encode_bound(b"", CARD)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "79 bytes"),
        (b"\x21" + bytes(78), "begins with 21"),
        (b"\x13" + bytes(78), "begins with 13"),
        ("https://example.org/", "begins with YIKA:"),
        ("YIKA:lower case", "base45"),
        ("YIKA:" + base45.b45encode(b"short").decode(), "79 bytes"),
        (b"YIKA:\xff\xfe", "base45"),
    ],
)
def test_what_is_not_a_card_is_unreadable_and_says_why(content: bytes | str, says: str):
    with pytest.raises(CardUnreadable, match=says):
        decode(content)


def test_a_log_line_does_not_hold_what_makes_a_card():
    card = ISSUER.encode_static(CARD)
    assert card.signature.hex()[:16] not in repr(card)
    assert repr(card) == f"<Credential static 0123456789abcdef key {key_id(ISSUER.public_key).hex()}>"


def test_a_digest_recognises_the_very_card_only():
    card, renewed = ISSUER.encode_static(CARD), ISSUER.encode_static(CARD, expires=TODAY)
    assert digest(card) == digest(decode(card.text)) != digest(renewed)
    assert len(bytes.fromhex(digest(card))) == 32


@given(st.text(max_size=60))
def test_a_sealed_name_opens_with_its_card_only(name: str):
    card = ISSUER.encode_static(CARD)
    blob = seal_name(card, name)
    assert open_name(card, blob) == name
    assert blob == seal_name(card, name), "the same name must not change the roster's hash"
    with pytest.raises(CardForged):
        open_name(OTHER.encode_static(CARD), blob)


def test_a_sealed_name_does_not_tell_how_long_the_name_is():
    card = ISSUER.encode_static(CARD)
    assert len(seal_name(card, "王")) == len(seal_name(card, "欧阳小明")) == 48


@pytest.mark.parametrize("blob", [b"", b"\x00", bytes(48)])
def test_a_damaged_name_is_refused(blob: bytes):
    with pytest.raises(CardForged):
        open_name(ISSUER.encode_static(CARD), blob)


@given(st.text(max_size=200))
def test_a_sealed_note_opens_with_its_card_only_and_as_its_kind_only(text: str):
    card = ISSUER.encode_static(CARD)
    blob = seal_note(card, Note.HOURS, text)
    assert open_note(card, Note.HOURS, blob) == text
    assert blob == seal_note(card, Note.HOURS, text), "the same hours must not change the roster's hash"
    for wrong in (
        lambda: open_note(OTHER.encode_static(CARD), Note.HOURS, blob),
        lambda: open_note(card, Note.MEMBERS, blob),
        lambda: open_name(card, blob),
    ):
        with pytest.raises(CardForged):
            wrong()


def test_a_challenge_key_opens_with_its_card_only_and_not_as_a_name():
    card = ISSUER.encode_bound(UID, CARD)
    blob = seal_key(card, bytes(range(16)))
    assert open_key(card, blob) == bytes(range(16))
    for wrong in (lambda: open_key(ISSUER.encode_bound(UID[:4], CARD), blob), lambda: open_name(card, blob)):
        with pytest.raises(CardForged):
            wrong()
