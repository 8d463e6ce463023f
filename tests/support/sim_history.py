"""Telling a history: its actions on real machines and the real server, then the network heals.

``tap`` a: person, b: kiosk, c: touch (0 none), text: what the disk does, or ``dies`` between disk and light
· ``sync`` a: kiosk, b: which request, c: lanes, text: fault of network or disk · ``copies`` late copies of
requests arrive · ``reboot`` b: minutes without power · ``restart`` · ``pulled`` a: person, b: kiosk; a tap,
or where c says so a sync, while the memory card is out · ``snapshot`` / ``restore`` (b: whole card's image
or copied files) · ``clone`` a copied card runs in a second machine · ``revoke`` · ``rogue`` somebody with
the kiosk's key pushes what no journal wrote · ``seal`` the right to be forgotten · ``backup`` /
``server_back`` the server is put back from a backup · what the office does: ``sim_office.py``.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import ClockSample, Push, PushedEvent, chain_hash, genesis, push_to_bytes
from server.services.kiosks import revoke_kiosk
from server.services.sealing import seal_events
from tests.support.sim_machine import SimTime
from tests.support.sim_office import OFFICE, settled
from tests.support.sim_server import BEGIN, SimServer
from tests.support.sim_story import LANES, Action, Story
from tests.support.sim_told import Backup, Told

PASSES = 12
WEEK = 7 * 24 * HOUR


@contextmanager
def told(story: Story, server: SimServer) -> Iterator[Told]:
    """The history, told to its end; its machines are gone afterwards."""
    folder = Path(tempfile.mkdtemp(dir=server.folder.name))
    server.reset(story.seed)
    history = Told(story, server, SimTime(BEGIN), folder, [[card] for card in server.first_cards])
    try:
        for action in story.actions:
            history.time.reach(action.at)
            server.runtime.now = history.time.now
            if _DOING[action.kind](history, action) is not False:
                server.tally[counted_as(action.kind)] += 1
        _heal(history)
        yield history
    finally:
        for machine in history.machines:
            machine.stop()
        shutil.rmtree(folder)


def counted_as(kind: str) -> str:
    """The name under which an action is counted."""
    return next(f"{group}: {kind}" for group, actions in ACTIONS.items() if kind in actions)


def _heal(told: Told) -> None:
    """The network is whole: everything goes out, then the night's work is done."""
    told.time.now += told.story.healed_after
    loaded = any(machine.journal.pending for machine in told.machines)
    told.server.tally["net: weeks away"] += loaded and told.story.healed_after >= WEEK
    if told.unasked:
        told.time.now += HOUR
        for machine in told.machines:  # without taps a kiosk compares its clock every hour
            machine.sync(lanes="push")
    for _ in range(PASSES):
        waiting = [machine for machine in told.machines if machine.journal.pending]
        for machine in waiting:
            machine.sync(lanes="push")
            told.time.now += 3000
        if not waiting:
            break
    told.server.runtime.now = told.time.now
    settled(told)
    journals = told.server.tables("journals")["journals"]
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
    machine.without_card(lambda: machine.sync(lanes="push") if action.c else machine.tap(card))


def _seal(told: Told, action: Action) -> bool:
    """Some events are erased on the server, then on kiosks; forgetting and doubting are not mixed."""
    if told.lost or told.doubted or told.backup:
        return False
    rows = [row for row in told.server.rows("events", "event_id") if row["body"] is not None]
    gone = rows[action.b % max(1, len(rows)) :][:3]
    told.sealed |= {row["event_id"]: (row["salt"], row["body"]) for row in gone}
    told.server.do(seal_events, [row["event_id"] for row in gone])
    return bool(gone)


def _snapshot(told: Told, action: Action) -> None:
    told.machine(action.a).snapshot()


def _restore(told: Told, action: Action) -> bool:
    machine = told.machine(action.a)
    if not machine.shots or told.sealed or told.unasked:
        return False
    gone = machine.restore(same_place=bool(action.b))
    told.destroyed |= gone - _stored(told)
    told.doubted.add(machine.kiosk)
    return True


def _clone(told: Told, action: Action) -> bool:
    """The card's copy runs in another machine, beside the first."""
    if told.sealed or told.unasked:
        return False
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
    return True


def _revoke(told: Told, action: Action) -> bool:
    if told.sealed:
        return False
    kiosk = told.kiosk(action.a)
    kiosk_id = told.server.enrolments[kiosk].kiosk_id
    told.server.do(revoke_kiosk, kiosk_id)
    told.revoked.setdefault(kiosk_id, told.time.now)
    told.doubted.add(kiosk)
    return True


def _backup(told: Told, _: Action) -> None:
    told.backup = Backup(told.server.copy(), len(told.plans), frozenset(_stored(told)))


def _server_back(told: Told, _: Action) -> bool:
    """The server is put back; not mixed with what only the office's memory could bring back, or with forks.

    What a kiosk has deleted in the meantime, since the server had it, is gone: here it keeps days, not 90.
    """
    backup, mixed = told.backup, told.sealed or told.doubted or told.rogue or told.lost
    if backup is None or mixed:
        return False
    held = {event_id for machine in told.machines for event_id in machine.held()}
    told.destroyed |= _stored(told) - backup.events - held
    told.server.put_back(backup.tables)
    del told.plans[backup.plans :]
    for machine in told.machines:
        machine.forget_copies()
    told.unasked = True
    return True


def _rogue(told: Told, action: Action) -> bool:
    """Nothing of it may count, nothing of it may be thrown away, and it must not stop anybody else."""
    rows = told.server.rows("events", "event_id", status="stored", medium=["nfc", "qr"])
    rows = [row for row in rows if row["body"] is not None]
    if not rows:
        return False
    copied = rows[action.a % len(rows)]
    kind = ROGUES[action.b % len(ROGUES)]
    journal_id = f"{len(told.rogue):032x}"
    start = "0" * 64 if kind == "begins nowhere" else genesis(copied["kiosk_id"], journal_id, None)
    event = PushedEvent("00" * 16, _rogue_body(copied, journal_id, kind))
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
    speaker = _another(told, push.kiosk_id) if kind == "speaks for another" else push.kiosk_id
    reply = told.server.take_in(speaker, push_to_bytes(push))
    wanted = "invalid" if speaker != push.kiosk_id else "quarantined"
    told.believed += [] if wanted in str(reply) else [f"a rogue event that {kind} was taken: {reply}"]
    return True


def _another(told: Told, kiosk_id: str) -> str:
    """A kiosk that is not this one."""
    gate, hut = (told.server.enrolments[name].kiosk_id for name in ("gate", "hut"))
    return hut if kiosk_id == gate else gate


ROGUES = (
    *("cannot be read", "holds no character", "uses an id again", "names another place"),
    *("begins nowhere", "speaks for another"),
)
"""What somebody with a kiosk's key may push."""


def _rogue_body(copied: dict[str, Any], journal_id: str, kind: str) -> str:
    if kind == "cannot be read":
        return "a new version writes \0 otherwise"
    seq = 7 if kind == "names another place" else 1
    body = json.loads(copied["body"]) | {"journal_id": journal_id, "seq": seq}
    body |= {"card_id": "ee" * 8, "volunteer": None, "members": [], "target": None, "evidence": {}}
    used = copied["event_id"]
    body |= {"event_id": used if kind == "uses an id again" else f"{used[:-4]}0000"}
    return json.dumps(body | ({"activity_id": "\ud800"} if kind == "holds no character" else {}))


def _stored(told: Told) -> set[str]:
    return {row["event_id"] for row in told.server.tables("events")["events"]}


ACTIONS: dict[str, dict[str, Any]] = {
    "daily": {"tap": _tap, "sync": _sync, "snapshot": _snapshot, "backup": _backup},
    "machine": {
        "reboot": _reboot,
        "restart": _restart,
        "pulled": _pulled,
        "restore": _restore,
        "clone": _clone,
        "copies": _copies,
        "server_back": _server_back,
    },
    "people": {"revoke": _revoke, "rogue": _rogue, "seal": _seal},
    "office": OFFICE,
}
_DOING = {kind: act for actions in ACTIONS.values() for kind, act in actions.items()}
