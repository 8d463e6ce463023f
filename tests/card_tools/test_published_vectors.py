"""Values that others published, through our own functions; each with its source. None was computed here.

NXP's examples for the NTAG 424 DNA stand in ``test_ntag424.py``.
"""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from card_tools import ntag424
from card_tools.credential import Issuer, decode
from card_tools.errors import CardForged
from card_tools.image import blank
from card_tools.ndef import Record, from_type2, records, to_type2
from card_tools.ntag424 import Ev2Session, SunMessage, decrypt_sun, diversify, ev2_first, verify_plain_sun
from hardware.simulated.pn532 import crc_a

h = bytes.fromhex
RFC4493_KEY = h("2b7e151628aed2a6abf7158809cf4f3c")
RFC4493_TEXT = h(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
Bytes = type[bytes] | type[bytearray] | type[memoryview]


@pytest.mark.parametrize(
    ("length", "mac"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_rfc_4493_section_4_aes_cmac(length: int, mac: str) -> None:
    assert ntag424._cmac(RFC4493_KEY, RFC4493_TEXT[:length]) == h(mac)


def test_rfc_4493_section_4_subkeys_by_which_an10922_pads() -> None:
    encryptor = Cipher(AES(RFC4493_KEY), modes.CBC(bytes(16))).encryptor()
    zero = encryptor.update(bytes(16))
    assert zero == h("7df76b0c1ab899b33e42f047b91b546f")
    first = ntag424._double(zero)
    assert first == h("fbeed618357133667c85e08f7236a8de")
    assert ntag424._double(first) == h("f7ddac306ae266ccf90bc11ee46d513b")


@pytest.mark.parametrize(
    ("secret", "public"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
    ],
)
def test_rfc_8032_section_7_1_an_issuers_public_key(secret: str, public: str) -> None:
    assert Issuer(h(secret)).public_key == h(public)


def base45(text: str) -> bytes:
    """RFC 9285 §4.3 in its own words: three characters are two bytes, two are one."""
    out = b""
    for at in range(0, len(text), 3):
        group = [BASE45.index(character) for character in text[at : at + 3]]
        number = sum(value * 45**place for place, value in enumerate(group))
        out += number.to_bytes(len(group) - 1, "big")
    return out


@pytest.mark.parametrize(
    ("text", "content"),
    [("BB8", b"AB"), ("%69 VD92EX0", b"Hello!!"), ("UJCLQE7W581", b"base-45"), ("QED8WEX0", b"ietf!")],
)
def test_rfc_9285_section_4_and_a_cards_text_by_the_same_rule(text: str, content: bytes) -> None:
    assert base45(text) == content
    card = Issuer(bytes(32)).encode_static(content.ljust(8, b"."))
    assert base45(card.text.removeprefix("YIKA:")) == card.raw
    assert decode(card.text) == card


@pytest.mark.parametrize(("data", "check"), [("0000", "a01e"), ("1234", "26cf"), ("5000", "57cd")])
def test_iso_14443_3_annex_b_crc_a_and_the_halt_command(data: str, check: str) -> None:
    assert crc_a(h(data)) == h(check)


def test_iso_14443_3_block_check_of_a_serial_number() -> None:
    """NTAG21x data sheet §8.5.1: BCC0 covers the cascade tag 88 and three bytes, BCC1 the other four."""
    memory = blank("ntag213", h("04E141124C2880")).memory
    assert memory[3] == 0x88 ^ 0x04 ^ 0xE1 ^ 0x41
    assert memory[8] == 0x12 ^ 0x4C ^ 0x28 ^ 0x80


def test_ntag21x_container_of_each_chip() -> None:
    """NTAG213/215/216 data sheet: the capability container of each at delivery."""
    for kind, container in (("ntag213", "e1101200"), ("ntag215", "e1103e00"), ("ntag216", "e1106d00")):
        assert blank(kind, h("04E141124C2880")).memory[12:16] == h(container)


def test_nfc_forum_an_address_as_a_record_in_a_tags_memory() -> None:
    """URI RTD 1.0, appendix: ``http://www.nfc.com``; before it the lock control TLV of a new NTAG213."""
    message = h("d1010855016e66632e636f6d")
    assert list(records(message)) == [Record(1, b"U", b"\x01nfc.com")]
    area = h("0103a00c34") + b"\x03" + bytes([len(message)]) + message + b"\xfe"
    assert from_type2(area) == message
    assert to_type2(message) == (area[5:] + bytes(1))


def test_sun_messages_of_the_open_sdm_backend() -> None:
    """github.com/nfc-developer/sdm-backend, tests/test_libsdm.py: test_sun3_custom and test_plain_sdm."""
    said = decrypt_sun(
        h("42aff114f2cb3b6141be6dc95dfc5416"),
        h("b62a9baf092439bd43c62aee96b970c5"),
        h("8ACADDEF0A9B62CDAE39A16B83FC14DE"),
        h("238B2543A8DEBAD8"),
        enc=h("B8436E11F627BB7F543FCC0C1E0D1A89"),
        mac_input=b"B8436E11F627BB7F543FCC0C1E0D1A89",
    )
    assert said == SunMessage(h("041d3c8a2d6b80"), 291, h("4e545858716e6f5f6f42467077792d56"))
    plain = verify_plain_sun(bytes(16), h("041E3C8A2D6B80"), 6, h("4B00064004B0B3D3"))
    assert plain == SunMessage(h("041E3C8A2D6B80"), 6)
    with pytest.raises(CardForged):
        verify_plain_sun(bytes(16), h("041E3C8A2D6B80"), 6, h("AB00064004B0B3AB"))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_promised_functions_take_bytes_of_any_kind(kind: Bytes) -> None:
    """AN12196 and AN10922 again, as a caller hands over what its reader or its socket gave it."""

    def given(text: str) -> bytes:
        return kind(h(text))  # type: ignore[return-value]

    zero = given("00" * 16)
    picc, mac = given("EF963FF7828658A599F3041510671E88"), given("94EED9EE65337086")
    assert decrypt_sun(zero, zero, picc, mac) == SunMessage(h("04DE5F1EACC040"), 61)
    full = decrypt_sun(
        zero,
        zero,
        given("FD91EC264309878BE6345CBE53BADF40"),
        given("ECC1E7F6C6C73BF6"),
        enc=given("CEE9A53E3E463EF1F459635736738962"),
        mac_input=kind(b"CEE9A53E3E463EF1F459635736738962&cmac="),  # type: ignore[arg-type]
    )
    assert full == SunMessage(h("04958CAA5C5E80"), 8, b"x" * 16)
    said = verify_plain_sun(zero, given("04DE5F1EACC040"), 61, mac)
    assert hash(said) == hash(SunMessage(h("04DE5F1EACC040"), 61))
    label = kind(h("3042F5") + b"NXP Abu")
    key = diversify(given("00112233445566778899AABBCCDDEEFF"), given("04782E21801D80"), label)  # type: ignore[arg-type]
    assert key == h("A8DD63A3B89D54B37CA802473FDA9175")
    answers = iter(
        (
            "A04C124213C186F22399D33AC2A3021591AF",
            "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
        )
    )
    session = ev2_first(
        zero, 0, lambda _: given(next(answers)), rnd_a=given("13C5DB8A5930439FC3DEF9A4C675360F")
    )
    assert (session.ti, session.enc_key) == (h("9D00C4DF"), h("1309C877509E5A215007FF0ED19CA564"))
    known = Ev2Session(
        given("DF055522"),
        given("2B4D963C014DC36F24F69A50A394F875"),
        given("379D32130CE61705DD5FD8C36B95D764"),
    )
    answer = given("70756055688505B52A5E26E59E329CD6595F672298EA41B79100")
    assert known.card_uid(lambda _: answer) == h("04958CAA5C5E80")
    fresh = Ev2Session(given("DF055522"), bytes(16), bytes(16))
    assert fresh.full(0x5F, given("02"), given("4000")) == Ev2Session(
        h("DF055522"), bytes(16), bytes(16)
    ).full(0x5F, h("02"), h("4000"))


@pytest.mark.parametrize("answer", [b"", b"\x91", b"\x91\xaf", b"\x00" * 17, b"\x00" * 18])
def test_whatever_a_chip_answers_to_a_challenge_is_forged_and_no_other_error(answer: bytes) -> None:
    with pytest.raises(CardForged):
        ev2_first(bytes(16), 0, lambda _: answer)


@pytest.mark.parametrize("length", [0, 1, 15, 17, 24, 32])
def test_a_sun_message_of_any_other_length_is_forged(length: int) -> None:
    with pytest.raises(CardForged):
        decrypt_sun(bytes(16), bytes(16), bytes(length), bytes(8))
    with pytest.raises(CardForged):
        verify_plain_sun(bytes(16), bytes(7), 0, bytes(length))
