"""What an NTAG 424 DNA keeps, and its native commands (class ``90``): keys, settings, secured files."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hardware.simulated.ntag424_sdm import FREE, NEVER, FileSettings, Mirror
from hardware.simulated.ntag424_secure import (
    ABORTED,
    AUTHENTICATION,
    BOUNDARY,
    INTEGRITY,
    LENGTH,
    NO_FILE,
    NO_KEY,
    PARAMETER,
    PERMISSION,
    ZERO_IV,
    Refused,
    Session,
    crc32_nxp,
    decrypt,
    encrypt,
    rotated,
)

CAPABILITIES = bytes.fromhex("001720010000FF0406E104010000000506E10500808283")
CC_FILE, NDEF_FILE, OWN_FILE = 1, 2, 3
MAC, FULL = 1, 3
OK, MORE = b"\x91\x00", b"\x91\xaf"
RANDOM_ID = 0x02
VERSION = (bytes.fromhex("04040230001105"), bytes.fromhex("04040201021105"))


@dataclass(slots=True)
class File:
    """A standard data file."""

    content: bytearray
    settings: FileSettings


@dataclass(slots=True)
class Talk:
    """All that is forgotten when the power goes."""

    application: bool = False
    file: int | None = None
    session: Session | None = None
    challenge: tuple[int, bytes, bool] | None = None
    """Key number, RndB, and whether this is a first authentication."""
    version_part: int = 0
    sdm_counted: bool = False


@dataclass(frozen=True, slots=True)
class _Command:
    """How a command crosses when a key is authenticated."""

    run: Callable[["Ntag424Native", bytes, bytes], bytes]
    header: int = 1
    """So many bytes are never encrypted."""
    sent: int = MAC
    answered: int = MAC
    secret: bool = False
    """Whether it is refused without authentication."""


def _factory_files() -> dict[int, File]:
    return {
        CC_FILE: File(bytearray(CAPABILITIES.ljust(32, b"\x00")), FileSettings(write=0, read_write=0)),
        NDEF_FILE: File(bytearray(256), FileSettings()),
        OWN_FILE: File(bytearray(128), FileSettings(option=FULL, read=2, write=3, read_write=3)),
    }


@dataclass
class Ntag424Native:
    """The chip without its ISO face; the fields are what it keeps without power."""

    uid: bytes
    random: Callable[[int], bytes]
    """Where the chip takes its random numbers from."""
    keys: list[bytes] = field(default_factory=lambda: [bytes(16)] * 5)
    versions: list[int] = field(default_factory=lambda: [0] * 5)
    files: dict[int, File] = field(default_factory=_factory_files)
    counter: int = 0
    """SDMReadCtr."""
    random_uid: bool = False

    def __post_init__(self) -> None:
        if len(self.uid) != 7:
            raise ValueError("the UID of an NTAG 424 DNA has 7 bytes")
        if len(self.keys) != 5 or any(len(key) != 16 for key in self.keys):
            raise ValueError("an NTAG 424 DNA has 5 keys of 16 bytes")
        self.talk = Talk()

    def content(self, number: int) -> bytes:
        """A file as it is read now; reading without a key counts once for each selection, and mirrors."""
        file = self.files[number]
        if self.talk.session is not None or not file.settings.mirrors:
            return bytes(file.content)
        if not self.talk.sdm_counted:
            self.talk.sdm_counted = True
            self.counter = min(self.counter + 1, 0xFFFFFF)
        mirror = Mirror(file.settings, self.keys, self.uid, self.counter, self._filling)
        return mirror.applied(bytes(file.content))

    def _filling(self, count: int) -> bytes:
        """The random part of PICCData: the same for all parts of one reading, unlike in the next."""
        return encrypt(self.keys[0], ZERO_IV, self.counter.to_bytes(3, "big").rjust(16, b"\xa5"))[:count]

    def native(self, command: int, data: bytes) -> bytes:
        """Answer one command of class ``90`` with its two status bytes."""
        try:
            return self._native(command, data)
        except Refused as refusal:
            # Any error ends an authentication, and whatever was half said.
            self.talk.session = self.talk.challenge = None
            self.talk.version_part = 0
            return bytes((0x91, refusal.status))

    def _native(self, command: int, data: bytes) -> bytes:
        if command == 0xAF:
            return self._additional(data)
        self.talk.challenge, self.talk.version_part = None, 0
        if command in (0x71, 0x77):
            return self._challenged(data, first=command == 0x71)
        if command == 0x60:
            self.talk.version_part = 1
            return VERSION[0] + MORE
        if command in (0xAD, 0x8D):
            return self._file_data(command, data)
        known = COMMANDS.get(command)
        if known is None:
            raise Refused(0x1C)
        return self._secured(command, data, known)

    def _secured(self, command: int, data: bytes, how: _Command) -> bytes:
        header, body = data[: how.header], data[how.header :]
        if len(header) < how.header:
            raise Refused(LENGTH)
        session = self.talk.session
        if session is None:
            if how.secret:
                raise Refused(AUTHENTICATION)
            return how.run(self, header, body) + OK
        body = session.opened(command, header, body, full=how.sent == FULL)
        answer = how.run(self, header, body)
        if self.talk.session is not session:
            return answer + OK  # a changed key ends its own session: no MAC can follow
        return session.sealed(answer, full=how.answered == FULL) + OK

    def _challenged(self, data: bytes, *, first: bool) -> bytes:
        if not self.talk.application or not data or data[0] >= len(self.keys):
            raise Refused(NO_KEY)
        if not first and self.talk.session is None:
            raise Refused(AUTHENTICATION)
        number = self.random(16)
        self.talk.challenge = (data[0], number, first)
        return encrypt(self.keys[data[0]], ZERO_IV, number) + MORE

    def _additional(self, data: bytes) -> bytes:
        if self.talk.challenge is not None:
            return self._authenticated(data)
        part = self.talk.version_part
        if part == 1:
            self.talk.version_part = 2
            return VERSION[1] + MORE
        if part == 2:
            self.talk.version_part = 0
            shown = bytes(7) if self.random_uid else self.uid
            return shown + bytes.fromhex("00000000000001") + OK
        raise Refused(ABORTED)

    def _authenticated(self, data: bytes) -> bytes:
        assert self.talk.challenge is not None
        (key_no, theirs, first), self.talk.challenge = self.talk.challenge, None
        if len(data) != 32:
            raise Refused(LENGTH)
        key = self.keys[key_no]
        plain = decrypt(key, ZERO_IV, data)
        if plain[16:] != rotated(theirs):
            raise Refused(AUTHENTICATION)
        old = self.talk.session
        ti = self.random(4) if first or old is None else old.ti
        session = Session.begun(key, key_no, ti, (plain[:16], theirs))
        answer = rotated(plain[:16])
        if first or old is None:
            answer = ti + answer + bytes(12)
        else:
            session.counter = old.counter
        self.talk.session = session
        return encrypt(key, ZERO_IV, answer) + OK

    @property
    def _key_no(self) -> int | None:
        return self.talk.session.key_no if self.talk.session else None

    def _file(self, number: int) -> File:
        if not self.talk.application or number not in self.files:
            raise Refused(NO_FILE)
        return self.files[number]

    def _require_key(self, key_no: int) -> None:
        if self._key_no != key_no:
            raise Refused(PERMISSION)

    def _file_data(self, command: int, data: bytes) -> bytes:
        """ReadData and WriteData: secured as the file wants it, plain where everybody may."""
        if len(data) < 7:
            raise Refused(LENGTH)
        settings, writing = self._file(data[0]).settings, command == 0x8D
        rights = (settings.write if writing else settings.read, settings.read_write)
        if not settings.allows(self._key_no, *rights):
            raise Refused(PERMISSION)
        run = Ntag424Native._write if writing else Ntag424Native._read
        mode = settings.option & 3 if self._key_no in rights else 0
        if mode:
            sent, answered = (mode, MAC) if writing else (MAC, mode)
            return self._secured(command, data, _Command(run, 7, sent, answered))
        if self.talk.session is not None:
            self.talk.session.counter += 1
        return run(self, data[:7], data[7:]) + OK

    def _range(self, header: bytes) -> tuple[int, int]:
        size = len(self.files[header[0]].content)
        offset, length = int.from_bytes(header[1:4], "little"), int.from_bytes(header[4:7], "little")
        length = length or size - offset
        if length <= 0 or offset + length > size:
            raise Refused(BOUNDARY)
        return offset, offset + length

    def _read(self, header: bytes, body: bytes) -> bytes:
        if body:
            raise Refused(LENGTH)
        start, end = self._range(header)
        return self.content(header[0])[start:end]

    def _write(self, header: bytes, body: bytes) -> bytes:
        start, end = self._range(header)
        if len(body) != end - start:
            raise Refused(LENGTH)
        self.files[header[0]].content[start:end] = body
        return b""

    def _get_card_uid(self, _header: bytes, _body: bytes) -> bytes:
        return self.uid

    def _get_key_version(self, header: bytes, _body: bytes) -> bytes:
        if header[0] >= len(self.keys):
            raise Refused(NO_KEY)
        return bytes((self.versions[header[0]],))

    def _change_key(self, header: bytes, body: bytes) -> bytes:
        """New key and version; for another key than 0 XORed with the old one, a CRC of the new behind it."""
        self._require_key(0)
        number = header[0]
        if number >= len(self.keys):
            raise Refused(NO_KEY)
        if len(body) != (17 if number == 0 else 21):
            raise Refused(LENGTH)
        key, version = body[:16], body[16]
        if number != 0:
            key = bytes(new ^ old for new, old in zip(key, self.keys[number], strict=True))
            if crc32_nxp(key) != body[17:]:
                raise Refused(INTEGRITY)
        self.keys[number], self.versions[number] = key, version
        if number == 0:
            self.talk.session = None
        return b""

    def _change_file_settings(self, header: bytes, body: bytes) -> bytes:
        file = self._file(header[0])
        if file.settings.change == NEVER:
            raise Refused(PERMISSION)
        if file.settings.change != FREE:
            self._require_key(file.settings.change)
        settings = FileSettings.from_bytes(body)
        if settings.mirrors and (header[0] != NDEF_FILE or not settings.fits(len(file.content))):
            raise Refused(PARAMETER)
        if settings.mirrors and not file.settings.mirrors:
            self.counter = 0
        file.settings = settings
        return b""

    def _get_file_settings(self, header: bytes, _body: bytes) -> bytes:
        file = self._file(header[0])
        told = file.settings.to_bytes()
        return b"\x00" + told[:3] + len(file.content).to_bytes(3, "little") + told[3:]

    def _get_counter(self, header: bytes, _body: bytes) -> bytes:
        settings = self._file(header[0]).settings
        if not settings.mirrors or not settings.allows(self._key_no, settings.counter_read):
            raise Refused(PERMISSION)
        return self.counter.to_bytes(3, "little") + bytes(2)

    def _set_configuration(self, header: bytes, body: bytes) -> bytes:
        """Option 0 switches the random UID on, for ever; other options are taken without effect here."""
        self._require_key(0)
        if header == b"\x00" and body and body[0] & RANDOM_ID:
            self.random_uid = True
        return b""


COMMANDS = {
    0x51: _Command(Ntag424Native._get_card_uid, header=0, answered=FULL, secret=True),
    0x64: _Command(Ntag424Native._get_key_version),
    0xC4: _Command(Ntag424Native._change_key, sent=FULL, secret=True),
    0x5F: _Command(Ntag424Native._change_file_settings, sent=FULL, secret=True),
    0xF5: _Command(Ntag424Native._get_file_settings),
    0xF6: _Command(Ntag424Native._get_counter, answered=FULL),
    0x5C: _Command(Ntag424Native._set_configuration, sent=FULL, secret=True),
}
