"""What the office does in a history: plans, cards, decisions, orders, books; False where nothing was to do.

``plan`` a: start, b: length, c: members · ``plan_edit lose new_card decide set_aside restore_tap void excess
spend close_month settle`` a, b, c: which, how.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.domain.calendar import day_of
from server.domain.facts import DecisionKind
from server.errors import ServerError
from server.services.books import close_period, spend_points, take_back
from server.services.cards import register_static, set_state
from server.services.community import PlanSpec, set_plans
from server.services.decisions import Ruling, decide
from server.services.settling import settle
from tests.support.sim_server import BEGIN, SimCard
from tests.support.sim_story import Action
from tests.support.sim_told import Told

STAFF, OTHER_STAFF = "staff", "other staff"


def _plan(told: Told, action: Action) -> None:
    start = BEGIN + action.a * MINUTE
    members = tuple(f"M{n + 1:04}" for n in range(len(told.cards)) if action.c >> n & 1)
    number = len({spec.plan_id for _, spec in told.plans})
    spec = PlanSpec(
        plan_id=f"p{number}",
        activity_id=("hut", "patrol", "duty", "rehearsal")[(action.c + action.b) % 4],
        site_id=("hut", "hub")[action.c % 2],
        start=start,
        end=start + action.b * MINUTE,
        members=members,
        team_id="t1",
    )
    _set_plan(told, spec)


def _plan_edit(told: Told, action: Action) -> bool:
    """An edit after the fact, or of a turn still far away; or a later end while people serve."""
    current = {spec.plan_id: spec for _, spec in told.plans}
    now = told.time.now
    if not current:
        return False
    old = sorted(current.values(), key=lambda spec: spec.plan_id)[action.a % len(current)]
    if old.start - 3 * HOUR <= now < old.start or old.end < now <= old.end + 6 * HOUR:
        return False
    if now < old.start and action.b % 3 == 0:
        _set_plan(told, replace(old, cancelled=True))
    elif now < old.start or old.end < now:
        shift = (action.c % 240 - 120) * MINUTE
        _set_plan(told, replace(old, start=old.start + shift, end=old.end + shift + HOUR))
    else:
        later = [s.start for s in current.values() if s.start >= old.end]
        if min(later, default=now + 24 * HOUR) <= old.end + HOUR:
            return False
        _set_plan(told, replace(old, end=old.end + action.c % 60 * MINUTE))
    return True


def _set_plan(told: Told, spec: PlanSpec) -> None:
    told.server.do(set_plans, [spec])
    told.plans.append((told.time.now, spec))


def _lose(told: Told, action: Action) -> bool:
    """A lost card, as of some hours ago; perhaps replaced at once."""
    person = action.a % len(told.cards)
    card = told.cards[person][-1]
    since = told.time.now - action.b % 5 * HOUR
    if card.card_id in told.lost or told.sealed:
        return False
    told.server.do(set_state, card.card_id, "lost", since=since)
    told.lost[card.card_id] = since
    if action.c % 2:
        _new_card(told, action)
    return True


def _new_card(told: Told, action: Action) -> bool:
    """A new printed card, which offline kiosks have not heard of; the old one is replaced."""
    if told.sealed:
        return False
    person = action.a % len(told.cards)
    for old in told.cards[person]:
        told.lost.setdefault(old.card_id, told.time.now)
    made = told.server.do(register_static, f"M{person + 1:04}")
    told.cards[person].append(SimCard(made.card_id, f"M{person + 1:04}", made.credential))
    return True


def _decide(told: Told, action: Action) -> bool:
    waiting = told.server.rows("shifts", "shift_id", state=["end_missing"])
    if not waiting:
        return False
    shift = waiting[action.a % len(waiting)]
    if action.b % 5 == 0:
        ruling = Ruling(kind=DecisionKind.DENY_END, shift_id=shift["shift_id"], reason="nobody saw it")
    else:
        proposed = shift["proposed_end"] or shift["started_at"] + 2 * HOUR
        at = max(shift["started_at"] + MINUTE, proposed - action.c % 90 * MINUTE)
        ruling = Ruling(kind=DecisionKind.CONFIRM_END, shift_id=shift["shift_id"], at=at, reason="seen")
    return _rule(told, ruling)


def _rule(told: Told, ruling: Ruling) -> bool:
    try:
        told.server.do(decide, ruling, by=STAFF)
    except ServerError as error:  # such as: there is nothing to decide any more
        told.trouble.append(str(error))
        return False
    return True


def _about_tap(kind: DecisionKind, told: Told, action: Action) -> bool:
    standing = "good" if kind is DecisionKind.SET_ASIDE_TAP else ["quarantined", "contradicted"]
    rows = told.server.rows("events", "event_id", standing=standing, medium=["nfc", "qr"])
    if not rows:
        return False
    event = rows[action.a % len(rows)]
    return _rule(told, Ruling(kind=kind, event_id=event["event_id"], reason="as the leader saw"))


def _void(told: Told, action: Action) -> bool:
    rows = told.server.rows("shifts", "shift_id")
    if not rows:
        return False
    shift_id = rows[action.a % len(rows)]["shift_id"]
    return _rule(told, Ruling(kind=DecisionKind.VOID_SHIFT, shift_id=shift_id, reason="was not there"))


def _excess(told: Told, action: Action) -> bool:
    volunteer, day = f"M{action.a % len(told.cards) + 1:04}", day_of(told.time.now)
    ruling = Ruling(kind=DecisionKind.APPROVE_EXCESS, volunteer=volunteer, day=day, reason="a long day")
    return _rule(told, ruling)


def _spend(told: Told, action: Action) -> bool:
    """Somebody redeems points; perhaps another member of staff takes it back."""
    volunteer, subject = f"M{action.a % len(told.cards) + 1:04}", f"order-{len(told.trouble)}-{action.at}"
    try:
        told.server.do(spend_points, volunteer, points=1 + action.b % 2, subject=subject, reason="tea")
    except ServerError as error:
        told.trouble.append(str(error))
        return False
    if action.c % 2:
        [spent] = told.server.rows("ledger_transactions", subject=subject)
        revision = spent["revision"]
        told.server.do(take_back, subject, revision=revision, reason="no tea", by=OTHER_STAFF)
    return True


def _close_month(told: Told, _: Action) -> None:
    told.server.do(close_period, day_of(told.time.now)[:7])


def settled(told: Told, _: Action | None = None) -> None:
    """The nightly work; it also seals checkpoint taps that a wrong clock has dated 90 days back."""
    said = {row["event_id"]: (row["salt"], row["body"]) for row in told.server.tables("events")["events"]}
    told.server.do(settle, by="system")
    rows = told.server.tables("events")["events"]
    gone = [row["event_id"] for row in rows if row["body"] is None]
    told.sealed = {event_id: said[event_id] for event_id in gone} | told.sealed


OFFICE: dict[str, Any] = {
    "plan": _plan,
    "plan_edit": _plan_edit,
    "lose": _lose,
    "new_card": _new_card,
    "decide": _decide,
    "set_aside": partial(_about_tap, DecisionKind.SET_ASIDE_TAP),
    "restore_tap": partial(_about_tap, DecisionKind.RESTORE_TAP),
    "void": _void,
    "excess": _excess,
    "spend": _spend,
    "close_month": _close_month,
    "settle": settled,
}
"""Kind of action -> who does it."""
