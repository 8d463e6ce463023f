"""Cards of which only the UID is of use: a MIFARE Classic without its keys, and a telephone."""

from collections.abc import Callable

from hardware.simulated.field import Identity, Nibble
from hardware.simulated.isodep import IsoDepCard

NAK_NOT_AUTHENTICATED = Nibble(b"\x04")


class UidCard:
    """A card like MIFARE Classic: it tells its UID, and refuses to be read."""

    kind = "uid"

    def __init__(self, uid: bytes, *, sak: int = 0x08) -> None:
        if len(uid) not in (4, 7, 10):
            raise ValueError("a UID has 4, 7 or 10 bytes")
        self.uid, self.sak = bytes(uid), sak
        self._awake = False

    def activate(self) -> Identity:
        """Be selected."""
        self._awake = True
        return Identity(self.uid, {4: b"\x04\x00", 7: b"\x44\x00", 10: b"\x84\x00"}[len(self.uid)], self.sak)

    def frame(self, data: bytes) -> bytes | None:
        """Refuse, and be silent until selected again; HALT has no answer."""
        awake, self._awake = self._awake, False
        return NAK_NOT_AUTHENTICATED if awake and data[:1] != b"\x50" else None


class PhoneCard(IsoDepCard):
    """A telephone: a new random UID at each activation, and no application that we know."""

    kind = "phone"

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        super().__init__()
        self._random = random_bytes
        self.uid = b""

    def activate(self) -> Identity:
        """Make up a UID that begins with ``08`` (ISO/IEC 14443-3: random), and be selected."""
        self.reset()
        self.uid = b"\x08" + self._random(3)
        return Identity(self.uid, b"\x04\x00", 0x20)

    def apdu(self, command: bytes) -> bytes:  # noqa: ARG002 - whatever is asked
        """File or application not found."""
        return b"\x6a\x82"
