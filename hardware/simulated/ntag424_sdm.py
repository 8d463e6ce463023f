"""Secure Dynamic Messaging: what an NTAG 424 DNA mirrors into its NDEF file when it is read without a key."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.simulated.ntag424_secure import LENGTH, PARAMETER, Refused, cmac, encrypt, one_block, short_mac

FREE, NEVER = 0xE, 0xF
UID_MIRROR, COUNTER_MIRROR, COUNTER_LIMIT, ENCRYPT_FILE, ASCII = 0x80, 0x40, 0x20, 0x10, 0x01
SDM_ENABLED = 0x40


@dataclass(slots=True)
class FileSettings:
    """What a file allows to whom, and what it mirrors (data sheet 10.7.1)."""

    option: int = 0x00
    """Communication mode in the two lowest bits (0 plain, 1 MAC, 3 full), SDM in bit 6."""
    read_write: int = FREE
    change: int = 0x0
    read: int = FREE
    write: int = FREE
    sdm_options: int = 0
    meta_read: int = NEVER
    file_read: int = NEVER
    counter_read: int = NEVER
    offsets: dict[str, int] = field(default_factory=dict)
    """Of ``uid counter picc mac_input enc enc_length mac limit``, those that the options ask for."""

    @property
    def full(self) -> bool:
        """Whether data cross encrypted."""
        return self.option & 3 == 3

    @property
    def mirrors(self) -> bool:
        """Whether SDM is on."""
        return bool(self.option & SDM_ENABLED)

    def _wanted_offsets(self) -> list[str]:
        """The names of the three-byte fields in the order in which they stand."""
        options, plain, sealed = self.sdm_options, self.meta_read == FREE, self.meta_read < FREE
        has_mac = self.file_read != NEVER
        wanted = {
            "uid": plain and options & UID_MIRROR,
            "counter": plain and options & COUNTER_MIRROR,
            "picc": sealed,
            "mac_input": has_mac,
            "enc": has_mac and options & ENCRYPT_FILE,
            "enc_length": has_mac and options & ENCRYPT_FILE,
            "mac": has_mac,
            "limit": options & COUNTER_LIMIT,
        }
        return [name for name, is_wanted in wanted.items() if is_wanted]

    @classmethod
    def from_bytes(cls, data: bytes) -> "FileSettings":
        """Read the data of ChangeFileSettings."""
        if len(data) < 3:
            raise Refused(LENGTH)
        settings = cls(data[0], data[1] >> 4, data[1] & 15, data[2] >> 4, data[2] & 15)
        rest = data[3:]
        if settings.mirrors:
            if len(rest) < 3:
                raise Refused(LENGTH)
            settings.sdm_options, settings.counter_read = rest[0], rest[1] & 15
            settings.meta_read, settings.file_read = rest[2] >> 4, rest[2] & 15
            rest = rest[3:]
            for name in settings._wanted_offsets():
                settings.offsets[name], rest = int.from_bytes(rest[:3], "little"), rest[3:]
        if rest:
            raise Refused(PARAMETER)
        return settings

    def to_bytes(self) -> bytes:
        """What GetFileSettings tells behind type and size, and ChangeFileSettings takes."""
        data = bytes((self.option, self.read_write << 4 | self.change, self.read << 4 | self.write))
        if not self.mirrors:
            return data
        data += bytes((self.sdm_options, 0xF0 | self.counter_read, self.meta_read << 4 | self.file_read))
        places = (self.offsets[name].to_bytes(3, "little") for name in self._wanted_offsets())
        return data + b"".join(places)

    def fits(self, size: int) -> bool:
        """Whether all that is mirrored lies within a file of this size, and the MAC behind its input."""
        widths = {"uid": 14, "counter": 6, "picc": 32, "mac": 16, "enc": self.offsets.get("enc_length", 0)}
        ends = (self.offsets[name] + width for name, width in widths.items() if name in self.offsets)
        ordered = self.offsets.get("mac_input", 0) <= self.offsets.get("mac", 0)
        return ordered and self.offsets.get("enc_length", 0) % 32 == 0 and all(end <= size for end in ends)

    def allows(self, key_no: int | None, *rights: int) -> bool:
        """Whether one of the rights is free, or belongs to the key that is authenticated."""
        return any(right in (FREE, key_no) for right in rights)


@dataclass(frozen=True, slots=True)
class Mirror:
    """One reading of a file with SDM."""

    settings: FileSettings
    keys: list[bytes]
    uid: bytes
    counter: int
    random: Callable[[int], bytes]

    def applied(self, content: bytes) -> bytes:
        """The file's content as it is read: UID, counter, encrypted part and MAC in their places."""
        data, at, options = bytearray(content), self.settings.offsets, self.settings.sdm_options
        if "uid" in at:
            _overwrite(data, at["uid"], self.uid)
        if "counter" in at:
            _overwrite(data, at["counter"], self.counter.to_bytes(3, "big"))
        if "picc" in at:
            _overwrite(data, at["picc"], self._picc_data(options))
        if "enc" in at:
            half = at["enc_length"] // 2
            iv = one_block(self._key(b"\xc3\x3c"), self._counter_bytes + bytes(13))
            plain = bytes(content[at["enc"] : at["enc"] + half])
            _overwrite(data, at["enc"], encrypt(self._key(b"\xc3\x3c"), iv, plain))
        if "mac" in at:
            covered = bytes(data[at["mac_input"] : at["mac"]])
            _overwrite(data, at["mac"], short_mac(self._key(b"\x3c\xc3"), covered))
        return bytes(data)

    @property
    def _counter_bytes(self) -> bytes:
        return self.counter.to_bytes(3, "little")

    def _identity(self, options: int) -> bytes:
        uid = self.uid if options & UID_MIRROR else b""
        return uid + (self._counter_bytes if options & COUNTER_MIRROR else b"")

    def _picc_data(self, options: int) -> bytes:
        tag = options & (UID_MIRROR | COUNTER_MIRROR) | (len(self.uid) if options & UID_MIRROR else 0)
        plain = bytes((tag,)) + self._identity(options)
        plain += self.random(16 - len(plain))
        return encrypt(self.keys[self.settings.meta_read], bytes(16), plain)

    def _key(self, label: bytes) -> bytes:
        vector = label + b"\x00\x01\x00\x80" + self._identity(self.settings.sdm_options)
        return cmac(self.keys[self.settings.file_read], vector + bytes(-len(vector) % 16))


def _overwrite(data: bytearray, at: int, value: bytes) -> None:
    text = value.hex().upper().encode()
    data[at : at + len(text)] = text
