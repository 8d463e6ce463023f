"""Counts and sums over many people: statistics, the dashboard, metrics."""

from sqlalchemy import case, func, select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.views.reader import (
    ACTIVITIES,
    EVENTS,
    SHIFTS,
    SITES,
    TEAMS,
    VOLUNTEERS,
    Reader,
    Row,
    core,
    joined,
    total,
)

COMMUNITIES, FACTS = core(tables.Community), core(tables.FactRow)
GROUPINGS = ("day", "month", "activity", "site", "team")


class TotalViews(Reader):
    """Sums of this community."""

    def community(self) -> Row:
        """The community's own row."""
        found = self.first(select(COMMUNITIES).where(self.mine(COMMUNITIES)))
        return found or {"name": "", "name_en": "", "contact": "", "zone": "Asia/Shanghai"}

    def statistics(self, by: str, *, low: str | None = None, high: str | None = None) -> list[Row]:
        """Closed shifts whose day lies in [low, high): how many, of how many, credited by grade."""
        key = _grouping(by)
        graded = [
            total(case((SHIFTS.c.grade == grade, SHIFTS.c.credited), else_=0)).label(grade)
            for grade in ("tapped", "witnessed", "declared")
        ]
        query = (
            select(
                key.label("key"),
                func.count().label("shifts"),
                func.count(func.distinct(SHIFTS.c.volunteer)).label("volunteers"),
                total(SHIFTS.c.credited).label("credited_minutes"),
                *graded,
            )
            .outerjoin(ACTIVITIES, joined(SHIFTS, ACTIVITIES, ("activity_id", "activity_id")))
            .outerjoin(SITES, joined(SHIFTS, SITES, ("site_id", "site_id")))
            .outerjoin(VOLUNTEERS, joined(SHIFTS, VOLUNTEERS, ("volunteer", "number")))
            .outerjoin(TEAMS, joined(VOLUNTEERS, TEAMS, ("team_id", "team_id")))
            .where(self.mine(SHIFTS), SHIFTS.c.state == "closed")
            .group_by(key)
            .order_by(key)
        )
        if low is not None:
            query = query.where(SHIFTS.c.day >= low)
        if high is not None:
            query = query.where(SHIFTS.c.day < high)
        return self.all(query)

    def sums(self) -> dict[str, int]:
        """Figures for the dashboard and for metrics."""
        return {
            "volunteers": self.count(VOLUNTEERS, VOLUNTEERS.c.status == "active"),
            "end_missing": self.count(SHIFTS, SHIFTS.c.state == "end_missing"),
            "held": self.count(SHIFTS, SHIFTS.c.state == "held"),
            "events": self.count(EVENTS),
            "quarantined": self.count(EVENTS, EVENTS.c.status == "quarantined"),
            "facts": self.count(FACTS),
        }

    def latest_tap(self) -> int | None:
        """When the last tap happened."""
        row = self.first(select(func.max(EVENTS.c.at).label("at")).where(self.mine(EVENTS)))
        return row["at"] if row else None


def _grouping(by: str) -> ColumnElement[str]:
    month = func.substr(SHIFTS.c.day, 1, 7)
    return {
        "day": SHIFTS.c.day,
        "month": month,
        "activity": func.coalesce(ACTIVITIES.c.name, ""),
        "site": func.coalesce(SITES.c.name, ""),
        "team": func.coalesce(TEAMS.c.name, ""),
    }[by]
