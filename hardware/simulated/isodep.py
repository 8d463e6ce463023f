"""The card's side of ISO/IEC 14443-4: RATS, blocks with numbers, chaining both ways, repeats, deselect."""

ATS = bytes.fromhex("067777710280")
"""As an NTAG 424 DNA gives it: frames of 128 bytes, waiting time 39 ms."""
FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)


class IsoDepCard:
    """A card that answers whole commands; a subclass gives ``apdu`` and its identity."""

    def __init__(self, ats: bytes = ATS) -> None:
        self.ats = ats
        self.reset()

    def reset(self) -> None:
        """Forget the conversation; to be called at activation."""
        self._state = "idle"
        self._number = 1  # so that the first block, number 0, is a new one
        self._room = FRAME_SIZES[0] - 3
        self._command = bytearray()
        self._answer = b""
        self._last: bytes | None = None

    def apdu(self, command: bytes) -> bytes:
        """Answer one command with data and two status bytes."""
        raise NotImplementedError

    def frame(self, data: bytes) -> bytes | None:
        """Answer one frame; ``None`` is silence."""
        if not data or self._state == "halted":
            return None
        if self._state == "idle":
            return self._rats(data)
        if data[0] & 0xE2 == 0x02:
            return self._information(data)
        if data[0] & 0xE6 == 0xA2:
            return self._receipt(data[0])
        if data[0] & 0xF7 == 0xC2:
            self._state = "halted"
            return data[:1]
        if data[0] & 0xF0 == 0xD0:  # PPS: stay at 106 kbit/s
            return data[:1]
        return None

    def _rats(self, data: bytes) -> bytes | None:
        if data[0] != 0xE0 or len(data) != 2:
            self._state = "halted"
            return None
        self._state = "active"
        self._room = FRAME_SIZES[min(data[1] >> 4, 8)] - 3
        return self.ats

    def _information(self, data: bytes) -> bytes | None:
        number = data[0] & 1
        if number == self._number:
            return self._last  # the reader missed our answer and says it again
        self._number = number
        self._command += data[1:]
        if data[0] & 0x10:
            return self._sent(bytes((0xA2 | number,)))
        self._answer = self.apdu(bytes(self._command))
        self._command.clear()
        return self._sent(self._next_part())

    def _receipt(self, pcb: int) -> bytes | None:
        number = pcb & 1
        if number == self._number:
            return self._last  # a repeat of the last block is asked for
        if pcb & 0x10:
            return bytes((0xA2 | self._number,))  # a question whether we are there
        if not self._answer:
            return None
        self._number = number
        return self._sent(self._next_part())

    def _next_part(self) -> bytes:
        part, self._answer = self._answer[: self._room], self._answer[self._room :]
        return bytes((0x02 | (0x10 if self._answer else 0) | self._number,)) + part

    def _sent(self, block: bytes) -> bytes:
        self._last = block
        return block
