"""Reading about kiosks and what they sent."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.views.reader import (
    ACTIVITIES,
    EVENTS,
    KIOSKS,
    LAST_SEEN,
    SITES,
    Reader,
    Row,
    Wanted,
    core,
    joined,
    total,
)

JOURNALS = core(tables.Journal)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which taps; everything left out does not matter."""

    volunteer: str | None = None
    kiosk: str | None = None
    low: int | None = None
    high: int | None = None
    ids: tuple[str, ...] | None = None


class MachineViews(Reader):
    """Kiosks, their journals, their taps."""

    def kiosks(self) -> list[Row]:
        """Every kiosk with its site, when it last spoke, and how many taps it has handed over."""
        taps = (
            select(total(JOURNALS.c.head_seq))
            .where(joined(JOURNALS, KIOSKS, ("kiosk_id", "kiosk_id")))
            .scalar_subquery()
        )
        seen = (LAST_SEEN.c[name] for name in ("at", "roster_version", "clock"))
        query = (
            select(KIOSKS, SITES.c.name.label("site"), *seen, taps.label("taps"))
            .outerjoin(SITES, joined(KIOSKS, SITES, ("site_id", "site_id")))
            .outerjoin(LAST_SEEN, joined(KIOSKS, LAST_SEEN, ("kiosk_id", "kiosk_id")))
            .where(self.mine(KIOSKS))
        )
        return self.all(query.order_by(KIOSKS.c.state, KIOSKS.c.name, KIOSKS.c.kiosk_id))

    def silent(self, before: int) -> list[Row]:
        """Active kiosks that have not spoken since a moment."""
        rows = self.kiosks()
        return [r for r in rows if r["state"] == "active" and (r["at"] is None or r["at"] < before)]

    def events(self, wanted: Wanted, *, after: tuple[int, str] | None = None, limit: int = 100) -> list[Row]:
        """Taps in order of corrected time, without their salt and bytes."""
        hidden = {"salt", "body", "community_id", "batch_seq", "boot_id"}
        query = (
            select(
                *(c for c in EVENTS.columns if c.name not in hidden),
                EVENTS.c.body.is_(None).label("sealed"),
                KIOSKS.c.name.label("kiosk"),
                SITES.c.name.label("site"),
                ACTIVITIES.c.name.label("activity"),
                ACTIVITIES.c.name_en.label("activity_en"),
            )
            .outerjoin(KIOSKS, joined(EVENTS, KIOSKS, ("kiosk_id", "kiosk_id")))
            .outerjoin(SITES, joined(EVENTS, SITES, ("site_id", "site_id")))
            .outerjoin(ACTIVITIES, joined(EVENTS, ACTIVITIES, ("activity_id", "activity_id")))
            .where(self.mine(EVENTS))
        )
        for test in _tests(EventFilter(**wanted)):
            query = query.where(test)
        if after is not None:
            at, event_id = after
            later = (EVENTS.c.at > at) | ((EVENTS.c.at == at) & (EVENTS.c.event_id > event_id))
            query = query.where(EVENTS.c.at >= at, later)
        return self.all(query.order_by(EVENTS.c.at, EVENTS.c.event_id).limit(limit))

    def body(self, event_id: str) -> str | None:
        """The bytes of a tap as they were pushed; None when sealed or unknown."""
        row = self.first(select(EVENTS.c.body).where(self.mine(EVENTS), EVENTS.c.event_id == event_id))
        return row["body"] if row else None


def _tests(wanted: EventFilter) -> list[ColumnElement[bool]]:
    tests: list[ColumnElement[bool]] = []
    if wanted.ids is not None:
        tests.append(EVENTS.c.event_id.in_(wanted.ids))
    if wanted.volunteer is not None:
        tests.append(EVENTS.c.volunteer == wanted.volunteer)
    if wanted.kiosk is not None:
        tests.append(EVENTS.c.kiosk_id == wanted.kiosk)
    if wanted.low is not None:
        tests.append(EVENTS.c.at >= wanted.low)
    if wanted.high is not None:
        tests.append(EVENTS.c.at < wanted.high)
    return tests
