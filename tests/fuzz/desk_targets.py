"""What crosses between server, desk kiosk and a card on its reader, and the address that a phone opens."""

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from card_tools import personalise, writer
from card_tools.errors import CardError
from card_tools.writer import Issued
from hardware.ports import CardRead, CardTornAway
from hardware.simulated.ntag import NtagCard
from kiosk.desk import Desk
from kiosk.roster_view import RosterView
from server.contract import desk
from server.contract.desk import CardLaid, DeskReply, DeskState, DeskWord, Frame
from server.contract.wire import WireError
from server.errors import SunForged
from server.services.keys import Keys
from server.services.relay import ChallengeGuess, NtagGuess, advance
from server.services.sun import proved
from server.web.asked import Asked
from server.web.sun import said
from tests.fuzz.chips import (
    ORDER424,
    frames,
    ntag_order,
    ntag_seed,
    personalise_seed,
    steady,
    sun_message,
)
from tests.fuzz.loop import JSON_TOKENS, Believed, Target
from tests.support.desk import transceiver
from tests.support.kiosk_parts import FakeClock, FakeRosterHolder
from tests.support.kiosk_roster import CHIP_UID, entries

T = TypeVar("T")


def _same(message: T, write: Callable[[T], bytes], read: Callable[[bytes], T]) -> T:
    if read(write(message)) != message:
        raise Believed("a message that cannot be written and read again")
    return message


NTAG = tuple(frames(ntag_seed("ntag213")))
CHIP424 = tuple(frames(personalise_seed(finished=True)))
PACK = ntag_order().pack
PROOF = [answer for answer in CHIP424 if len(answer) == 34][-1]
"""What only a chip can answer that holds the key of a kiosk's challenge."""


def _laid(data: bytes) -> str:
    """What a kiosk tells: the server goes on with the conversation, and calls nothing made without proof."""
    laid = _same(desk.laid_from_bytes(data), desk.laid_to_bytes, desk.laid_from_bytes)
    if not laid.answers:
        return "laid"
    if len(laid.answers[0]) == 2:
        made = personalise.issue(ORDER424, entropy=steady)
        step, proof = advance(made, laid.answers[1:], ChallengeGuess()), PROOF
    else:
        step, proof = advance(writer.issue(ntag_order()), laid.answers, NtagGuess(PACK)), PACK
    if isinstance(step, Issued):
        if proof not in laid.answers:
            raise Believed(data.hex())
        return step.model
    reply = DeskReply(word=DeskWord.GO, attempt=laid.attempt, frames=step)
    _same(reply, desk.reply_to_bytes, desk.reply_from_bytes)
    return "go"


class _Playing:
    """``kiosk.ports.DeskApi`` that says what an input says; the last word is said again."""

    def __init__(self, replies: list[DeskReply], state: DeskState) -> None:
        self._replies, self._state = replies, state

    def desk(self) -> DeskState:
        return self._state

    def card_laid(self, laid: CardLaid) -> DeskReply:
        _same(laid, desk.laid_to_bytes, desk.laid_from_bytes)
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


VIEW = RosterView(1, entries() | {"desk": {}})


def _kiosk(replies: list[DeskReply], state: DeskState) -> tuple[Desk, FakeClock, list[Any], list[Any]]:
    taps, shown, clock = list[Any](), list[Any](), FakeClock()
    end = Desk(
        _Playing(replies, state),
        FakeRosterHolder(VIEW),
        clock,
        tap=taps.append,
        interrogator=lambda _uid, _ndef, _transceive: None,
        show=shown.append,
    )
    end.ask_once()
    return end, clock, taps, shown


def _reply(data: bytes) -> str:
    """What a server tells, a line each: the kiosk carries its frames to a chip and comes to an end."""
    replies = [desk.reply_from_bytes(line) for line in data.split(b"\n")]
    for reply in replies:
        _same(reply, desk.reply_to_bytes, desk.reply_from_bytes)
    told = {frame.send for frame in chain.from_iterable(reply.frames for reply in replies)}
    end, _, taps, shown = _kiosk(replies, DeskState(open=True, holds_ms=10_000))
    carry = transceiver(NtagCard("ntag213", CHIP_UID))

    def checked(command: bytes) -> bytes:
        if command not in told:
            raise Believed(command.hex())
        return carry(command)

    try:
        proof = end(CHIP_UID, b"", checked) or {}
    except CardTornAway:
        proof = {}
    end.tap(CardRead(medium="nfc", uid=CHIP_UID, proof=proof))
    if bool(taps) == bool(shown):
        raise Believed("a card is either the desk's or a tap")
    return str(shown[-1]) if shown else "tap"


def _state(data: bytes) -> str:
    """Whether cards are made at a kiosk: believed for a while, and never for good."""
    state = _same(desk.state_from_bytes(data), desk.state_to_bytes, desk.state_from_bytes)
    end, clock, _, _ = _kiosk([], state)
    if end.is_open and not state.open:
        raise Believed("a closed desk is open")
    begun = end.is_open
    clock.after += desk.LONGEST_HOLD_MS
    if end.is_open:
        raise Believed("a desk that nobody speaks of any more is open")
    return str(begun)


KEYS = Keys(b"s" * 32)
SUN_MESSAGES = {
    sun_message(CHIP_UID, counter, master=KEYS.challenge_master("com1")): counter for counter in (5, 6)
}


def _sun_url(data: bytes) -> int:
    """The query of the address that a phone was led to."""
    query = said(Asked({"REQUEST_METHOD": "GET", "QUERY_STRING": data.decode("latin-1")}).args)
    message = proved(KEYS, "com1", **query)
    shown = bytes.fromhex(query["picc_data"] + query["cmac"])
    if SUN_MESSAGES.get(shown) != message.counter or message.uid != CHIP_UID:
        raise Believed(data.hex())
    return message.counter


def _url(message: bytes) -> bytes:
    return f"picc_data={message[:16].hex().upper()}&cmac={message[16:].hex().upper()}".encode()


def _talk(*answers: bytes) -> bytes:
    return desk.laid_to_bytes(CardLaid(uid=CHIP_UID, attempt="a1", answers=answers))


def _go(*to_chip: Frame) -> DeskReply:
    return DeskReply(word=DeskWord.GO, attempt="a1", frames=to_chip)


def _said(*replies: DeskReply) -> bytes:
    return b"\n".join(map(desk.reply_to_bytes, replies))


_STEP = advance(writer.issue(ntag_order()), NTAG[:2], NtagGuess(PACK))
assert not isinstance(_STEP, Issued)
TARGETS = (
    Target(
        name="desk_laid",
        run=_laid,
        seeds=(_talk(*NTAG), _talk(b"\x1c\x00", *CHIP424), _talk(*NTAG[:9]), _talk()),
        refusals=(WireError, CardError),
        tokens=JSON_TOKENS,
    ),
    Target(
        name="desk_reply",
        run=_reply,
        seeds=(
            _said(_go(*_STEP), DeskReply(word=DeskWord.MADE)),
            _said(_go(Frame(b"\x60"), Frame(b"\x30\x00"))),
            _said(DeskReply(word=DeskWord.CLOSED)),
        ),
        refusals=(WireError,),
        tokens=(*JSON_TOKENS, b"\n", b'"go"', b'"made"', b'"closed"', b'"60"'),
    ),
    Target(
        name="desk_state",
        run=_state,
        seeds=(desk.state_to_bytes(DeskState(open=True, holds_ms=10_000)), b'{"open":false,"holds_ms":0}'),
        refusals=(WireError,),
        tokens=JSON_TOKENS,
    ),
    Target(
        name="sun_url",
        run=_sun_url,
        seeds=tuple(map(_url, SUN_MESSAGES)),
        refusals=(SunForged,),
        tokens=tuple(b"& = % %00 %FF + ; %E4%B8%80 \xb2 picc_data= &cmac=".split()),
    ),
)
