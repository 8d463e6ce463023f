"""What crosses between a desk kiosk and the server: the same out as in, and nothing else taken."""

from collections.abc import Callable
from typing import Any

import pytest

from server.contract.desk import (
    LONGEST_HOLD_MS,
    MOST_ANSWERS,
    MOST_BYTES,
    CardLaid,
    DeskReply,
    DeskState,
    DeskWord,
    Frame,
    laid_from_bytes,
    laid_to_bytes,
    reply_from_bytes,
    reply_to_bytes,
    state_from_bytes,
    state_to_bytes,
)
from server.contract.wire import WireError, canonical

LAID = CardLaid(uid=b"\x04\x01", attempt="a", answers=(b"", b"\x0a"), talks=False, torn=True)
REPLY = DeskReply(word=DeskWord.GO, attempt="a", frames=(Frame(b"\x60"), Frame(b"\xa2\x04", b"\x0a")))
LAID_BODY = {"uid": "0401", "attempt": "", "answers": [], "talks": True, "torn": False}
REPLY_BODY = {"word": "go", "attempt": "", "frames": [["60", None]]}
STATE_BODY = {"open": True, "holds_ms": 5}


def test_everything_comes_out_as_it_went_in() -> None:
    for state in (DeskState(open=True, holds_ms=5), DeskState(open=False)):
        assert state_from_bytes(state_to_bytes(state)) == state
    for laid in (LAID, CardLaid(uid=b"")):
        assert laid_from_bytes(laid_to_bytes(laid)) == laid
    for reply in (REPLY, DeskReply(word=DeskWord.MADE)):
        assert reply_from_bytes(reply_to_bytes(reply)) == reply


@pytest.mark.parametrize("read", [state_from_bytes, laid_from_bytes, reply_from_bytes])
@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"{}", b"null"])
def test_what_is_no_such_message_is_refused(read: Callable[[bytes], Any], raw: bytes) -> None:
    with pytest.raises(WireError):
        read(raw)


@pytest.mark.parametrize(
    "wrong",
    [
        {"uid": 4},
        {"uid": None},
        {"uid": "0"},
        {"uid": "zz"},
        {"uid": "00" * (MOST_BYTES + 1)},
        {"attempt": None},
        {"answers": "00"},
        {"answers": [None]},
        {"answers": ["00"] * (MOST_ANSWERS + 1)},
        {"talks": 1},
        {"torn": "no"},
    ],
    ids=str,
)
def test_a_card_told_wrongly_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        laid_from_bytes(canonical(LAID_BODY | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"word": "stay"},
        {"word": None},
        {"attempt": 1},
        {"frames": {}},
        {"frames": ["60"]},
        {"frames": [["60"]]},
        {"frames": [[None, None]]},
        {"frames": [["60", 5]]},
        {"frames": [["", None]]},
        {"frames": []},
        {"frames": [["60", None]] * (MOST_ANSWERS + 1)},
    ],
    ids=str,
)
def test_a_reply_told_wrongly_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        reply_from_bytes(canonical(REPLY_BODY | wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"open": 1}, {"holds_ms": True}, {"holds_ms": "5"}, {"holds_ms": -1}, {"holds_ms": LONGEST_HOLD_MS + 1}],
    ids=str,
)
def test_a_state_told_wrongly_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        state_from_bytes(canonical(STATE_BODY | wrong))


@pytest.mark.parametrize(
    "raw",
    [
        *(b"[" * 100_000, b'{"open":"\xed\xa0\x80"}', '{"open":true}'.encode("utf-16")),
        b'{"word":"made","attempt":"\\ud800","frames":[],"uid":"","answers":[],"talks":true,"torn":false}',
        b'{"word":"made","attempt":NaN,"frames":[]}',
    ],
)
def test_depth_and_other_encodings_are_refused_like_anything_else_that_is_no_message(raw: bytes):
    for read in (state_from_bytes, laid_from_bytes, reply_from_bytes):
        with pytest.raises(WireError):
            read(raw)
