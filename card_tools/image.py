"""A chip's memory as a file, so that cards can be written where no reader is: a card file, or a raw dump.

A card file is the JSON object that the simulated reader takes (``hardware/README.md``):
``{"type": "ntag213", "uid": HEX, "memory": HEX}``, or with ``ndef`` instead of ``memory``. A raw dump is all
pages in order, 180, 540 or 924 bytes, as phone apps and other tools save and restore them.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from card_tools import writer
from card_tools.errors import CardUnreadable, ChipUnsuitable
from card_tools.ndef import from_type2, to_type2

_KINDS = {model.name.lower(): (storage, model) for storage, model in writer.MODELS.items()}
_BY_SIZE = {(model.config_page + 4) * writer.PAGE: kind for kind, (_, model) in _KINDS.items()}
_ACK, _NAK = b"\x0a", b"\x00"
_USER_SIZES = {"ntag213": 0x12, "ntag215": 0x3E, "ntag216": 0x6D}


@dataclass(slots=True)
class ChipImage:
    """The memory of one NTAG21x, answering the frames that :mod:`card_tools.writer` sends."""

    kind: str
    memory: bytearray
    authenticated: bool = False

    def __post_init__(self) -> None:
        """Refuse a memory of another size than its chip has."""
        if self.kind not in _KINDS or _BY_SIZE.get(len(self.memory)) != self.kind:
            raise ChipUnsuitable(f"{len(self.memory)} bytes are not the memory of an {self.kind}")

    @property
    def uid(self) -> bytes:
        """The seven bytes that the chip says at every selection."""
        return bytes(self.memory[0:3] + self.memory[4:8])

    @property
    def message(self) -> bytes:
        """The NDEF message in the data pages."""
        start = writer.FIRST_DATA_PAGE * writer.PAGE
        return from_type2(bytes(self.memory[start : start + self._model.capacity]))

    @property
    def _model(self) -> writer.Model:
        return _KINDS[self.kind][1]

    def transceive(self, frame: bytes) -> bytes:
        """Answer one frame as the chip would."""
        match frame[0]:
            case 0x60:
                return bytes((0, 4, 4, 2, 1, 0, _KINDS[self.kind][0], 3))
            case 0x30:
                return self._read(frame[1])
            case 0xA2:
                return self._write(frame[1], frame[2:6])
            case 0x1B:
                return self._authenticate(frame[1:5])
        return _NAK

    def _read(self, page: int) -> bytes:
        secret = (self._model.config_page + 2) * writer.PAGE
        shown = bytes(self.memory[:secret]) + bytes(len(self.memory) - secret)
        at = page * writer.PAGE
        return (shown + shown)[at : at + 16] if at < len(shown) else _NAK

    def _write(self, page: int, data: bytes) -> bytes:
        at = page * writer.PAGE
        protected = page >= self._config[3] and not self.authenticated
        # Pages 0 to 3 hold what burns one way: a file must not do what a chip would not undo.
        if page < writer.FIRST_DATA_PAGE or at >= len(self.memory) or protected:
            return _NAK
        self.memory[at : at + writer.PAGE] = data
        return _ACK

    def _authenticate(self, password: bytes) -> bytes:
        if password != self._config[8:12]:
            return _NAK
        self.authenticated = True
        return bytes(self._config[12:14])

    @property
    def _config(self) -> bytearray:
        return self.memory[self._model.config_page * writer.PAGE :]


def blank(kind: str, uid: bytes) -> ChipImage:
    """A chip as delivered, with this UID."""
    if kind not in _KINDS or len(uid) != 7:
        raise ChipUnsuitable(f"a chip is one of {', '.join(_KINDS)} with a UID of 7 bytes")
    model = _KINDS[kind][1]
    memory = bytearray((model.config_page + 4) * writer.PAGE)
    checks = 0x88 ^ uid[0] ^ uid[1] ^ uid[2], uid[3] ^ uid[4] ^ uid[5] ^ uid[6]
    memory[:9] = uid[:3] + bytes(checks[:1]) + uid[3:] + bytes(checks[1:])
    memory[12:20] = bytes((0xE1, 0x10, _USER_SIZES[kind], 0)) + b"\x03\x00\xfe\x00"
    at = model.config_page * writer.PAGE
    memory[at : at + 12] = bytes.fromhex("040000ff00000000ffffffff")
    return ChipImage(kind, memory)


def load(path: Path) -> ChipImage:
    """Read a card file or a raw dump; :class:`CardUnreadable` says what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CardUnreadable(
            f"{path} cannot be read: {error.strerror}", zh=f"{path} 读不出来，请检查路径和权限。"
        ) from error
    if kind := _BY_SIZE.get(len(content)):
        return ChipImage(kind, bytearray(content))
    try:
        return _from_json(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        sizes = ", ".join(map(str, _BY_SIZE))
        raise CardUnreadable(
            f"{path} is neither a dump of {sizes} bytes nor an NTAG card file: {error}",
            zh=f"{path} 既不是 {sizes} 字节的芯片内容，也不是卡文件。",
        ) from error


def _from_json(said: dict[str, str]) -> ChipImage:
    kind = said["type"]
    if "memory" in said:
        return ChipImage(kind, bytearray.fromhex(said["memory"]))
    image = blank(kind, bytes.fromhex(said["uid"]))
    area = to_type2(bytes.fromhex(said.get("ndef", "")))
    start = writer.FIRST_DATA_PAGE * writer.PAGE
    image.memory[start : start + len(area)] = area
    return image


def save(image: ChipImage, path: Path) -> None:
    """Write an image back, whole or not at all: JSON where the name ends in ``.json``, else a raw dump."""
    content = bytes(image.memory)
    if path.suffix == ".json":
        said = {"type": image.kind, "uid": image.uid.hex(), "memory": content.hex()}
        content = (json.dumps(said, indent=1) + "\n").encode()
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(content)
    draft.replace(path)
