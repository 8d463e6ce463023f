"""Telling a history: its actions on real machines and the real server, then the network heals.

``tap`` a: person, b: kiosk, c: touch (0 none), text: what the disk does, or ``dies`` between disk and light ·
``sync`` a: kiosk, b: which request, c: lanes, text: fault of network or disk · ``copies`` late copies of
requests arrive · ``reboot`` b: minutes without power · ``restart`` · ``pulled`` a: person, b: kiosk; a tap
while the memory card is out · ``snapshot`` / ``restore`` (b: whole card's image or copied files) · ``clone``
a copied card runs in a second machine · ``revoke`` · ``rogue`` somebody with the kiosk's key pushes what no
journal wrote · ``seal`` the right to be forgotten · ``plan`` a: start, b: length, c: members · the office:
``plan_edit lose new_card decide settle set_aside restore_tap void excess spend close_month``.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import ClockSample, Push, PushedEvent, chain_hash, genesis, push_to_bytes
from server.domain.calendar import day_of
from server.domain.facts import DecisionKind
from server.errors import ServerError
from server.services.books import close_period, spend_points, take_back
from server.services.cards import register_static, set_state
from server.services.community import PlanSpec, set_plans
from server.services.decisions import Ruling, decide
from server.services.kiosks import revoke_kiosk
from server.services.sealing import seal_events
from server.services.settling import settle
from tests.support.sim_machine import SimMachine, SimTime
from tests.support.sim_server import BEGIN, KIOSKS, SimCard, SimServer
from tests.support.sim_story import LANES, Action, Story

MEMORY = Path("/dev/shm")
STAFF, OTHER_STAFF = "staff", "other staff"
PASSES = 12
NAMES = tuple(KIOSKS)


@dataclass
class Told:
    """A history as far as it was told, with everything the simulator alone knows."""

    story: Story
    server: SimServer
    time: SimTime
    folder: Path
    cards: list[list[SimCard]]
    """By person, the newest last."""
    running: dict[str, list[SimMachine]] = field(default_factory=dict)
    """Kiosk -> its machine, and those that run a copy of its card."""
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
    rogue: set[str] = field(default_factory=set)
    """Hashes of events that no journal wrote."""
    sealed: dict[str, Any] = field(default_factory=dict)
    """Event -> what it said before the server sealed it."""
    believed: list[str] = field(default_factory=list)
    """Of these, what was not put into quarantine."""
    trouble: list[str] = field(default_factory=list)
    priors: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Journal -> what came before it, as the server heard it at the end."""

    @property
    def machines(self) -> list[SimMachine]:
        """All machines."""
        return [machine for found in self.running.values() for machine in found]

    def kiosk(self, number: int) -> str:
        """The kiosk of a number."""
        return NAMES[number % len(NAMES)]

    def machine(self, number: int, at: int = 0) -> SimMachine:
        """A kiosk's machine; where several run the same card's copy, one or the other."""
        name = self.kiosk(number)
        if name not in self.running:
            self.running[name] = [self.made(name, name)]
        return self.running[name][at % len(self.running[name])]

    def made(self, name: str, kiosk: str) -> SimMachine:
        """A new machine."""
        return SimMachine(
            name,
            self.folder / name,
            kiosk=kiosk,
            server=self.server,
            time=self.time,
            habit=self.story.habits[NAMES.index(kiosk)],
            seed=self.story.seed,
        )

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
    server.reset(story.seed)
    history = Told(story, server, SimTime(BEGIN), folder, [[card] for card in server.first_cards])
    try:
        for action in story.actions:
            history.time.reach(action.at)
            server.runtime.now = history.time.now
            server.tally[action.kind] += 1
            _ACTIONS[action.kind](history, action)
        _heal(history)
        yield history
    finally:
        for machine in history.machines:
            machine.stop()
        shutil.rmtree(folder)


def _heal(told: Told) -> None:
    """The network is whole: everything goes out, then the night's work is done."""
    told.time.now += told.story.healed_after
    for _ in range(PASSES):
        waiting = [machine for machine in told.machines if machine.journal.pending]
        for machine in waiting:
            machine.sync(lanes="push")
            told.time.now += 3000
        if not waiting:
            break
    told.server.runtime.now = told.time.now
    _settle(told)
    journals = told.server.rows("journals")
    told.priors = {row["journal_id"]: (row["prior_journal"], row["prior_head"]) for row in journals}


def _tap(told: Told, action: Action) -> None:
    cards = told.cards[action.a % len(told.cards)]
    card = cards[-1] if action.c % 7 else cards[0]
    touch = action.c - 1 if action.c else None
    told.machine(action.b, action.at).tap(card, touch=touch, fault=action.text or "none")


def _sync(told: Told, action: Action) -> None:
    machine = told.machine(action.a, action.at)
    machine.sync(action.text or "none", action.b, LANES[action.c % len(LANES)])


def _copies(told: Told, action: Action) -> None:
    for machine in told.running.get(told.kiosk(action.a), ()):
        machine.deliver_copies()


def _reboot(told: Told, action: Action) -> None:
    told.machine(action.a, action.at).reboot(action.b * MINUTE)


def _restart(told: Told, action: Action) -> None:
    told.machine(action.a, action.at).restart()


def _pulled(told: Told, action: Action) -> None:
    machine, card = told.machine(action.b, action.at), told.cards[action.a % len(told.cards)][-1]
    machine.without_card(lambda: machine.tap(card))


def _seal(told: Told, action: Action) -> None:
    """Some events are erased on the server, then on kiosks; forgetting and doubting are not mixed."""
    if told.lost or told.doubted:
        return
    rows = [row for row in told.server.rows("events", "event_id") if row["body"] is not None]
    gone = rows[action.b % max(1, len(rows)) :][:3]
    told.sealed |= {row["event_id"]: (row["salt"], row["body"]) for row in gone}
    told.server.do(seal_events, [row["event_id"] for row in gone])


def _snapshot(told: Told, action: Action) -> None:
    told.machine(action.a).snapshot()


def _restore(told: Told, action: Action) -> None:
    machine = told.machine(action.a)
    if machine.shots and not told.sealed:
        gone = machine.restore(same_place=bool(action.b))
        told.destroyed |= gone - _stored(told)
        told.doubted.add(machine.kiosk)


def _clone(told: Told, action: Action) -> None:
    """The card's copy runs in another machine, beside the first."""
    if told.sealed:
        return
    first = told.machine(action.a)
    first.stop()
    second = told.made(f"{first.kiosk}-copy{len(told.machines)}", first.kiosk)
    second.stop()
    shutil.rmtree(second.folder)
    shutil.copytree(first.folder, second.folder)
    first.start()
    second.start()
    told.running[first.kiosk].append(second)
    told.doubted.add(first.kiosk)


def _revoke(told: Told, action: Action) -> None:
    if told.sealed:
        return
    kiosk = told.kiosk(action.a)
    kiosk_id = told.server.enrolments[kiosk].kiosk_id
    told.server.do(revoke_kiosk, kiosk_id)
    told.revoked.setdefault(kiosk_id, told.time.now)
    told.doubted.add(kiosk)


def _rogue(told: Told, action: Action) -> None:
    """Nothing of it may count, nothing of it may be thrown away, and it must not stop anybody else."""
    rows = told.server.rows("events", "event_id", status="stored", medium=["nfc", "qr"])
    rows = [row for row in rows if row["body"] is not None]
    if not rows:
        return
    copied = rows[action.a % len(rows)]
    journal_id = f"{len(told.rogue):032x}"
    body = _rogue_body(copied, journal_id, action.b % 4)
    start = genesis(copied["kiosk_id"], journal_id, None) if action.b % 4 != 3 else "0" * 64
    event = PushedEvent("00" * 16, body)
    head = chain_hash(start, event.inner())
    push = Push(
        kiosk_id=copied["kiosk_id"],
        journal_id=journal_id,
        prior_journal=None,
        prior_head=None,
        from_seq=1,
        prev=start,
        head=head,
        sent=ClockSample(boot_id="rogue", uptime_ms=1, wall=told.time.now, clock="synced"),
        events=(event,),
    )
    told.rogue.add(head)
    reply = told.server.take_in(copied["kiosk_id"], push_to_bytes(push))
    told.believed += [] if "quarantined" in str(reply) else [f"a rogue event was not put aside: {reply}"]


def _rogue_body(copied: dict[str, Any], journal_id: str, kind: int) -> str:
    """Not readable, an id used twice, a wrong place, or (elsewhere) a chain that begins nowhere."""
    if kind == 0:
        return "a new version writes \0 otherwise"
    body = json.loads(copied["body"]) | {"journal_id": journal_id, "seq": 7 if kind == 2 else 1}
    body |= {"card_id": "ee" * 8, "volunteer": None, "members": [], "target": None, "evidence": {}}
    body |= {"event_id": copied["event_id"] if kind == 1 else f"{copied['event_id'][:-4]}0000"}
    return json.dumps(body)


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
    if card.card_id not in told.lost and not told.sealed:
        told.server.do(set_state, card.card_id, "lost", since=since)
        told.lost[card.card_id] = since
        if action.c % 2:
            _new_card(told, action)


def _new_card(told: Told, action: Action) -> None:
    """A new printed card, which offline kiosks have not heard of; the old one is replaced."""
    if told.sealed:
        return
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


def _spend(told: Told, action: Action) -> None:
    """Somebody redeems points; perhaps another member of staff takes it back."""
    volunteer, subject = f"M{action.a % len(told.cards) + 1:04}", f"order-{len(told.trouble)}-{action.at}"
    try:
        told.server.do(spend_points, volunteer, points=1 + action.b % 2, subject=subject, reason="tea")
    except ServerError as error:
        told.trouble.append(str(error))
        return
    told.server.tally["spent"] += 1
    if action.c % 2:
        [spent] = told.server.rows("ledger_transactions", subject=subject)
        revision = spent["revision"]
        told.server.do(take_back, subject, revision=revision, reason="no tea", by=OTHER_STAFF)


def _close_month(told: Told, _: Action) -> None:
    told.server.do(close_period, day_of(told.time.now)[:7])


def _settle(told: Told, _: Action | None = None) -> None:
    """The nightly work; it also seals checkpoint taps that a wrong clock has dated 90 days back."""
    said = {row["event_id"]: (row["salt"], row["body"]) for row in told.server.rows("events", "event_id")}
    told.server.do(settle, by="system")
    gone = [row["event_id"] for row in told.server.rows("events", "event_id") if row["body"] is None]
    told.sealed = {event_id: said[event_id] for event_id in gone} | told.sealed


_ACTIONS: dict[str, Any] = {
    "tap": _tap,
    "sync": _sync,
    "copies": _copies,
    "reboot": _reboot,
    "restart": _restart,
    "pulled": _pulled,
    "seal": _seal,
    "snapshot": _snapshot,
    "restore": _restore,
    "clone": _clone,
    "revoke": _revoke,
    "rogue": _rogue,
    "plan": _plan,
    "plan_edit": _plan_edit,
    "lose": _lose,
    "new_card": _new_card,
    "decide": _decide,
    "set_aside": lambda told, action: _about_tap(DecisionKind.SET_ASIDE_TAP, told, action),
    "restore_tap": lambda told, action: _about_tap(DecisionKind.RESTORE_TAP, told, action),
    "void": _void,
    "excess": _excess,
    "spend": _spend,
    "close_month": _close_month,
    "settle": _settle,
}
