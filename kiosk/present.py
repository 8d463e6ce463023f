"""From an outcome to what is journalled about it and what the screen shows of it: no I/O, no clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from kiosk.outcomes import (
    Activity,
    Changed,
    EndAgreed,
    Ended,
    HandedOver,
    Moment,
    Offer,
    Outcome,
    Passed,
    Refused,
    Repeated,
    Round,
    SeenCard,
    Started,
    TeamClosed,
    TeamOpened,
    Touch,
    Undone,
    Unlisted,
    Verdict,
    shown_of,
)
from kiosk.roster_view import RosterView
from kiosk.screen.view import Choice, Mine, Result
from server.contract.hours import Hours
from server.contract.rules import Policy
from server.contract.wire import Action

TEAM_SECONDS = 60


def journalled(outcome: Outcome) -> dict[str, Any]:
    """The fields of a ``TapEvent`` that an outcome decides."""
    return {"shown": str(shown_of(outcome)), **_activity_fields(outcome)}


def _activity_fields(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Started() | HandedOver():
            return {"activity_id": outcome.activity_id, "activity_by": outcome.by}
        case Unlisted() | Repeated() | Passed() | Ended() | TeamClosed():
            return {"activity_id": outcome.activity_id}
        case Changed():
            return {"activity_id": outcome.activity_id, "activity_by": "chosen"}
        case TeamOpened():
            return {"activity_id": outcome.muster.plan.activity_id, "activity_by": "planned"}
        case Refused() | Undone() | EndAgreed():
            return {}
        case _:
            assert_never(outcome)


def touched(touch: Touch, tap_id: str) -> dict[str, Any]:
    """What a touch adds: its action, the event it speaks about, and the members it names."""
    match touch:
        case Undone(target=target, member=member):
            members = () if member is None else (member,)
            return {"action": str(Action.UNDO), "target": target or tap_id, "members": members}
        case Changed():
            return {"action": str(Action.CHANGE), "target": tap_id}
        case EndAgreed(proposal=proposal):
            return {"action": str(Action.END), "target": proposal.shift_id}
        case TeamOpened(muster=muster):
            return {"action": str(Action.TEAM_OPEN), "target": tap_id, "members": muster.members}
        case TeamClosed(opened=opened, members=members):
            return {"action": str(Action.TEAM_CLOSE), "target": opened, "members": members}
        case _:
            assert_never(touch)


NOBODY = SeenCard(medium="")


def result(
    verdict: Verdict,
    view: RosterView | None,
    now: Moment,
    *,
    event_id: str,
    durable: bool,
    card: SeenCard = NOBODY,
) -> Result:
    """What the person in front of the screen is told; ``card`` is what opened their name and hours."""
    outcome = verdict.outcome
    shown = shown_of(outcome)
    activity = _activity_of(outcome, view)
    proposal = outcome.proposal if isinstance(outcome, Started | EndAgreed) else None
    proposed = view.activity(proposal.activity_id) if view and proposal else None
    return Result(
        event_id=event_id,
        outcome=str(shown),
        kind=str(shown.kind),
        reason=_reason(outcome),
        name=card.name,
        activity_zh=activity.zh if activity else None,
        activity_en=activity.en if activity else None,
        minutes=outcome.minutes if isinstance(outcome, Ended | HandedOver) else None,
        total_minutes=verdict.total,
        at=outcome.first_at if isinstance(outcome, Repeated) else now.at,
        proposed_end=proposal.end if proposal else None,
        proposed_activity_zh=proposed.zh if proposed else None,
        proposed_activity_en=proposed.en if proposed else None,
        checkpoint=_round(outcome.round) if isinstance(outcome, Passed) else None,
        mine=_mine(verdict, view, now, card.hours) if view else None,
        member=_member(outcome) if isinstance(outcome, Undone) else None,
        choices=tuple(_choice(offer) for offer in verdict.offers),
        choice_seconds=choice_seconds(outcome, view.policy if view else Policy()),
        durable=durable,
        note=_note(outcome, now),
    )


def choice_seconds(outcome: Outcome, policy: Policy) -> int:
    """How long the buttons under an outcome wait: a leader looks around who is missing, name by name."""
    of_member = isinstance(outcome, Undone) and outcome.member is not None
    of_team = isinstance(outcome, TeamOpened | TeamClosed) or of_member
    return max(policy.choice_seconds, TEAM_SECONDS) if of_team else policy.choice_seconds


def _activity_of(outcome: Outcome, view: RosterView | None) -> Activity | None:
    activity_id = _activity_fields(outcome).get("activity_id")
    return view.activity(activity_id) if view else None


def _reason(outcome: Outcome) -> str | None:
    match outcome:
        case Refused(reason=reason):
            return reason
        case EndAgreed():
            return "agreed"
        case Undone(member=member, stays=stays) if member is not None:
            return "stays" if stays else "member"
        case _:
            return None


def _note(outcome: Outcome, now: Moment) -> str | None:
    if isinstance(outcome, Unlisted):
        return "name_follows"
    if isinstance(outcome, Started | Ended | HandedOver) and not now.synced:
        return "clock_unsynced"
    if isinstance(outcome, Ended | HandedOver) and outcome.late:
        return "late_end"
    return "early" if isinstance(outcome, Started) and outcome.early else None


def _round(done: Round | None) -> Mapping[str, Any] | None:
    if done is None:
        return None
    missing = [{"zh": zh, "en": en} for zh, en in done.missing]
    return {"passed": done.passed, "of": done.of, "missing": missing}


def _mine(verdict: Verdict, view: RosterView, now: Moment, hours: Hours | None) -> Mine | None:
    """The server's sums with what ended here since; a day or a month that is over begins again at nothing."""
    as_of = view.hours_as_of
    if hours is None or as_of is None or verdict.total is None:
        return None
    counted, today = (_date(at, view) for at in (as_of, now.at))

    def since(server: int, part: slice) -> int | None:
        known = server if counted[part] == today[part] else 0
        new = (g.minutes for g in verdict.gained if _date(g.started_at, view)[part] == today[part])
        return known + sum(new) if now.synced else None

    return Mine(
        today=since(hours.today, slice(None)),
        month=since(hours.month, slice(len("2026-12"))),
        total=verdict.total,
        tapped=hours.tapped,
        witnessed=hours.witnessed,
        declared=hours.declared,
        as_of=as_of,
    )


def _date(at: int, view: RosterView) -> str:
    return datetime.fromtimestamp(at / 1000, view.zone).date().isoformat()


def _member(undone: Undone) -> Choice | None:
    if undone.member is None:
        return None
    return Choice(choice=f"team_except:{undone.member}", zh=undone.name, en=undone.name)


def _choice(offer: Offer) -> Choice:
    return Choice(choice=offer.choice, zh=offer.zh, en=offer.en, planned=offer.planned)
