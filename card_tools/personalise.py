"""Making an NTAG 424 DNA into a card as a conversation of commands; no reader, no clock (sans-I/O).

:func:`issue` is a conversation like ``writer``'s, with whole APDUs. Each step looks before it changes, so a
chip that was torn away at any command is laid down again and finished:

1. open a session under key 0, the factory's or ours; the chip's UID under its MAC must be the order's;
2. write the NDEF message: length zero first, length last; read it back;
3. keys 1 to 4, by their version (0 from the factory, ours after): none is guessed;
4. close the NDEF file for writing, with SUN switched on where there is an address for phones;
5. key 0 last, since whoever holds it holds the chip;
6. prove all of it as a kiosk and a phone will: the challenge under key 1, and a SUN message that opens.

Only what came to the end is a card. The factory's key 0 is tried first: a chip counts failed tries, and most
chips are new. Under a key 0 of ours a card can be issued anew; its SUN counter goes on, so that no message of
its former life is worth anything. What crosses while key 0 is the factory's can be deciphered by whoever
listens at the desk, as with every chip of this kind: issue where nobody does.
"""

import secrets
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from card_tools.conversation import Conversation, Issued
from card_tools.errors import CardForged, ChipRefused, ChipTorn, ChipUnsuitable
from card_tools.ntag424 import (
    BLOCK,
    CHALLENGE_KEY,
    META_KEY,
    SELECT_APPLICATION,
    SUN_KEY,
    UID_LENGTH,
    Ev2Session,
    SunOffsets,
    challenging,
    change_file_settings,
    change_key,
    decrypt_sun,
    key_for,
    sun_settings,
    sun_url_file,
)

MODEL = "NTAG 424 DNA"
KEY_COUNT = 5
VERSION = 1
_FACTORY_KEY = bytes(16)
_SELECT_NDEF = bytes.fromhex("00a4000c02e104")
_NDEF_FILE = 2
_NDEF_SIZE = 256
_CLOSED = bytes.fromhex("0000e0")
"""Plain mode; change and read-write for key 0; read free, write for key 0."""
_CHUNK = 100
"""Some readers stumble over longer commands (nfcpy issues 204 and 222)."""
_ISO_OK, _OK = b"\x90\x00", b"\x91\x00"
_READ, _WRITE, _KEY_VERSION, _FILE_SETTINGS = 0xAD, 0x8D, 0x64, 0xF5

Entropy = Callable[[int], bytes]
Result = TypeVar("Result")
_Steps = Generator[bytes, bytes, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order424:
    """What a chip is to become."""

    uid: bytes
    message: bytes
    """The NDEF message of the card (``ndef.to_ndef``)."""
    master: bytes
    """The office's AES-128 master key: every chip's keys are derived from it and the chip's UID."""
    address: str | None = None
    """Where a phone that reads the card goes, up to the query: ``https://yika.example/t``; or nowhere."""

    def __post_init__(self) -> None:
        """Refuse an order that no chip can carry out."""
        if len(self.uid) != UID_LENGTH:
            raise ValueError(f"an NTAG 424 DNA has a UID of {UID_LENGTH} bytes, not {len(self.uid)}")
        size = len(self.content)
        if size > _NDEF_SIZE:
            raise ValueError(f"the card needs {size} bytes, an NTAG 424 DNA has {_NDEF_SIZE}")

    @property
    def content(self) -> bytes:
        """The NDEF file: length and message, with places for what the chip writes itself."""
        if self.address is None:
            return len(self.message).to_bytes(2, "big") + self.message
        return sun_url_file(self.address, self.message)[0]

    @property
    def places(self) -> SunOffsets | None:
        """Where the chip writes its SUN message."""
        return None if self.address is None else sun_url_file(self.address, self.message)[1]

    @property
    def settings(self) -> bytes:
        """The settings of the finished NDEF file."""
        if self.places is None:
            return _CLOSED
        return sun_settings(self.places, meta_key_no=META_KEY, file_key_no=SUN_KEY)


def issue(order: Order424, *, entropy: Entropy = secrets.token_bytes) -> Conversation:
    """The conversation that makes a new, ours, or half-made chip into the card that was ordered."""
    session, is_new = yield from _open(order, entropy)
    if (yield from session.asking_uid()) != order.uid:
        raise ChipUnsuitable("the chip's own UID is not the one that the card is ordered for")
    changed = yield from _write_message(order, session)
    for key_no in range(1, KEY_COUNT):
        changed += yield from _change_other_key(order, session, key_no)
    changed += yield from _close(order, session)
    if is_new:
        own = key_for(order.master, order.uid, 0)
        _expect((yield change_key(session, 0, own, old=None, version=VERSION)), _OK, "take its own new key")
    yield from _prove(order, entropy)
    return Issued(MODEL, changed + is_new)


def _expect(answer: bytes, status: bytes, doing: str) -> bytes:
    if answer[-2:] != status:
        raise ChipRefused(f"the chip did not {doing} (it answered {answer[-2:].hex() or 'nothing'})")
    return answer[:-2]


def _session(key: bytes, key_no: int, entropy: Entropy) -> _Steps[Ev2Session]:
    _expect((yield SELECT_APPLICATION), _ISO_OK, "open its application")
    return (yield from challenging(key, key_no, rnd_a=entropy(BLOCK)))


def _open(order: Order424, entropy: Entropy) -> _Steps[tuple[Ev2Session, bool]]:
    """A session under key 0, the factory's or ours, and whether it is the factory's."""
    for key, is_new in ((_FACTORY_KEY, True), (key_for(order.master, order.uid, 0), False)):
        try:
            return (yield from _session(key, 0, entropy)), is_new
        except CardForged as error:
            refusal = error
    raise ChipUnsuitable(f"the chip's key 0 is neither the factory's nor ours ({refusal})")


def _write_message(order: Order424, session: Ev2Session) -> _Steps[int]:
    content = order.content
    if (yield from _read(session, len(content))) == content:
        return 0
    yield from _write(session, 0, b"\x00\x00")
    for at in range(2, len(content), _CHUNK):
        yield from _write(session, at, content[at : at + _CHUNK])
    yield from _write(session, 0, content[:2])
    if (yield from _read(session, len(content))) != content:
        raise ChipTorn("the chip does not hold what was written; lay the card down again and leave it there")
    return 1


def _read(session: Ev2Session, length: int) -> _Steps[bytes]:
    """The NDEF file as it lies there: under a session the chip writes nothing into it."""
    content = b""
    for at in range(0, length, _CHUNK):
        command = session.plain(_READ, _range(at, min(_CHUNK, length - at)))
        content += _expect((yield command), _OK, "let its NDEF file be read")
    return content


def _write(session: Ev2Session, at: int, data: bytes) -> _Steps[None]:
    answer = yield session.plain(_WRITE, _range(at, len(data)) + data)
    _expect(answer, _OK, "let its NDEF file be written")


def _range(at: int, length: int) -> bytes:
    return bytes([_NDEF_FILE]) + at.to_bytes(3, "little") + length.to_bytes(3, "little")


def _change_other_key(order: Order424, session: Ev2Session, key_no: int) -> _Steps[int]:
    version = session.checked((yield session.mac(_KEY_VERSION, bytes([key_no]))))
    if version == bytes([VERSION]):
        return 0
    new = key_for(order.master, order.uid, key_no)
    session.checked((yield change_key(session, key_no, new, old=_FACTORY_KEY, version=VERSION)))
    return 1


def _close(order: Order424, session: Ev2Session) -> _Steps[int]:
    told = session.checked((yield session.mac(_FILE_SETTINGS, bytes([_NDEF_FILE]))))
    # Told are also the file's type in front and its size in the middle, which nobody can set.
    if told[1:4] + told[7:] == order.settings:
        return 0
    session.checked((yield change_file_settings(session, _NDEF_FILE, order.settings)))
    return 1


def _prove(order: Order424, entropy: Entropy) -> _Steps[None]:
    """See the card as a kiosk and a phone will; a chip that only looked finished fails here."""
    try:
        session = yield from _session(key_for(order.master, order.uid, CHALLENGE_KEY), CHALLENGE_KEY, entropy)
        yield from session.asking_uid()
        if order.places is not None:
            yield from _prove_sun(order, order.places)
    except CardForged as error:
        raise ChipUnsuitable(f"the chip's keys are not those of our card: {error}") from error


def _prove_sun(order: Order424, places: SunOffsets) -> _Steps[None]:
    _expect((yield SELECT_APPLICATION), _ISO_OK, "open its application")
    _expect((yield _SELECT_NDEF), _ISO_OK, "open its NDEF file")
    found = b""
    for at in range(0, places.mac + BLOCK, _CHUNK):
        command = b"\x00\xb0" + at.to_bytes(2, "big") + bytes([min(_CHUNK, _NDEF_SIZE - at)])
        found += _expect((yield command), _ISO_OK, "let its NDEF file be read")
    try:
        picc_data = bytes.fromhex(found[places.picc_data :][: 2 * BLOCK].decode("ascii"))
        mac = bytes.fromhex(found[places.mac :][:BLOCK].decode("ascii"))
    except ValueError as error:
        raise CardForged("it writes no SUN message") from error
    meta_key, sun_key = (key_for(order.master, order.uid, number) for number in (META_KEY, SUN_KEY))
    decrypt_sun(meta_key, sun_key, picc_data, mac)
