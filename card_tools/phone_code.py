"""A phone's code that changes every 30 seconds, signed with a key that never leaves the phone.

Byte format, version 1, 77 bytes, numbers big-endian::

    0      version (high nibble, 1) and kind (low nibble, 3: a phone's code; 1 and 2 are cards)
    1-8    card id, as the register knows this phone
    9-12   time step: seconds since the Unix epoch // 30
    13-76  ECDSA signature over P-256 with SHA-256, r ‖ s, over "yika-phone-1" ‖ bytes 0-12

P-256 because every browser's WebCrypto can make and keep such a key without letting it out (Ed25519 came
late), r ‖ s because that is what it gives. A kiosk holds the public key only: a stolen kiosk makes no code.
Text form: ``YIKA:`` and base45, 121 characters, the same QR form as a card.
"""

from collections.abc import Callable
from dataclasses import dataclass

import base45
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from card_tools.credential import CARD_ID_LENGTH, PREFIX
from card_tools.errors import CardForged, CardReplayed, CardUnreadable, PhoneCodeExpired

FIRST_BYTE = 0x13
LENGTH = 77
SIGNED_LENGTH = 13
STEP_MS = 30_000
TOLERANCE = 1
"""Steps that the phone's clock and the kiosk's may be apart."""


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """A code in the right form, not yet believed: :func:`verify` decides that."""

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse bytes of any other form."""
        if len(self.raw) != LENGTH or self.raw[0] != FIRST_BYTE:
            raise CardUnreadable(f"a phone's code has {LENGTH} bytes and begins with {FIRST_BYTE:02X}")

    @property
    def card_id(self) -> bytes:
        """The register's name of this phone."""
        return self.raw[1:9]

    @property
    def step(self) -> int:
        """The half minute in which the phone made it, by the phone's clock."""
        return int.from_bytes(self.raw[9:13], "big")

    @property
    def signature(self) -> bytes:
        """The phone's signature, r ‖ s."""
        return self.raw[SIGNED_LENGTH:]

    @property
    def text(self) -> str:
        """The exact text of the code on the screen."""
        return PREFIX + str(base45.b45encode(self.raw), "ascii")


def step_at(now: int) -> int:
    """The half minute of an instant in milliseconds since the epoch."""
    return now // STEP_MS


def encode(card_id: bytes, step: int, sign: Callable[[bytes], bytes]) -> PhoneCode:
    """A code as a phone makes it; ``sign`` gives r ‖ s over what it is handed."""
    if len(card_id) != CARD_ID_LENGTH:
        raise ValueError(f"a card id has {CARD_ID_LENGTH} bytes, not {len(card_id)}")
    head = bytes([FIRST_BYTE]) + card_id + step.to_bytes(4, "big")
    return PhoneCode(head + sign(to_sign(head)))


def to_sign(head: bytes) -> bytes:
    """What the phone signs for the first 13 bytes of a code."""
    return b"yika-phone-1" + head


def is_phone_code(text: str) -> bool:
    """Whether a scanned text is a phone's code at all, so that the caller knows which key to look up."""
    try:
        decode(text)
    except CardUnreadable:
        return False
    return True


def decode(content: bytes | str) -> PhoneCode:
    """Read a code's bytes or text; raises nothing but :class:`CardUnreadable`."""
    if isinstance(content, bytes) and not content.startswith(PREFIX.encode()):
        return PhoneCode(content)
    text = content if isinstance(content, str) else content.decode("ascii", "replace")
    text = text.strip("\r\n\t ")
    if not text.startswith(PREFIX):
        raise CardUnreadable(f"a code's text begins with {PREFIX}")
    try:
        raw = base45.b45decode(text[len(PREFIX) :])
    except ValueError as error:
        raise CardUnreadable("a code's text is base45 after its prefix") from error
    return PhoneCode(raw)


def verify(code: PhoneCode, public_key: bytes, *, now: int, last_step: int | None, clock_synced: bool) -> str:
    """Say what the code proves, ``rotating`` or ``static``; ``public_key`` is the uncompressed point.

    ``last_step`` is the newest step ever accepted from this phone: a step proves presence once, whether the
    clock can be trusted or not. While it cannot, nothing is refused on time grounds and the code counts as
    ``static`` (design.md §4.8). Raises :class:`CardForged`, :class:`PhoneCodeExpired`, :class:`CardReplayed`.
    """
    _check_signature(code, public_key)
    if clock_synced and abs(code.step - step_at(now)) > TOLERANCE:
        raise PhoneCodeExpired(f"made {abs(code.step - step_at(now)) * STEP_MS // 1000} s from now")
    if last_step is not None and code.step <= last_step:
        raise CardReplayed("this code, or a newer one of the same phone, has been used")
    return "rotating" if clock_synced else "static"


def _check_signature(code: PhoneCode, public_key: bytes) -> None:
    r, s = (int.from_bytes(half, "big") for half in (code.signature[:32], code.signature[32:]))
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public_key)
        key.verify(encode_dss_signature(r, s), to_sign(code.raw[:SIGNED_LENGTH]), ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise CardForged("the phone that the register knows did not make this code") from error
