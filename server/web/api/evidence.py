"""The open API about what happened: taps, shifts, the ledger."""

from typing import Any

from flask import Response

from server.errors import Invalid
from server.web import words
from server.web.api.base import resource
from server.web.api.lists import after, at, checked, day, page, reading
from server.web.api.models import (
    Balance,
    BalanceQuery,
    Balances,
    Entries,
    Entry,
    EntryQuery,
    Event,
    EventQuery,
    Events,
    Shift,
    ShiftQuery,
    Shifts,
)
from server.web.times import rfc3339

PERSON = "person:"
"""How the ledger's accounts of people begin."""


@resource("events", Events)
def events(query: EventQuery) -> Response:
    """Taps, sorted by corrected time."""
    limit, place = checked(query), after(query, int, str)
    wanted = {
        "volunteer": query.volunteer,
        "kiosk": query.kiosk,
        "low": at(query.from_, "from"),
        "high": at(query.to, "to"),
    }
    with reading() as uow:
        rows = uow.views.machines.events(wanted, after=place, limit=limit)
    return page(query, rows, [_event(row) for row in rows], ["at", "event_id"])


@resource("shifts", Shifts)
def shifts(query: ShiftQuery) -> Response:
    """Shifts, sorted by start."""
    limit, place = checked(query), after(query, int, str)
    if query.state is not None and query.state not in words.STATES:
        raise Invalid(
            f"state is one of {', '.join(words.STATES)}", zh=f"state 请从 {'、'.join(words.STATES)} 中选择。"
        )
    wanted = {name: getattr(query, name) for name in ("volunteer", "state", "activity", "site")}
    wanted |= {"low": at(query.from_, "from"), "high": at(query.to, "to")}
    with reading() as uow:
        rows = uow.views.shifts.page(wanted, after=place, limit=limit)
    return page(query, rows, [_shift(row) for row in rows], ["started_at", "shift_id"])


@resource("ledger/entries", Entries)
def entries(query: EntryQuery) -> Response:
    """Lines of the ledger, in the order in which they were posted."""
    limit, place = checked(query), after(query, int, int)
    wanted = {
        "account": _account(query.volunteer),
        "book": query.book,
        "grade": query.grade,
        "low": day(query.from_, "from"),
        "high": day(query.to, "to"),
    }
    with reading() as uow:
        rows = uow.views.ledger.entries(wanted, after=place, limit=limit)
    same = ("kind", "subject", "account", "book", "grade", "day", "amount")
    items = [
        Entry(
            id=f"{row['tx_seq']}.{row['line']}",
            transaction=row["tx_seq"],
            posted_at=rfc3339(row["posted_at"]) or "",
            volunteer=_person(row["account"]),
            **{name: row[name] for name in same},
        )
        for row in rows
    ]
    return page(query, rows, items, ["tx_seq", "line"])


@resource("ledger/balances", Balances)
def balances(query: BalanceQuery) -> Response:
    """Balances, sorted by account, book and grade."""
    limit, place = checked(query), after(query, str, str, str)
    wanted = {"account": _account(query.volunteer), "book": query.book, "grade": query.grade}
    with reading() as uow:
        rows = uow.views.ledger.balances(wanted, after=place, limit=limit)
    keys = ("account", "book", "grade")
    items = [
        Balance(volunteer=_person(row["account"]), amount=row["amount"], **{name: row[name] for name in keys})
        for row in rows
    ]
    return page(query, rows, items, keys)


def _event(row: dict[str, Any]) -> Event:
    same = ("seq", "volunteer", "medium", "proof", "activity", "site", "role", "action", "target", "shown")
    standing = ("status", "reason", "standing", "standing_reason")
    return Event(
        id=row["event_id"],
        kiosk=row["kiosk_id"],
        journal=row["journal_id"],
        at=rfc3339(row["at"]) or "",
        uncertainty_ms=row["uncertainty"],
        received_at=rfc3339(row["received_at"]) or "",
        card=row["card_id"],
        **{name: row[name] for name in (*same, *standing)},
    )


def _shift(row: dict[str, Any]) -> Shift:
    is_open = row["state"] == "open"
    same = ("volunteer", "activity", "site", "state", "proof", "flags", "events")
    return Shift(
        id=row["shift_id"],
        started_at=rfc3339(row["started_at"]) or "",
        ended_at=None if is_open else rfc3339(row["ended_at"]),
        grade=None if is_open else row["grade"],
        credited_minutes=None if is_open else row["credited"],
        **{name: row[name] for name in same},
    )


def _account(volunteer: str | None) -> str | None:
    return None if volunteer is None else PERSON + volunteer


def _person(account: str) -> str | None:
    return account.removeprefix(PERSON) if account.startswith(PERSON) else None
