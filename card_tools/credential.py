"""The text on a card: encode, decode, verify, and what only the card's own words open.

Byte format, version 1, 79 bytes, numbers big-endian::

    0      version (high nibble, 1) and kind (low nibble: 1 static, 2 bound)
    1-4    key id: first 4 bytes of SHA-256("yika-card-key-1" ‖ issuer's public key)
    5-12   card id: random, means nothing outside the register
    13-14  last valid day, counted from 2020-01-01 as day 0; 0 means without end
    15-78  Ed25519 signature (RFC 8032) over "yika-card-1" ‖ bytes 0-14 ‖ length of UID ‖ UID

A *static* card (a printed code) is signed with an empty UID. A *bound* card is signed with the UID of the
chip that carries it; the UID is not stored, the chip says it, so bytes copied to another chip do not verify.

Text form: ``YIKA:`` and base45 (RFC 9285), 124 characters of the alphanumeric mode of QR, whose version 7
level Q takes 125. It never ends in a space (the last byte's upper digit is at most 5), so scanners that trim
do no harm.

Whose card is it? The key id says it, not the signature: with an unknown key id nobody can tell an honest card
of another community from one signed with an invented key, and neither is ours, so both are
:class:`CardOtherCommunity`. A known key id under which the signature fails is :class:`CardForged`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from hashlib import sha256

import base45
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from card_tools.errors import CardExpired, CardForged, CardOtherCommunity, CardUnreadable

VERSION = 1
KEY_ID_LENGTH = 4
CARD_ID_LENGTH = 8
SIGNED_LENGTH = 15
LENGTH = 79
PREFIX = "YIKA:"
DAY_ZERO = date(2020, 1, 1)
LAST_DAY = DAY_ZERO + timedelta(days=0xFFFF)
_BLOCK = 32
UID_LENGTHS = (4, 7, 8, 10)
"""Bytes of a chip's number: ISO/IEC 14443-3 single, double and triple size; eight are a FeliCa card's IDm."""


class Kind(IntEnum):
    """Whether the signature holds for any carrier or for one chip only."""

    STATIC = 1
    BOUND = 2


def is_random_uid(uid: bytes) -> bool:
    """Whether a chip's number is drawn anew each time, as phones do (ISO/IEC 14443-3 §6.5.4; NFCIP-1)."""
    return (len(uid) == 4 and uid[0] == 0x08) or (len(uid) == 8 and uid.startswith(b"\x01\xfe"))


@dataclass(frozen=True, slots=True)
class Credential:
    """What a card says, in the right form but not yet believed: :func:`verify` decides that."""

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse bytes of any other form, so that no half-read card ever exists."""
        if len(self.raw) != LENGTH:
            raise CardUnreadable(f"a card has {LENGTH} bytes, not {len(self.raw)}")
        if self.raw[0] not in _KINDS:
            raise CardUnreadable(f"no card of version 1 begins with {self.raw[0]:02X}")

    def __bytes__(self) -> bytes:
        return self.raw

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        # Never the signature: a log line must not be enough to make a card.
        return f"<Credential {self.kind.name.lower()} {self.card_id.hex()} key {self.key_id.hex()}>"

    @property
    def version(self) -> int:
        """Version of the byte format."""
        return self.raw[0] >> 4

    @property
    def kind(self) -> Kind:
        """Static or bound."""
        return _KINDS[self.raw[0]]

    @property
    def proof(self) -> str:
        """What a verified card of this kind proves: ``static`` or ``signed`` (design.md §1)."""
        return "signed" if self.kind is Kind.BOUND else "static"

    @property
    def key_id(self) -> bytes:
        """Which issuer key signed it."""
        return self.raw[1:5]

    @property
    def card_id(self) -> bytes:
        """The register's name of this card."""
        return self.raw[5:13]

    @property
    def expires(self) -> int:
        """Last valid day counted from 2020-01-01, or 0."""
        return int.from_bytes(self.raw[13:15], "big")

    @property
    def expires_on(self) -> date | None:
        """Last valid day, in the community's own calendar; None without end."""
        return DAY_ZERO + timedelta(days=self.expires) if self.expires else None

    @property
    def signature(self) -> bytes:
        """The issuer's signature."""
        return self.raw[SIGNED_LENGTH:]

    @property
    def text(self) -> str:
        """The exact text of the printed code."""
        return PREFIX + str(base45.b45encode(self.raw), "ascii")


_KINDS = {VERSION << 4 | kind: kind for kind in Kind}
"""By a card's first byte."""


class Issuer:
    """A community's signing key at work."""

    def __init__(self, private_key: bytes) -> None:
        """Take the 32 bytes of an Ed25519 private key."""
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def encode_static(self, card_id: bytes, *, expires: date | None = None) -> Credential:
        """A card that any carrier may show: printed code, picture, or chip without binding."""
        return self._sign(_head(Kind.STATIC, self.key_id, card_id, expires), b"")

    def encode_bound(self, uid: bytes, card_id: bytes, *, expires: date | None = None) -> Credential:
        """A card that holds on the chip with this UID only."""
        if not uid:
            raise ValueError("a bound card needs the UID of its chip")
        return self._sign(_head(Kind.BOUND, self.key_id, card_id, expires), uid)

    def _sign(self, head: bytes, uid: bytes) -> Credential:
        return Credential(head + self._key.sign(_to_sign(head, uid)))


def _head(kind: Kind, key: bytes, card_id: bytes, expires: date | None) -> bytes:
    if len(card_id) != CARD_ID_LENGTH:
        raise ValueError(f"a card id has {CARD_ID_LENGTH} bytes, not {len(card_id)}")
    if expires is not None and not DAY_ZERO < expires <= LAST_DAY:
        raise ValueError(
            f"a card can expire from {DAY_ZERO + timedelta(days=1)} to {LAST_DAY}, not {expires}"
        )
    days = (expires - DAY_ZERO).days if expires else 0
    return bytes([VERSION << 4 | kind]) + key + card_id + days.to_bytes(2, "big")


def _to_sign(head: bytes, uid: bytes) -> bytes:
    return b"yika-card-1" + head + bytes([len(uid)]) + uid


def key_id(public_key: bytes) -> bytes:
    """The four bytes by which cards name an issuer's public key."""
    return sha256(b"yika-card-key-1" + public_key).digest()[:KEY_ID_LENGTH]


def decode(content: bytes | str) -> Credential:
    """Read a card's bytes, its text, or its text as bytes; raises nothing but :class:`CardUnreadable`.

    The result is only *well formed*: pass it to :func:`verify` before believing a word of it.
    """
    if isinstance(content, str):
        return _from_text(content)
    if content.startswith(PREFIX.encode()):
        return _from_text(content.decode("ascii", "replace"))
    return Credential(bytes(content))


def _from_text(text: str) -> Credential:
    text = text.strip("\r\n\t ")
    if not text.startswith(PREFIX):
        raise CardUnreadable(f"a card's text begins with {PREFIX}")
    try:
        return Credential(base45.b45decode(text[len(PREFIX) :]))
    except CardUnreadable:
        raise
    except ValueError as error:
        raise CardUnreadable("a card's text is base45 after its prefix") from error


def verify(
    credential: Credential, keys: Mapping[bytes, bytes], *, today: date | None, uid: bytes | None = None
) -> None:
    """Return only when a key of this community signed exactly this card, for this chip if it is bound.

    ``keys`` maps key ids to public keys (several while keys rotate). ``uid`` is what the chip said, None for
    a code. ``today`` is the date in the community's zone; None while the clock is not to be trusted, since
    then nothing is refused on time grounds (design.md §4.8). Raises :class:`CardOtherCommunity`,
    :class:`CardForged` or, for a genuine card only, :class:`CardExpired`.
    """
    public_key = keys.get(credential.key_id)
    if public_key is None:
        raise CardOtherCommunity(f"signed with key {credential.key_id.hex()}, which is not one of ours")
    bound = credential.kind is Kind.BOUND
    if bound and not uid:
        raise CardForged("this card holds on its own chip only, and no chip was read")
    signed_for = uid if bound and uid else b""
    message = _to_sign(credential.raw[:SIGNED_LENGTH], signed_for)
    if not _signature_holds(public_key, credential.signature, message):
        raise CardForged("the signature does not hold for these words and this chip")
    last_day = credential.expires_on
    if today is not None and last_day is not None and today > last_day:
        raise CardExpired(f"valid until {last_day}", zh=f"这张卡是真的，但有效期到 {last_day}，已过期。")


def _signature_holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    # Most cards come twice a day, and what held once holds for ever. Remembered is a hash: nothing that is
    # kept here makes a card.
    about = sha256(public_key + signature + message).digest()
    if about in _HELD:
        return True
    try:
        _public_key(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    if len(_HELD) >= MOST_HELD:
        _HELD.clear()
    _HELD.add(about)
    return True


_HELD: set[bytes] = set()
MOST_HELD = 4096
"""Signatures that are remembered to hold: more than one community has cards."""


def held() -> int:
    """How many signatures are remembered to hold."""
    return len(_HELD)


@lru_cache(maxsize=64)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def digest(credential: Credential) -> str:
    """A hash that recognises this very card again, and cannot make it or open its name."""
    return sha256(b"yika-card-digest-1" + credential.raw).hexdigest()


_SHA256 = SHA256()


def _cipher(credential: Credential, purpose: bytes) -> AESSIV:
    derived = HKDF(algorithm=_SHA256, length=64, salt=None, info=b"yika-card-1 " + purpose)
    return AESSIV(derived.derive(credential.raw))


def _open(credential: Credential, purpose: bytes, blob: bytes) -> bytes:
    try:
        return _cipher(credential, purpose).decrypt(blob, None)
    except (InvalidTag, ValueError) as error:
        raise CardForged(f"this {purpose.decode()} was not sealed for this card") from error


def _padded(text: str) -> bytes:
    plain = text.encode() + b"\x80"
    return plain + bytes(-len(plain) % _BLOCK)


def _unpadded(plain: bytes) -> str:
    return plain.rstrip(b"\x00").removesuffix(b"\x80").decode()


def seal_name(credential: Credential, name: str) -> bytes:
    """Lock a name so that only the card's own words open it (AES-SIV, RFC 5297; the same every time).

    Padded to whole blocks, so that the length tells little about the name.
    """
    return _cipher(credential, b"name").encrypt(_padded(name), None)


def open_name(credential: Credential, blob: bytes) -> str:
    """The name sealed for this card; :class:`CardForged` when it was sealed for another."""
    return _unpadded(_open(credential, b"name", blob))


class Note(StrEnum):
    """What else a kiosk can read with the card alone: its holder's hours; a leader's planned members."""

    HOURS = "hours"
    MEMBERS = "members"


def seal_note(credential: Credential, note: Note, text: str) -> bytes:
    """Lock a text as :func:`seal_name` locks a name; one kind never opens as another."""
    return _cipher(credential, note.encode()).encrypt(_padded(text), None)


def open_note(credential: Credential, note: Note, blob: bytes) -> str:
    """The text sealed for this card; :class:`CardForged` when it was sealed for another."""
    return _unpadded(_open(credential, note.encode(), blob))


def seal_key(credential: Credential, key: bytes) -> bytes:
    """Lock a chip's challenge key under its own words: a kiosk holds it only while that card lies there."""
    return _cipher(credential, b"key").encrypt(key, None)


def open_key(credential: Credential, blob: bytes) -> bytes:
    """The challenge key sealed for this card; :class:`CardForged` when it was sealed for another."""
    return _open(credential, b"key", blob)
