"""An ACR122U as its host sees it on USB: CCID messages in, CCID messages out, a PN532 behind them.

A message of the CCID class (USB CCID rev. 1.1, §6.1, §6.2) is ten bytes of head (type, length in four bytes
little-endian, slot, sequence, three bytes that depend) and its data. In a transfer block travel pseudo-APDUs
(ACS, ACR122U API V2.04, §5, §6): ``FF 00 00 00 Lc D4 …`` speaks to the PN532 itself, whose answer comes back
as ``D5 … 90 00``. A PN532 that was told to sleep answers nothing any more until the plug is pulled
(nfcpy#154): whoever opens this reader keeps it open.
"""

import struct
import time
from collections.abc import Callable

from hardware.simulated.field import Field
from hardware.simulated.pn532 import Pn532Chip

POWER_ON, TRANSFER_BLOCK, DATA_BLOCK = 0x62, 0x6F, 0x80
FAILED = 0x40
"""Status of a message that this reader does not know."""
TO_THE_CHIP, FIRMWARE, LIGHTS, PARAMETERS = (
    b"\xff\x00\x00\x00",
    b"\xff\x00\x48",
    b"\xff\x00\x40",
    b"\xff\x00\x51",
)
DONE, NOT_DONE = b"\x90\x00", b"\x63\x00"
ANSWER_TO_RESET = bytes.fromhex("3B00")
HEAD = struct.Struct("<BI5B")


class Acr122u:
    """The reader over a :class:`Field`; ``answer`` takes one message and gives the one that follows it."""

    def __init__(
        self,
        field: Field | None = None,
        *,
        firmware: str = "ACR122U214",
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self.field = field or Field()
        self.firmware = firmware
        self._wait = wait
        self.chip = Pn532Chip(self.field, wait=wait)

    def power_up(self) -> None:
        """The plug is in again: everything starts anew."""
        self.chip = Pn532Chip(self.field, wait=self._wait)

    def answer(self, message: bytes) -> bytes:
        """What this reader says to a message; raises ``ValueError`` for one whose length is wrong."""
        kind, length, slot, sequence, *_ = HEAD.unpack_from(message)
        data = message[HEAD.size :]
        if len(data) != length:
            raise ValueError(f"the head says {length} bytes, {len(data)} have come")
        said, status = b"", 0
        if kind == POWER_ON:
            said = ANSWER_TO_RESET
        elif kind == TRANSFER_BLOCK:
            said = self._apdu(data)
        else:
            status = FAILED
        return HEAD.pack(DATA_BLOCK, len(said), slot, sequence, status, 0, 0) + said

    def _apdu(self, apdu: bytes) -> bytes:
        if apdu.startswith(FIRMWARE):
            return self.firmware.encode()
        if apdu.startswith((LIGHTS, PARAMETERS)):
            return b"\x90" + apdu[3:4]
        if apdu.startswith(TO_THE_CHIP) and apdu[4] == len(apdu) - 5 and not self.chip.asleep:
            said = self.chip.command(apdu[5:])
            return NOT_DONE if said is None else said + DONE
        return NOT_DONE
