"""A FeliCa card on the level of its frames (JIS X 6319-4; Sony, FeliCa Card User's Manual excerpt 2.21).

A frame is its own length, a code, and what follows; the length counts itself. Understood are Polling
``00``, Request Response ``04`` and Read Without Encryption ``06``; none of our readers writes one. With a
message it is a FeliCa Lite-S that keeps NDEF as an NFC Forum Type 3 tag does (T3T 1.0, §6): block 0 of
service ``000B`` tells how much there is, the blocks behind it hold it. Without one it is a card of a
transport company: its number is all that it says to strangers.
"""

from hardware.simulated.field import Identity

LITE_S, STANDARD = bytes.fromhex("00F1000000014300"), bytes.fromhex("0120220427674EFF")
"""Manufacture parameters; the second byte names the chip."""
NDEF_SYSTEM, LITE_SYSTEM, TRANSPORT_SYSTEM = b"\x12\xfc", b"\x88\xb4", b"\x80\x08"
READ_SERVICE = 0x000B
BLOCK, BLOCKS, AT_ONCE = 16, 13, 4
NO_SERVICE, NO_BLOCK = b"\x01\xa6", b"\x01\xa8"


class FelicaCard:
    """A card of type F; ``uid`` is its IDm of eight bytes."""

    kind = "felica"

    def __init__(self, uid: bytes, *, ndef: bytes | None = None) -> None:
        if len(uid) != 8:
            raise ValueError("the IDm of a FeliCa card has 8 bytes")
        if ndef is not None and len(ndef) > BLOCKS * BLOCK:
            raise ValueError(f"a FeliCa Lite-S holds {BLOCKS * BLOCK} bytes, not {len(ndef)}")
        self.uid, self.ndef = bytes(uid), ndef

    @property
    def _pmm(self) -> bytes:
        return STANDARD if self.ndef is None else LITE_S

    @property
    def _systems(self) -> tuple[bytes, ...]:
        return (TRANSPORT_SYSTEM,) if self.ndef is None else (LITE_SYSTEM, NDEF_SYSTEM)

    def activate(self) -> Identity | None:
        """Nothing: this is no card of type A."""
        return None

    def poll(self, request: bytes) -> bytes | None:
        """Answer Polling (code, system code, request code, time slots) when the system is one of its own."""
        if len(request) != 5 or request[0] != 0x00:
            return None
        found = [system for system in self._systems if _matches(request[1:3], system)]
        if not found:
            return None
        return b"\x01" + self.uid + self._pmm + (found[0] if request[3] == 1 else b"")

    def frame(self, data: bytes) -> bytes | None:
        """Answer one frame; whatever is not for this card, or is damaged, meets silence."""
        if not data or data[0] != len(data):
            return None
        if data[1:2] == b"\x00":
            answer = self.poll(data[1:])
            return None if answer is None else _framed(answer)
        if data[2:10] != self.uid:
            return None
        if data[1] == 0x04:
            return _framed(b"\x05" + self.uid + b"\x00")
        return _framed(b"\x07" + self.uid + self._read(data[10:])) if data[1] == 0x06 else None

    def _read(self, asked: bytes) -> bytes:
        """Status and blocks: one service (little-endian), then how many blocks, each as two bytes."""
        if self.ndef is None or asked[:1] != b"\x01" or int.from_bytes(asked[1:3], "little") != READ_SERVICE:
            return NO_SERVICE
        numbers = asked[5::2]
        memory = self._memory(self.ndef)
        if not 0 < len(numbers) == asked[3] <= AT_ONCE or max(numbers) * BLOCK >= len(memory):
            return NO_BLOCK
        blocks = b"".join(memory[number * BLOCK : (number + 1) * BLOCK] for number in numbers)
        return b"\x00\x00" + bytes((len(numbers),)) + blocks

    @staticmethod
    def _memory(ndef: bytes) -> bytes:
        head = bytes((0x10, AT_ONCE, 1)) + BLOCKS.to_bytes(2, "big") + bytes(5) + b"\x01"
        head += len(ndef).to_bytes(3, "big")
        return head + sum(head).to_bytes(2, "big") + ndef.ljust(BLOCKS * BLOCK, b"\x00")


def _matches(asked: bytes, system: bytes) -> bool:
    """``FF`` in a system code stands for any byte."""
    return all(wanted in (0xFF, own) for wanted, own in zip(asked, system, strict=True))


def _framed(answer: bytes) -> bytes:
    return bytes((len(answer) + 1,)) + answer
