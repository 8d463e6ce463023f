"""NTAG 424 DNA arithmetic: the SUN message and the EV2 challenge, bytes in and bytes out.

Sources: NXP's data sheet NT4H2421Gx (secure messaging, secure dynamic messaging) and its application notes
AN12196, whose worked examples are this module's tests, and AN10922 (key diversification). Keys are AES-128.
What comes from a card and does not hold is :class:`CardForged`, whatever is wrong with it: a chip that
answers nonsense to a challenge is not the chip it claims to be.
"""

import hmac
import secrets
import zlib
from collections.abc import Generator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from card_tools.conversation import Transceive, converse
from card_tools.errors import CardForged, ChipRefused

BLOCK = 16
UID_LENGTH = 7
CHALLENGE_KEY = 1
"""The number of the key that a kiosk proves a card with; it opens nothing but reading."""
META_KEY, SUN_KEY = 2, 3
"""Numbers of the keys of a SUN message: the one that hides whose chip it is, and the one of its MAC."""
SELECT_APPLICATION = bytes.fromhex("00a4040007d276000085010100")
"""Selects the NDEF application, where the keys live (answered with 9000)."""
MAC_LENGTH = 8
_NO_IV = bytes(BLOCK)
_CARD_LABEL = b"yika.cn card "
_OK, _MORE = b"\x91\x00", b"\x91\xaf"
_SDM_MAC_LABEL, _SDM_ENC_LABEL = bytes.fromhex("3cc300010080"), bytes.fromhex("c33c00010080")
_EV2_ENC_LABEL, _EV2_MAC_LABEL = bytes.fromhex("a55a00010080"), bytes.fromhex("5aa500010080")
_COMMAND_IV, _ANSWER_IV = b"\xa5\x5a", b"\x5a\xa5"
_UID_MIRRORED, _COUNTER_MIRRORED = 0x80, 0x40
_FIRST, _LAST, _SHORT_WELL_KNOWN = 0x80, 0x40, 0x11
"""Marks in the first byte of an NDEF record."""


def _encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    decryptor = Cipher(AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def _short_mac(key: bytes, message: bytes) -> bytes:
    return _cmac(key, message)[1::2]


def _is_blocks(data: bytes) -> bool:
    return len(data) > 0 and len(data) % BLOCK == 0


def _zero_filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def diversify(master: bytes, uid: bytes, label: bytes) -> bytes:
    """The key of one chip from a master key (AN10922): ``label`` is application id and system name.

    Always two blocks, also where plain CMAC would take one: that is the note's own padding rule.
    """
    plain = b"\x01" + uid + label
    if len(plain) > 2 * BLOCK:
        raise ValueError(f"UID and label have {len(plain) - 1} bytes together; 31 is the most")
    subkey = _double(_encrypt(master, _NO_IV, bytes(BLOCK)))
    if len(plain) < 2 * BLOCK:
        subkey = _double(subkey)
        plain = (plain + b"\x80").ljust(2 * BLOCK, b"\x00")
    last = bytes(a ^ b for a, b in zip(plain[BLOCK:], subkey, strict=True))
    return _encrypt(master, _NO_IV, plain[:BLOCK] + last)[BLOCK:]


def key_for(master: bytes, uid: bytes, key_no: int) -> bytes:
    """One key of one of our cards, from the office's master key (AN10922).

    All chips of an office share :data:`META_KEY`: with it the server learns whose SUN message it is, and only
    then which key proves it. Whoever takes it out of a chip can tell chips apart, and proves nothing.
    """
    return diversify(master, b"" if key_no == META_KEY else uid, _CARD_LABEL + bytes([key_no]))


def _double(block: bytes) -> bytes:
    """Doubling in GF(2^128), as CMAC makes its sub-keys (NIST SP 800-38B §6.1)."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= 1 << 128 | 0x87
    return number.to_bytes(BLOCK, "big")


@dataclass(frozen=True, slots=True)
class SunMessage:
    """What a genuine SUN message said: whose chip, how many reads, and the mirrored file bytes if any."""

    uid: bytes
    counter: int
    file_data: bytes | None = None


def decrypt_sun(
    meta_key: bytes,
    file_key: bytes,
    picc_data: bytes,
    mac: bytes,
    *,
    enc: bytes | None = None,
    mac_input: bytes = b"",
) -> SunMessage:
    """Open and check an encrypted SUN message (AN12196).

    ``mac_input`` is what the chip put under its MAC, as ASCII from the message: the text from the MAC-input
    offset to the MAC (empty when both offsets are equal). The counter is for the caller to compare: a message
    that was read and not used can be shown once later.
    """
    uid, counter = open_picc_data(meta_key, picc_data)
    message = verify_plain_sun(file_key, uid, counter, mac, mac_input=mac_input)
    if enc is None:
        return message
    return SunMessage(uid, counter, _open_file_data(file_key, message, enc))


def open_picc_data(meta_key: bytes, picc_data: bytes) -> tuple[bytes, int]:
    """Whose message it says it is, and its counter: enough to find the key that proves it, and no proof."""
    if len(picc_data) != BLOCK:
        raise CardForged("the PICC data of a SUN message is one block")
    plain = _decrypt(meta_key, _NO_IV, picc_data)
    if plain[0] != _UID_MIRRORED | _COUNTER_MIRRORED | UID_LENGTH:
        raise CardForged("the PICC data does not open to a UID and a counter: another key, or invented")
    return plain[1:8], int.from_bytes(plain[8:11], "little")


def _open_file_data(file_key: bytes, message: SunMessage, enc: bytes) -> bytes:
    if not _is_blocks(enc):
        raise CardForged("the file data of a SUN message is whole blocks")
    counter = message.counter.to_bytes(3, "little")
    key = _cmac(file_key, _zero_filled(_SDM_ENC_LABEL + message.uid + counter))
    return _decrypt(key, _encrypt(key, _NO_IV, _zero_filled(counter)), enc)


def verify_plain_sun(
    file_key: bytes, uid: bytes, counter: int, mac: bytes, *, mac_input: bytes = b""
) -> SunMessage:
    """Check a SUN message whose UID and counter stand in plain sight; returns what it said."""
    if len(uid) != UID_LENGTH or not 0 <= counter < 1 << 24:
        raise CardForged("a SUN message has a UID of seven bytes and a counter of three")
    key = _cmac(file_key, _zero_filled(_SDM_MAC_LABEL + uid + counter.to_bytes(3, "little")))
    if not hmac.compare_digest(_short_mac(key, mac_input), mac):
        raise CardForged("the MAC of the SUN message does not hold")
    return SunMessage(bytes(uid), counter)


@dataclass(slots=True)
class Ev2Session:
    """An authenticated conversation with one chip: both sides have proved that they hold the key."""

    ti: bytes
    enc_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)
    counter: int = 0
    """Commands sent so far; :meth:`full` and :meth:`mac` count."""

    def full(self, command: int, header: bytes, data: bytes) -> bytes:
        """The APDU of a command in full mode: ``data`` encrypted, everything under a MAC."""
        sealed = b""
        if data:
            iv = self._iv(_COMMAND_IV)
            sealed = _encrypt(self.enc_key, iv, _zero_filled(bytes(data) + b"\x80"))
        return self._under_mac(command, bytes(header) + sealed)

    def mac(self, command: int, header: bytes) -> bytes:
        """The APDU of a command in MAC mode: nothing encrypted, everything under a MAC."""
        return self._under_mac(command, header)

    def plain(self, command: int, body: bytes) -> bytes:
        """The APDU of a command that crosses as it is, such as data of a plain file; it counts too."""
        self.counter += 1
        return apdu(command, body)

    def _under_mac(self, command: int, body: bytes) -> bytes:
        covered = bytes([command]) + self._count() + self.ti + body
        self.counter += 1
        return apdu(command, body + _short_mac(self.mac_key, covered))

    def checked(self, answer: bytes) -> bytes:
        """The body of the chip's answer to the last command, its MAC checked and taken off."""
        body, status = _split(answer)
        if status != _OK:
            raise ChipRefused(f"the chip answered {status.hex()}{_meaning(status)}")
        sealed, mac = body[:-MAC_LENGTH], body[-MAC_LENGTH:]
        if not hmac.compare_digest(_short_mac(self.mac_key, b"\x00" + self._count() + self.ti + sealed), mac):
            raise CardForged("the chip's answer does not carry the session's MAC")
        return sealed

    def opened(self, answer: bytes) -> bytes:
        """The plain data of the chip's answer to the last command in full mode."""
        sealed = self.checked(answer)
        if not sealed:
            return b""
        if not _is_blocks(sealed):
            raise CardForged("the chip's answer is not whole blocks")
        padded = _decrypt(self.enc_key, self._iv(_ANSWER_IV), sealed).rstrip(b"\x00")
        if not padded.endswith(b"\x80"):
            raise CardForged("the chip's answer is not padded as agreed")
        return padded[:-1]

    def card_uid(self, transceive: Transceive) -> bytes:
        """The chip's real UID, under the session's MAC: neither random nor set by hand (AN12196 §7.3)."""
        return converse(self.asking_uid(), transceive)

    def asking_uid(self) -> Generator[bytes, bytes, bytes]:
        """:meth:`card_uid` as a conversation."""
        uid = self.opened((yield self.full(0x51, b"", b"")))
        if len(uid) != UID_LENGTH:
            raise CardForged(f"the chip gave a UID of {len(uid)} bytes")
        return uid

    def _count(self) -> bytes:
        return self.counter.to_bytes(2, "little")

    def _iv(self, label: bytes) -> bytes:
        return _encrypt(self.enc_key, _NO_IV, label + self.ti + self._count() + bytes(8))


def ev2_first(key: bytes, key_no: int, transceive: Transceive, *, rnd_a: bytes | None = None) -> Ev2Session:
    """Challenge the chip to prove that it holds a key, and prove it in turn (AN12196 §6.6).

    ``rnd_a`` is for tests with published values; without it the system's randomness is taken. The NDEF
    application must be selected. Raises :class:`CardForged` unless the chip proves it.
    """
    return converse(challenging(key, key_no, rnd_a=rnd_a), transceive)


def challenging(
    key: bytes, key_no: int, *, rnd_a: bytes | None = None
) -> Generator[bytes, bytes, Ev2Session]:
    """:func:`ev2_first` as a conversation."""
    rnd_a = secrets.token_bytes(BLOCK) if rnd_a is None else bytes(rnd_a)
    sealed = _expect((yield apdu(0x71, bytes([key_no, 0]))), _MORE, BLOCK)
    rnd_b = _decrypt(key, _NO_IV, sealed)
    token = _encrypt(key, _NO_IV, rnd_a + rnd_b[1:] + rnd_b[:1])
    plain = _decrypt(key, _NO_IV, _expect((yield apdu(0xAF, token)), _OK, 2 * BLOCK))
    if not hmac.compare_digest(plain[4:20], rnd_a[1:] + rnd_a[:1]):
        raise CardForged("the chip does not hold the key")
    mixed = bytes(a ^ b for a, b in zip(rnd_a[2:8], rnd_b[:6], strict=True))
    vector = rnd_a[:2] + mixed + rnd_b[6:] + rnd_a[8:]
    return Ev2Session(plain[:4], _cmac(key, _EV2_ENC_LABEL + vector), _cmac(key, _EV2_MAC_LABEL + vector))


def _split(answer: bytes) -> tuple[bytes, bytes]:
    answer = bytes(answer)  # a reader may give a bytearray
    return answer[:-2], answer[-2:]


def _expect(answer: bytes, status: bytes, length: int) -> bytes:
    body, got = _split(answer)
    if got != status or len(body) != length:
        raise CardForged(f"the chip cannot do the challenge: it answered {got.hex()}{_meaning(got)}")
    return body


def _meaning(status: bytes) -> str:
    return {
        "911c": " (command unknown)",
        "911e": " (MAC or padding wrong)",
        "9140": " (no such key)",
        "917e": " (wrong length)",
        "919d": " (not allowed)",
        "919e": " (wrong parameter)",
        "91ad": " (too many failed tries: wait)",
        "91ae": " (authentication failed)",
        "91be": " (out of bounds)",
        "91f0": " (no such file)",
    }.get(status.hex(), "")


def apdu(command: int, body: bytes) -> bytes:
    """A native command wrapped for ISO 7816-4: class 90, no parameters, Le 0."""
    length = bytes([len(body)]) if body else b""
    return bytes([0x90, command, 0, 0]) + length + body + b"\x00"


def change_key(session: Ev2Session, key_no: int, new: bytes, *, old: bytes | None, version: int = 1) -> bytes:
    """The ChangeKey APDU. ``old`` is None for the key that opened the session itself.

    After changing that key the chip answers without a MAC and the session is over.
    """
    if old is None:
        return session.full(0xC4, bytes([key_no]), new + bytes([version]))
    mixed = bytes(a ^ b for a, b in zip(new, old, strict=True))
    check = zlib.crc32(new) ^ 0xFFFFFFFF
    return session.full(0xC4, bytes([key_no]), mixed + bytes([version]) + check.to_bytes(4, "little"))


def change_file_settings(session: Ev2Session, file_no: int, settings: bytes) -> bytes:
    """The ChangeFileSettings APDU."""
    return session.full(0x5F, bytes([file_no]), settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SunOffsets:
    """Where in the NDEF file the chip writes its encrypted UID and counter, and its MAC."""

    picc_data: int
    mac_input: int
    mac: int


def sun_settings(offsets: SunOffsets, *, meta_key_no: int = 2, file_key_no: int = 1, owner: int = 0) -> bytes:
    """File settings of an NDEF file that anyone reads and only key ``owner`` changes, with SUN switched on.

    Bytes: 40 (SDM on, plain mode); rights as two little-endian nibble pairs (read is E, free); C1 (UID and
    counter mirrored as ASCII); SDM rights (F is unused; the counter is told to the holder of the file key);
    then the three offsets.
    """
    rights = bytes([owner << 4 | owner, 0xE0 | owner])
    sdm_rights = bytes([0xF0 | file_key_no, meta_key_no << 4 | file_key_no])
    places = (offsets.picc_data, offsets.mac_input, offsets.mac)
    return b"\x40" + rights + b"\xc1" + sdm_rights + b"".join(p.to_bytes(3, "little") for p in places)


def sun_url_file(address: str, behind: bytes = b"") -> tuple[bytes, SunOffsets]:
    """The NDEF file of an address with places for ``picc_data`` and ``cmac``, and where those places are.

    The address ends before its query: ``https://yika.example/t``. Only UID and counter are under the MAC.
    ``behind`` is a message whose records follow: phones open the first record of a card.
    """
    prefixes = {"https://www.": 2, "http://www.": 1, "https://": 4, "http://": 3}
    start, code = next(((p, c) for p, c in prefixes.items() if address.startswith(p)), ("", 0))
    lead = f"{address.removeprefix(start)}?picc_data=".encode()
    joint = b"&cmac="
    payload = bytes([code]) + lead + b"0" * 32 + joint + b"0" * 16
    if len(payload) > 0xFF:
        raise ValueError(f"the address is {len(payload) - 0xFF} bytes too long for a short record")
    head = _FIRST | _LAST | _SHORT_WELL_KNOWN
    if behind:
        head, behind = head & ~_LAST, bytes([behind[0] & ~_FIRST]) + behind[1:]
    message = bytes([head, 1, len(payload)]) + b"U" + payload + behind
    first = 2 + 4 + 1 + len(lead)
    last = first + 32 + len(joint)
    return len(message).to_bytes(2, "big") + message, SunOffsets(picc_data=first, mac_input=last, mac=last)
