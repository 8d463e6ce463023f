"""The rules of an NTAG 424 DNA that a simulated one must obey, and the vectors NXP published (AN12196)."""

from collections.abc import Callable

import pytest

from hardware.simulated import Ntag424Card
from hardware.simulated.ntag424_native import NDEF_FILE
from hardware.simulated.ntag424_sdm import FileSettings
from hardware.simulated.ntag424_secure import (
    Session,
    cmac,
    crc32_nxp,
    decrypt,
    encrypt,
    one_block,
    padded,
    rotated,
    short_mac,
)

UID = bytes.fromhex("04DE5F1EACC040")
RND_A = bytes.fromhex("13C5DB8A5930439FC3DEF9A4C675360F")
SELECT = bytes.fromhex("00A4040C07D276000085010100")
OLD, NEW = bytes(16), bytes(range(16))
PERMISSION, AUTHENTICATION, INTEGRITY = b"\x91\x9d", b"\x91\xae", b"\x91\x1e"


def dice(*rolls: str) -> Callable[[int], bytes]:
    """Random numbers that were agreed before, then a pattern."""
    left = [bytes.fromhex(roll) for roll in rolls]
    return lambda count: left.pop(0) if left else bytes((7,)) * count


def fresh(*rolls: str, uid: bytes = UID) -> Ntag424Card:
    card = Ntag424Card(uid, dice(*rolls))
    card.activate()
    assert card.apdu(SELECT) == b"\x90\x00"
    return card


def native(card: Ntag424Card, command: int, data: bytes = b"") -> bytes:
    lc = bytes((len(data),)) + data if data else b""
    return card.apdu(bytes((0x90, command, 0, 0)) + lc + b"\x00")


class Terminal:
    """The other side of secure messaging, written out step by step."""

    def __init__(self, card: Ntag424Card, key: bytes = OLD, key_no: int = 0, *, first: bool = True) -> None:
        self.card = card
        old = card.talk.session
        answer = native(card, 0x71 if first else 0x77, bytes((key_no, 0)) if first else bytes((key_no,)))
        assert answer[-2:] == b"\x91\xaf", answer.hex()
        number = decrypt(key, bytes(16), answer[:-2])
        answer = native(card, 0xAF, encrypt(key, bytes(16), RND_A + rotated(number)))
        assert answer[-2:] == b"\x91\x00"
        plain = decrypt(key, bytes(16), answer[:-2])
        ti, proof = (plain[:4], plain[4:20]) if first else (old.ti, plain)
        assert proof == rotated(RND_A)
        self.session = Session.begun(key, key_no, ti, (RND_A, number))
        self.session.counter = 0 if first else old.counter

    def _iv(self, label: str) -> bytes:
        counter = self.session.counter.to_bytes(2, "little")
        return one_block(self.session.enc, bytes.fromhex(label) + self.session.ti + counter + bytes(8))

    def _mac(self, first: int, data: bytes) -> bytes:
        counter = self.session.counter.to_bytes(2, "little")
        return short_mac(self.session.mac, bytes((first,)) + counter + self.session.ti + data)

    def say(self, command: int, header: bytes = b"", data: bytes = b"", *, full: bool = True) -> bytes:
        """Say a command; the answer is checked, decrypted and given with its status."""
        if data and full:
            data = encrypt(self.session.enc, self._iv("A55A"), padded(data))
        answer = native(self.card, command, header + data + self._mac(command, header + data))
        self.session.counter += 1
        body, status = answer[:-2], answer[-2:]
        if not body:
            return status
        content, mac = body[:-8], body[-8:]
        assert mac == self._mac(0x00, content)
        if content and full:
            plain = decrypt(self.session.enc, self._iv("5AA5"), content).rstrip(b"\x00")
            assert plain[-1:] == b"\x80"
            content = plain[:-1]
        return content + status


def test_ev2_first_follows_the_published_example() -> None:
    """AN12196 6.6."""
    card = fresh("B9E2FC789B64BF237CCCAA20EC7E6E48", "9D00C4DF")
    rnd_b = decrypt(bytes(16), bytes(16), bytes.fromhex("A04C124213C186F22399D33AC2A30215"))
    card.random = dice(rnd_b.hex(), "9D00C4DF")
    assert native(card, 0x71, bytes.fromhex("0000")) == bytes.fromhex("A04C124213C186F22399D33AC2A3021591AF")
    answer = native(
        card,
        0xAF,
        bytes.fromhex("35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D"),
    )
    assert answer == bytes.fromhex("3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100")
    session = card.talk.session
    assert session.enc == bytes.fromhex("1309C877509E5A215007FF0ED19CA564")
    assert session.mac == bytes.fromhex("4C6626F5E72EA694202139295C7A7FC7")


def test_get_card_uid_follows_the_published_example() -> None:
    """AN12196 7.3."""
    card = fresh(uid=bytes.fromhex("04958CAA5C5E80"))
    enc, mac = "2B4D963C014DC36F24F69A50A394F875", "379D32130CE61705DD5FD8C36B95D764"
    card.talk.session = Session(0, bytes.fromhex("DF055522"), bytes.fromhex(enc), bytes.fromhex(mac))
    answer = card.apdu(bytes.fromhex("90510000088E2C155ADDA99BE300"))
    assert answer == bytes.fromhex("70756055688505B52A5E26E59E329CD6595F672298EA41B79100")


def mirroring(options: int, rights: str, offsets: str) -> FileSettings:
    return FileSettings.from_bytes(bytes.fromhex(f"4000E0{options:02X}{rights}{offsets}"))


def test_sdm_mac_follows_the_published_example() -> None:
    """AN12196: UID 04DE5F1EACC040, counter 61, empty MAC input; PICCData hold what was put in."""
    card = fresh()
    card.files[NDEF_FILE].settings = mirroring(0xC1, "F120", "000000" + "400000" + "400000")
    card.counter = 60
    text = card.apdu(bytes.fromhex("00B0840000"))[:80]
    assert card.counter == 61
    assert text[64:80] == b"94EED9EE65337086"
    plain = decrypt(bytes(16), bytes(16), bytes.fromhex(text[:32].decode()))
    assert plain[:11] == bytes.fromhex("C704DE5F1EACC0403D0000")


def test_sdm_encryption_follows_the_published_example() -> None:
    """AN12196: UID 04958CAA5C5E80, counter 8, sixteen times x; the MAC covers ``…&cmac=``."""
    card = fresh(uid=bytes.fromhex("04958CAA5C5E80"))
    content = b"x" * 32 + b"&cmac=" + b"0" * 16
    card.files[NDEF_FILE].content[32 : 32 + len(content)] = content
    offsets = ("000000", "200000", "200000", "200000", "460000")
    card.files[NDEF_FILE].settings = mirroring(0xD1, "F120", "".join(offsets))
    card.counter = 7
    text = card.apdu(bytes.fromhex("00B0840000"))[32:86]
    assert text == b"CEE9A53E3E463EF1F459635736738962&cmac=ECC1E7F6C6C73BF6"


def test_a_plain_mirror_shows_uid_and_counter() -> None:
    card = fresh()
    card.files[NDEF_FILE].settings = mirroring(0xC1, "FEEF", "000000" + "0E0000")
    assert card.apdu(bytes.fromhex("00B0840000"))[:20] == UID.hex().upper().encode() + b"000001"


def test_reading_in_parts_counts_once_and_each_selection_again() -> None:
    card = fresh()
    card.files[NDEF_FILE].settings = mirroring(0xC1, "FEEF", "000000" + "0E0000")
    for count in (1, 2):
        card.apdu(bytes.fromhex("00A4000C02E104"))
        card.apdu(bytes.fromhex("00B0000002"))
        card.apdu(bytes.fromhex("00B0000210"))
        assert card.counter == count


def test_who_is_authenticated_reads_the_file_as_it_was_written() -> None:
    card = fresh()
    card.files[NDEF_FILE].settings = mirroring(0xC1, "FEEF", "000000" + "0E0000")
    Terminal(card)
    assert card.apdu(bytes.fromhex("00B0840014")) == bytes(20) + b"\x90\x00"
    assert card.counter == 0


def test_the_uid_is_told_only_to_who_knows_the_key() -> None:
    card = fresh()
    assert native(card, 0x51) == AUTHENTICATION
    assert Terminal(card).say(0x51) == UID + b"\x91\x00"


def test_with_a_random_uid_the_true_one_is_told_only_under_a_key() -> None:
    card = fresh()
    assert Terminal(card).say(0x5C, b"\x00", b"\x02") == b"\x91\x00"
    identity = card.activate()
    assert (len(identity.uid), identity.uid[0]) == (4, 0x08)
    card.apdu(SELECT)
    assert Terminal(card).say(0x51) == UID + b"\x91\x00"


def test_a_wrong_key_is_refused() -> None:
    card = fresh()
    answer = native(card, 0x71, b"\x00\x00")
    number = decrypt(NEW, bytes(16), answer[:-2])
    assert native(card, 0xAF, encrypt(NEW, bytes(16), RND_A + rotated(number))) == AUTHENTICATION


def test_authentication_wants_the_application_selected_and_a_key_that_exists() -> None:
    card = Ntag424Card(UID, dice())
    card.activate()
    assert native(card, 0x71, b"\x00\x00") == b"\x91\x40"
    card.apdu(SELECT)
    assert native(card, 0x71, b"\x05\x00") == b"\x91\x40"


def test_an_answer_without_a_question_is_refused() -> None:
    assert native(fresh(), 0xAF, bytes(32)) == b"\x91\xca"


def test_a_command_with_a_wrong_mac_ends_the_session() -> None:
    card = fresh()
    terminal = Terminal(card)
    assert native(card, 0x51, bytes(8)) == INTEGRITY
    assert terminal.say(0x51) == AUTHENTICATION


def test_a_command_said_twice_is_refused_the_second_time() -> None:
    card = fresh()
    Terminal(card)
    session = card.talk.session
    command = short_mac(session.mac, b"\x51\x00\x00" + session.ti)
    assert native(card, 0x51, command)[-2:] == b"\x91\x00"
    assert native(card, 0x51, command) == INTEGRITY


def test_a_following_authentication_keeps_identifier_and_counter() -> None:
    card = fresh()
    first = Terminal(card)
    first.say(0x51)
    second = Terminal(card, first=False)
    assert (second.session.ti, second.session.counter) == (first.session.ti, 1)
    assert second.say(0x51) == UID + b"\x91\x00"


def test_a_following_authentication_needs_a_first_one() -> None:
    assert native(fresh(), 0x77, b"\x00") == AUTHENTICATION


def test_key_0_is_changed_and_its_session_ends() -> None:
    card = fresh()
    terminal = Terminal(card)
    assert terminal.say(0xC4, b"\x00", NEW + b"\x01") == b"\x91\x00"
    assert native(card, 0x51) == AUTHENTICATION
    assert Terminal(card, NEW).say(0x64, b"\x00", full=False) == b"\x01\x91\x00"


def test_another_key_is_changed_by_difference_and_checksum() -> None:
    card = fresh()
    terminal = Terminal(card)
    assert terminal.say(0xC4, b"\x03", NEW + b"\x01" + crc32_nxp(NEW)) == b"\x91\x00"
    assert (card.keys[3], card.versions[3]) == (NEW, 1)
    assert terminal.say(0x51) == UID + b"\x91\x00", "the session goes on"
    assert Terminal(card, NEW, 3).say(0x51) == UID + b"\x91\x00"


def test_a_key_with_a_wrong_checksum_is_not_taken() -> None:
    card = fresh()
    assert Terminal(card).say(0xC4, b"\x03", NEW + b"\x01" + bytes(4)) == INTEGRITY
    assert card.keys[3] == OLD


def test_only_key_0_changes_keys() -> None:
    card = fresh()
    assert Terminal(card, key_no=1).say(0xC4, b"\x01", NEW + b"\x01" + crc32_nxp(NEW)) == PERMISSION


def test_file_settings_are_changed_by_the_key_that_may_and_told() -> None:
    wanted = bytes.fromhex("4000E0C1F121200000430000430000")
    card = fresh()
    assert Terminal(card, key_no=1).say(0x5F, b"\x02", wanted) == PERMISSION
    terminal = Terminal(card)
    assert terminal.say(0x5F, b"\x02", wanted) == b"\x91\x00"
    told = terminal.say(0xF5, b"\x02", full=False)
    assert told == b"\x00" + wanted[:3] + b"\x00\x01\x00" + wanted[3:] + b"\x91\x00"


@pytest.mark.parametrize(
    "wanted",
    [
        "4000E0C1F121F00000430000430000",  # PICCData would not fit
        "4000E0C1F121200000500000430000",  # the MAC would stand before its input
        "4000E0C1F12120000043000043000000",  # a byte too many
    ],
)
def test_impossible_file_settings_are_refused(wanted: str) -> None:
    assert Terminal(fresh()).say(0x5F, b"\x02", bytes.fromhex(wanted)) == b"\x91\x9e"


def test_the_counter_of_a_file_is_told_to_its_key() -> None:
    card = fresh()
    card.files[NDEF_FILE].settings = mirroring(0xC1, "F121", "200000" + "430000" + "430000")
    card.counter = 258
    assert native(card, 0xF6, b"\x02") == PERMISSION
    assert Terminal(card, key_no=1).say(0xF6, b"\x02").startswith(b"\x02\x01\x00")


def test_a_file_in_full_mode_is_written_and_read_encrypted() -> None:
    card = fresh()
    where = b"\x03" + (5).to_bytes(3, "little") + (4).to_bytes(3, "little")
    assert native(card, 0xAD, where) == PERMISSION
    terminal = Terminal(card, key_no=3)
    assert terminal.say(0x8D, where, b"tree") == b"\x91\x00"
    assert bytes(card.files[3].content[5:9]) == b"tree"
    assert terminal.say(0xAD, where) == b"tree\x91\x00"
    assert (
        terminal.say(0xAD, b"\x03" + (126).to_bytes(3, "little") + (4).to_bytes(3, "little")) == b"\x91\xbe"
    )


def test_a_free_file_is_read_and_written_plainly() -> None:
    card = fresh()
    where = b"\x02" + (0).to_bytes(3, "little") + (4).to_bytes(3, "little")
    assert native(card, 0x8D, where + b"\x00\x02hi") == b"\x91\x00"
    assert native(card, 0xAD, where) == b"\x00\x02hi\x91\x00"
    assert card.apdu(bytes.fromhex("00D684000400024F4B")) == b"\x90\x00"
    assert card.apdu(bytes.fromhex("00B0840004")) == b"\x00\x02OK\x90\x00"


def test_a_file_without_free_access_is_closed_to_iso_commands() -> None:
    card = fresh()
    assert card.apdu(bytes.fromhex("00B0850004")) == b"\x69\x82"
    assert card.apdu(bytes.fromhex("00D683000100")) == b"\x69\x82"


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00A4040C07D276000085010000", "6A82"),
        ("00A4000C02E1FF", "6A82"),
        ("00B00000", "6985"),
        ("00FF0000", "6D00"),
        ("80A40000", "6E00"),
        ("00A4", "6700"),
        ("9099000000", "911C"),
        ("906000000501", "917E"),
    ],
)
def test_what_it_does_not_know_is_refused_in_its_own_words(apdu: str, answer: str) -> None:
    assert fresh().apdu(bytes.fromhex(apdu)) == bytes.fromhex(answer)


def test_its_version_comes_in_three_parts() -> None:
    card = fresh()
    assert native(card, 0x60)[:1] == b"\x04"
    assert native(card, 0xAF)[-2:] == b"\x91\xaf"
    assert native(card, 0xAF)[:7] == UID


def test_without_power_the_session_is_forgotten() -> None:
    card = fresh()
    Terminal(card)
    card.activate()
    assert native(card, 0x51) == AUTHENTICATION


def test_a_session_key_is_the_cmac_of_both_numbers() -> None:
    """The vector is spelled out once more, so that a slip in the code above does not vouch for itself."""
    b = bytes(range(16, 32))
    mixed = bytes(x ^ y for x, y in zip(RND_A[2:8], b[:6], strict=True))
    vector = bytes.fromhex("A55A00010080") + RND_A[:2] + mixed + b[6:] + RND_A[8:]
    assert Session.begun(NEW, 0, bytes(4), (RND_A, b)).enc == cmac(NEW, vector)


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        (0xAD, "02000000", "917E"),  # no length
        (0xAD, "09000000010000", "91F0"),  # no such file
        (0xAD, "0200000001000000", "917E"),  # data behind a reading
        (0x8D, "0200000002000001", "917E"),  # less data than said
        (0xF5, "", "917E"),
        (0xF5, "09", "91F0"),
        (0x64, "07", "9140"),
        (0x71, "", "9140"),
        (0xF6, "02", "919D"),
        (0xC4, "00", "91AE"),
    ],
)
def test_a_native_command_that_is_wrong_is_refused(command: int, data: str, status: str) -> None:
    assert native(fresh(), command, bytes.fromhex(data)) == bytes.fromhex(status)


@pytest.mark.parametrize(
    ("header", "data", "status"),
    [("07", NEW + b"\x01", "9140"), ("00", NEW, "917E"), ("03", NEW + b"\x01", "917E")],
)
def test_a_key_that_is_wrong_in_form_is_refused(header: str, data: bytes, status: str) -> None:
    assert Terminal(fresh()).say(0xC4, bytes.fromhex(header), data) == bytes.fromhex(status)


@pytest.mark.parametrize(
    ("number", "data"), [("02", "4000"), ("02", "4000E0C1"), ("03", "4000E0C1FFEF000000")]
)
def test_file_settings_that_are_wrong_in_form_are_refused(number: str, data: str) -> None:
    answer = Terminal(fresh()).say(0x5F, bytes.fromhex(number), bytes.fromhex(data))
    assert answer in (b"\x91\x7e", b"\x91\x9e")


def test_settings_that_nobody_may_change_stay() -> None:
    card = fresh()
    card.files[NDEF_FILE].settings.change = 0xF
    assert Terminal(card).say(0x5F, b"\x02", bytes.fromhex("00E0EE")) == PERMISSION


def test_half_an_answer_to_the_challenge_is_refused() -> None:
    card = fresh()
    native(card, 0x71, b"\x00\x00")
    assert native(card, 0xAF, bytes(16)) == b"\x91\x7e"


def test_data_that_are_not_whole_blocks_are_refused() -> None:
    card = fresh()
    Terminal(card)
    session = card.talk.session
    assert session is not None
    body = b"\x00" + bytes(15)
    mac = short_mac(session.mac, b"\xc4\x00\x00" + session.ti + body)
    assert native(card, 0xC4, body + mac) == b"\x91\x7e"


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00B0010000", "6B00"),
        ("00D6010001AA", "6B00"),
        ("00B09F0000", "6985"),
        ("00D69F000100", "6985"),
        ("00A4000C023F00", "9000"),
    ],
)
def test_an_iso_command_out_of_place_is_refused(apdu: str, answer: str) -> None:
    card = fresh()
    card.apdu(bytes.fromhex("00A4000C02E104"))
    assert card.apdu(bytes.fromhex(apdu)) == bytes.fromhex(answer)


@pytest.mark.parametrize(("uid", "keys"), [(UID[:4], [OLD] * 5), (UID, [OLD] * 4), (UID, [b"short"] * 5)])
def test_what_cannot_be_an_ntag_424_is_refused(uid: bytes, keys: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Ntag424Card(uid, dice(), keys=keys)


def test_a_message_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        fresh().write_ndef(bytes(255))
