"""Telling a history: its actions on real machines and the real server, then the network heals.

``tap`` a: person, b: machine, c: touch (0 none) · ``crash_tap`` the process dies between disk and light ·
``sync`` a: machine, b: which request, text: fault · ``copies`` late copies of requests arrive · ``reboot`` b:
minutes without power · ``restart`` · ``snapshot`` / ``restore`` (b: whole card's image or copied files) ·
``clone`` a copied card runs in a second machine · ``revoke`` · ``plan`` a: start, b: length, c: members ·
``plan_edit`` ``lose`` ``new_card`` ``decide`` ``settle`` ``set_aside`` ``restore_tap`` ``void`` ``excess``.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.domain.calendar import day_of
from server.domain.facts import DecisionKind
from server.errors import ServerError
from server.services.cards import register_static, set_state
from server.services.community import PlanSpec, set_plans
from server.services.decisions import Ruling, decide
from server.services.kiosks import revoke_kiosk
from server.services.settling import settle
from tests.support.sim_machine import SimMachine, SimTime
from tests.support.sim_server import BEGIN, SITES, SimCard, SimServer
from tests.support.sim_story import Action, Story

MEMORY = Path("/dev/shm")
STAFF = "staff"
PASSES = 12


@dataclass
class Told:
    """A history as far as it was told, with everything the simulator alone knows."""

    story: Story
    server: SimServer
    time: SimTime
    machines: list[SimMachine]
    folder: Path
    cards: list[list[SimCard]]
    """By person, the newest last."""
    lost: dict[str, int] = field(default_factory=dict)
    """Card -> since when it was called lost or replaced."""
    plans: list[tuple[int, PlanSpec]] = field(default_factory=list)
    """(recorded at = holds from, version), in order."""
    destroyed: set[str] = field(default_factory=set)
    """Events that were on a memory card only when that card was overwritten."""
    doubted: set[str] = field(default_factory=set)
    """Kiosks whose card was copied, or that were revoked."""
    revoked: dict[str, int] = field(default_factory=dict)
    """Kiosk -> when it was revoked."""
    trouble: list[str] = field(default_factory=list)
    priors: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Journal -> what came before it, as the server heard it at the end."""

    @property
    def true_times(self) -> dict[str, int]:
        """When each event really happened."""
        return {event: at for machine in self.machines for event, at in machine.true_times.items()}

    @property
    def greens(self) -> set[str]:
        """Everything that was shown green."""
        return {event for machine in self.machines for event in machine.greens}


@contextmanager
def told(story: Story, server: SimServer) -> Iterator[Told]:
    """The history, told to its end; its machines are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="yika-sim-", dir=MEMORY if MEMORY.is_dir() else None))
    history = None
    try:
        history = _begin(story, server, folder)
        for action in story.actions:
            history.time.reach(action.at)
            server.runtime.now = history.time.now
            _ACTIONS[action.kind](history, action)
        _heal(history)
        yield history
    finally:
        for machine in history.machines if history else ():
            machine.stop()
        shutil.rmtree(folder)


def _begin(story: Story, server: SimServer, folder: Path) -> Told:
    server.reset(story.seed)
    time = SimTime(BEGIN)
    machines = [
        SimMachine(site, folder / site, site=site, server=server, time=time, habit=habit, seed=story.seed)
        for site, habit in zip(SITES, story.habits, strict=True)
    ]
    return Told(story, server, time, machines, folder, [[card] for card in server.first_cards])


def _heal(told: Told) -> None:
    """The network is whole: everything goes out, then the night's work is done."""
    told.time.now += told.story.healed_after
    for _ in range(PASSES):
        for machine in told.machines:
            machine.sync()
            told.time.now += 3000
        if not any(machine.journal.pending for machine in told.machines):
            break
    told.server.runtime.now = told.time.now
    told.server.do(settle, by="system")
    journals = told.server.rows("journals")
    told.priors = {row["journal_id"]: (row["prior_journal"], row["prior_head"]) for row in journals}


def _machine(told: Told, number: int) -> SimMachine:
    return told.machines[number % len(told.machines)]


def _tap(told: Told, action: Action) -> None:
    cards = told.cards[action.a % len(told.cards)]
    card = cards[-1] if action.c % 7 else cards[0]
    touch = action.c - 1 if action.c else None
    _machine(told, action.b).tap(card, touch=touch, dies=action.kind == "crash_tap")


def _sync(told: Told, action: Action) -> None:
    _machine(told, action.a).sync(action.text or "none", action.b)


def _copies(told: Told, action: Action) -> None:
    _machine(told, action.a).wire.deliver_copies()


def _reboot(told: Told, action: Action) -> None:
    _machine(told, action.a).reboot(action.b * MINUTE)


def _restart(told: Told, action: Action) -> None:
    _machine(told, action.a).restart()


def _snapshot(told: Told, action: Action) -> None:
    _machine(told, action.a).snapshot()


def _restore(told: Told, action: Action) -> None:
    machine = _machine(told, action.a)
    if machine.shots:
        gone = machine.restore(same_place=bool(action.b))
        told.destroyed |= gone - _stored(told)
        told.doubted.add(machine.site)


def _clone(told: Told, action: Action) -> None:
    """The card's copy runs in another machine, beside the first."""
    first = _machine(told, action.a)
    name = f"{first.site}-copy{len(told.machines)}"
    first.stop()
    second = SimMachine(
        name, told.folder / name, site=first.site, server=told.server, time=told.time, habit=first.habit,
        seed=told.story.seed,
    )  # fmt: skip
    second.stop()
    shutil.rmtree(second.folder)
    shutil.copytree(first.folder, second.folder)
    first.start()
    second.start()
    told.machines.append(second)
    told.doubted.add(first.site)


def _revoke(told: Told, action: Action) -> None:
    site = SITES[action.a]
    kiosk_id = told.server.enrolments[site].kiosk_id
    told.server.do(revoke_kiosk, kiosk_id)
    told.revoked.setdefault(kiosk_id, told.time.now)
    told.doubted.add(site)


def _stored(told: Told) -> set[str]:
    return {row["event_id"] for row in told.server.rows("events")}


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


def _plan_edit(told: Told, action: Action) -> None:
    """An edit after the fact, or of a turn still far away; or a later end while people serve."""
    current = {spec.plan_id: spec for _, spec in told.plans}
    now = told.time.now
    if not current:
        return
    old = sorted(current.values(), key=lambda spec: spec.plan_id)[action.a % len(current)]
    if old.start - 3 * HOUR <= now < old.start or old.end < now <= old.end + 6 * HOUR:
        return
    if now < old.start and action.b % 3 == 0:
        _set_plan(told, replace(old, cancelled=True))
    elif now < old.start or old.end < now:
        shift = (action.c % 240 - 120) * MINUTE
        _set_plan(told, replace(old, start=old.start + shift, end=old.end + shift + HOUR))
    else:
        later = [s.start for s in current.values() if s.start >= old.end]
        if min(later, default=now + 24 * HOUR) > old.end + HOUR:
            _set_plan(told, replace(old, end=old.end + action.c % 60 * MINUTE))


def _set_plan(told: Told, spec: PlanSpec) -> None:
    told.server.do(set_plans, [spec])
    told.plans.append((told.time.now, spec))


def _lose(told: Told, action: Action) -> None:
    """A lost card, as of some hours ago; perhaps replaced at once."""
    person = action.a % len(told.cards)
    card = told.cards[person][-1]
    since = told.time.now - action.b % 5 * HOUR
    if card.card_id not in told.lost:
        told.server.do(set_state, card.card_id, "lost", since=since)
        told.lost[card.card_id] = since
        if action.c % 2:
            _new_card(told, action)


def _new_card(told: Told, action: Action) -> None:
    """A new printed card, which offline kiosks have not heard of; the old one is replaced."""
    person = action.a % len(told.cards)
    for old in told.cards[person]:
        told.lost.setdefault(old.card_id, told.time.now)
    made = told.server.do(register_static, f"M{person + 1:04}")
    told.cards[person].append(SimCard(made.card_id, f"M{person + 1:04}", made.credential))


def _decide(told: Told, action: Action) -> None:
    waiting = told.server.rows("shifts", "shift_id", state=["end_missing"])
    if not waiting:
        return
    shift = waiting[action.a % len(waiting)]
    if action.b % 5 == 0:
        ruling = Ruling(kind=DecisionKind.DENY_END, shift_id=shift["shift_id"], reason="nobody saw it")
    else:
        proposed = shift["proposed_end"] or shift["started_at"] + 2 * HOUR
        at = max(shift["started_at"] + MINUTE, proposed - action.c % 90 * MINUTE)
        ruling = Ruling(kind=DecisionKind.CONFIRM_END, shift_id=shift["shift_id"], at=at, reason="seen")
    _rule(told, ruling)


def _rule(told: Told, ruling: Ruling) -> None:
    try:
        told.server.do(decide, ruling, by=STAFF)
    except ServerError as error:  # such as: there is nothing to decide any more
        told.trouble.append(str(error))


def _about_tap(kind: DecisionKind, told: Told, action: Action) -> None:
    standing = "good" if kind is DecisionKind.SET_ASIDE_TAP else ["quarantined", "contradicted"]
    rows = told.server.rows("events", "event_id", standing=standing, medium=["nfc", "qr"])
    if rows:
        event = rows[action.a % len(rows)]
        _rule(told, Ruling(kind=kind, event_id=event["event_id"], reason="as the leader saw"))


def _void(told: Told, action: Action) -> None:
    rows = told.server.rows("shifts", "shift_id")
    if rows:
        shift_id = rows[action.a % len(rows)]["shift_id"]
        _rule(told, Ruling(kind=DecisionKind.VOID_SHIFT, shift_id=shift_id, reason="was not there"))


def _excess(told: Told, action: Action) -> None:
    volunteer, day = f"M{action.a % len(told.cards) + 1:04}", day_of(told.time.now)
    ruling = Ruling(kind=DecisionKind.APPROVE_EXCESS, volunteer=volunteer, day=day, reason="a long day")
    _rule(told, ruling)


def _settle(told: Told, _: Action) -> None:
    told.server.do(settle, by="system")


_ACTIONS: dict[str, Any] = {
    "tap": _tap,
    "crash_tap": _tap,
    "sync": _sync,
    "copies": _copies,
    "reboot": _reboot,
    "restart": _restart,
    "snapshot": _snapshot,
    "restore": _restore,
    "clone": _clone,
    "revoke": _revoke,
    "plan": _plan,
    "plan_edit": _plan_edit,
    "lose": _lose,
    "new_card": _new_card,
    "decide": _decide,
    "set_aside": lambda told, action: _about_tap(DecisionKind.SET_ASIDE_TAP, told, action),
    "restore_tap": lambda told, action: _about_tap(DecisionKind.RESTORE_TAP, told, action),
    "void": _void,
    "excess": _excess,
    "settle": _settle,
}
