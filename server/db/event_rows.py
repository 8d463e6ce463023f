"""The repository of tap events: set-based, without ORM and without RETURNING (ingest is the hot path)."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, bindparam, func, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.sql import ColumnElement

from server.db import bulk, tables
from server.db.direct import Change, Statement, one_of, several
from server.db.repositories import Row, Rows
from server.errors import NotAllowed

DERIVED = ("at", "uncertainty", "site_id", "volunteer", "card_id", "proof", "standing", "standing_reason")
"""Columns that may come out otherwise when the server learns more; the rest is read from the body once."""
READING = ("event_id", "seq", "boot_id", "uptime_ms", "wall", "clock", "at", "uncertainty")

TOLD = (
    *("event_id", "kiosk_id", "journal_id", "seq", "received_at", "at", "uncertainty", "site_id"),
    *("volunteer", "card_id", "proof", "activity_id", "activity_by", "role", "action", "target", "members"),
    *("shown", "standing", "standing_reason"),
)
"""What a projection asks of an event: neither its bytes nor its clocks."""
EVER = 1 << 62
"""Behind every moment; what is before all is its negative."""
INSUFFICIENT_PRIVILEGE = "42501"
"""PostgreSQL's word for what a role may not do."""


class EventRows(Rows):
    """``events`` with what ingest and projection ask for."""

    def known(self, event_ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Of these ids, those that are stored: id -> (hash, status)."""
        given = several(set(event_ids), self.dialect.name)
        found = _known(self.dialect).tuples(self.connection, **self.fixed, event_ids=given)
        return {event_id: (digest, status) for event_id, digest, status in found}

    def neighbours(self, journal: tuple[str, str], low: int, high: int) -> list[tuple[int, str, str]]:
        """Place, prev and hash of what is stored in [low, high] of one journal (kiosk, journal)."""
        found = _neighbours(self.dialect).tuples(self.connection, **self._in(journal), low=low, high=high)
        return [(seq, prev, digest) for seq, prev, digest in found]

    def missing_before(self, journal: tuple[str, str], seq: int) -> int | None:
        """The place behind the last event stored below ``seq``; None when that is ``seq`` itself."""
        ((last,),) = _last_below(self.dialect).tuples(self.connection, **self._in(journal), seq=seq)
        following = int(last or 0) + 1
        return following if following < seq else None

    def store(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert new events in one statement."""
        if rows:
            bulk.insert(self.connection, self.table, rows, self.fixed)

    def derive(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write derived columns of events by id."""
        if rows:
            values = [{f"b_{name}": row[name] for name in ("event_id", *DERIVED)} for row in rows]
            _derive(self.dialect).run_many(self.connection, [self.fixed | each for each in values])

    def erase(self, event_ids: Collection[str]) -> None:
        """Seal: salt and bytes become NULL; on PostgreSQL only the sealing role may."""
        try:
            self.set({"salt": None, "body": None}, event_id=set(event_ids))
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
                raise
            raise NotAllowed(
                "this database user may not erase: run yika-server settle as a member of yika_sealer",
                zh="这个数据库用户无权清除原始记录，请以 yika_sealer 的成员身份运行 yika-server settle。",
            ) from error

    def open_checkpoints(self, before: int) -> list[Row]:
        """Checkpoint taps that are not sealed yet, dated before a moment: when they happened and came."""
        return _open_checkpoints(self.dialect).rows(self.connection, **self.fixed, before=before)

    def readings(self, journal: tuple[str, str], low: int) -> list[Row]:
        """The clocks of every readable event of one journal (kiosk, journal) from a place on, in order."""
        return _readings(self.dialect).rows(self.connection, **self._in(journal), low=low)

    def last_believed(self, journal: tuple[str, str], low: int, high: int) -> Row | None:
        """The last event behind ``low``, up to ``high``, whose own clock was synced and believed."""
        found = _last_believed(self.dialect).rows(self.connection, **self._in(journal), low=low, high=high)
        return found[0] if found else None

    def of_people(self, people: Collection[str], low: int | None, high: int | None) -> list[Row]:
        """Events of these people, and those that name them, at corrected times in [low, high)."""
        within = {"low": -EVER if low is None else low, "high": EVER if high is None else high}
        given = self.fixed | {"people": several(set(people), self.dialect.name)}
        found = _of_people(self.dialect).rows(self.connection, **given, **within)
        if low is None and high is None:
            found += _naming_people(self.dialect).rows(self.connection, **given)
        else:  # whoever was named in all their life is not asked: few events name anybody in a few days
            naming = _naming(self.dialect).rows(self.connection, **self.fixed, **within)
            found += [row for row in naming if not set(people).isdisjoint(row["members"])]
        return list({row["event_id"]: row for row in found}.values())

    def about(self, targets: Collection[str]) -> list[Row]:
        """Touches that speak about these events or shifts."""
        if not targets:
            return []
        given = several(set(targets), self.dialect.name)
        return _about(self.dialect).rows(self.connection, **self.fixed, targets=given)

    def _in(self, journal: tuple[str, str]) -> Row:
        return self.fixed | {"kiosk_id": journal[0], "journal_id": journal[1]}


EVENTS = tables.table(tables.EventRow)
C = EVENTS.c


def _mine(*names: str) -> list[ColumnElement[bool]]:
    return [C[name] == bindparam(name) for name in ("community_id", *names)]


def _select(*names: str) -> Select[Any]:
    return select(*(C[name] for name in names))


JOURNAL = ("kiosk_id", "journal_id")


@lru_cache(maxsize=32)
def _known(dialect: Dialect) -> Statement:
    query = _select("event_id", "hash", "status").where(*_mine())
    return Statement(query.where(one_of(C.event_id, "event_ids", dialect.name)), dialect)


@lru_cache(maxsize=32)
def _neighbours(dialect: Dialect) -> Statement:
    within = C.seq.between(bindparam("low"), bindparam("high"))
    return Statement(_select("seq", "prev", "hash").where(*_mine(*JOURNAL), within), dialect)


@lru_cache(maxsize=32)
def _last_below(dialect: Dialect) -> Statement:
    query = select(func.max(C.seq).label("last")).where(*_mine(*JOURNAL), C.seq < bindparam("seq"))
    return Statement(query, dialect)


@lru_cache(maxsize=32)
def _derive(dialect: Dialect) -> Change:
    values: Row = {name: bindparam(f"b_{name}") for name in DERIVED}
    mine = update(EVENTS).where(*_mine(), C.event_id == bindparam("b_event_id"))
    return Change(mine.values(**values), dialect)


@lru_cache(maxsize=32)
def _open_checkpoints(dialect: Dialect) -> Statement:
    # Word for word as in the index, or SQLite does not see that the index holds them all.
    query = _select("event_id", "at", "uncertainty", "received_at").where(
        *_mine(), C.at < bindparam("before")
    )
    return Statement(query.where(text(tables.OPEN_CHECKPOINT)).order_by(C.at), dialect)


@lru_cache(maxsize=32)
def _readings(dialect: Dialect) -> Statement:
    query = _select(*READING).where(*_mine(*JOURNAL), C.seq >= bindparam("low"), C.boot_id != "")
    return Statement(query.order_by(C.seq), dialect)


@lru_cache(maxsize=32)
def _last_believed(dialect: Dialect) -> Statement:
    believed = (C.clock == "synced") & (C.at == C.wall) & (C.uncertainty == 0)
    query = _select(*READING).where(*_mine(*JOURNAL), believed)
    query = query.where(C.seq > bindparam("low"), C.seq <= bindparam("high"))
    return Statement(query.order_by(C.seq.desc()).limit(1), dialect)


def _between(query: Select[Any]) -> Select[Any]:
    return query.where(C.at >= bindparam("low"), C.at < bindparam("high"))


@lru_cache(maxsize=32)
def _of_people(dialect: Dialect) -> Statement:
    whose = one_of(C.volunteer, "people", dialect.name)
    return Statement(_between(_select(*TOLD).where(*_mine(), whose)), dialect)


@lru_cache(maxsize=32)
def _naming(dialect: Dialect) -> Statement:
    # Word for word as in the index, or SQLite does not see that the index holds them all.
    return Statement(_between(_select(*TOLD).where(*_mine(), text(tables.NAMING))), dialect)


@lru_cache(maxsize=32)
def _naming_people(dialect: Dialect) -> Statement:
    named = tables.table(tables.EventMember).c
    naming = select(named.event_id).where(
        named.community_id == bindparam("community_id"), one_of(named.volunteer, "people", dialect.name)
    )
    return Statement(_select(*TOLD).where(*_mine(), C.event_id.in_(naming)), dialect)


@lru_cache(maxsize=32)
def _about(dialect: Dialect) -> Statement:
    query = _select(*TOLD).where(*_mine(), one_of(C.target, "targets", dialect.name))
    return Statement(query, dialect)
