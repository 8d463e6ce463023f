"""NTAG 424 DNA: the worked examples of AN12196 and AN10922, and every way an imitation fails."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from card_tools.errors import CardForged, ChipRefused
from card_tools.ntag424 import (
    Ev2Session,
    SunMessage,
    SunOffsets,
    change_file_settings,
    change_key,
    decrypt_sun,
    diversify,
    ev2_first,
    sun_settings,
    sun_url_file,
    verify_plain_sun,
)

ZERO = bytes(16)
h = bytes.fromhex

PICC = h("EF963FF7828658A599F3041510671E88")
MAC = h("94EED9EE65337086")
FULL_PICC = h("FD91EC264309878BE6345CBE53BADF40")
FULL_ENC = h("CEE9A53E3E463EF1F459635736738962")
FULL_INPUT = b"CEE9A53E3E463EF1F459635736738962&cmac="

RND_A = h("13C5DB8A5930439FC3DEF9A4C675360F")
FIRST = h("A04C124213C186F22399D33AC2A30215") + h("91AF")
SECOND = h("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663") + h("9100")


def chip(*answers: bytes) -> tuple[Callable[[bytes], bytes], list[bytes]]:
    """A chip that gives these answers, and the list of what it was asked."""
    asked: list[bytes] = []
    left = iter(answers)

    def transceive(command: bytes) -> bytes:
        asked.append(command)
        return next(left)

    return transceive, asked


def uid_session() -> Ev2Session:
    return Ev2Session(
        h("DF055522"), h("2B4D963C014DC36F24F69A50A394F875"), h("379D32130CE61705DD5FD8C36B95D764")
    )


UID_ANSWER = h("70756055688505B52A5E26E59E329CD6595F672298EA41B7") + h("9100")


def test_an12196_sun_message_without_file_data():
    assert decrypt_sun(ZERO, ZERO, PICC, MAC) == SunMessage(h("04DE5F1EACC040"), 61)


def test_an12196_sun_message_with_file_data():
    opened = decrypt_sun(ZERO, ZERO, FULL_PICC, h("ECC1E7F6C6C73BF6"), enc=FULL_ENC, mac_input=FULL_INPUT)
    assert opened == SunMessage(h("04958CAA5C5E80"), 8, b"x" * 16)


def test_an12196_sun_message_in_plain_sight():
    message = verify_plain_sun(ZERO, h("041E3C8A2D6B80"), 6, h("4B00064004B0B3D3"))
    assert message == SunMessage(h("041E3C8A2D6B80"), 6)


def test_a_sun_message_with_another_mac_is_forged():
    with pytest.raises(CardForged, match="MAC"):
        decrypt_sun(ZERO, ZERO, FULL_PICC, h("3CC1E7F6C6C33B33"), enc=FULL_ENC, mac_input=FULL_INPUT)


@given(st.integers(0, 8 * 24 - 1))
def test_no_bit_of_a_sun_message_can_be_changed(bit: int):
    edited = bytearray(PICC + MAC)
    edited[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CardForged):
        decrypt_sun(ZERO, ZERO, bytes(edited[:16]), bytes(edited[16:]))


@pytest.mark.parametrize(
    ("meta", "file", "picc", "mac"),
    [
        (b"\x01" * 16, ZERO, PICC, MAC),
        (ZERO, b"\x01" * 16, PICC, MAC),
        (ZERO, ZERO, b"", MAC),
        (ZERO, ZERO, PICC * 2, MAC),
        (ZERO, ZERO, PICC, MAC[:7]),
        (ZERO, ZERO, PICC, b""),
    ],
)
def test_a_sun_message_under_another_key_or_of_another_length_is_forged(meta, file, picc, mac):
    with pytest.raises(CardForged):
        decrypt_sun(meta, file, picc, mac)


@pytest.mark.parametrize("enc", [b"", FULL_ENC[:15]])
def test_file_data_that_is_not_whole_blocks_is_forged(enc: bytes):
    with pytest.raises(CardForged, match="whole blocks"):
        decrypt_sun(ZERO, ZERO, FULL_PICC, h("ECC1E7F6C6C73BF6"), enc=enc, mac_input=FULL_INPUT)


@pytest.mark.parametrize(("uid", "counter"), [(bytes(4), 1), (bytes(7), -1), (bytes(7), 1 << 24)])
def test_a_plain_sun_message_with_impossible_numbers_is_forged(uid: bytes, counter: int):
    with pytest.raises(CardForged):
        verify_plain_sun(ZERO, uid, counter, bytes(8))


def test_an12196_challenge():
    transceive, asked = chip(FIRST, SECOND)
    session = ev2_first(ZERO, 0, transceive, rnd_a=RND_A)
    assert asked[0] == h("9071000002000000")
    assert asked[1] == h("90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00")
    assert session.ti == h("9D00C4DF")
    assert session.enc_key == h("1309C877509E5A215007FF0ED19CA564")
    assert session.mac_key == h("4C6626F5E72EA694202139295C7A7FC7")


def test_each_challenge_is_a_new_one():
    """A recorded conversation answers no second challenge."""
    sent = []
    for _ in range(2):
        transceive, asked = chip(FIRST, SECOND)
        with pytest.raises(CardForged, match="does not hold the key"):
            ev2_first(ZERO, 0, transceive)
        sent.append(asked[1])
    assert sent[0] != sent[1]


@pytest.mark.parametrize(
    "answers",
    [
        (h("6D00"),),
        (h("9140"),),
        (b"",),
        (FIRST[:-3] + h("91AF"),),
        (FIRST[:-2] + h("9100"),),
        (FIRST, h("91AE")),
        (FIRST, SECOND[:-4] + h("9100")),
        (FIRST, SECOND[:-2] + h("91AF")),
        (FIRST, bytes(32) + h("9100")),
    ],
)
def test_a_chip_that_cannot_answer_the_challenge_is_forged(answers: tuple[bytes, ...]):
    transceive, _ = chip(*answers)
    with pytest.raises(CardForged):
        ev2_first(ZERO, 0, transceive, rnd_a=RND_A)


def test_an12196_card_uid():
    transceive, asked = chip(UID_ANSWER)
    assert uid_session().card_uid(transceive) == h("04958CAA5C5E80")
    assert asked == [h("90510000088E2C155ADDA99BE300")]


@given(st.integers(0, 8 * 24 - 1))
def test_no_bit_of_a_chips_answer_can_be_changed(bit: int):
    edited = bytearray(UID_ANSWER)
    edited[bit // 8] ^= 1 << bit % 8
    transceive, _ = chip(bytes(edited))
    with pytest.raises(CardForged):
        uid_session().card_uid(transceive)


def test_an_answer_is_good_once():
    session = uid_session()
    transceive, _ = chip(UID_ANSWER, UID_ANSWER)
    session.card_uid(transceive)
    with pytest.raises(CardForged):
        session.card_uid(transceive)


@pytest.mark.parametrize(("status", "says"), [("91AE", "authentication failed"), ("91CA", "91ca")])
def test_a_refusal_of_the_chip_is_told_in_words(status: str, says: str):
    transceive, _ = chip(h(status))
    with pytest.raises(ChipRefused, match=says):
        uid_session().card_uid(transceive)


def _answer(session: Ev2Session, plain: bytes) -> bytes:
    """What a chip of the same session would answer to the first command; ``plain`` is already padded."""
    vector = _cbc(session.enc_key, ZERO, h("5AA5") + session.ti + h("0100") + bytes(8))
    sealed = _cbc(session.enc_key, vector, plain) if len(plain) % 16 == 0 else plain
    mac = CMAC(AES(session.mac_key))
    mac.update(h("000100") + session.ti + sealed)
    return sealed + mac.finalize()[1::2] + h("9100")


def _cbc(key: bytes, vector: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(AES(key), CBC(vector)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        (b"\x01" * 6 + b"\x80" + bytes(9), "UID of 6 bytes"),
        (b"\x01" * 16, "padded"),
        (b"\x01" * 9, "whole blocks"),
        (b"", "UID of 0 bytes"),
    ],
)
def test_an_answer_with_a_good_mac_and_strange_content_is_forged(plain: bytes, says: str):
    session = uid_session()
    transceive, _ = chip(_answer(session, plain))
    with pytest.raises(CardForged, match=says):
        session.card_uid(transceive)


def test_a_command_without_secrets_goes_under_the_mac_only():
    first, second = uid_session(), uid_session()
    assert first.mac(0x51, b"") == second.full(0x51, b"", b"")


def test_session_keys_are_not_in_a_log_line():
    assert "2b4d" not in repr(uid_session()).lower()
    assert "+M" not in repr(uid_session())


def test_an12196_change_of_file_settings():
    session = Ev2Session(
        h("9D00C4DF"), h("1309C877509E5A215007FF0ED19CA564"), h("4C6626F5E72EA694202139295C7A7FC7"), 1
    )
    settings = sun_settings(SunOffsets(picc_data=0x20, mac_input=0x43, mac=0x43))
    assert settings == h("4000E0C1F121200000430000430000")
    expected = h("905F0000190261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A0400")
    assert change_file_settings(session, 2, settings) == expected


def change_session(counter: int) -> Ev2Session:
    return Ev2Session(
        h("7614281A"), h("4CF3CB41A22583A61E89B158D252FC53"), h("5529860B2FC5FB6154B7F28361D30BF9"), counter
    )


def test_an12196_change_of_another_key():
    new = h("F3847D627727ED3BC9C4CC050489B966")
    assert change_key(change_session(2), 2, new, old=ZERO) == h(
        "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600"
    )


def test_an12196_change_of_the_sessions_own_key():
    """The encrypted part as the application note prints it."""
    made = change_key(change_session(3), 0, h("5004BF991F408672B1EF00F08F9E8647"), old=None)
    assert made[:38] == h("90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FD")


def test_an10922_diversified_key():
    master = h("00112233445566778899AABBCCDDEEFF")
    label = h("3042F5") + b"NXP Abu"
    assert diversify(master, h("04782E21801D80"), label) == h("A8DD63A3B89D54B37CA802473FDA9175")


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=9, max_size=24))
def test_a_label_that_fills_two_blocks_gives_the_plain_cmac(master: bytes, label: bytes):
    """For these lengths AN10922 and NIST SP 800-38B pad alike, so the library's CMAC is an oracle."""
    mac = CMAC(AES(master))
    mac.update(b"\x01" + bytes(7) + label)
    assert diversify(master, bytes(7), label) == mac.finalize()


@pytest.mark.parametrize("length", [0, 1, 8, 9, 23, 24])
def test_every_length_of_label_gives_another_key_for_another_chip(length: int):
    master, label = bytes(range(16)), b"l" * length
    keys = {diversify(master, bytes([n]) * 7, label) for n in range(8)}
    assert len(keys) == 8
    assert all(len(key) == 16 for key in keys)


def test_a_short_label_still_takes_two_blocks():
    """AN10922 pads to 32 bytes where plain CMAC would take one block."""
    master, uid = h("00112233445566778899AABBCCDDEEFF"), h("04782E21801D80")
    one_block = CMAC(AES(master))
    one_block.update(b"\x01" + uid)
    assert diversify(master, uid, b"") != one_block.finalize()


def test_a_label_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="31"):
        diversify(ZERO, bytes(7), bytes(25))


@pytest.mark.parametrize("start", ["https://", "https://www.", "http://", "http://www.", "yika://"])
def test_the_chip_writes_its_message_where_the_address_has_room(start: str):
    file, offsets = sun_url_file(f"{start}yika.example/t")
    assert int.from_bytes(file[:2], "big") == len(file) - 2
    assert file[offsets.picc_data - 10 :][:10] == b"picc_data="
    assert file[offsets.picc_data :][:32] == b"0" * 32
    assert file[offsets.mac - 5 :][:5] == b"cmac="
    assert file[offsets.mac :] == b"0" * 16
    assert offsets.mac_input == offsets.mac


def test_an_address_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="too long"):
        sun_url_file("https://" + "x" * 250)
