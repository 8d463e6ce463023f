"""A chip as a file: the same conversation as with a reader, and files that other tools understand."""

import json
from pathlib import Path

import pytest

from card_tools.credential import Issuer, verify
from card_tools.errors import CardUnreadable, ChipUnsuitable
from card_tools.image import ChipImage, blank, load, save
from card_tools.ndef import from_ndef, to_ndef, to_type2
from card_tools.writer import Order, converse, issue, password_for
from hardware.simulated.card_file import load_card
from hardware.simulated.ntag import NtagCard

UID = bytes.fromhex("04A1B2C3D4E5F6")
ISSUER = Issuer(bytes(range(32)))
CARD = ISSUER.encode_bound(UID, b"\x01" * 8)
PASSWORD, PACK = password_for(b"office", UID)
ORDER = Order(uid=UID, area=to_type2(to_ndef(CARD)), password=PASSWORD, pack=PACK)


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216"])
def test_an_image_ends_as_the_simulated_chip_does(kind: str):
    image, chip = blank(kind, UID), NtagCard(kind, UID)
    chip.activate()
    converse(issue(ORDER), image.transceive)
    converse(issue(ORDER), lambda frame: bytes(chip.frame(frame) or b""))
    used = len(ORDER.area) + 16
    config = chip.model.config * 4
    assert image.memory[16:used] == chip.memory[16:used]
    assert image.memory[config : config + 14] == chip.memory[config : config + 14]
    assert (image.uid, from_ndef(image.message)) == (UID, CARD)


@pytest.mark.parametrize("name", ["card.json", "card.bin"])
def test_a_written_image_is_kept_and_can_be_written_again(tmp_path: Path, name: str):
    image, path = blank("ntag213", UID), tmp_path / name
    converse(issue(ORDER), image.transceive)
    save(image, path)
    again = load(path)
    assert again.memory == image.memory
    assert converse(issue(ORDER), again.transceive).pages_written == 0
    verify(from_ndef(again.message), {ISSUER.key_id: ISSUER.public_key}, uid=again.uid, today=None)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_the_simulated_reader_takes_the_same_card_file(tmp_path: Path):
    image, path = blank("ntag213", UID), tmp_path / "card.json"
    converse(issue(ORDER), image.transceive)
    save(image, path)
    chip = load_card(path)
    assert isinstance(chip, NtagCard)
    assert (chip.uid, bytes(chip.memory)) == (UID, bytes(image.memory))


def test_a_card_file_may_say_its_message_instead_of_its_memory(tmp_path: Path):
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"type": "ntag215", "uid": UID.hex(), "ndef": to_ndef(CARD).hex()}))
    assert from_ndef(load(path).message) == CARD


def test_an_image_guards_what_a_chip_guards():
    image = blank("ntag213", UID)
    assert image.transceive(b"\xa2\x03\xff\xff\xff\xff") == b"\x00", "one-time bits"
    assert image.transceive(b"\xa2\x2d" + bytes(4)) == b"\x00", "beyond the end"
    assert image.transceive(b"\x30\xff") == b"\x00"
    assert image.transceive(b"\x39\x02") == b"\x00"
    converse(issue(ORDER), image.transceive)
    image.authenticated = False
    assert image.transceive(b"\xa2\x05" + bytes(4)) == b"\x00", "protected"
    assert image.transceive(b"\x1b" + bytes(4)) == b"\x00", "wrong password"
    assert PASSWORD not in image.transceive(b"\x30\x2a"), "the password is never read"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"type": "ntag213", "uid": "zz"}', b'{"type": "uid", "uid": "04"}']
)
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises((CardUnreadable, ChipUnsuitable)):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(CardUnreadable, match=r"none\.bin"):
        load(tmp_path / "none.bin")


def test_a_memory_of_another_size_is_refused():
    with pytest.raises(ChipUnsuitable, match="180 bytes are not the memory of an ntag215"):
        ChipImage("ntag215", bytearray(180))
