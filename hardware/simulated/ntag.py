"""NTAG213, NTAG215 and NTAG216 frame by frame, after their data sheet (NXP NTAG213/215/216, rev. 3.2).

What they enforce here: the OTP page and all lock bits only go from 0 to 1 and obey their block-locking bits;
AUTH0, PROT, AUTHLIM and CFGLCK act at once (the harder reading of the data sheet); PWD and PACK read as zero;
after a NAK the chip is silent until selected again. Left out: ASCII mirror, a genuine originality signature.
"""

import hashlib
from dataclasses import dataclass

from hardware.simulated.field import Identity, Nibble

ACK = Nibble(b"\x0a")
NAK_ARGUMENT, NAK_AUTH, NAK_WRITE = Nibble(b"\x00"), Nibble(b"\x04"), Nibble(b"\x05")
PROT, CFGLCK, CNT_EN, CNT_PROT, AUTHLIM = 0x80, 0x40, 0x10, 0x08, 0x07


@dataclass(frozen=True, slots=True)
class Model:
    """What differs between the three chips."""

    pages: int
    storage: int
    """Storage size byte of GET_VERSION."""
    cc_size: int
    """Size byte of the capability container, in units of 8 bytes."""
    pages_per_lock: int
    """How many pages one dynamic lock bit covers."""
    factory: bytes
    """Pages 4 and 5 as delivered."""

    @property
    def config(self) -> int:
        """The page of CFG0; CFG1, PWD and PACK follow, the dynamic lock bytes stand before."""
        return self.pages - 4


MODELS = {
    "ntag213": Model(45, 0x0F, 0x12, 2, bytes.fromhex("0103A00C340300FE")),
    "ntag215": Model(135, 0x11, 0x3E, 16, bytes.fromhex("0300FE0000000000")),
    "ntag216": Model(231, 0x13, 0x6D, 16, bytes.fromhex("0300FE0000000000")),
}


def blank_memory(kind: str, uid: bytes) -> bytearray:
    """The memory of a chip as delivered."""
    model = MODELS[kind]
    memory = bytearray(model.pages * 4)
    memory[0:10] = _serial_pages(uid)
    memory[12:16] = bytes((0xE1, 0x10, model.cc_size, 0x00))
    memory[16:24] = model.factory
    at = model.config * 4
    memory[at - 1] = 0xBD
    memory[at : at + 12] = bytes.fromhex("040000FF00000000FFFFFFFF")
    return memory


def _serial_pages(uid: bytes) -> bytes:
    """The first ten bytes: the UID with its two check bytes, and the internal byte."""
    first, second = uid[:3], uid[3:]
    check = 0x88 ^ first[0] ^ first[1] ^ first[2], second[0] ^ second[1] ^ second[2] ^ second[3]
    return first + bytes((check[0],)) + second + bytes((check[1], 0x48))


class NtagCard:
    """One NTAG21x; ``memory`` is all its pages, with the real password."""

    def __init__(self, kind: str, uid: bytes, *, ndef: bytes | None = None, memory: bytes = b"") -> None:
        if kind not in MODELS:
            raise ValueError(f"an NTAG is one of {', '.join(MODELS)}, not {kind!r}")
        if len(uid) != 7:
            raise ValueError("the UID of an NTAG has 7 bytes")
        self.kind, self.model, self.uid = kind, MODELS[kind], bytes(uid)
        self.memory = bytearray(memory) if memory else blank_memory(kind, self.uid)
        if len(self.memory) != self.model.pages * 4:
            raise ValueError(f"the memory of an {kind} has {self.model.pages * 4} bytes")
        self.failed = 0
        """Wrong passwords so far; kept without power."""
        self.counter = 0
        """NFC counter, read by READ_CNT."""
        self._awake = self._authenticated = self._counted = False
        self._compat: int | None = None
        if ndef is not None:
            self.write_ndef(ndef)

    def write_ndef(self, message: bytes) -> None:
        """Put an NDEF message into the user memory, as a workshop would have."""
        length = bytes((len(message),)) if len(message) < 255 else b"\xff" + len(message).to_bytes(2, "big")
        tlv = b"\x03" + length + message + b"\xfe"
        room = (self.model.config - 1 - 4) * 4
        if len(tlv) - 1 > room:
            raise ValueError(f"an NDEF message of {len(message)} bytes does not fit an {self.kind}")
        self.memory[16 : 16 + min(len(tlv), room)] = tlv[:room]

    def activate(self) -> Identity:
        """Power up: not authenticated, the counter may count again."""
        self._awake, self._authenticated, self._counted, self._compat = True, False, False, None
        return Identity(self.uid, b"\x44\x00", 0x00)

    def frame(self, data: bytes) -> bytes | None:
        """Answer one command of the data sheet's table; anything else is a NAK, then silence."""
        if not self._awake:
            return None
        answer = self._finish_compat(data) if self._compat is not None else self._command(data)
        if answer is None or (isinstance(answer, Nibble) and answer != ACK):
            self._awake = False
        return answer

    def _command(self, data: bytes) -> bytes | None:
        match (data[0] if data else -1), len(data):
            case 0x50, 2:
                return None
            case 0x60, 1:
                return bytes((0, 4, 4, 2, 1, 0, self.model.storage, 3))
            case 0x30, 2:
                return self._read(data[1])
            case 0x3A, 3:
                return self._fast_read(data[1], data[2])
            case 0xA2, 6:
                return self._write(data[1], data[2:])
            case 0xA0, 2:
                self._compat = data[1]
                return ACK
            case 0x3C, 2 if data[1] == 0:
                return hashlib.sha256(b"not a genuine signature" + self.uid).digest()
            case 0x39, 2 if data[1] == 2:
                return self._read_counter()
            case 0x1B, 5:
                return self._authenticate(data[1:])
        return NAK_ARGUMENT

    @property
    def _access(self) -> int:
        return self.memory[self.model.config * 4 + 4]

    @property
    def _first_protected(self) -> int:
        """The first page that wants the password now."""
        auth0 = self.memory[self.model.config * 4 + 3]
        return self.model.pages if self._authenticated else min(auth0, self.model.pages)

    def _readable_pages(self) -> int:
        return self._first_protected if self._access & PROT else self.model.pages

    def _page(self, page: int) -> bytes:
        if page >= self.model.config + 2:
            return bytes(4)  # PWD and PACK are never told
        return bytes(self.memory[page * 4 : page * 4 + 4])

    def _read(self, page: int) -> bytes:
        end = self._readable_pages()
        if page >= end:
            return NAK_ARGUMENT
        self._count()
        return b"".join(self._page((page + i) % end) for i in range(4))

    def _fast_read(self, first: int, last: int) -> bytes:
        if first > last or last >= self._readable_pages():
            return NAK_ARGUMENT
        self._count()
        return b"".join(self._page(page) for page in range(first, last + 1))

    def _count(self) -> None:
        if self._access & CNT_EN and not self._counted:
            self._counted, self.counter = True, min(self.counter + 1, 0xFFFFFF)

    def _read_counter(self) -> bytes:
        if self._access & CNT_PROT and not self._authenticated:
            return NAK_ARGUMENT
        return self.counter.to_bytes(3, "little")

    def _authenticate(self, password: bytes) -> bytes:
        limit, at = self._access & AUTHLIM, (self.model.config + 2) * 4
        if limit and self.failed >= limit:
            return NAK_AUTH
        if password != self.memory[at : at + 4]:
            self.failed += bool(limit)
            return NAK_ARGUMENT
        self.failed, self._authenticated = 0, True
        return bytes(self.memory[at + 4 : at + 6])

    def _finish_compat(self, data: bytes) -> bytes:
        page, self._compat = self._compat, None
        assert page is not None
        return self._write(page, data[:4]) if len(data) == 16 else NAK_ARGUMENT

    def _write(self, page: int, data: bytes) -> bytes:
        config = self.model.config
        if page < 2 or page >= self.model.pages or page >= self._first_protected:
            return NAK_ARGUMENT
        if self._locked(page):
            return NAK_ARGUMENT
        at = page * 4
        if page == 2:
            self._lock_static(data)
        elif page == 3:
            self.memory[12:16] = bytes(old | new for old, new in zip(self.memory[12:16], data, strict=True))
        elif page == config - 1:
            self._lock_dynamic(data)
        else:
            self.memory[at : at + 4] = data
        return ACK

    def _locked(self, page: int) -> bool:
        config = self.model.config
        if 3 <= page < 16:
            return bool(int.from_bytes(self.memory[10:12], "little") >> page & 1)
        if 16 <= page < config - 1:
            at = (config - 1) * 4
            bits = int.from_bytes(self.memory[at : at + 2], "little")
            return bool(bits >> (page - 16) // self.model.pages_per_lock & 1)
        return page in (config, config + 1) and bool(self._access & CFGLCK)

    def _lock_static(self, data: bytes) -> None:
        """Bit n locks page n (3 to 15); the three lowest bits freeze the locks of page 3, 4-9 and 10-15."""
        old, new = int.from_bytes(self.memory[10:12], "little"), int.from_bytes(data[2:4], "little")
        frozen = (0x0008 if old & 1 else 0) | (0x03F0 if old & 2 else 0) | (0xFC00 if old & 4 else 0)
        self.memory[10:12] = (old | new & ~frozen).to_bytes(2, "little")

    def _lock_dynamic(self, data: bytes) -> None:
        """Each bit of the third byte freezes two lock bits; the fourth byte stays ``BD``."""
        at = (self.model.config - 1) * 4
        old, new = int.from_bytes(self.memory[at : at + 2], "little"), int.from_bytes(data[0:2], "little")
        used = -(-(self.model.config - 1 - 16) // self.model.pages_per_lock)
        freezing = self.memory[at + 2]
        frozen = sum(3 << 2 * bit for bit in range(8) if freezing >> bit & 1)
        self.memory[at : at + 2] = (old | new & ~frozen & (1 << used) - 1).to_bytes(2, "little")
        self.memory[at + 2] = freezing | data[2] & (1 << (used + 1) // 2) - 1
