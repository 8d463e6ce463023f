"""The repository of tap events: set-based, without ORM and without RETURNING (ingest is the hot path)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from server.db.repositories import Row, Rows, chunks

DERIVED = (
    *("at", "uncertainty", "site_id", "volunteer", "proof", "standing", "standing_reason"),
    *("boot_id", "card_id", "medium", "activity_id", "role", "action", "target", "shown"),
)


class EventRows(Rows):
    """``events`` with what ingest and projection ask for."""

    def known(self, event_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Of these ids, those that are stored: id -> (hash, status)."""
        columns = self.table.c
        found: dict[str, tuple[str, str]] = {}
        for part in chunks(event_ids):
            query = select(columns.event_id, columns.hash, columns.status)
            query = query.where(self._where({"event_id": part}))
            found |= {row[0]: (row[1], row[2]) for row in self.connection.execute(query)}
        return found

    def places(self, kiosk_id: str, journal_id: str, low: int, high: int) -> dict[int, set[str]]:
        """The hashes stored at each place of one journal in [low, high]."""
        columns = self.table.c
        query = select(columns.seq, columns.hash).where(
            self._where({"kiosk_id": kiosk_id, "journal_id": journal_id}), columns.seq.between(low, high)
        )
        found: dict[int, set[str]] = {}
        for seq, digest in self.connection.execute(query):
            found.setdefault(seq, set()).add(digest)
        return found

    def store(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert new events in one statement."""
        if rows:
            self.connection.execute(insert(self.table), [self.fixed | dict(row) for row in rows])

    def derive(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = DERIVED) -> None:
        """Write derived columns of events by id."""
        if not rows:
            return
        statement = update(self.table).where(
            self.table.c.community_id == self.fixed["community_id"],
            self.table.c.event_id == bindparam("b_event_id"),
        )
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in columns}
        self.connection.execute(
            statement.values(**values),
            [{"b_event_id": row["event_id"]} | {f"b_{c}": row[c] for c in columns} for row in rows],
        )

    def of_people(self, people: Collection[str], low: int | None, high: int | None) -> list[Row]:
        """All events of these people at corrected times in [low, high)."""
        at = self.table.c.at
        limits = [at >= low] if low is not None else []
        limits += [at < high] if high is not None else []
        found: list[Row] = []
        for part in chunks(sorted(people)):
            query = select(self.table).where(self._where({"volunteer": part}), *limits)
            found += [dict(row) for row in self.connection.execute(query).mappings()]
        return found
