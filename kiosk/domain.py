"""What a tap means: pure decisions over the card, the roster, what this kiosk remembers, and the moment.

``decide`` asks in this order, and the first answer stands: is there a roster · did the card hold · is it
listed and alive · may this person serve · is it the same tap again · checkpoint or desk · what the rules of
time make of an open shift · may this person do that activity. README.md draws it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, assert_never, assert_type

from kiosk.memory import Held, left_out, minutes_of, recall, undone_taps, when
from kiosk.outcomes import (
    Activity,
    Card,
    Changed,
    EndAgreed,
    Ended,
    Gain,
    HandedOver,
    Moment,
    Offer,
    Outcome,
    Passed,
    Past,
    Person,
    Proposal,
    Refused,
    Repeated,
    Roster,
    Round,
    SeenCard,
    Site,
    Started,
    TeamClosed,
    TeamOpened,
    Touch,
    Undone,
    Unlisted,
    Verdict,
)
from server.contract.rules import (
    MINUTE,
    OpenShift,
    Plan,
    Policy,
    Step,
    confirms_start,
    is_late,
    is_repeat,
    next_plan_at,
    plan_at,
    proof_suffices,
    step_at,
)
from server.contract.wire import Action, Kind, Shown

UNDO = Offer(choice="undo", touch=Undone())


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything about one listed person's tap."""

    card: SeenCard
    person: Person
    roster: Roster
    recent: Sequence[Past]
    policy: Policy
    now: Moment
    card_id: str
    """As the roster lists it."""
    gained: tuple[Gain, ...]

    @property
    def plans(self) -> Sequence[Plan]:
        return self.roster.plans_of(self.person.number)

    @property
    def site(self) -> Site:
        return self.roster.site


def decide(
    card: SeenCard, roster: Roster | None, recent: Sequence[Past], policy: Policy, now: Moment
) -> Verdict:
    """What one presentation of a card means at this moment."""
    if roster is None:
        return Verdict(outcome=Refused(shown=Shown.ROSTER_MISSING), volunteer=None, card_id=card.card_id)
    if card.fault is not None:
        refused = Refused(shown=card.fault, reason=card.reason)
        return Verdict(outcome=refused, volunteer=None, card_id=card.card_id)
    listed = roster.card(card.lookup)
    if listed is None:
        outcome = _decide_unlisted(card, roster, recent, policy, now)
        return Verdict(outcome=outcome, volunteer=None, card_id=card.card_id or card.lookup)
    person = roster.person(listed.volunteer)
    refusal = _card_refusal(listed, now) or _person_refusal(person)
    if refusal is not None:
        return Verdict(outcome=refusal, volunteer=listed.volunteer, card_id=listed.card_id)
    assert person is not None  # a person who is not listed was refused
    held, gained = recall(person, roster, recent, policy, now)
    return _decide_listed(_Scene(card, person, roster, recent, policy, now, listed.card_id, gained), held)


def _decide_unlisted(
    card: SeenCard, roster: Roster, recent: Sequence[Past], policy: Policy, now: Moment
) -> Outcome:
    if not card.genuine:
        return Refused(shown=Shown.CARD_UNKNOWN)
    repeat = _repeat(recent, policy, now)
    if repeat is not None:
        return repeat
    activity = roster.activity(roster.site.default_activity)
    if activity is not None and not proof_suffices(card.proof, activity.least_proof):
        return Refused(shown=Shown.PROOF_TOO_WEAK)
    return Unlisted(activity_id=activity.activity_id if activity else None)


def _card_refusal(listed: Card, now: Moment) -> Refused | None:
    if listed.state == "lost":
        return Refused(shown=Shown.CARD_LOST)
    if listed.state == "replaced":
        return Refused(shown=Shown.CARD_LOST, reason="card_replaced")
    over = now.synced and listed.not_after is not None and now.at >= listed.not_after
    if listed.state == "expired" or over:
        return Refused(shown=Shown.CARD_EXPIRED)
    return None


def _person_refusal(person: Person | None) -> Refused | None:
    if person is None:
        return Refused(shown=Shown.VOLUNTEER_INACTIVE, reason="volunteer_unlisted")
    if person.blocked == "guardian_consent_missing":
        return Refused(shown=Shown.GUARDIAN_CONSENT_MISSING)
    if not person.active or person.blocked is not None:
        return Refused(shown=Shown.VOLUNTEER_INACTIVE, reason=person.blocked)
    return None


def _decide_listed(scene: _Scene, held: Held | None) -> Verdict:
    own = [past for past in scene.recent if past.event.volunteer == scene.person.number]
    repeat = _repeat(own, scene.policy, scene.now)
    if repeat is not None:
        return _verdict(scene, repeat)
    if scene.site.role == "checkpoint":
        return _verdict(scene, _at_checkpoint(scene, held))
    if held is not None and held.witnessed and confirms_start(held.shift.plan, scene.now.at):
        confirmed = Started(activity_id=held.shift.activity_id, by="planned")
        return _verdict(scene, confirmed, offers=(UNDO,))
    return _at_desk(scene, held)


def _verdict(
    scene: _Scene, outcome: Outcome, *, ended: Gain | None = None, offers: tuple[Offer, ...] = ()
) -> Verdict:
    """``ended`` is the shift that this tap itself ends."""
    gained = scene.gained if ended is None else (*scene.gained, ended)
    known = scene.person.total
    return Verdict(
        outcome=outcome,
        volunteer=scene.person.number,
        card_id=scene.card_id,
        offers=offers,
        total=None if known is None else known + sum(gain.minutes for gain in gained),
        gained=gained,
    )


def _at_desk(scene: _Scene, held: Held | None) -> Verdict:
    step = step_at(held.shift if held else None, scene.now.at, scene.plans, scene.policy)
    if held is None or step is Step.START:
        return _start(scene, _unanswered(scene.person.proposal, scene))
    if step is Step.END:
        return _end(scene, held)
    if step is Step.HAND_OVER:
        return _hand_over(scene, held)
    assert_type(step, Literal[Step.MISSING_THEN_START])  # a fifth step would have to be decided here
    return _start(scene, _missing(held.shift, scene) or _unanswered(scene.person.proposal, scene))


def _repeat(own: Sequence[Past], policy: Policy, now: Moment) -> Repeated | None:
    undone = undone_taps(own)
    for past in reversed(own):
        event = past.event
        accepted = event.medium != "touch" and Shown(event.shown).kind is Kind.ACCEPTED
        if accepted and event.event_id not in undone:
            first = when(event, now)
            ahead = event.boot_id == now.boot_id and first > now.at  # the clock was trimmed back in between
            again = ahead or is_repeat(first, now.at, policy)
            return Repeated(first_at=first, activity_id=event.activity_id) if again else None
    return None


def _at_checkpoint(scene: _Scene, held: Held | None) -> Outcome:
    plan = plan_at(scene.plans, scene.now.at, scene.policy, site_id=scene.site.site_id)
    planned = plan.activity_id if plan else scene.site.default_activity
    activity_id = held.shift.activity_id if held else planned
    activity = scene.roster.activity(activity_id)
    if activity is None:
        return Passed(activity_id=activity_id)
    if not proof_suffices(scene.card.proof, activity.least_proof):
        return Refused(shown=Shown.PROOF_TOO_WEAK)
    return Passed(activity_id=activity_id, round=_round(scene, activity))


def _round(scene: _Scene, activity: Activity) -> Round | None:
    if scene.person.passed is None or not activity.checkpoints:
        return None
    passed = scene.person.passed | {scene.site.site_id}
    missing = tuple((zh, en) for site, zh, en in activity.checkpoints if site not in passed)
    of = len(activity.checkpoints)
    return Round(passed=of - len(missing), of=of, missing=missing)


def _start(scene: _Scene, proposal: Proposal | None) -> Verdict:
    plan = plan_at(scene.plans, scene.now.at, scene.policy, site_id=scene.site.site_id)
    if plan is not None:
        refusal = _forbidden(scene, plan.activity_id)
        if refusal is not None:
            return _verdict(scene, refusal)
        early = scene.now.at < plan.start - scene.policy.grace_before * MINUTE
        started = Started(activity_id=plan.activity_id, by="planned", proposal=proposal, early=early)
        return _verdict(scene, started, offers=_offers(scene, proposal, ()))
    wanted = _by_default(scene.site)
    allowed = [activity_id for activity_id in wanted if _forbidden(scene, activity_id) is None]
    if wanted and not allowed:
        refusal = _forbidden(scene, wanted[0])
        assert refusal is not None
        return _verdict(scene, refusal)
    choose = proposal is None and len(allowed) > 1
    default = allowed[0] if allowed else None
    started = Started(activity_id=default, by="default", choose=choose, proposal=proposal)
    offers = _offers(scene, proposal, allowed if choose else ())
    return _verdict(scene, started, offers=offers)


def _by_default(site: Site) -> list[str]:
    first = [site.default_activity] if site.default_activity is not None else []
    return first + [activity_id for activity_id in site.activities if activity_id not in first]


def _forbidden(scene: _Scene, activity_id: str | None) -> Refused | None:
    activity = scene.roster.activity(activity_id)
    if activity is None:
        return None
    if activity.training and activity.activity_id not in scene.person.trained:
        return Refused(shown=Shown.TRAINING_MISSING)
    if not proof_suffices(scene.card.proof, activity.least_proof):
        return Refused(shown=Shown.PROOF_TOO_WEAK)
    return None


def _offers(scene: _Scene, proposal: Proposal | None, activities: Sequence[str]) -> tuple[Offer, ...]:
    if proposal is not None:
        agreed = Offer(choice="end_yes", touch=EndAgreed(proposal=proposal))
        return (agreed, Offer(choice="end_no", touch=None), UNDO)
    return (*_activity_offers(scene, activities), *_muster_offers(scene), UNDO)


def _activity_offers(scene: _Scene, activities: Sequence[str]) -> Iterator[Offer]:
    here = scene.roster.planned_here(scene.now.at) if activities else frozenset()
    for activity_id in sorted(activities, key=lambda each: each not in here):
        activity = scene.roster.activity(activity_id)
        if activity is not None:
            yield Offer(
                choice=f"activity:{activity_id}",
                touch=Changed(activity_id=activity_id),
                zh=activity.zh,
                en=activity.en,
                planned=activity_id in here,
            )


def _muster_offers(scene: _Scene) -> Iterator[Offer]:
    for muster in scene.roster.musters_of(scene.person):
        now_on = plan_at([muster.plan], scene.now.at, scene.policy) is not None
        others = tuple(number for number in muster.members if number != scene.person.number)
        if now_on and others and not _is_opened(scene, muster.plan):
            here = frozenset(number for number in others if _is_here(scene, number))
            touch = TeamOpened(muster=replace(muster, members=others), names=scene.card.members, here=here)
            yield Offer(choice=f"team_open:{muster.plan.plan_id}", touch=touch, zh=muster.zh, en=muster.en)


def _is_here(scene: _Scene, number: str) -> bool:
    """Whether a member's own taps say that they serve now."""
    person = scene.roster.person(number)
    if person is None:
        return False
    held, _ = recall(person, scene.roster, scene.recent, scene.policy, scene.now)
    if held is None or held.witnessed:
        return False
    step = step_at(held.shift, scene.now.at, scene.roster.plans_of(number), scene.policy)
    return step is not Step.MISSING_THEN_START


def _is_opened(scene: _Scene, plan: Plan) -> bool:
    undone = undone_taps(scene.recent)
    return any(
        past.event.action == Action.TEAM_OPEN
        and past.event.event_id not in undone
        and past.event.activity_id == plan.activity_id
        and plan_at([plan], when(past.event, scene.now), scene.policy) is not None
        for past in scene.recent
    )


def _missing(shift: OpenShift, scene: _Scene) -> Proposal | None:
    if shift.plan is None:
        return None
    proposal = Proposal(shift_id=shift.shift_id, activity_id=shift.activity_id, end=shift.plan.end)
    return _unanswered(proposal, scene)


def _unanswered(proposal: Proposal | None, scene: _Scene) -> Proposal | None:
    answered = {past.event.target for past in scene.recent if past.event.action == Action.END}
    return None if proposal is None or proposal.shift_id in answered else proposal


def _end(scene: _Scene, held: Held) -> Verdict:
    activity = scene.roster.activity(held.shift.activity_id)
    if activity is not None and not proof_suffices(scene.card.proof, activity.least_proof):
        return _verdict(scene, Refused(shown=Shown.PROOF_TOO_WEAK))
    minutes = minutes_of(held, scene.now.at, scene.policy)
    ended = Ended(
        activity_id=held.shift.activity_id,
        minutes=minutes,
        late=is_late(held.shift, scene.now.at, scene.policy),
    )
    offers = (*_close_offers(scene), UNDO)
    return _verdict(scene, ended, ended=_gain(held, minutes), offers=offers)


def _hand_over(scene: _Scene, held: Held) -> Verdict:
    site_id = scene.site.site_id
    plan = next_plan_at(held.shift, scene.now.at, scene.plans, scene.policy, site_id=site_id)
    activity_id = plan.activity_id if plan else scene.site.default_activity
    refusal = _forbidden(scene, activity_id)
    if refusal is not None:
        return _verdict(scene, refusal)
    minutes = minutes_of(held, scene.now.at, scene.policy)
    handed = HandedOver(
        activity_id=activity_id,
        by="planned" if plan else "default",
        minutes=minutes,
        late=is_late(held.shift, scene.now.at, scene.policy),
    )
    return _verdict(scene, handed, ended=_gain(held, minutes), offers=_offers(scene, None, ()))


def _gain(held: Held, minutes: int | None) -> Gain:
    return Gain(held.shift.started_at, minutes or 0)


def _close_offers(scene: _Scene) -> Iterator[Offer]:
    undone = undone_taps(scene.recent)
    closings = (past.event for past in scene.recent if past.event.action == Action.TEAM_CLOSE)
    closed = {event.target for event in closings if event.event_id not in undone}
    for past in scene.recent:
        event = past.event
        opened = event.action == Action.TEAM_OPEN and event.volunteer == scene.person.number
        if opened and event.event_id not in undone | closed:
            excepted = left_out(scene.recent, event.event_id)
            members = tuple(number for number in event.members if number not in excepted)
            touch = TeamClosed(
                opened=event.event_id,
                activity_id=event.activity_id,
                members=members,
                names=scene.card.members,
            )
            yield Offer(choice=f"team_close:{event.event_id}", touch=touch)


def after_touch(touch: Touch, event_id: str, others: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """What may still be touched once a touch is journalled as ``event_id``; ``others`` stood beside it."""
    match touch:
        case Changed():
            return (UNDO,)
        case TeamOpened(muster=muster, names=names, here=here):
            absent = [number for number in muster.members if number not in here]
            excepted = Undone(target=event_id)
            return (*_except_offers(excepted, absent, names), Offer(choice="undo", touch=excepted))
        case TeamClosed(members=members, names=names):
            excepted = Undone(target=event_id, stays=True)
            undo = Offer(choice="undo", touch=Undone(target=event_id))
            return (*_except_offers(excepted, members, names), undo)
        case Undone(member=member) if member is not None:
            return others
        case Undone() | EndAgreed():
            return ()
        case _:
            assert_never(touch)


def _except_offers(touch: Undone, members: Sequence[str], names: Mapping[str, str]) -> Iterator[Offer]:
    """One button a member; the name only as it was locked for this leader's card."""
    for number in members:
        name = names.get(number, "")
        excepted = replace(touch, member=number, name=name)
        yield Offer(choice=f"team_except:{number}", touch=excepted, zh=name, en=name)
