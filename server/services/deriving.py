"""The derived columns of events: when it happened, whose it was, what it proves, whether it may count."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from server.contract.wire import TapEvent
from server.domain.facts import FactKind, TapStanding
from server.domain.time import Corrected
from server.services.acting import Row, Uow
from server.services.phone_codes import used_codes, uses_beside
from server.services.register import Register, grade, histories
from server.services.stored import event_of
from server.services.timing import Heard, Journal, Retimed, corrected_times, retimed, samples_of

UNREAD: dict[str, Any] = {
    "boot_id": "",
    "uptime_ms": 0,
    "wall": 0,
    "clock": "",
    "card_id": "",
    "medium": "",
    "proof": "none",
    "activity_id": None,
    "activity_by": "",
    "role": "",
    "action": "",
    "target": None,
    "members": [],
    "shown": "",
}
"""What stands in the columns of an event whose body cannot be read."""
GRADED = ("at", "uncertainty", "site_id", "volunteer", "card_id", "proof", "standing", "standing_reason")


def store_derived(
    uow: Uow, journal: Journal, pairs: Sequence[tuple[Row, TapEvent | None]], heard: Heard | None
) -> tuple[list[Row], list[Row]]:
    """Store new events (rows with what they say) with derived columns; gives these rows, and older ones that
    came out otherwise.
    """
    read = [(row | read_columns(event), event) for row, event in pairs]
    register = load_register(uow, [event for _, event in read if event is not None], journal)
    found = retimed(uow, journal, [row for row, _ in read], heard)
    stored = [row | graded_columns(row, event, found.times.get(row["seq"]), register) for row, event in read]
    changed = _moved(uow, found)
    uow.events.store(stored)
    changed += regrade(uow, uses_beside(uow, [event for _, event in read if event is not None]))
    named = sorted({(member, row["event_id"]) for row in stored for member in row["members"]})
    uow.rows("event_members").add([{"volunteer": m, "event_id": e} for m, e in named])
    return stored, changed


def regrade_journal(uow: Uow, journal: tuple[str, str], *, from_seq: int) -> list[Row]:
    """Grade again what lies behind a fork; the rows that came out otherwise."""
    rows = uow.rows("events").between("seq", from_seq, None, kiosk_id=journal[0], journal_id=journal[1])
    return regrade(uow, rows)


def retime_journal(uow: Uow, journal: tuple[str, str]) -> list[Row]:
    """Time a whole journal again, as after a change of the rules; the rows that came out otherwise."""
    stored = uow.events.readings(journal, 0)
    return _moved(uow, Retimed(corrected_times(stored, samples_of(uow, journal)), stored))


def regrade_cards(uow: Uow, card_ids: Iterable[str]) -> list[Row]:
    """Grade again every tap of these cards (ids or look-up keys), since the register says something new."""
    return regrade(uow, uow.rows("events").rows("at", card_id=set(card_ids)))


def regrade_kiosk(uow: Uow, kiosk_id: str, *, since: int) -> list[Row]:
    """Grade again what a kiosk recorded since a moment."""
    return regrade(uow, uow.rows("events").between("at", since, None, kiosk_id=kiosk_id))


def regrade(uow: Uow, rows: Sequence[Row]) -> list[Row]:
    """Grade stored rows again at their corrected times; writes and returns those that came out otherwise."""
    pairs = [(row, event_of(row)) for row in rows if row["body"] is not None]
    if not pairs:
        return []
    register = load_register(uow, [event for _, event in pairs if event is not None], None)
    changed = []
    for row, event in pairs:
        time = Corrected(row["at"], row["uncertainty"], sure=True)
        again = row | graded_columns(row, event, time, register)
        if any(again[name] != row[name] for name in GRADED):
            changed.append(again | {"was_volunteer": row["volunteer"]})
    uow.events.derive(changed)
    return changed


def read_columns(event: TapEvent | None) -> Row:
    """The columns that are read from the body, whatever the register says."""
    if event is None:
        return dict(UNREAD)
    return {
        "boot_id": event.boot_id,
        "uptime_ms": event.uptime_ms,
        "wall": event.wall,
        "clock": event.clock,
        "card_id": event.card_id,
        "medium": event.medium,
        "proof": event.proof,
        "activity_id": event.activity_id,
        "activity_by": event.activity_by,
        "role": event.role,
        "action": str(event.action),
        "target": event.target,
        "members": list(event.members),
        "shown": str(event.shown),
    }


def graded_columns(row: Row, event: TapEvent | None, time: Corrected | None, register: Register) -> Row:
    """The columns that depend on the register and on what is known of time."""
    if event is None or time is None:
        return {
            "at": row["received_at"],
            "uncertainty": 0,
            "site_id": "",
            "volunteer": None,
            "card_id": "",
            "proof": "none",
            "standing": str(TapStanding.QUARANTINED),
            "standing_reason": row["reason"],
        }
    graded = grade(event, row, time.at, register)
    return {
        "at": time.at,
        "uncertainty": time.uncertainty,
        "site_id": graded.site_id,
        "volunteer": graded.volunteer,
        "card_id": graded.card_id,
        "proof": graded.proof,
        "standing": str(graded.standing),
        "standing_reason": graded.reason,
    }


def load_register(uow: Uow, events: Sequence[TapEvent], journal: Journal | None) -> Register:
    """What grading these events needs of the register."""
    said = {event.card_id for event in events if event.card_id}
    lookups = {row["lookup"]: row["card_id"] for row in uow.rows("cards").rows("fact_seq", lookup=said)}
    kiosks = {"subject": journal.kiosk_id} if journal else {}
    return Register(
        cards=histories(_facts(uow, FactKind.BINDING, subject=said | set(lookups.values()))),
        lookups=lookups,
        kiosks=histories(_facts(uow, FactKind.KIOSK, **kiosks)),
        forks=_all_forks(uow) if journal is None else {journal.key: journal.fork_seq},
        used=used_codes(uow, events),
    )


def _all_forks(uow: Uow) -> dict[tuple[str, str], int | None]:
    return {(row["kiosk_id"], row["journal_id"]): row["fork_seq"] for row in uow.rows("journals").rows()}


def _facts(uow: Uow, kind: FactKind, **where: Any) -> list[Row]:
    rows = uow.rows("facts").rows("seq", kind=str(kind), **where)
    return [row | {"body": _body(row["body"])} for row in rows]


@lru_cache(maxsize=8192)
def _body(text: str) -> Row:
    """A fact's body, read once: the same cards come every day. Nobody writes into it."""
    return dict(json.loads(text))


def _moved(uow: Uow, found: Retimed) -> list[Row]:
    """Stored events whose corrected time is another now: timed and graded again."""
    times = {row["event_id"]: found.times[row["seq"]] for row in found.stored}
    moved = {
        row["event_id"]: times[row["event_id"]]
        for row in found.stored
        if (row["at"], row["uncertainty"]) != (times[row["event_id"]].at, times[row["event_id"]].uncertainty)
    }
    if not moved:
        return []
    rows = uow.rows("events").rows(event_id=set(moved))
    shifted = [row | {"at": moved[row["event_id"]].at} for row in rows]
    shifted = [row | {"uncertainty": moved[row["event_id"]].uncertainty} for row in shifted]
    uow.events.derive(shifted)
    regraded = {row["event_id"]: row for row in regrade(uow, shifted)}
    before = {row["event_id"]: row["at"] for row in rows}
    return [regraded.get(r["event_id"], r) | {"was_at": before[r["event_id"]]} for r in shifted]
