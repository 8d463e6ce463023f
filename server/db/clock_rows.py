"""The repository of clock samples: where a journal's times are settled, and what may still move them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import or_, select

from server.db import tables
from server.db.event_rows import READING
from server.db.repositories import Row, Rows, plain

ENOUGH = 64
"""Samples that are looked at for anchors: a kiosk that waits is sampled again and again at one place."""


class ClockRows(Rows):
    """``clock_samples`` with what the correction of times asks for."""

    def anchors(self, journal: tuple[str, str], top: int, before: int) -> list[Row]:
        """Events up to a place that were the last of their boot when it was sampled, latest sample first.

        ``before`` is a moment of the server's clock that the sample must not be behind.
        """
        mine, events = self.table.c, tables.table(tables.EventRow).c
        query = (
            select(*(events[name] for name in READING))
            .where(self._where({"kiosk_id": journal[0], "journal_id": journal[1]}))
            .where(*(events[name] == mine[name] for name in ("community_id", "kiosk_id", "journal_id")))
            .where(events.seq == mine.last_seq, events.boot_id == mine.boot_id)
            .where(mine.last_seq <= top, mine.server_time <= before)
            .order_by(mine.fact_seq.desc())
            .limit(ENOUGH)
        )
        found = {row["seq"]: row for row in plain(self.connection.execute(query))}
        return sorted(found.values(), key=lambda row: -row["seq"])

    def near(self, journal: tuple[str, str], low: int, boots: Collection[str]) -> list[Row]:
        """Samples taken when the journal had reached a place, and all of these boots."""
        mine = self.table.c
        query = select(self.table).where(self._where({"kiosk_id": journal[0], "journal_id": journal[1]}))
        wanted: list[Any] = [mine.last_seq >= low, mine.boot_id.in_(sorted(boots))]
        return plain(self.connection.execute(query.where(or_(*wanted))))
