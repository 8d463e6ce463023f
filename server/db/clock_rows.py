"""The repository of clock samples: where a journal's times are settled, and what may still move them."""

from collections.abc import Collection
from functools import lru_cache

from sqlalchemy import Dialect, Integer, and_, bindparam, select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.direct import Statement, one_of, several
from server.db.event_rows import READING
from server.db.repositories import Row, Rows

FEW, ENOUGH = 8, 64
"""Samples that are looked at for anchors, at first and at most: a kiosk that waits is sampled again and again
at one place."""


class ClockRows(Rows):
    """``clock_samples`` with what the correction of times asks for."""

    def anchors(self, journal: tuple[str, str], top: int, before: int, places: int) -> list[Row]:
        """Events up to a place that were the last of their boot when it was sampled, latest place first.

        ``before`` is a moment of the server's clock that the sample must not be behind; so many ``places``
        are enough.
        """
        given = {"kiosk_id": journal[0], "journal_id": journal[1], "top": top, "before": before}
        by_place: dict[int, Row] = {}
        for limit in (FEW, ENOUGH):
            found = _anchors(self.dialect).rows(self.connection, **self.fixed, **given, limit=limit)
            by_place = {row["seq"]: row for row in found if row["seq"] is not None}
            if len(by_place) >= places or len(found) < limit:
                break
        return sorted(by_place.values(), key=lambda row: -row["seq"])

    def near(self, journal: tuple[str, str], known: Row, low: int, boots: Collection[str]) -> list[Row]:
        """The samples that ``server.domain.time.correct_after`` asks for.

        Those from a place on; those of the known event's boot since that event, and some before; all of these
        boots, and of boots that were sampled without an event of their own. A kiosk that sends what it has
        held for long is sampled while older events still wait: a low place does not mean long ago.
        """
        mine = self.fixed | {"kiosk_id": journal[0], "journal_id": journal[1]}
        home = known["boot_id"]
        found = _latest(self.dialect).rows(self.connection, **mine, boot_id=home, limit=FEW)
        whole = len(found) == FEW and found[-1]["uptime_ms"] > known["uptime_ms"]
        found += _from_place(self.dialect).rows(self.connection, **mine, low=low)
        wanted = {*boots, *(row["boot_id"] for row in found)} - ({home} if not whole else set())
        if wanted:
            given = several(wanted, self.dialect.name)
            found += _of_boots(self.dialect).rows(self.connection, **mine, boots=given)
        return list({row["fact_seq"]: row for row in found}.values())


SAMPLES = tables.table(tables.ClockSampleRow)
JOURNAL = ("community_id", "kiosk_id", "journal_id")


def _mine() -> list[ColumnElement[bool]]:
    return [SAMPLES.c[name] == bindparam(name) for name in JOURNAL]


@lru_cache(maxsize=32)
def _anchors(dialect: Dialect) -> Statement:
    mine, events = SAMPLES.c, tables.table(tables.EventRow).c
    # The samples first, and only so many: left to itself, SQLite would walk along the whole journal.
    latest = (
        select(mine.boot_id, mine.last_seq)
        .where(*_mine(), mine.last_seq <= bindparam("top"), mine.server_time <= bindparam("before"))
        .order_by(mine.last_seq.desc(), mine.fact_seq.desc())
        .limit(bindparam("limit", type_=Integer))
        .subquery()
    )
    query = (
        select(*(events[name] for name in READING))
        .select_from(latest)
        .outerjoin(
            tables.table(tables.EventRow),
            and_(
                *(events[name] == bindparam(name) for name in JOURNAL),
                events.seq == latest.c.last_seq,
                events.boot_id == latest.c.boot_id,
            ),
        )
    )
    return Statement(query, dialect)


@lru_cache(maxsize=32)
def _from_place(dialect: Dialect) -> Statement:
    query = select(SAMPLES).where(*_mine(), SAMPLES.c.last_seq >= bindparam("low"))
    return Statement(query, dialect)


@lru_cache(maxsize=32)
def _latest(dialect: Dialect) -> Statement:
    query = (
        select(SAMPLES)
        .where(*_mine(), SAMPLES.c.boot_id == bindparam("boot_id"))
        .order_by(SAMPLES.c.fact_seq.desc())
        .limit(bindparam("limit", type_=Integer))
    )
    return Statement(query, dialect)


@lru_cache(maxsize=32)
def _of_boots(dialect: Dialect) -> Statement:
    # One statement with OR would read all samples of the journal.
    query = select(SAMPLES).where(*_mine(), one_of(SAMPLES.c.boot_id, "boots", dialect.name))
    return Statement(query, dialect)
