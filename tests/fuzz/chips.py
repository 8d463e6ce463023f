"""Chips that say what an input says, and what real ones say to it: shared by several targets."""

from collections.abc import Callable, Iterator

from card_tools import ndef, ntag424, personalise, writer
from card_tools.conversation import converse
from hardware.ports import CardTornAway
from hardware.simulated.ntag import NtagCard
from hardware.simulated.ntag424 import Ntag424Card
from tests.support.kiosk_roster import CHIP, CHIP_UID

MASTER = bytes(range(16))
ADDRESS = "https://yika.example/t"


def sun_message(uid: bytes, counter: int, *, master: bytes = MASTER) -> bytes:
    """A SUN message as an NTAG 424 DNA of ours makes it: PICC data, MAC."""
    card = Ntag424Card(uid, lambda count: bytes(count))
    order = personalise.Order424(uid=uid, message=ndef.to_ndef(CHIP), master=master, address=ADDRESS)
    card.activate()
    converse(personalise.issue(order, entropy=lambda count: bytes(count)), card.apdu)
    card.counter = counter - 1
    card.activate()
    for command in (ntag424.SELECT_APPLICATION, bytes.fromhex("00a4000c02e104")):
        card.apdu(command)
    text, places = card.apdu(bytes.fromhex("00b0000000")), order.places
    assert places is not None
    picc_data, mac = text[places.picc_data :][:32], text[places.mac :][:16]
    return bytes.fromhex((picc_data + mac).decode())


def frames(data: bytes) -> Iterator[bytes]:
    """Answers of a chip: each behind its length in two bytes."""
    while data:
        length = int.from_bytes(data[:2], "big")
        yield data[2 : 2 + length]
        data = data[2 + length :]


def joined(answers: list[bytes]) -> bytes:
    """Answers as :func:`frames` reads them."""
    return b"".join(len(answer).to_bytes(2, "big") + answer for answer in answers)


def playing(data: bytes) -> Callable[[bytes], bytes]:
    """A chip that says what the input says, and leaves the field at its end."""
    answers = frames(data)

    def transceive(_command: bytes) -> bytes:
        try:
            return next(answers)
        except StopIteration:
            raise CardTornAway("the input is at its end") from None

    return transceive


def overheard(apdu: Callable[[bytes], bytes]) -> tuple[Callable[[bytes], bytes], list[bytes]]:
    """The same chip, and the list that all its answers will be in."""
    said: list[bytes] = []

    def transceive(command: bytes) -> bytes:
        said.append(apdu(command))
        return said[-1]

    return transceive, said


def steady(count: int) -> bytes:
    """Randomness that is always the same, so that what a chip says once holds again."""
    return bytes(range(count))


def ntag_order() -> writer.Order:
    """A signed card for an NTAG21x."""
    password, pack = writer.password_for(b"office", CHIP_UID)
    area = ndef.to_type2(ndef.to_ndef(CHIP))
    return writer.Order(uid=CHIP_UID, area=area, password=password, pack=pack)


def ntag_seed(kind: str) -> bytes:
    """All that a new NTAG21x answers while it becomes that card."""
    chip = NtagCard(kind, CHIP_UID)
    chip.activate()
    transceive, said = overheard(lambda frame: bytes(chip.frame(frame) or b""))
    converse(writer.issue(ntag_order()), transceive)
    return joined(said)


ORDER424 = personalise.Order424(uid=CHIP_UID, message=ndef.to_ndef(CHIP), master=MASTER, address=ADDRESS)


def personalise_seed(*, finished: bool) -> bytes:
    """All that an NTAG 424 DNA answers while it becomes a card, or when it was one already."""
    chip = Ntag424Card(CHIP_UID, steady)
    chip.activate()
    transceive, said = overheard(chip.apdu)
    converse(personalise.issue(ORDER424, entropy=steady), transceive)
    if finished:
        said.clear()
        chip.activate()
        converse(personalise.issue(ORDER424, entropy=steady), transceive)
    return joined(said)
