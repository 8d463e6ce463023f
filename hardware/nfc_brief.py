"""What nfcpy need not say: to a PN53x chip what it knows already, to an NTAG21x each sixteen bytes singly."""

from collections.abc import Callable

READ_REGISTER, WRITE_REGISTER, RF_CONFIGURATION = 0x06, 0x08, 0x32
TIMINGS = 0x02
"""The item of ``RFConfiguration`` that holds the time-outs; the chip keeps it until it is set again."""
REGISTER_ADDRESS = 2
Say = Callable[[int, bytes, float], bytearray]
"""Gives the chip one command: code, data, seconds to answer. Returns the answer's data, or raises."""
FAST_READ = 0x3A
PAGE, AT_ONCE = 4, 16
"""Bytes of a page, and of what nfcpy asks for at once."""
PIECE = 28
"""Pages in one piece: a chip's head and our whole record, 112 bytes; far from what any reader can carry (a
PN532 262 bytes)."""
Transceive = Callable[[bytearray], bytes | bytearray]
"""Sends a card one frame and returns its answer, or raises."""


class Brief:
    """Says to a PN53x chip only what it does not know already (NXP UM0701-02 §7.2.4, §7.2.5, §7.3.1).

    Before each frame to a card, nfcpy reads three registers and writes them back, changed or not, and sets
    the same time-outs anew: of the five commands for one frame two tell the chip nothing. On a serial line
    of 115200 baud each costs 3 ms. And it switches the field off after
    each look for a card, and again before the next.
    """

    def __init__(self, say: Say) -> None:
        """``say`` reaches the chip."""
        self._say = say
        self._timings = b""
        self._registers = b""
        """What was read by the command before this one, as it would be written back."""
        self._configured = b""
        """What the command before this one configured."""

    def __call__(self, code: int, data: bytes, timeout: float) -> bytearray:
        """Give one command, or answer it here when the chip was just told or has just said the same."""
        said = bytes(data or b"")
        configures = code == RF_CONFIGURATION
        sets_timings = configures and said[:1] == bytes((TIMINGS,))
        known = (self._timings, self._configured) if configures else (self._registers,)
        if said and code in (RF_CONFIGURATION, WRITE_REGISTER) and said in known:
            return bytearray()
        self._registers = self._configured = b""
        if sets_timings:
            self._timings = b""  # unknown until the chip has acknowledged them
        answer = self._say(code, data, timeout)
        if sets_timings:
            self._timings = said
        if configures:
            self._configured = said
        if code == READ_REGISTER:
            self._registers = _written_back(said, answer)
        return answer


def _written_back(addresses: bytes, values: bytes | bytearray) -> bytes:
    """The data that write these values where they were read; nothing when the answer has another form."""
    if len(addresses) != REGISTER_ADDRESS * len(values):
        return b""
    pairs = zip(range(0, len(addresses), REGISTER_ADDRESS), values, strict=True)
    return b"".join(addresses[at : at + REGISTER_ADDRESS] + bytes((value,)) for at, value in pairs)


class ReadAhead:
    """Reads an NTAG21x from its start in long pieces (FAST_READ: NXP NTAG213/215/216 rev. 3.2, §10.3).

    Stands for a nfcpy tag's ``read``, which asks for four pages. A frame takes a PN532 on a serial line some
    6 ms beside its bytes, and a card of ours has seven times four pages. What lies behind the ``last`` page
    that anybody may read, or is asked for out of turn, is left to the tag's own ``read``.
    """

    def __init__(self, plain: Callable[[int], bytearray], transceive: Transceive, *, last: int) -> None:
        """``plain`` and ``transceive`` are the tag's own."""
        self._plain, self._transceive, self._last = plain, transceive, last
        self._known = bytearray()

    def __call__(self, page: int) -> bytearray:
        """The sixteen bytes from this page on; raises ``ValueError`` when the chip refused."""
        start, end = page * PAGE, page * PAGE + AT_ONCE
        if end > len(self._known) and (start != len(self._known) or page + PIECE - 1 > self._last):
            return self._plain(page)
        if end > len(self._known):
            answer = self._transceive(bytearray((FAST_READ, page, page + PIECE - 1)))
            if len(answer) != PIECE * PAGE:
                raise ValueError(f"an answer of {len(answer)} bytes to FAST_READ")
            self._known += answer
        return self._known[start:end]
