"""NFC readers behind the PC/SC daemon (ACR122U, ACR1252 and most USB desk readers), by pyscard.

Use this where pcscd runs anyway, or where nfcpy and an ACR122U do not agree (nfcpy#154); never both on one
reader. The daemon tells when a card comes; the UID is asked with the pseudo-command ``FF CA 00 00 00`` (PC/SC
part 3). NDEF is read from type 4 tags (NTAG 424; NFC Forum T4T: file E103 names the file) and, by the
reader's own ``FF B0``, from type 2 tags (NTAG21x: TLV 03 from page 4 on).
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from hardware.ports import (
    CardRead,
    CardTornAway,
    ContentKind,
    Interrogator,
    LibraryMissing,
    ReaderLost,
    ReaderState,
)
from hardware.reader_thread import ReaderThread

log = logging.getLogger(__name__)

GET_UID = bytes.fromhex("FFCA000000")
SELECT_NDEF = bytes.fromhex("00A4040007D276000085010100")
SELECT_FILE = bytes.fromhex("00A4000C02")
OK = b"\x90\x00"
TYPE_2 = bytes.fromhex("A000000306030003")
"""In the ATR of PC/SC part 3: a storage card, ISO 14443-3 A, of the kind MIFARE Ultralight, as NTAG21x is."""
PAGE = 4
WAIT_MS = 400
TRIES = 3
"""So often a card is tried that leaves in the middle: most are only laid down badly."""


class PcscReader:
    """One reader of the PC/SC daemon, as a card reader (``hardware.ports.CardReader``)."""

    def __init__(self, path: str, *, name: str) -> None:
        """``path`` is part of the reader's name as ``pcsc_scan`` shows it, or ``any`` for the first one."""
        self.name = name
        self._wanted = "" if path == "any" else path.lower()
        self._scard, self._strerror = _library()
        self._thread = ReaderThread(name, self._serve)
        self._on_read: Callable[[CardRead], None] = lambda _read: None
        self._interrogator: Interrogator | None = None
        self._torn: CardRead | None = None
        self._tries = 0

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,
    ) -> None:
        """Begin reading; returns at once."""
        self._on_read, self._interrogator = on_read, interrogator
        self._thread.start(on_state)

    def stop(self) -> None:
        """Stop reading and leave the daemon."""
        self._thread.stop()

    def _serve(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        code, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        self._check(code, "pcscd does not answer: is it running, and does polkit let the kiosk's user use it")
        try:
            reader = self._find(context)
            state = self._scard.SCARD_STATE_UNAWARE
            while not stopping.is_set():
                state = self._watch(context, reader, state)
                ready()
        finally:
            self._scard.SCardReleaseContext(context)

    def _find(self, context: Any) -> str:
        code, readers = self._scard.SCardListReaders(context, [])
        if code not in (self._scard.SCARD_S_SUCCESS, self._scard.SCARD_E_NO_READERS_AVAILABLE):
            self._check(code, "readers cannot be listed")
        for reader in readers or ():
            if self._wanted in reader.lower():
                return str(reader)
        raise ReaderLost(
            f"pcscd has no reader named {self._wanted!r}; it has {', '.join(readers or ()) or 'none'}"
        )

    def _watch(self, context: Any, reader: str, known: int) -> int:
        """Wait a moment for a change; reads a card that has come. Returns the state that is now known."""
        scard = self._scard
        code, states = scard.SCardGetStatusChange(context, WAIT_MS, [(reader, known)])
        if code == scard.SCARD_E_TIMEOUT:
            if self._torn is not None and known & scard.SCARD_STATE_PRESENT:
                self._read(context, reader, b"")
            return known
        self._check(code, f"{reader} is gone")
        now = int(states[0][1])
        if now & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise ReaderLost(f"{reader} was unplugged")
        # The upper half counts insertions: a card that was changed between two looks is a new card too.
        changed = now >> 16 != known >> 16 or not now & known & scard.SCARD_STATE_PRESENT
        if changed:
            self._give_up()
        if changed and now & scard.SCARD_STATE_PRESENT and not now & scard.SCARD_STATE_MUTE:
            self._read(context, reader, bytes(states[0][2]))
        return now & ~int(scard.SCARD_STATE_CHANGED)

    def _read(self, context: Any, reader: str, atr: bytes) -> None:
        """One attempt; a card that left in the middle is tried again while one is there, then told."""
        at = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        read = CardRead(
            medium="nfc",
            content_kind=ContentKind.UNREADABLE,
            evidence={"note": "torn away"},
            reader=self.name,
            uptime_ms=at,
        )
        try:
            with _Card(self._scard, self._strerror, context, reader) as card:
                atr = atr or card.atr()
                read = replace(read, uid=card.ask(GET_UID, "UID"))
                content = card.ndef_by_pages() if TYPE_2 in atr else card.ndef_by_files()
                kind = ContentKind.NDEF if content else ContentKind.NONE
                read = replace(read, content=content, content_kind=kind)
                proof = (
                    {}
                    if self._interrogator is None
                    else self._interrogator(read.uid, content, card.transceive)
                )
                read = replace(read, proof=proof or {}, evidence={"atr": atr.hex()})
        except CardTornAway as error:
            log.info("%s: %s", self.name, error)
            self._torn = read if read.uid or self._torn is None else self._torn
            self._tries += 1
            if self._tries >= TRIES:
                self._give_up()
            return
        self._torn, self._tries = None, 0
        self._deliver(read)

    def _give_up(self) -> None:
        torn, self._torn, self._tries = self._torn, None, 0
        if torn is not None:
            self._deliver(torn)

    def _deliver(self, read: CardRead) -> None:
        try:
            self._on_read(read)
        except Exception:  # the next card must be read whatever became of this one
            log.exception("%s: a read could not be handled", self.name)

    def _check(self, code: int, what: str) -> None:
        if code != self._scard.SCARD_S_SUCCESS:
            raise ReaderLost(f"{what} ({self._strerror(code)})")


class _Card:
    """A card while it is connected; every failure to speak with it means that it left."""

    def __init__(self, scard: Any, strerror: Callable[[int], str], context: Any, reader: str) -> None:
        self._scard, self._strerror = scard, strerror
        code, self._handle, self._protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        )
        if code != scard.SCARD_S_SUCCESS:
            raise CardTornAway(f"no connection to the card: {strerror(code)}")

    def __enter__(self) -> "_Card":
        return self

    def __exit__(self, *_: object) -> None:
        self._scard.SCardDisconnect(self._handle, self._scard.SCARD_LEAVE_CARD)

    def atr(self) -> bytes:
        """The answer to reset, which tells the kind of card."""
        code, *_, atr = self._scard.SCardStatus(self._handle)
        if code != self._scard.SCARD_S_SUCCESS:
            raise CardTornAway(f"the card is gone: {self._strerror(code)}")
        return bytes(atr)

    def transceive(self, command: bytes) -> bytes:
        """One whole APDU there and its whole answer back."""
        code, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(command))
        if code != self._scard.SCARD_S_SUCCESS:
            raise CardTornAway(f"the card does not answer: {self._strerror(code)}")
        if len(answer) < len(OK):  # some readers' drivers call silence a success
            raise CardTornAway("the card does not answer")
        return bytes(answer)

    def ask(self, command: bytes, what: str) -> bytes:
        """An answer that must be positive."""
        answer = self.transceive(command)
        if answer[-2:] != OK:
            raise CardTornAway(f"{what}: the reader answers {answer.hex()}")
        return answer[:-2]

    def ndef_by_files(self) -> bytes:
        """The NDEF message of a type 4 tag; empty when the card has no such application."""
        if self.transceive(SELECT_NDEF)[-2:] != OK:
            return b""
        self.ask(SELECT_FILE + b"\xe1\x03", "capability container")
        container = self.ask(bytes.fromhex("00B000000F"), "capability container")
        if len(container) < 15 or container[7] != 0x04:
            return b""
        self.ask(SELECT_FILE + container[9:11], "NDEF file")
        most = min(int.from_bytes(container[3:5], "big"), 0xF0)
        length = int.from_bytes(self.ask(bytes.fromhex("00B0000002"), "NDEF length"), "big")
        content = b""
        while len(content) < length:
            offset, count = 2 + len(content), min(most, length - len(content))
            part = self.ask(bytes([0, 0xB0, offset >> 8, offset & 0xFF, count]), "NDEF")
            if not part:
                break
            content += part
        return content if len(content) == length else b""

    def ndef_by_pages(self) -> bytes:
        """The NDEF message of a type 2 tag; empty when it is not formatted for one."""
        head = self._pages(3)
        if len(head) < 16 or head[0] != 0xE1:
            return b""
        size = head[2] * 8
        memory = head[4:]
        while len(memory) < size:
            part = self._pages(4 + len(memory) // PAGE)
            if not part:
                break
            memory += part
            if ndef_in(memory) is not None:
                break
        return ndef_in(memory) or b""

    def _pages(self, first: int) -> bytes:
        answer = self.transceive(bytes([0xFF, 0xB0, 0, first, 16]))
        return answer[:-2] if answer[-2:] == OK else b""


def ndef_in(memory: bytes) -> bytes | None:
    """The NDEF message in a type 2 tag's memory from page 4 on; ``None`` when it is not there as a whole."""
    at = 0
    while at < len(memory) and memory[at] != 0xFE:
        if memory[at] == 0:
            at += 1
            continue
        head = memory[at + 1 : at + 4]
        if not head or (head[0] == 0xFF and len(head) < 3):
            return None
        long = head[0] == 0xFF
        length, start = (int.from_bytes(head[1:3], "big"), at + 4) if long else (head[0], at + 2)
        if memory[at] == 3:
            return memory[start : start + length] if start + length <= len(memory) else None
        at = start + length
    return None


def _library() -> tuple[Any, Callable[[int], str]]:
    try:
        scard = import_module("smartcard.scard")
    except ImportError as error:
        raise LibraryMissing(
            f"{error}: PC/SC readers need pip install 'yika[pcsc]', and from apt pcscd and libpcsclite1"
        ) from error
    return scard, scard.SCardGetErrorMessage
