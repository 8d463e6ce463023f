"""Card readers that pretend to be a keyboard: they type a card's number and press Enter.

What they type for one card differs from model to model: ``4022250974`` and ``3735928559`` are the same card
read in either byte order. So the format is a setting of each reader, found by :func:`calibrate` from one card
whose UID is known. Cheap readers cut the seven bytes of an NTAG to ``88`` and three bytes: then two cards can
look the same, and such a number is never taken for a card.

The kernel's input events are read straight from ``/dev/input/event*`` (linux/input.h), no library is needed.
The device is grabbed, so that nothing else on the kiosk sees what the reader types.
"""

import fcntl
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hardware.ports import CardRead, ContentKind, Interrogator, ReaderLost, ReaderState, SettingWrong
from hardware.reader_thread import ReaderThread, Repeats

EVENT = struct.Struct("llHHi")
"""``struct input_event``: seconds, microseconds, type, code, value."""
EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
EVIOCGRAB = 0x40044590
PRESSED = 1
SHIFTS = (42, 54)
ENDS = (28, 96, 15)
"""Enter, Enter of the number pad, Tab."""
CASCADE = 0x88
UID_LENGTHS = (4, 7, 8, 10)
"""ISO/IEC 14443-3: stands before a UID's first three bytes when the UID goes on in the next cascade level; no
UID of four bytes may begin with it."""
LONGEST = 600

_ROWS = ((2, "1234567890-="), (16, "qwertyuiop[]"), (30, "asdfghjkl;'`"), (43, "\\zxcvbnm,./"))
_KEYS = {first + i: key for first, row in _ROWS for i, key in enumerate(row)} | {57: " ", 55: "*"}
_PAD = {
    71: "7",
    72: "8",
    73: "9",
    74: "-",
    75: "4",
    76: "5",
    77: "6",
    78: "+",
    79: "1",
    80: "2",
    81: "3",
    82: "0",
}
_SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyboardFormat:
    """How one model writes a UID."""

    base: str = "decimal"
    """``decimal``, ``hex``, or ``text`` for a scanner of codes that types what it reads."""
    order: str = "as_read"
    """``as_read``: the first byte on the air is the highest; ``reversed``: it is the lowest."""
    uid_bytes: int = 4
    digits: int = 0
    """How many characters are typed for every card; 0 when the model leaves leading zeros out."""

    def __post_init__(self) -> None:
        if self.base not in ("decimal", "hex", "text") or self.order not in ("as_read", "reversed"):
            raise SettingWrong("base is decimal, hex or text; order is as_read or reversed")
        if self.uid_bytes not in UID_LENGTHS:
            raise SettingWrong(f"a UID has 4, 7, 8 or 10 bytes, not {self.uid_bytes}")

    def write(self, uid: bytes) -> str:
        """What this model types for a UID."""
        number = int.from_bytes(uid, "big" if self.order == "as_read" else "little")
        return (f"{number:X}" if self.base == "hex" else str(number)).zfill(self.digits)

    def read(self, typed: str) -> bytes:
        """The UID that was typed; raises ValueError with the reason when it is none."""
        if self.digits and len(typed) != self.digits:
            raise ValueError(f"{len(typed)} characters, not {self.digits}")
        if not typed.isascii() or not typed.isalnum():
            raise ValueError("neither a number nor hexadecimal")
        number = int(typed, 16 if self.base == "hex" else 10)
        if number.bit_length() > 8 * self.uid_bytes:
            raise ValueError(f"more than {self.uid_bytes} bytes")
        uid = number.to_bytes(self.uid_bytes, "big" if self.order == "as_read" else "little")
        if is_cut(uid):
            raise ValueError(
                "88 and three bytes: the reader cuts UIDs of seven bytes, two cards may look the same"
            )
        return uid


def is_cut(uid: bytes) -> bool:
    """Whether four bytes are the cascade tag and the first three bytes of a longer UID."""
    return len(uid) == 4 and uid[0] == CASCADE


def calibrate(uid: bytes, typed: str) -> KeyboardFormat:
    """The format of a reader that typed this for that UID; raises :class:`SettingWrong` with advice."""
    if len(uid) not in UID_LENGTHS:
        raise SettingWrong(f"a UID has 4, 7, 8 or 10 bytes, not {len(uid)}")
    typed = typed.strip()
    fits = [f for f in _formats(len(uid), len(typed)) if f.write(uid).lower() == typed.lower()]
    if not fits and len(uid) > 4 and any(_writes(part, typed) for part in _parts(uid)):
        raise SettingWrong(
            "this reader types only part of a seven-byte UID, so that two cards can look the same: "
            "set it to full UIDs (often 'hex 14 digits') or use another reader"
        )
    if not fits:
        raise SettingWrong(
            f"{typed!r} is not the UID {uid.hex()} in decimal or hexadecimal, in either byte order"
        )
    if len({f.order for f in fits}) > 1 or len({f.base for f in fits}) > 1:
        raise SettingWrong("this card's UID fits several formats: calibrate with another card")
    padded = typed.startswith("0") or len(typed) == len(str(256 ** len(uid) - 1)) or fits[0].base == "hex"
    return next(f for f in fits if bool(f.digits) == padded)


def _formats(uid_bytes: int, digits: int) -> Iterator[KeyboardFormat]:
    for base in ("decimal", "hex"):
        for order in ("as_read", "reversed"):
            for length in (0, digits):
                yield KeyboardFormat(base=base, order=order, uid_bytes=uid_bytes, digits=length)


def _parts(uid: bytes) -> tuple[bytes, ...]:
    return bytes([CASCADE]) + uid[:3], uid[:4], uid[-4:], uid[3:7]


def _writes(part: bytes, typed: str) -> bool:
    return any(f.write(part).lower() == typed.lower() for f in _formats(4, len(typed)))


@dataclass(slots=True)
class KeyDecoder:
    """From raw input events to the lines that were typed."""

    pause_ms: int = 500
    """Readers type a card within some 100 ms; after such a pause a new line begins, whatever stood there."""
    _raw: bytes = b""
    _line: list[str] = field(default_factory=list)
    _shifted: set[int] = field(default_factory=set)
    _at: int = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """Take bytes as the kernel gives them, and yield each line when its Enter comes."""
        self._raw += data
        while len(self._raw) >= EVENT.size:
            seconds, micros, kind, code, value = EVENT.unpack_from(self._raw)
            self._raw = self._raw[EVENT.size :]
            if kind == EV_SYN and code == SYN_DROPPED:
                self._line.clear()  # the kernel's buffer ran over: half a number is no number
            elif kind == EV_KEY:
                line = self._key(code, value, seconds * 1000 + micros // 1000)
                if line:
                    yield line

    def _key(self, code: int, value: int, at: int) -> str | None:
        if code in SHIFTS:
            self._shifted.add(code) if value else self._shifted.discard(code)
        elif value == PRESSED and code in ENDS:
            line = "".join(self._line)
            self._line.clear()
            return line
        elif value == PRESSED:
            if at - self._at > self.pause_ms or len(self._line) > LONGEST:
                self._line.clear()
            self._at = at
            self._line.append(self._character(code))
        return None

    def _character(self, code: int) -> str:
        if code in _PAD:
            return _PAD[code]
        key = _KEYS.get(code, "")
        return (_SHIFTED.get(key, key.upper())) if self._shifted else key


def grab(fd: int) -> None:
    """Take a keyboard for ourselves: its keys reach no other program."""
    fcntl.ioctl(fd, EVIOCGRAB, 1)


def find(device: str, *, names: str = "/sys/class/input/event*/device/name") -> str:
    """The path of a device: itself a path, or ``name:`` and part of what the device calls itself."""
    if not device.startswith("name:"):
        return device
    wanted = device.removeprefix("name:").lower()
    for path in sorted(Path("/").glob(names.lstrip("/"))):
        if wanted in path.read_text(errors="replace").lower():
            return f"/dev/input/{path.parent.parent.name}"
    raise ReaderLost(f"no input device calls itself {wanted!r}")


class KeyboardReader:
    """A reader that types, as a card reader (``hardware.ports.CardReader``)."""

    def __init__(
        self,
        device: str,
        *,
        name: str,
        format: KeyboardFormat | None = None,
        gone_ms: int = 1500,
        seize: Callable[[int], None] = grab,
    ) -> None:
        self.name = name
        self._device, self._format, self._seize = device, format or KeyboardFormat(), seize
        self._repeats = Repeats(gone_ms)
        self._thread = ReaderThread(name, self._serve)
        self._on_read: Callable[[CardRead], None] = lambda _read: None

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,  # noqa: ARG002 - such a reader only tells a number
    ) -> None:
        """Begin reading; returns at once."""
        self._on_read = on_read
        self._thread.start(on_state)

    def stop(self) -> None:
        """Stop reading and give the keyboard back."""
        self._thread.stop()

    def _serve(self, stopping: threading.Event, ready: Callable[[], None]) -> None:
        path = find(self._device)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except PermissionError as error:
            raise ReaderLost(f"{path}: {error.strerror}; add the kiosk's user to the group input") from error
        try:
            self._seize(fd)
            ready()
            decoder = KeyDecoder()
            while not stopping.is_set():
                if select.select([fd], [], [], 0.3)[0]:
                    data = os.read(fd, 64 * EVENT.size)
                    if not data:
                        raise ReaderLost(f"{path} was closed at its other end")
                    for line in decoder.feed(data):
                        self._deliver(line)
        finally:
            os.close(fd)

    def _deliver(self, line: str) -> None:
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        if self._repeats.is_new(line.encode(), now):
            self._on_read(to_read(line, self._format, reader=self.name, now=now))


def to_read(line: str, form: KeyboardFormat, *, reader: str, now: int) -> CardRead:
    """What one typed line is: a UID, a code's text, or unreadable with the reason."""
    if form.base == "text":
        return CardRead(
            medium="qr", content=line.encode(), content_kind=ContentKind.TEXT, reader=reader, uptime_ms=now
        )
    try:
        return CardRead(medium="nfc", uid=form.read(line), reader=reader, uptime_ms=now)
    except ValueError as error:
        return CardRead(
            medium="nfc",
            content_kind=ContentKind.UNREADABLE,
            evidence={"reason": str(error)},
            reader=reader,
            uptime_ms=now,
        )
