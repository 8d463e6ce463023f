"""Reading about what the community offers: sites, teams, activities, planned turns."""

from sqlalchemy import func, select

from server.db.views.reader import (
    ACTIVITIES,
    PLANS,
    SITES,
    TEAM_MEMBERS,
    TEAMS,
    VOLUNTEERS,
    Reader,
    Row,
    joined,
)


class PlaceViews(Reader):
    """Sites, teams, activities, plans."""

    def sites(self) -> list[Row]:
        """Every site, those in use first."""
        return self.all(
            select(SITES).where(self.mine(SITES)).order_by(SITES.c.active.desc(), SITES.c.role, SITES.c.name)
        )

    def activities(self) -> list[Row]:
        """Every activity, those in use first."""
        query = select(ACTIVITIES).where(self.mine(ACTIVITIES))
        return self.all(query.order_by(ACTIVITIES.c.active.desc(), ACTIVITIES.c.name))

    def teams(self) -> list[Row]:
        """Every team with how many people have it as their team, and who leads it."""
        members = (
            select(func.count())
            .select_from(TEAM_MEMBERS)
            .where(joined(TEAM_MEMBERS, TEAMS, ("team_id", "team_id")))
            .scalar_subquery()
        )
        query = select(TEAMS, members.label("size")).where(self.mine(TEAMS)).order_by(TEAMS.c.name)
        leaders = self._leaders()
        return [row | {"leaders": leaders.get(row["team_id"], [])} for row in self.all(query)]

    def team_people(self, team_id: str) -> list[Row]:
        """The people of one team, leaders first."""
        query = (
            select(TEAM_MEMBERS.c.volunteer, TEAM_MEMBERS.c.leader, VOLUNTEERS.c.name)
            .outerjoin(VOLUNTEERS, joined(TEAM_MEMBERS, VOLUNTEERS, ("volunteer", "number")))
            .where(self.mine(TEAM_MEMBERS), TEAM_MEMBERS.c.team_id == team_id)
        )
        return self.all(query.order_by(TEAM_MEMBERS.c.leader.desc(), TEAM_MEMBERS.c.volunteer))

    def plans(self, low: int, high: int, *, volunteer: str | None = None) -> list[Row]:
        """Turns that start in [low, high), in order; those of one person when asked."""
        query = (
            select(
                PLANS,
                ACTIVITIES.c.name.label("activity"),
                ACTIVITIES.c.name_en.label("activity_en"),
                SITES.c.name.label("site"),
                SITES.c.name_en.label("site_en"),
                TEAMS.c.name.label("team"),
            )
            .outerjoin(ACTIVITIES, joined(PLANS, ACTIVITIES, ("activity_id", "activity_id")))
            .outerjoin(SITES, joined(PLANS, SITES, ("site_id", "site_id")))
            .outerjoin(TEAMS, joined(PLANS, TEAMS, ("team_id", "team_id")))
            .where(self.mine(PLANS), PLANS.c.start >= low, PLANS.c.start < high)
            .order_by(PLANS.c.start, PLANS.c.plan_id)
        )
        rows = self.all(query)
        return [row for row in rows if volunteer is None or volunteer in row["members"]]

    def wanted(self, low: int, high: int) -> list[Row]:
        """Turns in [low, high) that still lack people."""
        found = [row for row in self.plans(low, high) if not row["cancelled"]]
        return [row | {"lack": row["need"] - len(row["members"])} for row in found if _lacks(row)]

    def _leaders(self) -> dict[str, list[str]]:
        query = select(TEAM_MEMBERS.c.team_id, TEAM_MEMBERS.c.volunteer)
        query = query.where(self.mine(TEAM_MEMBERS), TEAM_MEMBERS.c.leader)
        found: dict[str, list[str]] = {}
        for row in self.all(query.order_by(TEAM_MEMBERS.c.volunteer)):
            found.setdefault(row["team_id"], []).append(row["volunteer"])
        return found


def _lacks(row: Row) -> bool:
    return bool(row["need"] > len(row["members"]))
