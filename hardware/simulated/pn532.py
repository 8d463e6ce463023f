"""A PN532 as its host sees it: bytes in, bytes out (NXP UM0701-02), with a :class:`Field` above its antenna.

Sans-I/O: ``feed`` takes what the host wrote and gives what the chip says; ``simulated.uart`` is its line.
A frame is ``00 00 FF LEN LCS TFI … DCS 00`` (lengths above 255: ``00 00 FF FF FF LENM LENL LCS``); every good
frame is first acknowledged with ``00 00 FF 00 FF 00``.
"""

import time
from collections.abc import Callable, Iterator

from hardware.simulated.field import Field, Identity, Nibble

ACK = bytes.fromhex("0000FF00FF00")
SYNTAX_ERROR = bytes.fromhex("0000FF01FF7F8100")
BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
TX_MODE, RX_MODE, TX_CONTROL, FIFO_DATA = 0x6302, 0x6303, 0x6304, 0x6339
CRC_ON = 0x80
OK, TIMED_OUT, CRC_WRONG, PROTOCOL_WRONG, NOT_NOW = 0x00, 0x01, 0x02, 0x0B, 0x27
TYPE_A, FELICA = 0x00, (0x01, 0x02)
SENS_REQ = 0x26
LONGEST_DATA = 264


def crc_a(data: bytes) -> bytes:
    """CRC_A of ISO/IEC 14443-3, as sent (low byte first)."""
    crc = 0x6363
    for byte in data:
        mixed = byte ^ crc & 0xFF
        mixed = (mixed ^ mixed << 4) & 0xFF
        crc = (crc >> 8 ^ mixed << 8 ^ mixed << 3 ^ mixed >> 4) & 0xFFFF
    return crc.to_bytes(2, "little")


def framed(data: bytes) -> bytes:
    """A frame with its checksums around TFI and data."""
    if len(data) > 255:
        head = b"\xff\xff" + len(data).to_bytes(2, "big")
        head += bytes((-sum(head[2:]) & 0xFF,))
    else:
        head = bytes((len(data), -len(data) & 0xFF))
    return b"\x00\x00\xff" + head + data + bytes((-sum(data) & 0xFF, 0))


class FrameScanner:
    """Finds host frames in a stream of bytes; what is not a frame is skipped, as the chip does."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now: TFI and data, or ``b""`` for an ACK of the host."""
        self._buffer += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def clear(self) -> None:
        """Forget half a frame."""
        self._buffer.clear()

    def _next(self) -> bytes | None:
        while True:
            start = self._buffer.find(b"\x00\xff")
            if start < 0:
                del self._buffer[:-1]
                return None
            del self._buffer[:start]
            if len(self._buffer) < 4:
                return None
            if self._buffer[2:4] == b"\x00\xff":
                del self._buffer[:4]
                return b""
            head, length = self._length()
            if head is None or (head and len(self._buffer) < head + length + 1):
                return None
            body = bytes(self._buffer[head : head + length + 1])
            if head and sum(body) & 0xFF == 0 and length:
                del self._buffer[: head + length + 1]
                return body[:-1]
            del self._buffer[:2]  # a damaged frame is not answered

    def _length(self) -> tuple[int | None, int]:
        """Where the data begin, and how many; 0 for a damaged head, ``None`` for one that is not whole."""
        buffer = self._buffer
        if buffer[2:4] == b"\xff\xff":
            if len(buffer) < 7:
                return None, 0
            good = sum(buffer[4:7]) & 0xFF == 0
            return (7 if good else 0), int.from_bytes(buffer[4:6], "big")
        return (4 if (buffer[2] + buffer[3]) & 0xFF == 0 else 0), buffer[2]


class Pn532Chip:
    """The commands that a reader's host uses; those for card emulation wait for ever, as without a peer."""

    def __init__(self, field: Field, *, wait: Callable[[float], object] = time.sleep) -> None:
        self.field = field
        self.baud = 115200
        self.asleep = False
        self.awakenings = 0
        """How often the host has configured the chip, as it does when it opens it."""
        self._wait = wait
        self._next_baud: int | None = None
        self._timeout = 0.0512
        self._registers: dict[int, int] = {}
        self._target: Identity | None = None
        self._scanner = FrameScanner()
        self._commands: dict[int, Callable[[bytes], bytes | None]] = {
            0x00: self._diagnose,
            0x02: lambda _: bytes.fromhex("32010607"),
            0x04: lambda _: bytes((0, self._field_on, self._target is not None, 0x80)),
            0x06: self._read_registers,
            0x08: self._write_registers,
            0x0C: lambda _: bytes.fromhex("3F0307"),
            0x0E: lambda _: b"",
            0x10: self._set_baud,
            0x12: lambda _: b"",
            0x14: self._sam_configuration,
            0x16: self._power_down,
            0x32: self._rf_configuration,
            0x40: self._data_exchange,
            0x42: self._communicate_thru,
            0x44: self._release,
            0x46: lambda _: bytes((TIMED_OUT,)),
            0x4A: self._list_passive_target,
            0x4E: lambda _: bytes((OK if self._target else NOT_NOW,)),
            0x50: lambda _: bytes((TIMED_OUT,)),
            0x52: self._release,
            0x54: lambda _: bytes((OK if self._target else NOT_NOW,)),
            0x56: lambda _: bytes((TIMED_OUT,)),
            0x60: lambda _: b"\x00",
            0x8C: lambda _: None,
        }

    @property
    def _field_on(self) -> bool:
        return bool(self._registers.get(TX_CONTROL, 0x80) & 3)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the chip says to these bytes; an acknowledgement comes before the command is carried out."""
        if self.asleep and data:
            # The first bytes only wake the chip up, which is why hosts send a long preamble.
            self.asleep, data = False, data[5:]
        for frame in self._scanner.feed(data):
            if self._next_baud is not None:
                # The host acknowledges, and the speed changes. A driver that closes its line then loses this
                # in a pseudo-terminal, where speed is but a word: then the next command serves as well.
                self.baud, self._next_baud = self._next_baud, None
            if frame:
                yield ACK
                yield from self._answer(frame)

    def knows(self, frame: bytes) -> bool:
        """Whether this is a command of the chip."""
        return len(frame) > 1 and frame[0] == 0xD4 and frame[1] in self._commands

    def command(self, frame: bytes) -> bytes | None:
        """Carry out one command without its framing; ``None`` when no answer ever comes."""
        answer = self._commands[frame[1]](frame[2:]) if self.knows(frame) else None
        return None if answer is None else bytes((0xD5, frame[1] + 1)) + answer

    def _answer(self, frame: bytes) -> Iterator[bytes]:
        if not self.knows(frame):
            yield SYNTAX_ERROR
        elif (answer := self.command(frame)) is not None:
            yield framed(answer)

    @staticmethod
    def _diagnose(data: bytes) -> bytes:
        return data if data[:1] == b"\x00" else b"\x00"

    def _sam_configuration(self, _data: bytes) -> bytes:
        self.awakenings += 1
        return b""

    def _set_baud(self, data: bytes) -> bytes:
        self._next_baud = BAUD_RATES[data[0]]
        return b""

    def _power_down(self, _data: bytes) -> bytes:
        self._switch_field(on=False)
        self.asleep = True
        self._scanner.clear()
        return bytes((OK,))

    def _read_registers(self, data: bytes) -> bytes:
        addresses = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
        return bytes(self._registers.get(address, 0) for address in addresses)

    def _write_registers(self, data: bytes) -> bytes:
        for i in range(0, len(data), 3):
            self._registers[int.from_bytes(data[i : i + 2], "big")] = data[i + 2]
        return b""

    def _rf_configuration(self, data: bytes) -> bytes:
        if data[0] == 0x01:
            self._switch_field(on=bool(data[1] & 1))
        elif data[0] == 0x02 and len(data) >= 4 and data[3]:
            self._timeout = 100e-6 * 2 ** (min(data[3], 16) - 1)
        return b""

    def _switch_field(self, *, on: bool) -> None:
        self._registers[TX_CONTROL] = 0x83 if on else 0x80
        if not on:
            self._target = None
            self.field.off()

    def _list_passive_target(self, data: bytes) -> bytes:
        self._switch_field(on=True)
        self._registers[FIFO_DATA] = SENS_REQ
        self._target = None
        if len(data) > 2 and data[1] in FELICA:
            return self._list_felica(data[2:])
        if len(data) < 2 or data[1] != TYPE_A:
            return b"\x00"
        wanted = data[2:]
        uid = b"".join(
            wanted[i + 1 : i + 4] if wanted[i] == 0x88 else wanted[i : i + 4] for i in (0, 4, 8) if wanted[i:]
        )
        self._target = self.field.select(uid or None)
        if self._target is None:
            return b"\x00"
        self._registers[FIFO_DATA] = 0
        for mode in (TX_MODE, RX_MODE):
            self._registers[mode] = CRC_ON
        found = self._target
        return bytes((1, 1, *found.sens_res[::-1], found.sel_res, len(found.uid))) + found.uid

    def _list_felica(self, request: bytes) -> bytes:
        said = self.field.poll(request)
        if said is None:
            return b"\x00"
        self._target = Identity(said[1:9], b"", 0)
        for mode in (TX_MODE, RX_MODE):
            self._registers[mode] = CRC_ON
        return bytes((1, 1, len(said) + 1)) + said

    def _release(self, _data: bytes) -> bytes:
        self._target = None
        return bytes((OK,))

    def _communicate_thru(self, data: bytes) -> bytes:
        """Say the host's bytes as they are; the chip adds and takes off CRC_A where its registers say so."""
        if not self._registers.get(TX_MODE, 0) & CRC_ON:
            if crc_a(data[:-2]) != data[-2:]:
                return self._silence()
            data = data[:-2]
        answer = self.field.exchange(data) if self._target else None
        if answer is None:
            return self._silence()
        if self._registers.get(RX_MODE, 0) & CRC_ON:
            return bytes((CRC_WRONG,)) if isinstance(answer, Nibble) else bytes((OK,)) + answer
        return bytes((OK,)) + (answer if isinstance(answer, Nibble) else answer + crc_a(answer))

    def _silence(self) -> bytes:
        self._wait(self._timeout)
        return bytes((TIMED_OUT,))

    def _data_exchange(self, data: bytes) -> bytes:
        """Commands of MIFARE and Type 2 cards by the chip itself; it judges ACK and NAK."""
        if self._target is None or len(data) < 2:
            return bytes((NOT_NOW,))
        answer = self.field.exchange(data[1:])
        if answer is None:
            return self._silence()
        if isinstance(answer, Nibble):
            return bytes((OK,)) if answer == b"\x0a" else bytes((PROTOCOL_WRONG,))
        return bytes((OK,)) + answer
