"""The desk's end of the pipe: what is the server's, what is a tap, and what happens when the network goes."""

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from hardware.ports import CardRead, CardTornAway
from kiosk.desk import Desk
from kiosk.ports import Offline, Refused, Trouble
from kiosk.roster_view import RosterView
from server.contract.desk import CardLaid, DeskReply, DeskState, DeskWord, Frame
from tests.support.kiosk_parts import FakeClock, FakeRosterHolder
from tests.support.kiosk_roster import entries
from tests.support.processes import PATIENCE

UID = bytes.fromhex("04A1B2C3D4E5F6")
READ = CardRead(medium="nfc", uid=UID)
OPEN = DeskState(open=True, holds_ms=10_000)


@dataclass
class FakeApi:
    """A server that says what it was told to say, in order; the last word is said again."""

    state: DeskState | Trouble = OPEN
    replies: list[DeskReply | Trouble] = field(default_factory=lambda: [DeskReply(word=DeskWord.MADE)])
    states_asked: int = 0
    laid: list[CardLaid] = field(default_factory=list)

    def desk(self) -> DeskState | Trouble:
        self.states_asked += 1
        return self.state

    def card_laid(self, laid: CardLaid) -> DeskReply | Trouble:
        self.laid.append(laid)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@dataclass
class Kiosk:
    """A desk between a reader and a kiosk's taps."""

    api: FakeApi = field(default_factory=FakeApi)
    clock: FakeClock = field(default_factory=FakeClock)
    taps: list[CardRead] = field(default_factory=list)
    shown: list[DeskWord] = field(default_factory=list)
    changes: list[bool] = field(default_factory=list)
    is_desk: bool = True

    def __post_init__(self) -> None:
        view = RosterView(1, entries() | ({"desk": {}} if self.is_desk else {}))
        self.desk = Desk(
            self.api,
            FakeRosterHolder(view),
            self.clock,
            tap=self.taps.append,
            interrogator=lambda _uid, _ndef, _transceive: {"challenge": {}},
            show=self.shown.append,
            on_change=lambda: self.changes.append(self.desk.is_open),
        )


def silent(_command: bytes) -> bytes:
    """A card that nobody may speak to."""
    pytest.fail("the card was spoken to")


def go(*frames: Frame) -> DeskReply:
    """The server wants these frames said."""
    return DeskReply(word=DeskWord.GO, attempt="a1", frames=frames)


def test_a_kiosk_that_is_no_desk_asks_nobody_and_takes_taps() -> None:
    kiosk = Kiosk(is_desk=False)
    kiosk.desk.ask_once()
    assert kiosk.desk(UID, b"", silent) == {"challenge": {}}
    kiosk.desk.tap(READ)
    assert (kiosk.api.states_asked, kiosk.api.laid, kiosk.taps) == (0, [], [READ])


def test_while_the_desk_is_open_a_card_is_the_servers_and_no_tap() -> None:
    kiosk = Kiosk()
    kiosk.desk.ask_once()
    learned: Any = kiosk.desk(UID, b"", silent)
    kiosk.desk.tap(CardRead(medium="nfc", uid=UID, proof=learned))
    assert (kiosk.taps, kiosk.shown, kiosk.changes) == ([], [DeskWord.MADE], [True])


def test_frames_are_said_until_an_answer_is_another_than_expected() -> None:
    kiosk = Kiosk()
    frames = (Frame(b"1", b"a"), Frame(b"2", b"b"), Frame(b"3", b"c"))
    kiosk.api.replies = [go(*frames), go(Frame(b"4")), DeskReply(word=DeskWord.MADE)]
    kiosk.desk.ask_once()
    said = []

    def transceive(command: bytes) -> bytes:
        said.append(command)
        return {b"1": b"a", b"2": b"other"}.get(command, b"x")

    kiosk.desk(UID, b"", transceive)
    assert said == [b"1", b"2", b"4"]
    assert [(laid.attempt, laid.answers) for laid in kiosk.api.laid] == [
        ("", ()),
        ("a1", (b"a", b"other")),
        ("a1", (b"a", b"other", b"x")),
    ]


def test_a_card_torn_away_is_told_and_is_no_tap() -> None:
    kiosk = Kiosk()
    kiosk.api.replies = [go(Frame(b"1"))]
    kiosk.desk.ask_once()

    def gone(_command: bytes) -> bytes:
        raise CardTornAway

    with pytest.raises(CardTornAway):
        kiosk.desk(UID, b"", gone)
    kiosk.desk.tap(READ)
    assert kiosk.api.laid[-1].torn
    assert (kiosk.taps, kiosk.shown) == ([], [DeskWord.AGAIN])


def test_a_network_that_goes_in_the_middle_asks_for_the_card_again() -> None:
    kiosk = Kiosk()
    kiosk.api.replies = [go(Frame(b"1")), Offline("cut")]
    kiosk.desk.ask_once()
    assert kiosk.desk(UID, b"", lambda _: b"x") == {"desk": "again"}


def test_unheard_of_for_too_long_the_reader_takes_taps_again() -> None:
    kiosk = Kiosk()
    kiosk.desk.ask_once()
    kiosk.api.state = Offline("cut")
    kiosk.clock.after += 9_000
    kiosk.desk.ask_once()
    assert kiosk.desk.is_open
    kiosk.clock.after += 2_000
    kiosk.desk.ask_once()
    kiosk.desk.tap(READ)
    assert (kiosk.taps, kiosk.changes) == ([READ], [True, False])


def test_a_kiosk_that_was_revoked_is_no_desk() -> None:
    kiosk = Kiosk(FakeApi(state=Refused(403, "kiosk_revoked")))
    kiosk.desk.ask_once()
    assert not kiosk.desk.is_open


def test_what_the_server_does_not_want_is_a_tap() -> None:
    kiosk = Kiosk()
    kiosk.api.replies = [DeskReply(word=DeskWord.CLOSED)]
    kiosk.desk.ask_once()
    learned: Any = kiosk.desk(UID, b"", silent)
    read = CardRead(medium="nfc", uid=UID, proof=learned)
    kiosk.desk.tap(read)
    assert (kiosk.taps, kiosk.shown) == ([read], [])


def test_of_a_card_that_cannot_be_spoken_to_the_number_is_told() -> None:
    kiosk = Kiosk()
    kiosk.desk.ask_once()
    kiosk.desk.tap(READ)
    assert kiosk.api.laid == [CardLaid(uid=UID, talks=False)]
    assert kiosk.taps == []


def test_a_printed_code_shown_at_an_open_desk_is_neither_card_nor_tap() -> None:
    kiosk = Kiosk()
    kiosk.desk.ask_once()
    kiosk.desk.tap(CardRead(medium="qr", content=b"YIKA"))
    assert (kiosk.taps, kiosk.api.laid, kiosk.shown) == ([], [], [DeskWord.REFUSED])


def test_a_server_that_never_ends_does_not_keep_the_card_for_ever() -> None:
    kiosk = Kiosk()
    kiosk.api.replies = [go(*[Frame(b"1", b"x")] * 100)]
    kiosk.desk.ask_once()
    assert kiosk.desk(UID, b"", lambda _: b"x") == {"desk": "again"}


def test_it_asks_by_itself_until_it_is_stopped() -> None:
    kiosk = Kiosk()
    asked = threading.Event()
    original = kiosk.api.desk

    def asking() -> DeskState | Trouble:
        asked.set()
        return original()

    kiosk.api.desk = asking  # type: ignore[method-assign]
    kiosk.desk.start()
    assert asked.wait(PATIENCE)
    kiosk.desk.stop()
    count = kiosk.api.states_asked
    kiosk.desk.stop()
    assert kiosk.api.states_asked == count
