"""Cards made through real nfcpy on the simulated reader: torn away at every frame, and always finished."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hardware.nfc_reader import NfcReader
from hardware.ports import ReaderState
from hardware.simulated import Pn532Uart
from hardware.simulated.plain import UidCard
from tests.support.desk import CHIPS, Counter, counter, new_chip, torn_at
from tests.support.hardware import BRISK, ReaderLog
from tests.support.hardware import Bench as Reader

pytestmark = pytest.mark.timeout(1200)


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


def told(desk: Reader, card: Any, *, frames: int | None = None) -> int:
    """Lay a card down until the reader has told it; after how many frames that was."""
    before, reads = desk.field.frames, len(desk.log.reads)
    desk.field.put(card, frames=frames)
    desk.log.wait_reads(reads + 1)
    return desk.field.frames - before


def lay(desk: Reader, at: Counter, card: Any, *, frames: int | None = None) -> str:
    """Lay a card down until the reader has told it, and take it away; what the kiosk showed last."""
    shown = len(at.shown)
    told(desk, card, frames=frames)
    desk.gone()
    return at.shown[-1] if len(at.shown) > shown else "tap"


@pytest.mark.parametrize("kind", CHIPS)
@pytest.mark.one_database("sqlite", "what a chip is told does not depend on it; test_desk.py tears on both")
def test_torn_away_at_every_frame_a_card_is_never_half_and_always_finished(bench: Any, kind: str) -> None:
    at = counter(bench)
    at.pipe.address = "https://meihu.example.cn/t"
    wish = {"kind": "uid" if kind == "uid" else "write"}
    at.open(order_id=at.order("M0001", **wish)[0])
    with reading(at) as desk:
        whole = told(desk, new_chip(kind))
        desk.gone()
        assert whole > (2 if kind == "uid" else 30)
        for frames in torn_at(whole):
            card = new_chip(kind, frames + 1)
            at.open(order_id=at.order("M0001", **wish)[0])
            lay(desk, at, card, frames=frames + 1)
            states = {row["state"] for row in at.chip_rows(card)}
            assert states <= {"requested"} or (states == {"active"} and at.holds(card)), frames
            if states != {"active"}:
                assert lay(desk, at, card) == "made", frames
            assert at.holds(card), frames
            assert [row["state"] for row in at.chip_rows(card)] == ["active"], frames
            assert getattr(card, "failed", 0) == 0, "no wrong password was ever tried"
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
        assert lay(desk, at, new_chip("ntag213")) == "tap"
    assert [read.uid for read in at.taps] == [new_chip("ntag213").uid]
