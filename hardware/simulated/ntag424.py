"""NTAG 424 DNA: an ISO 7816-4 application with three files and five AES keys (NXP NT4H2421Gx data sheet).

Here: selection, plain and secured reading and writing, EV2 authentication (first and following), GetCardUID,
ChangeKey, ChangeFileSettings, SDM with its counter, random UID. Left out: LRP mode, the delay after failed
authentications, a genuine originality signature.
"""

from hardware.simulated.field import Identity
from hardware.simulated.isodep import IsoDepCard
from hardware.simulated.ntag424_native import NDEF_FILE, Ntag424Native, Talk

APPLICATION = bytes.fromhex("D2760000850101")
FILE_IDS = {0xE103: 1, 0xE104: 2, 0xE105: 3}
SHORT_IDS = {0x03: 1, 0x04: 2, 0x05: 3}
ISO_OK, ISO_NOT_FOUND, ISO_NOT_ALLOWED, ISO_SECURITY = b"\x90\x00", b"\x6a\x82", b"\x69\x85", b"\x69\x82"
ISO_LENGTH, ISO_INSTRUCTION, ISO_CLASS, ISO_OFFSET = b"\x67\x00", b"\x6d\x00", b"\x6e\x00", b"\x6b\x00"


class Ntag424Card(Ntag424Native, IsoDepCard):
    """One NTAG 424 DNA."""

    kind = "ntag424"

    def __post_init__(self) -> None:
        super().__post_init__()
        IsoDepCard.__init__(self)

    def write_ndef(self, message: bytes) -> None:
        """Put an NDEF message into its file, as a workshop would have."""
        data = len(message).to_bytes(2, "big") + message
        if len(data) > len(self.files[NDEF_FILE].content):
            raise ValueError(f"an NDEF message of {len(message)} bytes does not fit an NTAG 424 DNA")
        self.files[NDEF_FILE].content[: len(data)] = data

    def activate(self) -> Identity:
        """Power up; with a random UID, make one up."""
        self.reset()
        self.talk = Talk()
        if self.random_uid:
            return Identity(b"\x08" + self.random(3), b"\x04\x03", 0x20)
        return Identity(self.uid, b"\x44\x03", 0x20)

    def apdu(self, command: bytes) -> bytes:
        """Answer one command, ISO (class 00) or native (class 90)."""
        if len(command) < 4:
            return ISO_LENGTH
        if command[0] == 0x00:
            return self._iso(command)
        if command[0] != 0x90 or command[2:4] != b"\x00\x00":
            return ISO_CLASS
        if len(command) == 5:
            return self.native(command[1], b"")
        if len(command) < 6 or len(command) != 6 + command[4]:
            return b"\x91\x7e"
        return self.native(command[1], command[5:-1])

    def _iso(self, command: bytes) -> bytes:
        if command[1] == 0xA4:
            return self._iso_select(command)
        if command[1] == 0xB0:
            return self._iso_read(command)
        if command[1] == 0xD6:
            return self._iso_update(command)
        return ISO_INSTRUCTION

    def _iso_select(self, command: bytes) -> bytes:
        name = command[5 : 5 + command[4]] if len(command) > 5 else b""
        if command[2] == 0x04 and name == APPLICATION:
            self.talk = Talk(application=True)
            return ISO_OK
        if command[2] != 0x00 or len(name) != 2:
            return ISO_NOT_FOUND
        identifier = int.from_bytes(name, "big")
        if identifier in (0x3F00, 0xE110):
            self.talk = Talk(application=identifier == 0xE110)
            return ISO_OK
        if not self.talk.application or identifier not in FILE_IDS:
            return ISO_NOT_FOUND
        self.talk.file, self.talk.sdm_counted = FILE_IDS[identifier], False
        return ISO_OK

    def _iso_file(self, command: bytes) -> tuple[int, int] | None:
        """The file and the offset that a command names, by a short identifier or by selection before."""
        if command[2] & 0x80:
            short = SHORT_IDS.get(command[2] & 0x1F)
            return None if short is None or not self.talk.application else (short, command[3])
        return None if self.talk.file is None else (self.talk.file, command[2] << 8 | command[3])

    def _iso_read(self, command: bytes) -> bytes:
        place = self._iso_file(command)
        if place is None:
            return ISO_NOT_ALLOWED
        number, offset = place
        settings = self.files[number].settings
        if not settings.allows(self._key_no, settings.read, settings.read_write) or settings.option & 3:
            return ISO_SECURITY
        content = self.content(number)
        if offset >= len(content):
            return ISO_OFFSET
        length = (command[4] if len(command) > 4 else 0) or 256
        return content[offset : offset + length] + ISO_OK

    def _iso_update(self, command: bytes) -> bytes:
        place = self._iso_file(command)
        if place is None:
            return ISO_NOT_ALLOWED
        number, offset = place
        file, data = self.files[number], command[5 : 5 + command[4]]
        if not file.settings.allows(self._key_no, file.settings.write, file.settings.read_write):
            return ISO_SECURITY
        if offset + len(data) > len(file.content):
            return ISO_OFFSET
        file.content[offset : offset + len(data)] = data
        return ISO_OK
