"""The repository of clock samples: where a journal's times are settled, and what may still move them."""

from collections.abc import Collection
from functools import lru_cache

from sqlalchemy import Dialect, bindparam, or_, select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.direct import Statement, one_of, several
from server.db.event_rows import READING
from server.db.repositories import Row, Rows

ENOUGH = 64
"""Samples that are looked at for anchors: a kiosk that waits is sampled again and again at one place."""


class ClockRows(Rows):
    """``clock_samples`` with what the correction of times asks for."""

    def anchors(self, journal: tuple[str, str], top: int, before: int) -> list[Row]:
        """Events up to a place that were the last of their boot when it was sampled, latest sample first.

        ``before`` is a moment of the server's clock that the sample must not be behind.
        """
        given = {"kiosk_id": journal[0], "journal_id": journal[1], "top": top, "before": before}
        found = _anchors(self.dialect).rows(self.connection, **self.fixed, **given)
        return sorted({row["seq"]: row for row in found}.values(), key=lambda row: -row["seq"])

    def near(self, journal: tuple[str, str], low: int, boots: Collection[str]) -> list[Row]:
        """Samples taken when the journal had reached a place, and all of these boots."""
        given = {"kiosk_id": journal[0], "journal_id": journal[1], "low": low}
        given |= {"boots": several(boots, self.dialect.name)}
        return _near(self.dialect).rows(self.connection, **self.fixed, **given)


SAMPLES = tables.table(tables.ClockSampleRow)
JOURNAL = ("community_id", "kiosk_id", "journal_id")


def _mine() -> list[ColumnElement[bool]]:
    return [SAMPLES.c[name] == bindparam(name) for name in JOURNAL]


@lru_cache(maxsize=32)
def _anchors(dialect: Dialect) -> Statement:
    mine, events = SAMPLES.c, tables.table(tables.EventRow).c
    query = (
        select(*(events[name] for name in READING))
        .where(*_mine(), *(events[name] == mine[name] for name in JOURNAL))
        .where(events.seq == mine.last_seq, events.boot_id == mine.boot_id)
        .where(mine.last_seq <= bindparam("top"), mine.server_time <= bindparam("before"))
        .order_by(mine.fact_seq.desc())
        .limit(ENOUGH)
    )
    return Statement(query, dialect)


@lru_cache(maxsize=32)
def _near(dialect: Dialect) -> Statement:
    mine = SAMPLES.c
    wanted = or_(mine.last_seq >= bindparam("low"), one_of(mine.boot_id, "boots", dialect.name))
    return Statement(select(SAMPLES).where(*_mine(), wanted), dialect)
