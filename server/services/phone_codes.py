"""A phone's code used at two kiosks: each step proves presence once, and only the server can see both.

A kiosk refuses a step that it has seen. Two kiosks that are offline, or that a photograph reaches within
the half minute, both show green; whoever comes second by the kiosks' own clocks is found here, is kept and
flagged, and counts for nothing until staff decide. Which one is second follows from what the events say: it
is the same in any order of arrival. Checkpoints are left out: a tap there is worth no minute, and is sealed.
"""

from collections.abc import Iterable
from typing import Any

from card_tools.phone_code import STEP_MS
from server.contract.rules import HOUR
from server.contract.wire import Kind, Shown, TapEvent
from server.services.stored import event_of

Code = tuple[str, int]
"""A phone, as the register knows it, and a half minute."""
_EARLIEST = 24 * HOUR
"""A code is not received before it was made; a day, should the server's own clock have been wrong."""
GREEN = frozenset(str(shown) for shown in Shown if shown.kind is Kind.ACCEPTED)
"""What a kiosk shows when it takes a tap."""


def code_of(event: TapEvent) -> Code | None:
    """The phone's code that a tap used up; None for every other tap."""
    step = event.evidence.get("step")
    if event.medium != "qr" or type(step) is not int or not 0 <= step < 1 << 32:
        return None
    if event.role != "desk" or event.shown not in GREEN:
        return None
    return event.card_id, step


def used_codes(uow: Any, events: Iterable[TapEvent]) -> dict[Code, str]:
    """Of the codes that these taps used: the stored event that used each first."""
    firsts: dict[Code, tuple[tuple[bool, int, str], str]] = {}
    for _, event, code in _uses(uow, events):
        rank = (event.clock != "synced", event.wall, event.event_id)
        if code not in firsts or rank < firsts[code][0]:
            firsts[code] = rank, event.event_id
    return {code: event_id for code, (_, event_id) in firsts.items()}


def uses_beside(uow: Any, events: Iterable[TapEvent]) -> list[dict[str, Any]]:
    """The stored rows of codes among these that were used more than once: each is to be judged again."""
    rows: dict[Code, list[dict[str, Any]]] = {}
    for row, _, code in _uses(uow, events):
        rows.setdefault(code, []).append(row)
    return [row for used in rows.values() if len(used) > 1 for row in used]


def _uses(uow: Any, events: Iterable[TapEvent]) -> list[tuple[dict[str, Any], TapEvent, Code]]:
    codes = {code for event in events if (code := code_of(event)) is not None}
    if not codes:
        return []
    since = min(step for _, step in codes) * STEP_MS - _EARLIEST
    cards = {card_id for card_id, _ in codes}
    rows = uow.rows("events").between("received_at", since, None, card_id=cards, medium="qr", status="stored")
    read = ((row, event_of(row)) for row in rows)
    return [
        (row, event, code)
        for row, event in read
        if event is not None and (code := code_of(event)) is not None and code in codes
    ]
