"""The repository of tap events: set-based, without ORM and without RETURNING (ingest is the hot path)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.exc import ProgrammingError

from server.db import bulk, tables
from server.db.repositories import Row, Rows, chunks, plain
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
INSUFFICIENT_PRIVILEGE = "42501"
"""PostgreSQL's word for what a role may not do."""


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

    def neighbours(self, journal: tuple[str, str], low: int, high: int) -> list[tuple[int, str, str]]:
        """Place, prev and hash of what is stored in [low, high] of one journal (kiosk, journal)."""
        columns = self.table.c
        query = select(columns.seq, columns.prev, columns.hash).where(
            self._where({"kiosk_id": journal[0], "journal_id": journal[1]}), columns.seq.between(low, high)
        )
        return [(row[0], row[1], row[2]) for row in self.connection.execute(query)]

    def missing_before(self, journal: tuple[str, str], seq: int) -> int | None:
        """The place behind the last event stored below ``seq``; None when that is ``seq`` itself."""
        mine = self._where({"kiosk_id": journal[0], "journal_id": journal[1]})
        query = select(func.max(self.table.c.seq)).where(mine, self.table.c.seq < seq)
        following = (self.connection.execute(query).scalar() or 0) + 1
        return following if following < seq else None

    def store(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert new events in one statement."""
        if rows:
            bulk.insert(self.connection, self.table, [self.fixed | dict(row) for row in rows])

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

    def erase(self, event_ids: Collection[str]) -> None:
        """Seal: salt and bytes become NULL; on PostgreSQL only the sealing role may."""
        statement = update(self.table).values(salt=None, body=None)
        try:
            for part in chunks(event_ids):
                self.connection.execute(statement.where(self._where({"event_id": part})))
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
                raise
            raise NotAllowed(
                "this database user may not erase: run yika-server settle as a member of yika_sealer",
                zh="这个数据库用户无权清除原始记录，请以 yika_sealer 的成员身份运行 yika-server settle。",
            ) from error

    def readings(self, journal: tuple[str, str], low: int) -> list[Row]:
        """The clocks of every readable event of one journal (kiosk, journal) from a place on, in order."""
        columns = [self.table.c[name] for name in READING]
        mine = self._where({"kiosk_id": journal[0], "journal_id": journal[1]})
        query = select(*columns).where(mine, self.table.c.seq >= low, self.table.c.boot_id != "")
        return plain(self.connection.execute(query.order_by(self.table.c.seq)))

    def last_believed(self, journal: tuple[str, str], low: int, high: int) -> Row | None:
        """The last event behind ``low``, up to ``high``, whose own clock was synced and believed."""
        columns = self.table.c
        mine = self._where({"kiosk_id": journal[0], "journal_id": journal[1], "clock": "synced"})
        believed = (columns.at == columns.wall) & (columns.uncertainty == 0)
        query = select(*(columns[name] for name in READING)).where(mine, believed)
        query = query.where(columns.seq > low, columns.seq <= high).order_by(columns.seq.desc()).limit(1)
        return next(iter(plain(self.connection.execute(query))), None)

    def of_people(self, people: Collection[str], low: int | None, high: int | None) -> list[Row]:
        """Events of these people, and those that name them, at corrected times in [low, high)."""
        at = self.table.c.at
        limits = [at >= low] if low is not None else []
        limits += [at < high] if high is not None else []
        found: dict[str, Row] = {}
        named = tables.table(tables.EventMember)
        for part in chunks(sorted(people)):
            naming = select(named.c.event_id).where(
                named.c.community_id == self.fixed["community_id"], named.c.volunteer.in_(part)
            )
            for concerned in (self.table.c.volunteer.in_(part), self.table.c.event_id.in_(naming)):
                query = self._told().where(concerned, *limits)
                found |= {row["event_id"]: row for row in plain(self.connection.execute(query))}
        return list(found.values())

    def about(self, targets: Iterable[str]) -> list[Row]:
        """Touches that speak about these events or shifts."""
        parts = (self._told().where(self.table.c.target.in_(part)) for part in chunks(sorted(targets)))
        return [row for query in parts for row in plain(self.connection.execute(query))]

    def _told(self) -> Select[Any]:
        return select(*(self.table.c[name] for name in TOLD)).where(self._where({}))
