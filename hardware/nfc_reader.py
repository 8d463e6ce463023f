"""Contactless cards by any reader that nfcpy drives; the only file that knows nfcpy (1.0.4, frozen).

One thread owns the device: it senses cards of type A, and FeliCa's where they are wanted, reads what they
say, lets the interrogator ask them, and tells one presentation once. A reader that is absent or falls
silent is told as lost and tried again for ever.
"""

import importlib
import logging
import re
import termios
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from hardware.nfc_brief import Brief, ReadAhead
from hardware.ports import (
    CardRead,
    CardTornAway,
    ContentKind,
    Interrogator,
    LibraryMissing,
    ReaderLost,
    ReaderState,
    Transceive,
)
from hardware.presentation import Learned, Patience, Presentation, Seen, Watch
from hardware.reader_thread import ReaderThread

log = logging.getLogger(__name__)

LINE_ERRORS = (OSError, termios.error)
"""What pyserial and libusb raise when the device has gone; ``termios.error`` is no ``OSError``."""
RANDOM_UID, RANDOM_IDM = 0x08, b"\x01\xfe"
TYPE_A, TYPE_F = "106A", "212F"
MIFARE_CLASSIC, ISO_DEP = 0x08, 0x20
TYPE_2_ACK = 0x0A
READ_S, ASK_S = 3.0, 10.0
"""The longest that reading, and then asking, may hold the reader."""
ENOUGH_IN_VAIN = 5
"""After so many cards that answered to short pieces alone, long ones are asked for no more."""
NAMED_TERMINAL = re.compile(r"tty:([A-Za-z0-9-]+):(pn532|arygon)")
SERIAL_PORT = re.compile(r"(S|ACM|AMA|USB)(\d*)")


def boot_ms() -> int:
    """Milliseconds since boot, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class NfcReader:
    """A contactless reader as a card reader (``hardware.ports.CardReader``).

    ``path`` is nfcpy's (``usb``, ``udp:…``, ``tty:AMA0:pn532``) or the absolute path of a PN532's terminal.
    ``felica`` calls for FeliCa cards too, which makes each look for a card some milliseconds longer.
    """

    def __init__(
        self,
        path: str,
        *,
        name: str,
        patience: Patience | None = None,
        felica: bool = False,
        clock_uptime_ms: Callable[[], int] = boot_ms,
    ) -> None:
        _nfc()  # a missing library is told at once, not from a thread
        self.name, self.path = name, path
        self._technologies = (TYPE_A, TYPE_F) if felica else (TYPE_A,)
        self._patience = patience or Patience()
        self._clock = clock_uptime_ms
        self._thread = ReaderThread(name, self._session, backoff=tuple(self._patience.backoff_s))
        self._watch = self._new_watch()
        self._on_read: Callable[[CardRead], None] = lambda _: None
        self._on_state: Callable[[str, ReaderState], None] = lambda _name, _state: None
        self._interrogator: Interrogator | None = None

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,
    ) -> None:
        """Begin reading; returns at once."""
        self._on_read, self._on_state, self._interrogator = on_read, on_state, interrogator
        self._watch = self._new_watch()
        self._thread.start(self._tell_state)

    def stop(self) -> None:
        """Stop reading and close the device; a driver that hangs is left behind after two seconds."""
        self._thread.stop()

    def _new_watch(self) -> Watch:
        return Watch(self._patience, self._clock, self._tell)

    def _session(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        """Open the reader and serve it until the end; after long idleness, close it and open it again."""
        while not stopping.is_set():
            device = _Device(self.path, self._patience.answer_ms, self._technologies, self._interrogator)
            try:
                self._watch.opened(device)
                self._serve(device, stopping, ready)
            finally:
                device.close()

    def _serve(self, device: "_Device", stopping: threading.Event, ready: Callable[[], None]) -> None:
        """Look for cards until it is time to rest; some bad answers in a row mean that the reader is lost."""
        glitches = 0
        while not stopping.is_set():
            try:
                self._watch.look()
            except Exception as error:  # a driver raises whatever a garbled answer makes of it
                glitches += 1
                log.warning("%s: no proper answer from %s", self.name, self.path, exc_info=True)
                if glitches >= self._patience.glitches:
                    raise ReaderLost(f"{self.path} does not answer properly any more") from error
            else:
                glitches = 0
                ready()
            if device.serial and self._watch.idle_ms() > self._patience.idle_s * 1000:
                return
            stopping.wait(self._patience.poll_s)

    def _tell_state(self, name: str, state: ReaderState) -> None:
        try:
            self._on_state(name, state)
        except Exception:  # a listener's fault must not end the reading
            log.exception("%s: the state %s could not be told", name, state)

    def _tell(self, presentation: Presentation, learned: Learned, now: int) -> None:
        evidence = {**learned.evidence, "tries": presentation.tries, "ms": now - presentation.since}
        if learned.note:
            evidence["note"] = learned.note
        read = CardRead(
            medium="nfc",
            uid=presentation.uid,
            content=learned.content,
            content_kind=learned.kind,
            proof=learned.proof,
            evidence=evidence,
            reader=self.name,
            uptime_ms=presentation.since,
        )
        try:
            self._on_read(read)
        except Exception:  # the next card must be read whatever became of this one
            log.exception("%s: a read could not be handled", self.name)


class _Device:
    """An opened reader, with what nfcpy says turned into plain words."""

    def __init__(
        self,
        path: str,
        answer_ms: int,
        technologies: Sequence[str] = (),
        interrogator: Interrogator | None = None,
    ) -> None:
        self._nfc = _nfc()
        self._technologies, self._interrogator = technologies, interrogator
        self.serial = not path.startswith(("usb", "udp"))
        """Only these are opened anew when idle: an ACR122U does not survive being closed (nfcpy#154)."""
        self._answer_ms = answer_ms
        self._frontend = self._nfc.ContactlessFrontend()
        self._unanswered = 0
        self._deadline = 0.0
        self._long_in_vain = 0
        """How many cards in a row were read only once they were asked for short pieces."""
        try:
            self._open(path)
        except Exception as error:  # whatever the driver makes of no answer or a garbled one
            raise ReaderLost(f"no reader answers on {path}: {error or type(error).__name__}") from error
        chipset = getattr(self._frontend.device, "chipset", None)  # a simulated reader behind UDP has none
        if isinstance(chipset, self._nfc.clf.pn53x.Chipset):
            chipset.command = Brief(chipset.command)
        # nfcpy's tags speak through the frontend: here their frames are counted and given a deadline.
        self._plain_exchange, self._frontend.exchange = self._frontend.exchange, self._exchange

    def _open(self, path: str) -> None:
        terminal, driver = terminal_of(path)
        if not terminal:
            if not self._frontend.open(path):
                raise ReaderLost("nothing there")
            if self.serial:
                self._be_patient(self._frontend.device.chipset.transport)
            return
        # nfcpy's own search knows names directly under /dev only, and leaves the file it tries open.
        module = importlib.import_module(f"nfc.clf.{driver}")
        line = self._nfc.clf.transport.TTY(terminal)
        self._be_patient(line)
        try:
            self._frontend.device = module.init(line)
        except BaseException:
            line.close()
            raise
        self._frontend.device._path = terminal

    def _be_patient(self, line: Any) -> None:
        read = line.read
        line.read = lambda timeout: read(max(timeout, self._answer_ms))

    @property
    def chip(self) -> str:
        """The chip's name and firmware as nfcpy tells it."""
        return str(self._frontend.device.chipset_name)

    def close(self) -> None:
        """Put the reader to sleep and let the line go, whatever state it is in."""
        line = getattr(getattr(self._frontend.device, "chipset", None), "transport", None)
        try:
            self._frontend.close()
        except Exception:  # a reader that was pulled out cannot be put to sleep
            log.debug("the reader could not be closed properly", exc_info=True)
        if line is not None:
            try:
                line.close()
            except LINE_ERRORS:
                log.debug("the line was gone already", exc_info=True)

    def sense(self) -> Seen | None:
        """Call for a card and select it; ``None`` when there is none."""
        target = self._frontend.sense(*map(self._nfc.clf.RemoteTarget, self._technologies))
        if target is None:
            return None
        uid = _uid(target)
        return Seen(_key(uid), uid, target)

    def _exchange(self, data: bytes, timeout: float) -> Any:
        if time.monotonic() > self._deadline:  # a card may not hold the reader for ever
            raise self._nfc.clf.TimeoutError("the conversation took too long")
        try:
            return self._plain_exchange(data, timeout)
        except self._nfc.clf.CommunicationError:
            self._unanswered += 1
            raise

    def read(self, target: Any, *, hurried: bool) -> Learned:
        """Read what the selected card says, and let the interrogator ask it.

        ``hurried`` reads a chip that can do so in long pieces; if that fails, the next attempt should not.
        """
        sak = target.sel_res[0] if target.sel_res else 0
        learned = Learned(evidence=_said_at_once(target))
        self._deadline = time.monotonic() + READ_S
        try:
            tag = self._read_ndef(target, learned, hurried=hurried)
        except LINE_ERRORS:
            raise
        except Exception as error:  # nfcpy fails in many ways at a card that keeps to no standard it knows
            log.debug("a card speaks otherwise than nfcpy expects", exc_info=True)
            learned.sure, learned.strange, learned.note = False, True, f"not understood: {error!r}"
            return learned
        if sak & MIFARE_CLASSIC and not sak & ISO_DEP:
            learned.sure = True  # its memory is closed to us: the UID is all it has to say
        if tag is not None and self._interrogator is not None and learned.sure:
            self._deadline = time.monotonic() + ASK_S
            self._interrogate(tag, learned, self._interrogator)
        return learned

    def _read_ndef(self, target: Any, learned: Learned, *, hurried: bool) -> Any:
        self._unanswered = 0
        tag, ndef = self._nfc.tag.activate(self._frontend, target), None
        if tag is not None:
            learned.evidence["chip"] = str(tag.product)
            self._unanswered = 0  # silence during activation only told nfcpy which chip this is not
            may_hurry = isinstance(tag, self._nfc.tag.tt2_nxp.NTAG21x)
            hurried = hurried and may_hurry and self._long_in_vain < ENOUGH_IN_VAIN
            if hurried:
                tag.read = ReadAhead(tag.read, tag.transceive, last=tag._cfgpage - 1)
            ndef = tag.ndef
            if may_hurry and ndef is not None:
                self._weigh(hurried)
        if ndef is None:
            # nfcpy says None for "blank" and for "gone": only a card that answered all, and that was found
            # again whenever nfcpy had to look, has said that there is nothing.
            learned.sure = not self._unanswered and self._frontend.target is not None
            if tag is not None and tag.TYPE == "Type3Tag":  # silence is how it says that it keeps no message
                learned.sure = tag.is_present
        elif ndef.octets:
            learned.content, learned.kind = ndef.octets, ContentKind.NDEF
        return tag

    def _weigh(self, hurried: bool) -> None:
        """Ask for long pieces no more when card after card answered only without: each costs an attempt.

        Until the reader is opened anew: it may have been the cards' fault (copies, a worn antenna).
        """
        self._long_in_vain = 0 if hurried else self._long_in_vain + 1
        if self._long_in_vain == ENOUGH_IN_VAIN:
            log.warning("%s: cards are read in short pieces from now on: long ones failed", self.chip)

    def _interrogate(self, tag: Any, learned: Learned, interrogator: Interrogator) -> None:
        try:
            learned.proof = interrogator(bytes(tag.identifier), learned.content, self._transceiver(tag)) or {}
        except CardTornAway:
            learned.asked, learned.note = False, "torn away while it was asked"
        except ReaderLost:
            raise
        except Exception as error:  # the tap still counts for what the card said by itself
            log.exception("the interrogator failed")
            learned.note = f"interrogator failed: {type(error).__name__}"

    def _transceiver(self, tag: Any) -> Transceive:
        errors = (self._nfc.tag.TagCommandError, self._nfc.clf.CommunicationError)

        def transceive(command: bytes) -> bytes:
            if tag.TYPE == "Type3Tag":
                raise CardTornAway("a FeliCa card takes none of our commands")
            try:
                answer = tag.transceive(bytearray(command))
            except errors as error:
                raise CardTornAway(str(error)) from error
            except LINE_ERRORS as error:
                raise ReaderLost(str(error)) from error
            if tag.TYPE == "Type2Tag" and len(answer) == 1 and answer[0] != TYPE_2_ACK:
                # After a refusal the chip is silent until it is selected again.
                tag.target.sel_req = tag.target.sdd_res[:]
                if self._frontend.sense(tag.target) is None:
                    raise CardTornAway("the card left after it had refused a command")
            return bytes(answer)

        return transceive


def probe(path: str) -> str:
    """Open a reader, tell which chip answers, and close it; raises :class:`ReaderLost`."""
    device = _Device(path, Patience().answer_ms)
    try:
        return device.chip
    finally:
        device.close()


def _nfc() -> Any:
    try:
        import nfc
        import nfc.clf.pn532
        import nfc.tag.tt2_nxp
    except (ImportError, OSError) as error:  # OSError: the shared library libusb-1.0 is not there
        raise LibraryMissing(
            'nfcpy and libusb-1.0 are needed: pip install "yika[kiosk]"; apt install libusb-1.0-0'
        ) from error
    logger = logging.getLogger("nfc")
    if logger.level == logging.INFO:  # its own setting: it would log each attempt to find an absent reader
        logger.setLevel(logging.CRITICAL)
    return nfc


def terminal_of(path: str) -> tuple[str, str]:
    """The device file and the driver that a path means exactly; empty when nfcpy has to search."""
    if path.startswith("/"):
        return path, "pn532"
    named = NAMED_TERMINAL.fullmatch(path)
    if named is None or named[1].startswith("usbserial"):
        return "", ""
    port = SERIAL_PORT.fullmatch(named[1])
    if port is not None and not port[2]:
        return "", ""
    return f"/dev/{'tty' if port else ''}{named[1]}", named[2]


def _said_at_once(target: Any) -> dict[str, str]:
    """What a card tells of its kind when it is called."""
    if target.sensf_res:
        return {"pmm": bytes(target.sensf_res[9:17]).hex()}
    return {"sak": f"{target.sel_res[0] if target.sel_res else 0:02x}", "atqa": bytes(target.sens_res).hex()}


def _uid(target: Any) -> bytes:
    if target.sensf_res:
        return bytes(target.sensf_res[1:9])
    return bytes(target.sdd_res or (target.rid_res or b"")[2:6])


def _key(uid: bytes) -> bytes:
    """What stays the same while a card lies there: a random UID changes whenever the field was off."""
    is_random = (len(uid) == 4 and uid[0] == RANDOM_UID) or (len(uid) == 8 and uid.startswith(RANDOM_IDM))
    return b"random" if is_random else uid
