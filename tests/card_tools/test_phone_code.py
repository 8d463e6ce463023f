"""The code on a phone: half a minute old, good once, and only from the phone that the register knows."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from card_tools import credential
from card_tools.errors import CardForged, CardReplayed, CardUnreadable, PhoneCodeExpired
from card_tools.phone_code import PhoneCode, decode, encode, is_phone_code, step_at, verify
from card_tools.qr import card_matrix

NOW = 1_795_000_000_000
CARD = b"\x05" * 8


class Phone:
    """What a browser does with WebCrypto."""

    def __init__(self, seed: int) -> None:
        self._key: EllipticCurvePrivateKey = derive_private_key(seed, SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(message, ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def code(self, now: int) -> PhoneCode:
        return encode(CARD, step_at(now), self.sign)


PHONE = Phone(12345)


def check(code: PhoneCode, *, now: int = NOW, last_step: int | None = None, clock_synced: bool = True) -> str:
    return verify(code, PHONE.public_key, now=now, last_step=last_step, clock_synced=clock_synced)


@given(st.binary(min_size=8, max_size=8), st.integers(0, 2**32 - 1))
def test_a_code_says_again_what_was_put_in(card_id: bytes, step: int):
    made = encode(card_id, step, lambda _: bytes(64))
    for read in (decode(made.raw), decode(made.text), decode(made.text.encode()), decode(made.text + "\r\n")):
        assert (read.card_id, read.step) == (card_id, step)


def test_a_fresh_code_proves_the_phone():
    assert check(PHONE.code(NOW)) == "rotating"


@pytest.mark.parametrize("late", [-30_000, 30_000])
def test_clocks_may_be_one_step_apart(late: int):
    assert check(PHONE.code(NOW + late)) == "rotating"


@pytest.mark.parametrize("late", [-60_000, 60_000, -86_400_000])
def test_an_older_or_later_code_is_expired(late: int):
    with pytest.raises(PhoneCodeExpired):
        check(PHONE.code(NOW + late))


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_code_is_good_once_and_none_older_after_it(ahead: int):
    code = PHONE.code(NOW)
    with pytest.raises(CardReplayed):
        check(code, last_step=code.step + ahead)
    assert check(code, last_step=code.step - 1) == "rotating"


def test_while_the_clock_is_not_to_be_trusted_a_code_counts_as_static_and_still_only_once():
    old = PHONE.code(NOW - 86_400_000)
    assert check(old, clock_synced=False) == "static"
    with pytest.raises(CardReplayed):
        check(old, clock_synced=False, last_step=old.step)


def test_another_phones_code_is_forged():
    with pytest.raises(CardForged):
        check(Phone(54321).code(NOW))


@given(st.integers(8, 77 * 8 - 1))
def test_no_bit_of_a_code_can_be_changed(bit: int):
    edited = bytearray(PHONE.code(NOW).raw)
    edited[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CardForged):
        check(decode(bytes(edited)))


@pytest.mark.parametrize("public_key", [b"", bytes(65), b"\x04" + bytes(64)])
def test_a_register_without_a_usable_key_believes_nothing(public_key: bytes):
    with pytest.raises(CardForged):
        verify(PHONE.code(NOW), public_key, now=NOW, last_step=None, clock_synced=True)


@given(st.binary(max_size=90) | st.text(max_size=130))
def test_other_content_is_unreadable_and_never_anything_else(content: bytes | str):
    with pytest.raises(CardUnreadable):
        decode(content)


@pytest.mark.parametrize("content", ["YIKA:not base45", b"YIKA:\xff", "http://x", "YIKA:AB"])
def test_what_is_no_code_is_unreadable(content: bytes | str):
    with pytest.raises(CardUnreadable):
        decode(content)


def test_a_card_and_a_phones_code_are_never_taken_for_each_other():
    card = credential.Issuer(bytes(32)).encode_static(CARD)
    assert not is_phone_code(card.text)
    code = PHONE.code(NOW)
    assert is_phone_code(code.text)
    with pytest.raises(CardUnreadable):
        credential.decode(code.text)


def test_a_code_fits_the_same_qr_code_as_a_card():
    assert len(PHONE.code(NOW).text) == 121
    assert len(card_matrix(PHONE.code(NOW).text)) == 53


def test_making_a_code_refuses_a_card_id_of_another_length():
    with pytest.raises(ValueError, match="8 bytes"):
        encode(b"", 1, PHONE.sign)
