"""A card's bytes as an NDEF message (NFC Forum NDEF 1.0), and an NDEF message inside a Type 2 tag's memory.

One record, external type ``yika.cn:c``, short form::

    D4 09 4F "yika.cn:c" <79 bytes of the credential>      91 bytes of the 137 that an NTAG213 offers

``D4``: first and last record, short, type name format 4 (external). Reading is tolerant: our record may stand
among others, and a card's text is also found in a Text or URI record that some phone app wrote.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from card_tools.credential import LENGTH, PREFIX, Credential, decode
from card_tools.errors import CardUnreadable

RECORD_TYPE = b"yika.cn:c"
_WELL_KNOWN, _EXTERNAL, _UNCHANGED = 1, 4, 6
_SHORT, _HAS_ID, _CHUNKED, _LAST = 0x10, 0x08, 0x20, 0x40
_NDEF_TLV, _NULL_TLV, _TERMINATOR_TLV = 0x03, 0x00, 0xFE


@dataclass(frozen=True, slots=True)
class Record:
    """One NDEF record: type name format, type, payload."""

    tnf: int
    type: bytes
    payload: bytes


class _Cursor:
    """Takes bytes from the front and says so when there are too few."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._content)

    def take(self, count: int) -> bytes:
        taken = self._content[self._at : self._at + count]
        if len(taken) < count:
            raise CardUnreadable("the NDEF message ends in the middle of a record")
        self._at += count
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")


def records(message: bytes) -> Iterator[Record]:
    """Every record of a message, in order; :class:`CardUnreadable` when it is cut short or chunked."""
    cursor, last = _Cursor(message), False
    while cursor and not last:
        head = cursor.number(1)
        if head & _CHUNKED or head & 7 == _UNCHANGED:
            raise CardUnreadable("the NDEF message is chunked, which no card of ours is")
        type_length = cursor.number(1)
        payload_length = cursor.number(1 if head & _SHORT else 4)
        id_length = cursor.number(1) if head & _HAS_ID else 0
        record_type = cursor.take(type_length)
        cursor.take(id_length)
        last = bool(head & _LAST)
        yield Record(head & 7, record_type, cursor.take(payload_length))


_OURS = bytes([0x80 | _LAST | _SHORT | _EXTERNAL, len(RECORD_TYPE), LENGTH]) + RECORD_TYPE
"""What stands before the credential in our own message."""


def to_ndef(credential: Credential) -> bytes:
    """The NDEF message that carries a card."""
    return _OURS + credential.raw


def from_ndef(message: bytes) -> Credential:
    """The first card in an NDEF message; raises nothing but :class:`CardUnreadable`."""
    if message.startswith(_OURS) and len(message) == len(_OURS) + LENGTH:
        return decode(message[len(_OURS) :])  # as we write it; what follows reads the same, more slowly
    found = list(records(message))
    for record in found:
        # External types are case-insensitive (NFC Forum RTD 1.0): some writers raise them.
        if record.tnf == _EXTERNAL and record.type.lower() == RECORD_TYPE:
            return decode(record.payload)
    for record in found:
        text = _text_of(record)
        if PREFIX in text:
            return _from_text(text)
    raise CardUnreadable(
        "the NDEF message holds no card" if found else "the chip is empty",
        zh="芯片里没有志愿卡。" if found else "芯片是空的。",
    )


def _text_of(record: Record) -> str:
    if record.tnf != _WELL_KNOWN or not record.payload:
        return ""
    if record.type == b"T":
        status = record.payload[0]
        return record.payload[1 + (status & 0x3F) :].decode("utf-16" if status & 0x80 else "utf-8", "replace")
    return record.payload[1:].decode("utf-8", "replace") if record.type == b"U" else ""


def _from_text(text: str) -> Credential:
    text = text[text.index(PREFIX) :]
    try:
        return decode(text)
    except CardUnreadable:
        # Apps that write addresses escape the %, + and space that base45 uses.
        return decode(unquote(text))


def to_type2(message: bytes) -> bytes:
    """A message as it lies in the data pages of a Type 2 tag: length, message, terminator, filled pages."""
    size = len(message)
    length = bytes([size]) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")
    area = bytes([_NDEF_TLV]) + length + message + bytes([_TERMINATOR_TLV])
    return area + bytes(-len(area) % 4)


def from_type2(area: bytes) -> bytes:
    """The message in a Type 2 tag's data pages (from page 4 on); :class:`CardUnreadable` without one."""
    cursor = _Cursor(area)
    while cursor:
        tag = cursor.number(1)
        if tag == _NULL_TLV:
            continue
        if tag == _TERMINATOR_TLV:
            break
        length = cursor.number(1)
        content = cursor.take(cursor.number(2) if length == 0xFF else length)
        if tag == _NDEF_TLV:
            return content
    raise CardUnreadable("the chip holds no NDEF message", zh="芯片里没有志愿卡。")
