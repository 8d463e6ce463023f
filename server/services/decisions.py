"""What leaders and staff decide: facts with who, when and why; nobody decides about their own hours."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from server.domain.calendar import day_start
from server.domain.facts import DecisionKind, FactKind
from server.errors import Conflict, Invalid, NotFound, OwnHours
from server.services.acting import Acting, Row, Uow
from server.services.facts import Draft, record
from server.services.folding import DECISION_FIELDS
from server.services.projection import project_moments

_NEEDS: dict[DecisionKind, tuple[str, ...]] = {
    DecisionKind.CONFIRM_END: ("shift_id", "at"),
    DecisionKind.DENY_END: ("shift_id",),
    DecisionKind.RESTORE_TAP: ("event_id",),
    DecisionKind.SET_ASIDE_TAP: ("event_id",),
    DecisionKind.APPROVE_EXCESS: ("volunteer", "day"),
    DecisionKind.DECLARE_SHIFT: ("volunteer", "activity_id", "site_id", "started_at", "ended_at"),
    DecisionKind.VOID_SHIFT: ("shift_id",),
}
_NAMED = {
    "shift_id": "哪次服务",
    "event_id": "哪次刷卡",
    "at": "结束时间",
    "volunteer": "志愿者编号",
    "day": "日期",
    "activity_id": "活动",
    "site_id": "地点",
    "started_at": "开始时间",
    "ended_at": "结束时间",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decision as it is asked for; which fields it needs depends on its kind."""

    kind: DecisionKind
    reason: str
    shift_id: str | None = None
    event_id: str | None = None
    at: int | None = None
    volunteer: str | None = None
    day: str | None = None
    activity_id: str | None = None
    site_id: str | None = None
    started_at: int | None = None
    ended_at: int | None = None


def decide(uow: Uow, acting: Acting, ruling: Ruling) -> str:
    """Record a decision and derive what follows; the decision's id."""
    _check(ruling)
    if ruling.day is not None:
        ruling = replace(ruling, day=_canonical(ruling.day))
    people, moments = _concerned(uow, ruling)
    if acting.volunteer in people or acting.by in people:
        raise OwnHours(zh="不能审批自己的服务时长，请由其他人审批。")
    decision_id = acting.ids()
    body: dict[str, Any] = {name: asdict(ruling)[name] for name in DECISION_FIELDS}
    body |= {"kind": str(ruling.kind), "volunteer": next(iter(people), None) if len(people) == 1 else None}
    record(uow, acting, [Draft(FactKind.DECISION, decision_id, body)])
    project_moments(uow, acting, dict.fromkeys(people, moments))
    return decision_id


def confirm_end(uow: Uow, acting: Acting, shift_id: str, *, at: int | None = None, reason: str) -> str:
    """Say when a shift without an end was over; its proposed end when ``at`` is left out."""
    shift = _without_end(uow, shift_id)
    moment = shift["proposed_end"] if at is None else at
    if moment is None:
        raise Invalid("this shift had no plan: say when it ended", zh="这次服务没有排班，请填写结束时间。")
    if moment <= shift["started_at"]:
        raise Invalid("a shift ends after it started", zh="结束时间必须晚于开始时间，请重新填写。")
    return decide(
        uow, acting, Ruling(kind=DecisionKind.CONFIRM_END, shift_id=shift_id, at=moment, reason=reason)
    )


def deny_end(uow: Uow, acting: Acting, shift_id: str, *, reason: str) -> str:
    """Say that no end can be confirmed of a shift without one."""
    _without_end(uow, shift_id)
    return decide(uow, acting, Ruling(kind=DecisionKind.DENY_END, shift_id=shift_id, reason=reason))


def _check(ruling: Ruling) -> None:
    if not ruling.reason.strip():
        raise Invalid("a decision has a reason", zh="请填写理由。")
    if missing := [name for name in _NEEDS[ruling.kind] if getattr(ruling, name) is None]:
        which = "、".join(_NAMED[name] for name in missing)
        raise Invalid(f"{ruling.kind} needs {', '.join(missing)}", zh=f"请补填：{which}。")
    if ruling.started_at is not None and ruling.ended_at is not None and ruling.ended_at <= ruling.started_at:
        raise Invalid("a shift ends after it started", zh="结束时间必须晚于开始时间，请重新填写。")


def _concerned(uow: Uow, ruling: Ruling) -> tuple[set[str], set[int]]:
    """Whose hours a decision is about, and around which moments."""
    if ruling.shift_id is not None:
        shift = _shift(uow, ruling.shift_id)
        return {shift["volunteer"]}, {shift["started_at"]}
    if ruling.event_id is not None:
        event = uow.rows("events").get(event_id=ruling.event_id)
        if event is None:
            raise NotFound(f"there is no event {ruling.event_id}", zh="没有这次刷卡，请刷新页面。")
        return {person for person in (event["volunteer"], *event["members"]) if person}, {event["at"]}
    assert ruling.volunteer is not None  # _check has seen to it
    if uow.rows("volunteers").get(number=ruling.volunteer) is None:
        raise NotFound(
            f"there is no volunteer {ruling.volunteer}",
            zh=f"没有编号为 {ruling.volunteer} 的志愿者，请核对编号。",
        )
    if ruling.day is not None:
        return {ruling.volunteer}, _shifts_of_day(uow, ruling.volunteer, ruling.day)
    _known(uow, ruling)
    assert ruling.started_at is not None
    assert ruling.ended_at is not None
    return {ruling.volunteer}, {ruling.started_at, ruling.ended_at}


def _known(uow: Uow, ruling: Ruling) -> None:
    if uow.rows("activities").get(activity_id=ruling.activity_id) is None:
        raise NotFound(f"there is no activity {ruling.activity_id}", zh="没有这个活动，请从列表中重新选择。")
    if uow.rows("sites").get(site_id=ruling.site_id) is None:
        raise NotFound(f"there is no site {ruling.site_id}", zh="没有这个地点，请从列表中重新选择。")


def _shifts_of_day(uow: Uow, volunteer: str, day: str) -> set[int]:
    noon = day_start(day) + 43_200_000
    return {row["started_at"] for row in uow.rows("shifts").rows(volunteer=volunteer, day=day)} or {noon}


def _canonical(day: str) -> str:
    """Python reads 20261231 and 2026-W53-4 too; written like that an approval would match no day."""
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise Invalid(
            f"a day is written 2026-12-31, not {day}", zh=f"日期请写成 2026-12-31 这样的格式，不能是 {day}。"
        ) from error


def _without_end(uow: Uow, shift_id: str) -> Row:
    shift = _shift(uow, shift_id)
    if shift["state"] != "end_missing":
        raise Conflict(
            f"this shift is {shift['state']}: it misses no end",
            zh="这次服务不缺结束时间，请刷新页面。",
        )
    return shift


def _shift(uow: Uow, shift_id: str) -> Row:
    shift = uow.rows("shifts").get(shift_id=shift_id)
    if shift is None:
        raise NotFound(f"there is no shift {shift_id}", zh="没有这次服务，请刷新页面。")
    return shift
