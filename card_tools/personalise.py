"""Making a factory-fresh NTAG 424 DNA into a card, in steps that can be taken again after a tear.

Order: the NDEF message (length zero first, length last) while the chip still lets anyone write; then, proved
by the challenge and by the UID under its MAC, keys 1 to 4; then the NDEF file is closed for writing; key 0
comes last, since whoever holds it holds the chip. The version of keys 1 to 4 (0 from the factory, ours after)
says how far an interrupted run came, so that none of them is guessed; only key 0 may cost one wrong try.
"""

from dataclasses import dataclass

from card_tools.errors import CardError, CardForged, ChipRefused, ChipTorn, ChipUnsuitable
from card_tools.ntag424 import (
    SELECT_APPLICATION,
    Ev2Session,
    Transceive,
    change_file_settings,
    change_key,
    ev2_first,
    key_for,
)

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
_ISO_OK = b"\x90\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order424:
    """What a chip is to become."""

    uid: bytes
    message: bytes
    """The NDEF message."""
    master: bytes
    """The office's AES-128 master key: every chip's keys are derived from it and the chip's UID."""


def personalise(order: Order424, transceive: Transceive) -> int:
    """Carry out an order; returns how many things had to be changed (0: the card was ready)."""
    changed = _write_message(order, transceive)
    session, fresh = _open(order, transceive)
    if session.card_uid(transceive) != order.uid:
        raise ChipUnsuitable("the chip's own UID is not the one that the card is ordered for")
    if not fresh:
        return changed
    for key_no in range(1, KEY_COUNT):
        changed += _change_other_key(order, session, key_no, transceive)
    session.checked(transceive(change_file_settings(session, _NDEF_FILE, _CLOSED)))
    own = change_key(session, 0, key_for(order.master, order.uid, 0), old=None, version=VERSION)
    _expect(transceive(own), b"\x91\x00", "take its own new key")
    return changed + 2


def _expect(answer: bytes, status: bytes, doing: str) -> bytes:
    if answer[-2:] != status:
        raise ChipRefused(f"the chip did not {doing} (it answered {answer[-2:].hex()})")
    return answer[:-2]


def _open(order: Order424, transceive: Transceive) -> tuple[Ev2Session, bool]:
    """A session under key 0, the factory's or ours, and whether it is the factory's."""
    own = key_for(order.master, order.uid, 0)
    for key, fresh in ((own, False), (_FACTORY_KEY, True)):
        _expect(transceive(SELECT_APPLICATION), _ISO_OK, "open its application")
        try:
            return ev2_first(key, 0, transceive), fresh
        except CardForged:
            continue
    raise ChipUnsuitable("the chip's key 0 is neither the factory's nor ours")


def _change_other_key(order: Order424, session: Ev2Session, key_no: int, transceive: Transceive) -> int:
    version = session.checked(transceive(session.mac(0x64, bytes([key_no]))))
    if version == bytes([VERSION]):
        return 0
    new = key_for(order.master, order.uid, key_no)
    session.checked(transceive(change_key(session, key_no, new, old=_FACTORY_KEY, version=VERSION)))
    return 1


def _write_message(order: Order424, transceive: Transceive) -> int:
    content = len(order.message).to_bytes(2, "big") + order.message
    if len(content) > _NDEF_SIZE:
        raise ChipUnsuitable(f"the card needs {len(content)} bytes, an NTAG 424 DNA has {_NDEF_SIZE}")
    _expect(transceive(SELECT_APPLICATION), _ISO_OK, "open its application")
    _expect(transceive(_SELECT_NDEF), _ISO_OK, "open its NDEF file")
    if _read(len(content), transceive) == content:
        return 0
    _update(0, b"\x00\x00", transceive)
    for at in range(2, len(content), _CHUNK):
        _update(at, content[at : at + _CHUNK], transceive)
    _update(0, content[:2], transceive)
    if _read(len(content), transceive) != content:
        raise ChipTorn("the chip does not hold what was written; lay the card down again and leave it there")
    return 1


def _read(length: int, transceive: Transceive) -> bytes:
    content = b""
    while len(content) < length:
        wanted = min(_CHUNK, length - len(content))
        command = b"\x00\xb0" + len(content).to_bytes(2, "big") + bytes([wanted])
        content += _expect(transceive(command), _ISO_OK, "let its NDEF file be read")[:wanted].ljust(wanted)
    return content


def _update(at: int, data: bytes, transceive: Transceive) -> None:
    command = b"\x00\xd6" + at.to_bytes(2, "big") + bytes([len(data)]) + data
    try:
        _expect(transceive(command), _ISO_OK, "let its NDEF file be written")
    except CardError as error:
        raise ChipUnsuitable(f"{error}; it is another card already") from error
