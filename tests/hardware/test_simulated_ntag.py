"""The rules of an NTAG213, 215 and 216 that a simulated one must obey."""

import pytest

from hardware.simulated import NtagCard
from hardware.simulated.ntag import MODELS

UID = bytes.fromhex("04112233445566")
ACK, NAK = b"\x0a", b"\x00"
CONFIG = {"ntag213": 41, "ntag215": 131, "ntag216": 227}


@pytest.fixture(params=sorted(MODELS))
def card(request: pytest.FixtureRequest) -> NtagCard:
    card = NtagCard(request.param, UID)
    card.activate()
    return card


def read(card: NtagCard, page: int) -> bytes | None:
    return card.frame(bytes((0x30, page)))


def write(card: NtagCard, page: int, data: str) -> bytes | None:
    return card.frame(bytes((0xA2, page)) + bytes.fromhex(data))


def again(card: NtagCard) -> NtagCard:
    card.activate()
    return card


def test_a_silent_card_answers_nothing_before_it_is_selected() -> None:
    assert NtagCard("ntag213", UID).frame(b"\x60") is None


def test_its_first_pages_are_the_uid_with_check_bytes(card: NtagCard) -> None:
    pages = read(card, 0)
    assert pages is not None
    assert pages[:9] == bytes.fromhex("041122" + "BF" + "33445566" + "44")
    assert pages[3] == 0x88 ^ 0x04 ^ 0x11 ^ 0x22


@pytest.mark.parametrize(
    ("kind", "version", "container", "pages"),
    [
        ("ntag213", "0004040201000F03", "E1101200", 45),
        ("ntag215", "0004040201001103", "E1103E00", 135),
        ("ntag216", "0004040201001303", "E1106D00", 231),
    ],
)
def test_each_model_has_its_size(kind: str, version: str, container: str, pages: int) -> None:
    card = NtagCard(kind, UID)
    card.activate()
    assert card.frame(b"\x60") == bytes.fromhex(version)
    assert (read(card, 3) or b"")[:4] == bytes.fromhex(container)
    assert read(card, pages - 1) is not None
    assert read(card, pages) == NAK


def test_reading_past_the_end_begins_at_page_0_again(card: NtagCard) -> None:
    answer = read(card, card.model.pages - 1)
    assert answer is not None
    assert answer[4:8] == UID[:3] + b"\xbf"


def test_fast_read_gives_a_range_and_refuses_a_reversed_one(card: NtagCard) -> None:
    assert card.frame(b"\x3a\x00\x03") == read(card, 0)
    assert card.frame(b"\x3a\x03\x00") == NAK


def test_after_a_refusal_it_is_silent_until_selected_again(card: NtagCard) -> None:
    assert card.frame(b"\x1a\x00") == NAK
    assert read(card, 0) is None
    assert read(again(card), 0) is not None


def test_halt_has_no_answer_and_silences(card: NtagCard) -> None:
    assert card.frame(b"\x50\x00") is None
    assert read(card, 0) is None


def test_user_pages_take_what_is_written(card: NtagCard) -> None:
    assert write(card, 4, "01020304") == ACK
    assert (read(card, 4) or b"")[:4] == b"\x01\x02\x03\x04"


def test_compatible_write_takes_the_first_four_of_sixteen_bytes(card: NtagCard) -> None:
    assert card.frame(b"\xa0\x05") == ACK
    assert card.frame(b"\x09\x08\x07\x06" + bytes(12)) == ACK
    assert (read(card, 5) or b"")[:4] == b"\x09\x08\x07\x06"


@pytest.mark.parametrize("page", [0, 1])
def test_the_serial_number_is_never_written(card: NtagCard, page: int) -> None:
    assert write(card, page, "00000000") == NAK


def test_the_otp_page_only_goes_from_0_to_1(card: NtagCard) -> None:
    before = (read(card, 3) or b"")[:4]
    assert write(card, 3, "00000000") == ACK
    assert (read(card, 3) or b"")[:4] == before
    assert write(card, 3, "0000000F") == ACK
    assert (read(card, 3) or b"")[3] == 0x0F


def test_lock_bits_only_go_from_0_to_1_and_lock_their_pages(card: NtagCard) -> None:
    assert write(card, 2, "FFFF1080") == ACK  # page 4 and page 15
    assert write(card, 2, "00000000") == ACK
    assert (read(card, 2) or b"")[2:4] == b"\x10\x80"
    for page, answer in ((4, NAK), (5, ACK), (14, ACK), (15, NAK)):
        assert write(again(card), page, "AAAAAAAA") == answer, page


def test_a_block_locking_bit_freezes_the_lock_bits_of_its_pages(card: NtagCard) -> None:
    write(card, 2, "00000200")  # freeze the locks of pages 4 to 9
    write(card, 2, "0000F0FF")
    assert (read(card, 2) or b"")[2:4] == b"\x02\xfc"


def test_a_locked_otp_page_takes_no_more_bits(card: NtagCard) -> None:
    write(card, 2, "00000800")
    assert write(card, 3, "0000000F") == NAK


def test_dynamic_lock_bits_lock_the_pages_from_16_on(card: NtagCard) -> None:
    step, page = card.model.pages_per_lock, card.model.config - 1
    assert write(card, page, "02000000") == ACK
    assert write(again(card), 16, "AAAAAAAA") == ACK
    assert write(again(card), 16 + step, "AAAAAAAA") == NAK
    assert write(again(card), page, "00000000") == ACK
    assert (read(card, page) or b"")[0] == 0x02
    assert (read(card, page) or b"")[3] == 0xBD


def test_a_frozen_dynamic_lock_bit_stays_as_it_is(card: NtagCard) -> None:
    page = card.model.config - 1
    write(card, page, "00000100")
    write(card, page, "07000000")
    assert (read(card, page) or b"")[0] == 0x04


def protect(card: NtagCard, *, auth0: int, access: int = 0, password: str = "11223344") -> None:
    config = CONFIG[card.kind]
    assert write(card, config + 2, password) == ACK
    assert write(card, config + 3, "A55A0000") == ACK
    assert write(card, config + 1, f"{access:02X}000000") == ACK
    assert write(card, config, f"040000{auth0:02X}") == ACK


def test_password_and_acknowledge_read_as_zero(card: NtagCard) -> None:
    protect(card, auth0=0xFF)
    assert (read(card, CONFIG[card.kind] + 2) or b"")[:8] == bytes(8)


def test_protected_pages_are_written_only_after_the_password(card: NtagCard) -> None:
    protect(card, auth0=6)
    assert write(again(card), 5, "01010101") == ACK
    assert write(card, 6, "01010101") == NAK
    assert read(again(card), 6) is not None
    assert card.frame(bytes.fromhex("1B11223344")) == b"\xa5\x5a"
    assert write(card, 6, "01010101") == ACK
    assert write(again(card), 6, "02020202") == NAK, "the power was off: not authenticated any more"


def test_with_prot_protected_pages_cannot_be_read_either(card: NtagCard) -> None:
    protect(card, auth0=6, access=0x80)
    assert (read(again(card), 5) or b"")[4:8] == UID[:3] + b"\xbf", (
        "reading rolls over before the protected page"
    )
    assert read(card, 6) == NAK
    again(card)
    assert card.frame(b"\x3a\x05\x06") == NAK
    again(card).frame(bytes.fromhex("1B11223344"))
    assert read(card, 6) is not None


def test_authlim_shuts_the_password_off_after_too_many_tries(card: NtagCard) -> None:
    protect(card, auth0=6, access=0x02)
    for _ in range(2):
        assert again(card).frame(bytes.fromhex("1BFFFFFFFF")) == NAK
    assert again(card).frame(bytes.fromhex("1B11223344")) == b"\x04"


def test_the_right_password_in_time_forgives_wrong_ones(card: NtagCard) -> None:
    protect(card, auth0=6, access=0x02)
    for password, answer in (("FFFFFFFF", NAK), ("11223344", b"\xa5\x5a")) * 3:
        assert again(card).frame(bytes.fromhex("1B" + password)) == answer


def test_cfglck_freezes_the_configuration_for_ever(card: NtagCard) -> None:
    config = CONFIG[card.kind]
    write(card, config + 1, "40000000")
    assert write(card, config, "04000004") == NAK
    assert write(again(card), config + 1, "00000000") == NAK
    assert write(again(card), config + 2, "01020304") == ACK


def test_auth0_acts_at_once(card: NtagCard) -> None:
    """The harder reading of the data sheet: who sets AUTH0 first has locked himself out."""
    config = CONFIG[card.kind]
    assert write(card, config, "04000004") == ACK
    assert write(card, config + 2, "01020304") == NAK


def test_the_counter_counts_once_for_each_time_it_is_powered(card: NtagCard) -> None:
    assert card.frame(b"\x39\x02") == bytes(3)
    write(card, CONFIG[card.kind] + 1, "10000000")
    for _ in range(2):
        read(again(card), 4)
        read(card, 8)
    assert card.frame(b"\x39\x02") == b"\x02\x00\x00"


def test_a_message_longer_than_254_bytes_has_a_long_length() -> None:
    card = NtagCard("ntag215", UID, ndef=bytes(300))
    assert card.memory[16:20] == b"\x03\xff\x01\x2c"


@pytest.mark.parametrize(("kind", "most"), [("ntag213", 142), ("ntag215", 500), ("ntag216", 884)])
def test_a_message_that_does_not_fit_is_refused(kind: str, most: int) -> None:
    NtagCard(kind, UID, ndef=bytes(most))
    with pytest.raises(ValueError, match="does not fit"):
        NtagCard(kind, UID, ndef=bytes(most + 1))


@pytest.mark.parametrize(
    ("kind", "uid", "memory"), [("ntag999", UID, b""), ("ntag213", UID[:4], b""), ("ntag213", UID, bytes(16))]
)
def test_what_cannot_be_an_ntag_is_refused(kind: str, uid: bytes, memory: bytes) -> None:
    with pytest.raises(ValueError):
        NtagCard(kind, uid, memory=memory)
