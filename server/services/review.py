"""What staff and leaders decide at their desks, by name; leaders decide for their own teams."""

from server.domain.calendar import working_deadline
from server.domain.facts import DecisionKind
from server.domain.rules_in_force import rules_at
from server.errors import Invalid, NotAllowed, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.decisions import Ruling, confirm_end, decide, deny_end
from server.services.world import common

LATEST_PROPOSED = "a leader may confirm the planned end or an earlier time"


def confirm_missing_end(
    uow: Uow, acting: Acting, shift_id: str, *, at: int | None, reason: str, leads_only: bool = False
) -> str:
    """Confirm the proposed end of a shift, or an earlier time; never a later one (domain.md §6)."""
    shift = _shift(uow, acting, shift_id, leads_only=leads_only)
    proposed = shift["proposed_end"]
    if at is not None and proposed is not None and at > proposed:
        raise Invalid(LATEST_PROPOSED, zh="不能晚于排班结束时间，请改早一些或找社区工作人员。")
    return confirm_end(uow, acting, shift_id, at=at, reason=reason)


def deny_missing_end(
    uow: Uow, acting: Acting, shift_id: str, *, reason: str, leads_only: bool = False
) -> str:
    """Say that no end can be confirmed: the shift settles at zero."""
    _shift(uow, acting, shift_id, leads_only=leads_only)
    return deny_end(uow, acting, shift_id, reason=reason)


def void_shift(uow: Uow, acting: Acting, shift_id: str, *, reason: str) -> str:
    """Make a shift worth nothing, with the reason on record."""
    return decide(uow, acting, Ruling(kind=DecisionKind.VOID_SHIFT, shift_id=shift_id, reason=reason))


def restore_tap(uow: Uow, acting: Acting, event_id: str, *, reason: str) -> str:
    """Count a tap that was refused, contradicted or quarantined."""
    return decide(uow, acting, Ruling(kind=DecisionKind.RESTORE_TAP, event_id=event_id, reason=reason))


def set_aside_tap(uow: Uow, acting: Acting, event_id: str, *, reason: str) -> str:
    """Do not count a tap."""
    return decide(uow, acting, Ruling(kind=DecisionKind.SET_ASIDE_TAP, event_id=event_id, reason=reason))


def approve_excess(uow: Uow, acting: Acting, volunteer: str, day: str, *, reason: str) -> str:
    """Credit what the day's cap holds of a person's day."""
    ruling = Ruling(kind=DecisionKind.APPROVE_EXCESS, volunteer=volunteer, day=day, reason=reason)
    return decide(uow, acting, ruling)


def declare_shift(
    uow: Uow,
    acting: Acting,
    volunteer: str,
    *,
    where: tuple[str, str],
    span: tuple[int, int],
    reason: str,
) -> str:
    """Enter a shift afterwards (补录), labelled for ever; ``where``: activity, site; ``span``: start, end."""
    activity_id, site_id = where
    started_at, ended_at = span
    if ended_at > acting.now:
        raise Invalid("a shift can be entered once it is over", zh="不能补录尚未结束的服务，请结束后再补录。")
    ruling = Ruling(
        kind=DecisionKind.DECLARE_SHIFT,
        volunteer=volunteer,
        activity_id=activity_id,
        site_id=site_id,
        started_at=started_at,
        ended_at=ended_at,
        reason=reason,
    )
    return decide(uow, acting, ruling)


def _shift(uow: Uow, acting: Acting, shift_id: str, *, leads_only: bool) -> Row:
    shift = uow.rows("shifts").get(shift_id=shift_id)
    if shift is None:
        raise NotFound(f"there is no shift {shift_id}", zh="没有这次服务，请刷新页面。")
    if leads_only:
        _check_leader(uow, acting, shift)
    return shift


def _check_leader(uow: Uow, acting: Acting, shift: Row) -> None:
    if not _leads(uow, acting.volunteer, shift["volunteer"]):
        raise NotAllowed(
            "leaders decide for the people of their own teams", zh="只能处理本队成员的服务，请找对方的队长。"
        )
    shared = common(uow)
    days = rules_at(shared.rules, shift["started_at"]).leader_working_days
    if acting.now >= working_deadline(shift["known_at"], days, shared.working_days):
        late = f"a leader's {days} working days are over: ask the community's staff"
        raise NotAllowed(late, zh=f"已超过队长的 {days} 个工作日，请找社区工作人员处理。")


def _leads(uow: Uow, leader: str | None, volunteer: str) -> bool:
    if leader is None:
        return False
    led = {row["team_id"] for row in uow.rows("team_members").rows(volunteer=leader, leader=True)}
    return bool(led and uow.rows("team_members").rows(volunteer=volunteer, team_id=led))
