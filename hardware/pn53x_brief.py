"""What need not be said to a PN53x chip again (NXP UM0701-02 §7.2.4, §7.2.5, §7.3.1).

Before each frame to a card, nfcpy reads three registers and writes them back, changed or not, and sets the
same time-outs anew: of the five commands for one frame two tell the chip nothing. On a serial line of 115200
baud each costs 3 ms, and a card of ours takes nine frames.
"""

from collections.abc import Callable

READ_REGISTER, WRITE_REGISTER, RF_CONFIGURATION = 0x06, 0x08, 0x32
TIMINGS = 0x02
"""The item of ``RFConfiguration`` that holds the time-outs; the chip keeps it until it is set again."""
_ADDRESS = 2
Say = Callable[[int, bytes, float], bytearray]
"""Gives the chip one command: code, data, seconds to answer. Returns the answer's data, or raises."""


class Brief:
    """Leaves out a command when nothing but it would have to be the same already."""

    def __init__(self, say: Say) -> None:
        """``say`` reaches the chip."""
        self._say = say
        self._timings = b""
        self._registers = b""
        """What was read by the command before this one, as it would be written back."""

    def __call__(self, code: int, data: bytes, timeout: float) -> bytearray:
        """Give one command, or answer it here when the chip was just told or has just said the same."""
        said = bytes(data or b"")
        sets_timings = code == RF_CONFIGURATION and said[:1] == bytes((TIMINGS,))
        if said and (code, said) in ((RF_CONFIGURATION, self._timings), (WRITE_REGISTER, self._registers)):
            self._registers = b""
            return bytearray()
        self._registers = b""
        if sets_timings:
            self._timings = b""  # unknown until the chip has acknowledged them
        answer = self._say(code, data, timeout)
        if sets_timings:
            self._timings = said
        if code == READ_REGISTER:
            self._registers = _written_back(said, answer)
        return answer


def _written_back(addresses: bytes, values: bytes | bytearray) -> bytes:
    """The data that write these values where they were read; nothing when the answer has another form."""
    if len(addresses) != _ADDRESS * len(values):
        return b""
    pairs = zip(range(0, len(addresses), _ADDRESS), values, strict=True)
    return b"".join(addresses[at : at + _ADDRESS] + bytes((value,)) for at, value in pairs)
