"""Cards made through real nfcpy on the simulated reader: torn away at every frame, and always finished."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from card_tools.credential import verify
from card_tools.ndef import from_ndef, from_type2
from hardware.nfc_reader import NfcReader
from hardware.ports import ReaderState
from hardware.simulated import NtagCard, Pn532Uart
from hardware.simulated.plain import UidCard
from tests.support.desk import Counter, counter
from tests.support.hardware import BRISK, ReaderLog
from tests.support.hardware import Bench as Reader

pytestmark = pytest.mark.timeout(1200)
UID = bytes.fromhex("04A1B2C3D4E5F6")


@contextmanager
def reading(at: Counter) -> Iterator[Reader]:
    """A real reader in front of the desk, with nothing in its field."""
    log = ReaderLog()

    def told(read: Any) -> None:
        at.desk.tap(read)
        log.on_read(read)

    with Pn532Uart() as line:
        reader = NfcReader(line.path, name="desk", patience=BRISK)
        reader.start(told, log.on_state, at.desk)
        try:
            log.wait_state(ReaderState.READY)
            yield Reader(line, reader, log)
        finally:
            reader.stop()


def lay(desk: Reader, at: Counter, card: Any, *, frames: int | None = None) -> str:
    """Lay a card down until the reader has told it, and take it away; what the kiosk showed last."""
    reads, shown = len(desk.log.reads), len(at.shown)
    desk.field.put(card, frames=frames)
    desk.log.wait_reads(reads + 1, timeout=60)
    desk.gone()
    return at.shown[-1] if len(at.shown) > shown else "tap"


def holds(at: Counter, card: NtagCard) -> bool:
    """Whether the chip says a card of ours."""
    issuer = at.bench.keys.issuer("meihu")
    found = from_ndef(from_type2(bytes(card.memory[16:160])))
    verify(found, {issuer.key_id: issuer.public_key}, uid=card.uid, today=None)
    return True


def frames_of(at: Counter, make: Callable[[int], Any]) -> int:
    """How many frames a whole making takes, with finding and reading the card."""
    at.open(order_id=at.order("M0001")[0])
    with reading(at) as desk:
        before = desk.field.frames
        desk.field.put(make(0))
        desk.log.wait_reads(1, timeout=60)
        return desk.field.frames - before


def blank(number: int) -> NtagCard:
    """A chip that nobody has used."""
    return NtagCard("ntag213", UID[:5] + number.to_bytes(2, "big"))


@pytest.mark.one_database("sqlite", "what a chip is told does not depend on it; test_desk.py tears on both")
def test_torn_away_at_every_frame_a_card_is_never_half_and_always_finished(bench: Any) -> None:
    at = counter(bench)
    whole = frames_of(at, blank)
    assert whole > 50
    with reading(at) as desk:
        for frames in range(1, whole + 1):
            card = blank(frames)
            (order_id,) = at.order("M0001")
            at.open(order_id=order_id)
            lay(desk, at, card, frames=frames)
            made = at.bench.rows("card_orders", order_id=order_id)[0]["card_id"]
            states = {row["state"] for row in at.cards("M0001") if row["card_id"] == made or made is None}
            assert made is not None or "made" not in states, frames
            if made is None:
                assert lay(desk, at, card) == "made", frames
            assert holds(at, card), frames
            assert card.failed == 0, "no wrong password was ever tried"
    assert at.taps == []
    assert len(at.cards("M0001", state="active")) == 1


def test_a_card_that_is_only_a_number_is_bound_through_the_reader(bench: Any) -> None:
    at = counter(bench)
    at.open(order_id=at.order("M0001", kind="uid")[0])
    with reading(at) as desk:
        assert lay(desk, at, UidCard(bytes.fromhex("CAFE0001"))) == "made"
    assert (at.taps, at.cards("M0001")[0]["proof"]) == ([], "uid")


def test_when_the_desk_is_closed_the_same_reader_takes_taps(bench: Any) -> None:
    at = counter(bench)
    with reading(at) as desk:
        assert lay(desk, at, blank(1)) == "tap"
    assert [read.uid for read in at.taps] == [blank(1).uid]
