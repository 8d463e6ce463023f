"""Secure messaging of an NTAG 424 DNA, the card's side (NXP AN12196 and NT4H2421Gx data sheet, AES mode).

Written from the data sheet, without ``card_tools``: two readings of one text must agree, not one with itself.
"""

import zlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

ZERO_IV = bytes(16)


class Refused(Exception):
    """The card refuses a command; ``status`` is the second status byte behind ``91``."""

    def __init__(self, status: int) -> None:
        super().__init__(f"91{status:02X}")
        self.status = status


INTEGRITY, NO_KEY, LENGTH, PERMISSION = 0x1E, 0x40, 0x7E, 0x9D
PARAMETER, AUTHENTICATION, BOUNDARY, ABORTED, NO_FILE = 0x9E, 0xAE, 0xBE, 0xCA, 0xF0


def encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-128 in CBC mode, no padding."""
    worker = Cipher(algorithms.AES128(key), modes.CBC(iv)).encryptor()
    return worker.update(data) + worker.finalize()


def decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-128 in CBC mode, no padding."""
    worker = Cipher(algorithms.AES128(key), modes.CBC(iv)).decryptor()
    return worker.update(data) + worker.finalize()


def one_block(key: bytes, block: bytes) -> bytes:
    """AES-128 on one block: CBC with a zero IV is the same."""
    return encrypt(key, ZERO_IV, block)


def cmac(key: bytes, data: bytes) -> bytes:
    """AES-CMAC, 16 bytes."""
    worker = CMAC(algorithms.AES128(key))
    worker.update(data)
    return worker.finalize()


def short_mac(key: bytes, data: bytes) -> bytes:
    """The eight bytes of a CMAC that the chip sends: the second, fourth, … sixteenth."""
    return cmac(key, data)[1::2]


def padded(data: bytes) -> bytes:
    """Method 2 of ISO/IEC 9797-1: ``80``, then zeros; a whole block when the data fill the last."""
    return data + b"\x80" + bytes(15 - len(data) % 16)


def unpadded(data: bytes) -> bytes:
    """Take the padding off; a block without it was made with another key."""
    body, marker, rest = data.rpartition(b"\x80")
    if not marker or rest.strip(b"\x00") or len(rest) > 15:
        raise Refused(INTEGRITY)
    return body


def crc32_nxp(data: bytes) -> bytes:
    """CRC-32 as the DESFire family keeps it: not inverted at the end, low byte first."""
    return (zlib.crc32(data) ^ 0xFFFFFFFF).to_bytes(4, "little")


def rotated(data: bytes) -> bytes:
    """One byte to the left."""
    return data[1:] + data[:1]


@dataclass(slots=True)
class Session:
    """One authentication: its keys, its identifier and the counter of commands."""

    key_no: int
    ti: bytes
    enc: bytes
    mac: bytes
    counter: int = 0

    @classmethod
    def begun(cls, key: bytes, key_no: int, ti: bytes, randoms: tuple[bytes, bytes]) -> "Session":
        """Derive the session keys from the key and the two random numbers (data sheet 9.1.7)."""
        a, b = randoms
        mixed = bytes(x ^ y for x, y in zip(a[2:8], b[0:6], strict=True))
        context = a[0:2] + mixed + b[6:16] + a[8:16]
        enc = cmac(key, b"\xa5\x5a\x00\x01\x00\x80" + context)
        return cls(key_no, ti, enc, cmac(key, b"\x5a\xa5\x00\x01\x00\x80" + context))

    def _iv(self, label: bytes) -> bytes:
        return one_block(self.enc, label + self.ti + self.counter.to_bytes(2, "little") + bytes(8))

    def _mac(self, first: int, data: bytes) -> bytes:
        head = bytes((first,)) + self.counter.to_bytes(2, "little") + self.ti
        return short_mac(self.mac, head + data)

    def opened(self, command: int, header: bytes, body: bytes, *, full: bool) -> bytes:
        """Check the MAC at the end of a command, and decrypt what stands before; counts the command."""
        data, mac = body[:-8], body[-8:]
        if len(body) < 8 or self._mac(command, header + data) != mac:
            raise Refused(INTEGRITY)
        if full and data:
            if len(data) % 16:
                raise Refused(LENGTH)
            data = unpadded(decrypt(self.enc, self._iv(b"\xa5\x5a"), data))
        self.counter += 1
        return data

    def sealed(self, data: bytes, *, full: bool) -> bytes:
        """Encrypt an answer if wanted, and put its MAC behind it."""
        if full and data:
            data = encrypt(self.enc, self._iv(b"\x5a\xa5"), padded(data))
        return data + self._mac(0x00, data)
