"""Writing a card on an NTAG213/215/216 as a conversation of frames; no reader, no clock, no file (sans-I/O).

:func:`issue` is a conversation (``card_tools.conversation``), run by :func:`converse`. Frames are those of
NXP's data sheet NTAG213/215/216 without their CRC, which readers add: GET_VERSION 60, READ 30, WRITE A2,
PWD_AUTH 1B; the acknowledgement is one byte, 0A.

Order, so that a card torn away at any moment is never worse than an empty one and can be laid down again:

1. look: version, UID, lock bytes, capability container, configuration; refuse what cannot become our card;
2. empty the message (page 4 gets length 0), write the other pages, and the page with the length last;
3. read everything back and compare;
4. protect: PWD, PACK, ACCESS (reading stays free), then AUTH0; then prove the password; then AUTHLIM.

AUTH0 comes after the password, since some chips act on it at once. AUTHLIM comes after the proof, since a
wrong password under it locks a chip for ever. Pages 2 and 3 (lock bits, capability container) burn one way
only: they are read and never written.
"""

import hmac
from collections.abc import Generator
from dataclasses import dataclass
from hashlib import sha256

from card_tools.conversation import Conversation as Conversation
from card_tools.conversation import Issued as Issued
from card_tools.conversation import converse as converse
from card_tools.errors import ChipRefused, ChipTorn, ChipUnsuitable

PAGE = 4
FIRST_DATA_PAGE = 4
ACK = 0x0A
_ACCESS_KEEP = 0x18
"""NFC counter bits of ACCESS, which are not ours to change."""
_CONFIG_LOCKED = 0x40
_LIMIT_MASK = 0x07
_EMPTY = b"\x03\x00\xfe\x00"
"""Page 4 of a chip with a valid message of no length."""


@dataclass(frozen=True, slots=True)
class Model:
    """One kind of chip: what it is called, where its data ends and its configuration begins."""

    name: str
    data_pages: int
    config_page: int

    @property
    def capacity(self) -> int:
        """Bytes of the data area."""
        return self.data_pages * PAGE


MODELS = {
    0x0F: Model("NTAG213", 36, 0x29),
    0x11: Model("NTAG215", 126, 0x83),
    0x13: Model("NTAG216", 222, 0xE3),
}
"""By the storage size byte of GET_VERSION."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be on the chip. ``area`` is the message as it lies in data pages (``ndef.to_type2``)."""

    uid: bytes
    area: bytes
    password: bytes
    pack: bytes
    tries: int = 7
    """Wrong passwords after which writing is closed for ever (AUTHLIM, 1 to 7); 0 for no limit."""

    def __post_init__(self) -> None:
        """Refuse an order that no chip can carry out."""
        if len(self.password) != 4 or len(self.pack) != 2:
            raise ValueError("a password has four bytes and its acknowledgement two")
        if not 0 <= self.tries <= _LIMIT_MASK:
            raise ValueError(f"a chip counts up to 7 wrong passwords, not {self.tries}")
        if not self.area or len(self.area) % PAGE:
            raise ValueError("the data area is whole pages of four bytes")


def password_for(master: bytes, uid: bytes) -> tuple[bytes, bytes]:
    """The password and its acknowledgement for one chip, from a master secret that stays in the office."""
    derived = hmac.digest(master, b"yika-ntag-password-1" + uid, sha256)
    return derived[:4], derived[4:6]


def issue(order: Order) -> Conversation:
    """The conversation that makes a blank, ours, or half-written chip into the card that was ordered."""
    chip = yield from _look(order)
    if chip.auth0 <= _last_page(chip.model):
        yield from _authenticate(order, "the chip is protected with a password that is not ours")
    written = yield from _write_message(order)
    protected = yield from _protect(order, chip)
    return Issued(chip.model.name, written + protected)


@dataclass(frozen=True, slots=True)
class _Chip:
    model: Model
    mirror: bytes
    """The first three bytes of the configuration, which stay as they are."""
    auth0: int
    access: int


def _last_page(model: Model) -> int:
    return model.config_page + 3


def _look(order: Order) -> Generator[bytes, bytes, _Chip]:
    version = yield b"\x60"
    model = MODELS.get(version[6]) if len(version) == 8 and version[2] == 4 else None
    if model is None:
        raise ChipUnsuitable(f"this is no NTAG213, 215 or 216 (it calls itself {version.hex() or 'nothing'})")
    head = yield from _read(0)
    uid = head[0:3] + head[4:8]
    if uid != order.uid:
        raise ChipUnsuitable(f"chip {uid.hex()} lies here, the card is ordered for {order.uid.hex()}")
    _check_head(head, model, order)
    config = yield from _read(model.config_page)
    auth0, access = config[3], config[4]
    if access & _CONFIG_LOCKED:
        raise ChipUnsuitable("the chip's configuration is locked for ever")
    return _Chip(model, config[:3], auth0, access)


def _check_head(head: bytes, model: Model, order: Order) -> None:
    if head[10:12] != b"\x00\x00":
        raise ChipUnsuitable("pages of this chip are locked for ever")
    if head[12] != 0xE1 or head[15] & 0x0F:
        raise ChipUnsuitable("the chip is not laid out for NDEF, or closed for writing; it cannot be undone")
    if len(order.area) > model.capacity:
        raise ChipUnsuitable(f"the card needs {len(order.area)} bytes, a {model.name} has {model.capacity}")


def _read(page: int) -> Generator[bytes, bytes, bytes]:
    answer = yield bytes([0x30, page])
    if len(answer) != 4 * PAGE:
        raise ChipRefused(
            f"the chip did not let page {page} be read (it answered {answer.hex() or 'nothing'})"
        )
    return answer


def _write(page: int, data: bytes) -> Generator[bytes, bytes, None]:
    answer = yield bytes([0xA2, page]) + data
    if answer[:1] != bytes([ACK]):
        raise ChipRefused(f"the chip did not take page {page} (it answered {answer.hex() or 'nothing'})")


def _authenticate(order: Order, otherwise: str) -> Generator[bytes, bytes, None]:
    answer = yield b"\x1b" + order.password
    if answer != order.pack:
        raise ChipUnsuitable(otherwise)


def _read_area(length: int) -> Generator[bytes, bytes, bytes]:
    area = b""
    while len(area) < length:
        area += yield from _read(FIRST_DATA_PAGE + len(area) // PAGE)
    return area[:length]


def _write_message(order: Order) -> Generator[bytes, bytes, int]:
    found = yield from _read_area(len(order.area))
    if found == order.area:
        return 0
    written = 0
    if found[:PAGE] != _EMPTY:
        yield from _write(FIRST_DATA_PAGE, _EMPTY)
        written += 1
    for at in range(PAGE, len(order.area), PAGE):
        if found[at : at + PAGE] != order.area[at : at + PAGE]:
            yield from _write(FIRST_DATA_PAGE + at // PAGE, order.area[at : at + PAGE])
            written += 1
    yield from _write(FIRST_DATA_PAGE, order.area[:PAGE])
    if (yield from _read_area(len(order.area))) != order.area:
        raise ChipTorn("the chip does not hold what was written; lay the card down again and leave it there")
    return written + 1


def _protect(order: Order, chip: _Chip) -> Generator[bytes, bytes, int]:
    config = chip.model.config_page
    access = chip.access & _ACCESS_KEEP
    if chip.auth0 == FIRST_DATA_PAGE and chip.access == access | order.tries:
        return 0
    yield from _write(config + 2, order.password)
    yield from _write(config + 3, order.pack + b"\x00\x00")
    yield from _write(config + 1, bytes([access, 0, 0, 0]))
    yield from _write(config, chip.mirror + bytes([FIRST_DATA_PAGE]))
    yield from _authenticate(
        order, "the chip did not keep its password; writing stays open, use another chip"
    )
    yield from _write(config + 1, bytes([access | order.tries, 0, 0, 0]))
    after = yield from _read(config)
    if after[3] != FIRST_DATA_PAGE or after[4] != access | order.tries:
        raise ChipTorn("the chip did not keep its protection; lay the card down again and leave it there")
    return 5
