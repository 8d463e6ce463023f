"""What crosses between an issuing desk's kiosk and the server while a card lies on the reader.

The kiosk is a pipe: it tells which chip was laid down, carries the server's frames to it one by one and the
chip's answers back, and decides nothing. A batch of frames goes on as long as each answer is the one that the
server expected; the first other answer ends it. Every message holds all the answers of its attempt, so that
the server need remember none of them. Bodies are JSON; bytes are hexadecimal digits in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.contract.wire import WireError, canonical, object_of

MOST_ANSWERS = 400
"""More frames than any card needs: the end of a conversation that goes in circles."""
MOST_BYTES = 300
"""Bytes of the longest frame or answer."""
LONGEST_HOLD_MS = 60_000
"""The longest that a kiosk may believe that cards are made at it, without hearing it again."""


class DeskWord(StrEnum):
    """What the server says about a card that was laid down."""

    GO = "go"
    """Say these frames to the chip, and tell its answers."""
    MADE = "made"
    """Done; the next card may come."""
    AGAIN = "again"
    """It was not finished: lay the same card down again and leave it there."""
    REFUSED = "refused"
    """This chip will not do, or the person may have no card; the staff's page says why."""
    CLOSED = "closed"
    """No card is being made here: it is a tap like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """Whether cards are made at this kiosk now."""

    open: bool
    holds_ms: int = 0
    """How long the kiosk may believe that without hearing it again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One command to the chip, and the answer that lets the next one follow at once."""

    send: bytes
    expect: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLaid:
    """A chip at the desk, and what it has answered so far."""

    uid: bytes
    attempt: str = ""
    """The server's name for this presentation; empty in the first message."""
    answers: tuple[bytes, ...] = ()
    talks: bool = True
    """Whether frames can be carried to it; of some cards a reader learns the UID only."""
    torn: bool = False
    """It was taken away before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskReply:
    """What to do with the card."""

    word: DeskWord
    attempt: str = ""
    frames: tuple[Frame, ...] = ()


def state_to_bytes(state: DeskState) -> bytes:
    """A state as it travels."""
    return canonical({"open": state.open, "holds_ms": state.holds_ms})


def state_from_bytes(raw: bytes) -> DeskState:
    """A state, or :class:`WireError`."""
    body = object_of(raw, "state")
    state = DeskState(open=_typed(body, "open", bool), holds_ms=_typed(body, "holds_ms", int))
    if not 0 <= state.holds_ms <= LONGEST_HOLD_MS:
        raise WireError(f"a state holds for at most {LONGEST_HOLD_MS} ms")
    return state


def laid_to_bytes(laid: CardLaid) -> bytes:
    """A card's message as it travels."""
    same = {name: getattr(laid, name) for name in ("attempt", "talks", "torn")}
    return canonical({**same, "uid": laid.uid.hex(), "answers": [answer.hex() for answer in laid.answers]})


def laid_from_bytes(raw: bytes) -> CardLaid:
    """A card's message, or :class:`WireError`."""
    body = object_of(raw, "card's message")
    answers = _typed(body, "answers", list)
    if len(answers) > MOST_ANSWERS:
        raise WireError(f"a card has at most {MOST_ANSWERS} answers")
    return CardLaid(
        uid=_bytes(body.get("uid")),
        attempt=_typed(body, "attempt", str),
        answers=tuple(_bytes(answer) for answer in answers),
        talks=_typed(body, "talks", bool),
        torn=_typed(body, "torn", bool),
    )


def reply_to_bytes(reply: DeskReply) -> bytes:
    """A reply as it travels."""
    frames = [[f.send.hex(), None if f.expect is None else f.expect.hex()] for f in reply.frames]
    return canonical({"word": str(reply.word), "attempt": reply.attempt, "frames": frames})


def reply_from_bytes(raw: bytes) -> DeskReply:
    """A reply, or :class:`WireError`."""
    body = object_of(raw, "reply")
    try:
        word = DeskWord(_typed(body, "word", str))
    except ValueError as error:
        raise WireError("a reply has one of the desk's words") from error
    frames = tuple(_frame(frame) for frame in _typed(body, "frames", list))
    if len(frames) > MOST_ANSWERS or (word is DeskWord.GO and not frames):
        raise WireError("who is to go on is told with which frames, and not too many")
    return DeskReply(word=word, attempt=_typed(body, "attempt", str), frames=frames)


def _typed(body: Mapping[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    if type(value) is not kind:
        raise WireError(f"{name} is a {kind.__name__}")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > 2 * MOST_BYTES:
        raise WireError("bytes are hexadecimal digits, not too many")
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise WireError("bytes are hexadecimal digits") from error


def _frame(value: object) -> Frame:
    if not isinstance(value, list) or len(value) != 2:
        raise WireError("a frame is what to send and what to expect")
    send, expect = value
    frame = Frame(_bytes(send), None if expect is None else _bytes(expect))
    if not frame.send:
        raise WireError("a frame is at least a byte")
    return frame
