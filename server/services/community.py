"""A community and what it offers: sites, teams, activities, plans, the calendar."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from server.contract.rules import PROOFS
from server.domain.facts import FactKind
from server.errors import Conflict, Invalid, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, record
from server.services.projection import LOOK_AROUND, project_moments


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpec:
    """A place where people tap."""

    site_id: str
    name: str
    name_en: str = ""
    role: str = "desk"
    default_activity: str | None = None
    activities: tuple[str, ...] = ()
    place: dict[str, Any] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamSpec:
    """A team with its people."""

    team_id: str
    name: str
    name_en: str = ""
    leaders: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySpec:
    """What a shift can be about."""

    activity_id: str
    name: str
    name_en: str = ""
    kind: str = "service"
    category: str = "社区服务"
    least_proof: str = "uid"
    training: bool = False
    checkpoints: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpec:
    """A planned turn."""

    plan_id: str
    activity_id: str
    site_id: str
    start: int
    end: int
    need: int = 1
    members: tuple[str, ...] = ()
    team_id: str | None = None
    cancelled: bool = False


def create_community(uow: Uow, acting: Acting, name: str, *, name_en: str = "", contact: str = "") -> None:
    """The unit's community, which must not exist yet."""
    if uow.rows("communities").rows():
        raise Conflict(
            f"community {uow.community_id} exists already",
            zh=f"社区 {uow.community_id} 已经建好，请换一个标识。",
        )
    row = {"name": name, "name_en": name_en, "zone": "Asia/Shanghai", "contact": contact}
    uow.rows("communities").add([row | {"created_at": acting.now, "roster_version": 1}])


def set_sites(uow: Uow, acting: Acting, sites: Iterable[SiteSpec]) -> None:
    """Add or change sites."""
    record(uow, acting, [_draft(FactKind.SITE, "site_id", asdict(_site(site))) for site in sites])


def set_teams(uow: Uow, acting: Acting, teams: Iterable[TeamSpec]) -> None:
    """Add or change teams, with all their people."""
    record(uow, acting, [_draft(FactKind.TEAM, "team_id", asdict(team)) for team in teams])


def set_activities(uow: Uow, acting: Acting, activities: Iterable[ActivitySpec]) -> None:
    """Add or change activities."""
    drafts = [_draft(FactKind.ACTIVITY, "activity_id", asdict(_activity(item))) for item in activities]
    for row in uow.rows("activities").rows(activity_id={draft.subject for draft in drafts}):
        body = next(draft.body for draft in drafts if draft.subject == row["activity_id"])
        if (body["kind"], body["least_proof"]) != (row["kind"], row["least_proof"]):
            raise Conflict(
                "kind and least proof judge what was done before: make a new activity instead",
                zh="类型和最低验证方式会影响以前的服务，不能修改，请新建一个活动。",
            )
    record(uow, acting, drafts)


def set_plans(uow: Uow, acting: Acting, plans: Iterable[PlanSpec], *, holds_from: int | None = None) -> None:
    """Add or change plans; taps before ``holds_from`` (now when left out) go on seeing the old version."""
    drafts = [_draft(FactKind.PLAN, "plan_id", asdict(_plan(uow, plan)), holds_from) for plan in plans]
    before = uow.rows("plans").rows(plan_id={draft.subject for draft in drafts})
    facts = record(uow, acting, drafts)
    project_moments(uow, acting, _touched([*before, *(fact["body"] for fact in facts)], acting.now))


def cancel_plan(uow: Uow, acting: Acting, plan_id: str) -> None:
    """Take a plan off; what was tapped for it stays."""
    row = plan_row(uow, plan_id)
    names = ("activity_id", "site_id", "start", "end", "need", "members", "team_id")
    body = {name: row[name] for name in names} | {"cancelled": True}
    record(uow, acting, [Draft(FactKind.PLAN, plan_id, body)])
    project_moments(uow, acting, _touched([row], acting.now))


def set_calendar(uow: Uow, acting: Acting, days: Mapping[str, Mapping[str, Any]]) -> None:
    """Days that differ: ``{"2026-10-01": {"working": False, "school": False, "name": "国庆节"}}``."""
    empty = {"working": None, "school": None, "name": ""}
    record(uow, acting, [Draft(FactKind.CALENDAR, day, empty | dict(body)) for day, body in days.items()])
    waiting = uow.rows("shifts").rows(state=["end_missing", "settled_zero"])
    project_moments(uow, acting, {row["volunteer"]: {row["started_at"]} for row in waiting})


def plan_row(uow: Uow, plan_id: str) -> Row:
    """One plan as it stands, or :class:`NotFound`."""
    row = uow.rows("plans").get(plan_id=plan_id)
    if row is None:
        raise NotFound(f"there is no plan {plan_id}", zh="没有这个班次，请刷新页面。")
    return row


def _draft(kind: FactKind, key: str, body: Row, holds_from: int | None = None) -> Draft:
    subject = body.pop(key)
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in body.items()}
    return Draft(kind, subject, plain, holds_from)


def _site(site: SiteSpec) -> SiteSpec:
    if site.role not in {"desk", "checkpoint"}:
        raise Invalid("a site is a desk or a checkpoint", zh="地点请选签到台（desk）或巡查点（checkpoint）。")
    return site


def _activity(activity: ActivitySpec) -> ActivitySpec:
    if activity.kind not in {"service", "non_service", "patrol"}:
        raise Invalid(
            "an activity is service, non_service or patrol",
            zh="活动类型请选服务（service）、非服务（non_service）或巡查（patrol）。",
        )
    if activity.least_proof not in PROOFS[1:]:
        proofs = PROOFS[1:]
        raise Invalid(
            f"least_proof is one of {', '.join(proofs)}", zh=f"最低验证方式请从 {'、'.join(proofs)} 中选择。"
        )
    return activity


def _plan(uow: Uow, plan: PlanSpec) -> PlanSpec:
    """A plan that names nobody is its whole team's, as the team is when it is planned."""
    if plan.end <= plan.start:
        raise Invalid("a plan ends after it starts", zh="班次的结束时间必须晚于开始时间，请重新填写。")
    if plan.members or plan.team_id is None:
        return plan
    team = uow.rows("team_members").rows("volunteer", team_id=plan.team_id)
    return replace(plan, members=tuple(row["volunteer"] for row in team))


def _touched(plans: Iterable[Row], now: int) -> dict[str, set[int]]:
    """Whose shifts a change of plans may change: plans that began, or are near enough to end a shift."""
    moments: dict[str, set[int]] = defaultdict(set)
    for plan in plans:
        if plan["start"] - LOOK_AROUND <= now:
            for person in plan["members"]:
                moments[person] |= {plan["start"], plan["end"]}
    return moments
