"""Reading about shifts: lists and one page, who is on duty, what waits for a decision."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.sql import ColumnElement

from server.db.views.reader import (
    ACTIVITIES,
    DECISIONS,
    PLANS,
    SHIFTS,
    SITES,
    TEAM_MEMBERS,
    TEAMS,
    VOLUNTEERS,
    Reader,
    Row,
    Wanted,
    joined,
    total,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFilter:
    """Which shifts; everything left out does not matter."""

    volunteer: str | None = None
    state: str | None = None
    low: int | None = None
    high: int | None = None
    activity: str | None = None
    """An activity's id or name."""
    site: str | None = None
    led_by: str | None = None
    """Only people of teams that this person leads."""


class ShiftViews(Reader):
    """Derived shifts with the names of what they are about."""

    def page(
        self,
        wanted: Wanted,
        *,
        after: tuple[int, str] | None = None,
        limit: int = 100,
        newest: bool = False,
    ) -> list[Row]:
        """Shifts by start (latest first for people's eyes), behind ``after``."""
        query = self._shifts().where(*self._tests(ShiftFilter(**wanted)))
        keys = (SHIFTS.c.started_at, SHIFTS.c.shift_id)
        if after is not None:
            at, shift_id = after
            same = (keys[0] == at) & ((keys[1] < shift_id) if newest else (keys[1] > shift_id))
            query = query.where(same | ((keys[0] < at) if newest else (keys[0] > at)))
        order = (keys[0].desc(), keys[1].desc()) if newest else keys
        return self.all(query.order_by(*order).limit(limit))

    def one(self, shift_id: str) -> Row | None:
        """One shift."""
        return self.first(self._shifts().where(SHIFTS.c.shift_id == shift_id))

    def plan(self, plan_id: str | None) -> Row | None:
        """The planned turn a shift belongs to, as it stands now."""
        return self.first(select(PLANS).where(self.mine(PLANS), PLANS.c.plan_id == plan_id))

    def decisions(self, shift: Row) -> list[Row]:
        """What was decided about a shift, its taps, or its day."""
        about = (
            (DECISIONS.c.shift_id == shift["shift_id"])
            | DECISIONS.c.event_id.in_(shift["events"])
            | ((DECISIONS.c.volunteer == shift["volunteer"]) & (DECISIONS.c.day == shift["day"]))
        )
        query = select(DECISIONS).where(self.mine(DECISIONS), about)
        return self.all(query.order_by(DECISIONS.c.recorded_at, DECISIONS.c.fact_seq))

    def work_of(self, number: str) -> list[Row]:
        """What a person's credited service was: activity, minutes, first and last day, most first."""
        minutes = total(SHIFTS.c.credited).label("minutes")
        query = (
            select(
                func.coalesce(ACTIVITIES.c.name, "").label("activity"),
                minutes,
                func.min(SHIFTS.c.day).label("first_day"),
                func.max(SHIFTS.c.day).label("last_day"),
            )
            .outerjoin(ACTIVITIES, joined(SHIFTS, ACTIVITIES, ("activity_id", "activity_id")))
            .where(self.mine(SHIFTS), SHIFTS.c.volunteer == number, SHIFTS.c.credited > 0)
            .group_by(ACTIVITIES.c.name)
        )
        return self.all(query.order_by(minutes.desc(), ACTIVITIES.c.name))

    def open(self) -> list[Row]:
        """Every shift without an end, by activity and start, with the hours of its plan."""
        query = (
            self._shifts()
            .add_columns(PLANS.c.start.label("plan_start"), PLANS.c.end.label("plan_end"))
            .outerjoin(PLANS, joined(SHIFTS, PLANS, ("plan_id", "plan_id")))
            .where(SHIFTS.c.state == "open")
        )
        return self.all(query.order_by(ACTIVITIES.c.name, SHIFTS.c.started_at, SHIFTS.c.shift_id))

    def waiting(self, *, led_by: str | None = None) -> list[Row]:
        """Shifts that miss their end, those that waited longest first."""
        query = self._shifts().where(*self._tests(ShiftFilter(state="end_missing", led_by=led_by)))
        return self.all(query.order_by(SHIFTS.c.known_at, SHIFTS.c.shift_id))

    def excess(self) -> list[Row]:
        """Days on which the cap holds minutes of a person: what was served and what is credited."""
        held = func.sum(SHIFTS.c.minutes - SHIFTS.c.credited)
        query = (
            select(
                SHIFTS.c.volunteer,
                VOLUNTEERS.c.name,
                SHIFTS.c.day,
                total(SHIFTS.c.minutes).label("minutes"),
                total(SHIFTS.c.credited).label("credited"),
                func.count().label("shifts"),
            )
            .outerjoin(VOLUNTEERS, joined(SHIFTS, VOLUNTEERS, ("volunteer", "number")))
            .where(self.mine(SHIFTS), SHIFTS.c.state == "closed")
            .group_by(SHIFTS.c.volunteer, VOLUNTEERS.c.name, SHIFTS.c.day)
            .having(held > 0)
        )
        return self.all(query.order_by(SHIFTS.c.day.desc(), SHIFTS.c.volunteer))

    def is_led_by(self, volunteer: str, leader: str | None) -> bool:
        """Whether a person belongs to a team that another one leads."""
        query = select(func.count()).select_from(TEAM_MEMBERS)
        query = query.where(
            self.mine(TEAM_MEMBERS), TEAM_MEMBERS.c.volunteer == volunteer, self._is_led(leader)
        )
        return self.number(query) > 0

    def _is_led(self, leader: str | None) -> ColumnElement[bool]:
        other = TEAM_MEMBERS.alias()
        led = select(other.c.team_id).where(
            other.c.community_id == self.community_id, other.c.volunteer == leader, other.c.leader
        )
        return TEAM_MEMBERS.c.team_id.in_(led)

    def _shifts(self) -> Select[tuple[object, ...]]:
        return (
            select(
                *(c for c in SHIFTS.columns if c.name != "community_id"),
                ACTIVITIES.c.name.label("activity"),
                ACTIVITIES.c.name_en.label("activity_en"),
                SITES.c.name.label("site"),
                SITES.c.name_en.label("site_en"),
                *(VOLUNTEERS.c[name] for name in ("name", "name_display", "nickname", "sex", "team_id")),
                TEAMS.c.name.label("team"),
            )
            .outerjoin(ACTIVITIES, joined(SHIFTS, ACTIVITIES, ("activity_id", "activity_id")))
            .outerjoin(SITES, joined(SHIFTS, SITES, ("site_id", "site_id")))
            .outerjoin(VOLUNTEERS, joined(SHIFTS, VOLUNTEERS, ("volunteer", "number")))
            .outerjoin(TEAMS, joined(VOLUNTEERS, TEAMS, ("team_id", "team_id")))
            .where(self.mine(SHIFTS))
        )

    def _tests(self, wanted: ShiftFilter) -> list[ColumnElement[bool]]:
        tests: list[ColumnElement[bool]] = []
        for name in ("volunteer", "state"):
            if (value := getattr(wanted, name)) is not None:
                tests.append(SHIFTS.c[name] == value)
        if wanted.low is not None:
            tests.append(SHIFTS.c.started_at >= wanted.low)
        if wanted.high is not None:
            tests.append(SHIFTS.c.started_at < wanted.high)
        if wanted.activity is not None:
            tests.append((SHIFTS.c.activity_id == wanted.activity) | (ACTIVITIES.c.name == wanted.activity))
        if wanted.site is not None:
            tests.append((SHIFTS.c.site_id == wanted.site) | (SITES.c.name == wanted.site))
        if wanted.led_by is not None:
            people = select(TEAM_MEMBERS.c.volunteer).where(
                self.mine(TEAM_MEMBERS), self._is_led(wanted.led_by)
            )
            tests.append(SHIFTS.c.volunteer.in_(people))
        return tests
