"""What a tap means: pure decisions over the card, the roster, what this kiosk remembers, and the moment.

``decide`` asks in this order, and the first answer stands: is there a roster · did the card hold · is it
listed and alive · may this person serve · is it the same tap again · checkpoint or desk · what the rules of
time make of an open shift · may this person do that activity. README.md draws it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, assert_never

from server.contract.rules import (
    MINUTE,
    OpenShift,
    Plan,
    Policy,
    Step,
    counted_minutes,
    is_late,
    is_repeat,
    plan_at,
    proof_suffices,
    step_at,
)
from server.contract.wire import Action, Kind, Shown, TapEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, as this kiosk knows it."""

    at: int
    uptime_ms: int
    boot_id: str
    synced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCard:
    """What a read turned out to be, once its proof was checked."""

    medium: str
    lookup: str = ""
    card_id: str = ""
    proof: str = "none"
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fault: Shown | None = None
    reason: str | None = None
    genuine: bool = False
    """A key of this community signed it: good even when the list does not know it yet."""
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card as the roster lists it."""

    card_id: str
    volunteer: str
    state: str
    not_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The planned end of a shift that nobody ended: only ever a proposal."""

    shift_id: str
    activity_id: str | None
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A volunteer as the roster lists them: a number and rights, nothing that names a person."""

    number: str
    active: bool = True
    blocked: str | None = None
    trained: frozenset[str] = frozenset()
    leads: tuple[str, ...] = ()
    total: int | None = None
    open: OpenShift | None = None
    passed: frozenset[str] | None = None
    """Sites already passed on the open round; None when the server does not say."""
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one can serve in."""

    activity_id: str
    zh: str
    en: str
    least_proof: str = "uid"
    training: bool = False
    checkpoints: tuple[tuple[str, str, str], ...] = ()
    """Site, Chinese name, English name of each point of a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where this kiosk stands."""

    site_id: str
    role: str = "desk"
    default_activity: str | None = None
    activities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Muster:
    """A team's planned turn that its leader can open for everybody planned."""

    team_id: str
    zh: str
    en: str
    plan: Plan
    members: tuple[str, ...]


class Roster(Protocol):
    """What deciding asks of the roster."""

    @property
    def version(self) -> int:
        """The server's change counter it was made at."""

    @property
    def site(self) -> Site:
        """Where this kiosk stands."""

    def card(self, lookup: str) -> Card | None:
        """A card by its look-up key."""

    def person(self, number: str) -> Person | None:
        """A volunteer by number."""

    def activity(self, activity_id: str | None) -> Activity | None:
        """An activity by id."""

    def plans_of(self, number: str) -> Sequence[Plan]:
        """A person's own plans, from two days back to three ahead."""

    def planned_here(self, at: int) -> frozenset[str]:
        """Activities with a turn at this site at this moment, whoever is planned."""

    def musters_of(self, person: Person) -> Sequence[Muster]:
        """Turns of the teams this person leads."""


class Past(Protocol):
    """An event this kiosk remembers."""

    @property
    def event(self) -> TapEvent:
        """The event as it was stored."""

    @property
    def known_at(self) -> int | None:
        """The roster version from which on the server's roster takes it into account; None before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The tap does nothing; it is journalled all the same, so that staff can restore it."""

    shown: Shown
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A genuine card newer than our list: recorded, the name follows."""

    activity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The same intention again within the debounce time."""

    first_at: int
    activity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How much of a patrol round is done."""

    passed: int
    of: int
    missing: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A checkpoint: proof of having been here, never a start or an end."""

    activity_id: str | None
    round: Round | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A shift begins; with a proposal for the one left open before, if there is one."""

    activity_id: str | None
    by: str
    choose: bool = False
    proposal: Proposal | None = None
    early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A shift ends; ``minutes`` is None when the clocks cannot say."""

    activity_id: str | None
    minutes: int | None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """One shift ends and the person's next planned one begins."""

    activity_id: str | None
    by: str
    minutes: int | None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A touch took back the tap, or left one member out of a team's opening."""

    target: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A touch chose another activity for the tap."""

    activity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAgreed:
    """A touch agreed with the proposed end; a leader still has to confirm it."""

    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamOpened:
    """A leader's touch witnesses the planned members' start."""

    muster: Muster


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamClosed:
    """A leader's touch ends what their team opening opened, and nothing else."""

    opened: str
    activity_id: str | None
    members: tuple[str, ...]


Touch = Undone | Changed | EndAgreed | TeamOpened | TeamClosed
Outcome = Refused | Unlisted | Repeated | Passed | Started | Ended | HandedOver | Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One button under an outcome, and what a touch on it means; None: nothing happens."""

    choice: str
    touch: Touch | None
    zh: str = ""
    en: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome, whom it is about, and what may be touched next."""

    outcome: Outcome
    volunteer: str | None
    card_id: str
    offers: tuple[Offer, ...] = ()
    total: int | None = None


MOST_ACTIVITIES = 3
"""With the undo button that makes four, the most actions a screen may ask an old person to read."""
UNDO = Offer(choice="undo", touch=Undone())
_STARTS = frozenset({Shown.SHIFT_STARTED, Shown.CHOOSE_ACTIVITY, Shown.END_PROPOSED})


@dataclass(frozen=True, slots=True)
class _Held:
    """An open shift as remembered, and how far its start can be compared with now."""

    shift: OpenShift
    witnessed: bool = False
    timed: bool = True


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything about one listed person's tap."""

    card: SeenCard
    person: Person
    roster: Roster
    recent: Sequence[Past]
    policy: Policy
    now: Moment

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
    verdict = _decide_listed(_Scene(card, person, roster, recent, policy, now))
    return replace(verdict, card_id=listed.card_id)


def when(event: TapEvent, now: Moment) -> int:
    """When an event happened: by time since boot within this boot, which no clock change can move."""
    if event.boot_id == now.boot_id:
        return now.at - (now.uptime_ms - event.uptime_ms)
    return event.wall


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
    over = now.synced and listed.not_after is not None and now.at > listed.not_after
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


def _decide_listed(scene: _Scene) -> Verdict:
    own = [past for past in scene.recent if past.event.volunteer == scene.person.number]
    repeat = _repeat(own, scene.policy, scene.now)
    held, gained = recall(scene.person, scene.roster, scene.recent, scene.policy, scene.now)
    total = None if scene.person.total is None else scene.person.total + gained
    if repeat is not None:
        return _verdict(scene, repeat, total=total)
    if scene.site.role == "checkpoint":
        return _verdict(scene, _at_checkpoint(scene, held), total=total)
    if held is not None and _confirms(held, scene.now):
        confirmed = Started(activity_id=held.shift.activity_id, by="planned")
        return _verdict(scene, confirmed, total=total, offers=(UNDO,))
    return _at_desk(scene, held, total)


def _verdict(
    scene: _Scene, outcome: Outcome, *, total: int | None, offers: tuple[Offer, ...] = ()
) -> Verdict:
    return Verdict(outcome=outcome, volunteer=scene.person.number, card_id="", offers=offers, total=total)


def _at_desk(scene: _Scene, held: _Held | None, total: int | None) -> Verdict:
    at = scene.now.at
    match step_at(held.shift if held else None, at, scene.plans, scene.policy):
        case Step.START:
            return _start(scene, total, _unanswered(scene.person.proposal, scene))
        case Step.MISSING_THEN_START:
            assert held is not None
            return _start(
                scene, total, _missing(held.shift, scene) or _unanswered(scene.person.proposal, scene)
            )
        case Step.END:
            assert held is not None
            return _end(scene, held, total)
        case Step.HAND_OVER:
            assert held is not None
            return _hand_over(scene, held, total)
        case step:
            assert_never(step)


def _repeat(own: Sequence[Past], policy: Policy, now: Moment) -> Repeated | None:
    undone = undone_taps(own)
    for past in reversed(own):
        event = past.event
        accepted = event.medium != "touch" and Shown(event.shown).kind is Kind.ACCEPTED
        if accepted and event.event_id not in undone:
            first = when(event, now)
            again = is_repeat(first, now.at, policy)
            return Repeated(first_at=first, activity_id=event.activity_id) if again else None
    return None


def undone_taps(recent: Sequence[Past]) -> frozenset[str | None]:
    """The events that a later touch took back whole."""
    undos = (past.event for past in recent if past.event.action == Action.UNDO)
    return frozenset(event.target for event in undos if not event.members)


def _at_checkpoint(scene: _Scene, held: _Held | None) -> Outcome:
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


def _start(scene: _Scene, total: int | None, proposal: Proposal | None) -> Verdict:
    plan = plan_at(scene.plans, scene.now.at, scene.policy, site_id=scene.site.site_id)
    if plan is not None:
        refusal = _forbidden(scene, plan.activity_id)
        if refusal is not None:
            return _verdict(scene, refusal, total=total)
        early = scene.now.at < plan.start - scene.policy.grace_before * MINUTE
        started = Started(activity_id=plan.activity_id, by="planned", proposal=proposal, early=early)
        return _verdict(scene, started, total=total, offers=_offers(scene, proposal, ()))
    wanted = _by_default(scene.site)
    allowed = [activity_id for activity_id in wanted if _forbidden(scene, activity_id) is None]
    if wanted and not allowed:
        refusal = _forbidden(scene, wanted[0])
        assert refusal is not None
        return _verdict(scene, refusal, total=total)
    choose = proposal is None and len(allowed) > 1
    default = allowed[0] if allowed else None
    started = Started(activity_id=default, by="default", choose=choose, proposal=proposal)
    offers = _offers(scene, proposal, allowed if choose else ())
    return _verdict(scene, started, total=total, offers=offers)


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
    here = scene.roster.planned_here(scene.now.at)
    for activity_id in sorted(activities, key=lambda each: each not in here)[:MOST_ACTIVITIES]:
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
            touch = TeamOpened(muster=replace(muster, members=others))
            yield Offer(choice=f"team_open:{muster.plan.plan_id}", touch=touch, zh=muster.zh, en=muster.en)


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


def _end(scene: _Scene, held: _Held, total: int | None) -> Verdict:
    activity = scene.roster.activity(held.shift.activity_id)
    if activity is not None and not proof_suffices(scene.card.proof, activity.least_proof):
        return _verdict(scene, Refused(shown=Shown.PROOF_TOO_WEAK), total=total)
    minutes = _minutes(held, scene.now.at, scene.now, scene.policy)
    ended = Ended(
        activity_id=held.shift.activity_id,
        minutes=minutes,
        late=is_late(held.shift, scene.now.at, scene.policy),
    )
    offers = (*_close_offers(scene), UNDO)
    return _verdict(scene, ended, total=_sum(total, minutes), offers=offers)


def _hand_over(scene: _Scene, held: _Held, total: int | None) -> Verdict:
    others = [plan for plan in scene.plans if plan != held.shift.plan and plan.start > held.shift.started_at]
    plan = plan_at(others, scene.now.at, scene.policy, site_id=scene.site.site_id)
    activity_id = plan.activity_id if plan else scene.site.default_activity
    refusal = _forbidden(scene, activity_id)
    if refusal is not None:
        return _verdict(scene, refusal, total=total)
    minutes = _minutes(held, scene.now.at, scene.now, scene.policy)
    handed = HandedOver(
        activity_id=activity_id,
        by="planned" if plan else "default",
        minutes=minutes,
        late=is_late(held.shift, scene.now.at, scene.policy),
    )
    return _verdict(scene, handed, total=_sum(total, minutes), offers=_offers(scene, None, ()))


def _sum(total: int | None, minutes: int | None) -> int | None:
    return None if total is None else total + (minutes or 0)


def _minutes(held: _Held, ended_at: int, now: Moment, policy: Policy) -> int | None:
    if not held.timed:
        return None
    return counted_minutes(held.shift.started_at, ended_at, held.shift.plan, policy)


def _close_offers(scene: _Scene) -> Iterator[Offer]:
    undone = undone_taps(scene.recent)
    closed = {past.event.target for past in scene.recent if past.event.action == Action.TEAM_CLOSE}
    for past in scene.recent:
        event = past.event
        opened = event.action == Action.TEAM_OPEN and event.volunteer == scene.person.number
        if opened and event.event_id not in undone | closed:
            left_out = _left_out(scene.recent, event.event_id)
            members = tuple(number for number in event.members if number not in left_out)
            touch = TeamClosed(opened=event.event_id, activity_id=event.activity_id, members=members)
            yield Offer(choice=f"team_close:{event.event_id}", touch=touch)


def _left_out(recent: Sequence[Past], opened: str) -> frozenset[str]:
    undos = (p.event for p in recent if p.event.action == Action.UNDO and p.event.target == opened)
    return frozenset(number for event in undos for number in event.members)


def after_touch(touch: Touch, event_id: str) -> tuple[Offer, ...]:
    """What may still be touched once a touch is journalled as ``event_id``."""
    match touch:
        case Changed():
            return (UNDO,)
        case TeamOpened(muster=muster):
            left_out = (
                Offer(choice=f"team_except:{number}", touch=Undone(target=event_id, member=number))
                for number in muster.members
            )
            return (*left_out, Offer(choice="undo", touch=Undone(target=event_id)))
        case Undone() | EndAgreed() | TeamClosed():
            return ()
        case _:
            assert_never(touch)


def recall(
    person: Person, roster: Roster, recent: Sequence[Past], policy: Policy, now: Moment
) -> tuple[_Held | None, int]:
    """A person's open shift and the minutes gained since the roster: its last word, then our later taps.

    A touch that takes back or changes a tap the roster already counts makes the roster's word on the open
    shift stale; then this kiosk's own memory is told again from its beginning.
    """
    known = {past.event.event_id for past in recent if _is_known(past, roster)}
    stale = any(
        p.event.target in known for p in recent if p.event.event_id not in known and _corrects(p.event)
    )
    held = None if stale or person.open is None else _Held(person.open, timed=now.synced)
    gained = 0
    for event in _told(person.number, recent, now):
        if event.event_id in known and not stale:
            continue
        before, held = held, _replay(person.number, held, event, (roster, policy, now))
        closed = before is not None and (held is None or held.shift.shift_id != before.shift.shift_id)
        ends = event.shown in (Shown.SHIFT_ENDED, Shown.HANDED_OVER, Shown.TEAM_CLOSED)
        if before is not None and closed and ends and event.event_id not in known:
            gained += _minutes(before, when(event, now), now, policy) or 0
    return held, gained


def _is_known(past: Past, roster: Roster) -> bool:
    return past.known_at is not None and past.known_at <= roster.version


def _corrects(event: TapEvent) -> bool:
    return event.action in (Action.UNDO, Action.CHANGE)


def _told(number: str, recent: Sequence[Past], now: Moment) -> Iterator[TapEvent]:
    """The events that move this person's shift, with what later touches made of them."""
    undone = undone_taps(recent)
    chosen = {p.event.target: p.event.activity_id for p in recent if p.event.action == Action.CHANGE}
    for past in recent:
        event = past.event
        if event.event_id in undone or _corrects(event):
            continue
        if event.action in (Action.TEAM_OPEN, Action.TEAM_CLOSE):
            if number in event.members and number not in _left_out(recent, event.event_id):
                yield event
        elif event.volunteer == number and event.medium != "touch":
            activity_id = chosen.get(event.event_id, event.activity_id)
            yield replace(event, activity_id=activity_id)


def _replay(
    number: str, held: _Held | None, event: TapEvent, world: tuple[Roster, Policy, Moment]
) -> _Held | None:
    if event.action == Action.TEAM_CLOSE:
        return None if held is not None and held.shift.shift_id == event.target else held
    if event.action == Action.TEAM_OPEN:
        return held or replace(_held_from(number, event, world), witnessed=True)
    if event.shown == Shown.SHIFT_ENDED:
        return None
    if event.shown in _STARTS and held is not None and held.witnessed:
        return replace(held, witnessed=False)
    if event.shown in _STARTS or event.shown == Shown.HANDED_OVER:
        return _held_from(number, event, world)
    return held


def _held_from(number: str, event: TapEvent, world: tuple[Roster, Policy, Moment]) -> _Held:
    roster, policy, now = world
    at = when(event, now)
    plan = plan_at(roster.plans_of(number), at, policy, site_id=roster.site.site_id)
    own = plan if plan is not None and plan.activity_id == event.activity_id else None
    shift = OpenShift(shift_id=event.event_id, activity_id=event.activity_id, started_at=at, plan=own)
    timed = event.boot_id == now.boot_id or (event.clock == "synced" and now.synced)
    return _Held(shift, timed=timed)


def _confirms(held: _Held, now: Moment) -> bool:
    """A member's own first tap before half the plan confirms the start their leader witnessed."""
    plan = held.shift.plan
    return held.witnessed and plan is not None and now.at < (plan.start + plan.end) // 2


def shown_of(outcome: Outcome) -> Shown:
    """The word of the closed list that the screen shows and the journal keeps."""
    match outcome:
        case Refused(shown=shown):
            return shown
        case Started(choose=choose, proposal=proposal):
            plain = Shown.CHOOSE_ACTIVITY if choose else Shown.SHIFT_STARTED
            return plain if proposal is None else Shown.END_PROPOSED
        case _:
            return _SHOWN[type(outcome)]


_SHOWN: dict[type, Shown] = {
    Unlisted: Shown.ACCEPTED_UNLISTED,
    Repeated: Shown.ALREADY_DONE,
    Passed: Shown.CHECKPOINT_PASSED,
    Ended: Shown.SHIFT_ENDED,
    HandedOver: Shown.HANDED_OVER,
    Undone: Shown.UNDONE,
    Changed: Shown.ACTIVITY_CHANGED,
    EndAgreed: Shown.END_PROPOSED,
    TeamOpened: Shown.TEAM_OPENED,
    TeamClosed: Shown.TEAM_CLOSED,
}
