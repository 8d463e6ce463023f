"""Taking in what kiosks push: at least once, in any order, a word on each event, nothing ever thrown away.

Every event that arrives is durably stored or was stored before. What cannot count by itself is
*quarantined*: stored, flagged, acknowledged, and left to staff. One bad event never stops the rest. A push
becomes one *batch* fact with a digest over what was stored and said about each event, so that the server's
own signed chain holds every event in place. No ORM and no RETURNING here: a push is a handful of statements,
whatever its length.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import (
    EventResult,
    Push,
    PushReply,
    Status,
    TapEvent,
    WireError,
    chain_hash,
    genesis,
)
from server.domain.facts import FactKind
from server.errors import Invalid
from server.services.acting import Acting, Row, Uow
from server.services.batches import batch_digest
from server.services.deriving import regrade_journal, store_derived
from server.services.facts import Draft, store
from server.services.projection import project_events
from server.services.sessions import KnownKiosk
from server.services.stored import kept_body
from server.services.timing import Heard, Journal

SAMPLE_EVERY = 10 * MINUTE
SYNCED_SAMPLE_EVERY = 6 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One pushed event with its place in the chain, and what is to be said about it."""

    seq: int
    salt: str
    body: str
    prev: str
    inner: str
    hash: str
    event: TapEvent | None
    event_id: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Forks:
    """Where a journal forks: as known before a push, and now."""

    before: int | None
    now: int | None


def ingest(uow: Uow, acting: Acting, push: Push, kiosk: KnownKiosk) -> PushReply:
    """Store a push and derive what follows from it; the caller commits, then answers."""
    if push.kiosk_id != kiosk.kiosk_id:
        raise Invalid(
            "a kiosk pushes its own journal only",
            zh="终端只能上传自己的记录，请联系社区工作人员检查这台终端。",
        )
    uow.lock()
    received, forks = _judge(uow, push, kiosk)
    fresh = [item for item in received if item.status != Status.DUPLICATE]
    heard = _heard(uow, acting, push, received)
    if fresh or heard:
        _store(uow, acting, push, (fresh, forks, heard))
    results = tuple(EventResult(item.seq, item.hash, str(item.status), item.reason) for item in received)
    return PushReply(
        journal_id=push.journal_id,
        results=results,
        server_time=acting.now,
        roster_version=int(uow.rows("communities").rows()[0]["roster_version"]),
        resend_from=uow.events.missing_before((push.kiosk_id, push.journal_id), push.from_seq),
    )


def _judge(uow: Uow, push: Push, kiosk: KnownKiosk) -> tuple[list[Received], Forks]:
    received = _chained(push)
    unbroken = not received or received[-1].hash == push.head
    starts_right = push.from_seq > 1 or push.prev == genesis(push.kiosk_id, push.journal_id, push.prior_head)
    received = _told_duplicates(uow, received)
    forks = _forks(uow, push, received)
    judged = []
    for item in received:
        if item.status == Status.STORED:
            reason = _objection(item, push, kiosk)
            if reason is None and not (unbroken and starts_right):
                reason = "chain_broken"
            if reason is None and forks.now is not None and item.seq >= forks.now:
                reason = "forked"
            if reason is not None:
                item = replace(item, status=Status.QUARANTINED, reason=reason)  # noqa: PLW2901
        judged.append(item)
    return judged, forks


def _chained(push: Push) -> list[Received]:
    if not all(_is_storable(pushed.body.replace("\0", "")) for pushed in push.events):
        raise Invalid("a push is Unicode text", zh="上传的内容不是有效文字，请联系社区工作人员检查这台终端。")
    received, prev = [], push.prev
    for seq, pushed in enumerate(push.events, push.from_seq):
        inner = pushed.inner()
        digest = chain_hash(prev, inner)
        event, event_id = _read(pushed.body, digest)
        received.append(
            Received(
                seq=seq,
                salt=pushed.salt,
                body=pushed.body,
                prev=prev,
                inner=inner,
                hash=digest,
                event=event,
                event_id=event_id,
                status=Status.STORED,
                reason=None,
            )
        )
        prev = digest
    return received


def _read(body: str, digest: str) -> tuple[TapEvent | None, str]:
    try:
        event = TapEvent.from_bytes(body.encode())
    except WireError:
        return None, f"unreadable:{digest}"
    # Only an escape can bring in a character that the body itself does not hold.
    if "\\u" in body and not all(_is_storable(text) for text in _texts(event)):
        return None, f"unreadable:{digest}"
    return event, event.event_id


def _texts(event: TapEvent) -> Iterable[str]:
    named = ("event_id", "boot_id", "card_id", "volunteer", "activity_id", "target")
    return (*(getattr(event, name) or "" for name in named), *event.members)


def _is_storable(text: str) -> bool:
    """PostgreSQL keeps no NUL, and half a surrogate pair is no text anywhere."""
    return _UNSTORABLE.search(text) is None


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _told_duplicates(uow: Uow, received: Sequence[Received]) -> list[Received]:
    """Only ``event_id`` means duplicate; the same id over other content is kept under a name of its own."""
    conflicts = [f"conflict:{item.hash}" for item in received]
    known = uow.events.known([*(item.event_id for item in received), *conflicts])
    told, seen = [], dict[str, str]()
    for item in received:
        there = seen.get(item.event_id) or known.get(item.event_id, ("",))[0]
        if there and there != item.hash:
            item = replace(item, event_id=f"conflict:{item.hash}")  # noqa: PLW2901
            there = known.get(item.event_id, ("",))[0]
        if there == item.hash:
            item = replace(item, status=Status.DUPLICATE)  # noqa: PLW2901
        seen[item.event_id] = item.hash
        told.append(item)
    return told


def _objection(item: Received, push: Push, kiosk: KnownKiosk) -> str | None:
    event = item.event
    if event is None:
        return "unreadable"
    if (event.kiosk_id, event.journal_id, event.seq) != (push.kiosk_id, push.journal_id, item.seq):
        return "wrong_place"
    if item.event_id.startswith("conflict:"):
        return "event_id_reused"
    return "kiosk_revoked" if kiosk.revoked else None


def _forks(uow: Uow, push: Push, received: Sequence[Received]) -> Forks:
    """The first place where this journal has two histories, seen from what is stored and what has come.

    Looks at the places pushed and their two neighbours: the answer is the same in any order of arrival.
    """
    row = uow.rows("journals").get(kiosk_id=push.kiosk_id, journal_id=push.journal_id)
    before = row["fork_seq"] if row else None
    if not received:
        return Forks(before, before)
    low, high = push.from_seq, received[-1].seq
    ours = {item.seq: item.hash for item in received}
    forks = []
    stored = uow.events.neighbours((push.kiosk_id, push.journal_id), low - 1, high + 1)
    if behind := {digest for seq, _, digest in stored if seq == low - 1}:
        forks += [low] if push.prev not in behind else []
    forks += [seq for seq, _, digest in stored if seq in ours and digest != ours[seq]]
    forks += [seq for seq, prev, _ in stored if seq == high + 1 and prev != ours[high]]
    forks += [] if before is None else [before]
    return Forks(before, min(forks, default=None))


def _heard(uow: Uow, acting: Acting, push: Push, received: Sequence[Received]) -> Heard | None:
    """The push's clock sample, when it tells something new about this boot."""
    kiosk = {"kiosk_id": push.kiosk_id, "journal_id": push.journal_id}
    last = uow.rows("clock_samples").last("fact_seq", **kiosk, boot_id=push.sent.boot_id)
    every = SAMPLE_EVERY if push.sent.clock == "unsynced" else SYNCED_SAMPLE_EVERY
    names = ("boot_id", "uptime_ms", "wall", "clock")
    sample = {name: getattr(push.sent, name) for name in names} | {
        "server_time": acting.now,
        "last_seq": push.from_seq + len(push.events) - 1,
    }
    heard = Heard(sample, last)
    fresh = last and last["clock"] == push.sent.clock and acting.now - last["server_time"] < every
    if last and fresh and not heard.previous_was_late:
        return heard if _holds_earlier_boots(received, push.sent.boot_id, last["last_seq"]) else None
    return heard


def _holds_earlier_boots(received: Sequence[Received], boot_id: str, beyond: int) -> bool:
    """Whether a sample would bound boots that the last one does not: the same however the range was cut."""
    return any(item.event and item.event.boot_id != boot_id and item.seq > beyond for item in received)


def _store(
    uow: Uow, acting: Acting, push: Push, what: tuple[Sequence[Received], Forks, Heard | None]
) -> None:
    fresh, forks, heard = what
    body = _batch_body(push, acting.now, fresh)
    body |= {"fork_seq": forks.now, "sample": heard.sample if heard else None}
    batch = store(uow, acting, [Draft(FactKind.BATCH, push.kiosk_id, body)])[0]
    rows = [(_row(push, item, batch["seq"], acting.now), item.event) for item in fresh]
    journal = Journal(push.kiosk_id, push.journal_id, forks.now)
    stored, changed = store_derived(uow, journal, rows, heard)
    if forks.now != forks.before:
        changed += regrade_journal(uow, journal.key, from_seq=forks.now or 0)
    project_events(uow, acting, [*stored, *changed])


def _batch_body(push: Push, now: int, fresh: Sequence[Received]) -> dict[str, Any]:
    told = [(item.event_id, item.hash, str(item.status), item.reason, now) for item in fresh]
    last = max(fresh, key=lambda item: item.seq, default=None)
    return {
        "kiosk": push.kiosk_id,
        "journal": push.journal_id,
        "prior_journal": push.prior_journal,
        "prior_head": push.prior_head,
        "count": len(fresh),
        "digest": batch_digest(told),
        "head_seq": last.seq if last else 0,
        "head_hash": last.hash if last else "",
    }


def _row(push: Push, item: Received, batch_seq: int, now: int) -> Row:
    return {
        "event_id": item.event_id,
        "kiosk_id": push.kiosk_id,
        "journal_id": push.journal_id,
        "seq": item.seq,
        "salt": item.salt,
        "body": kept_body(item.body),
        "prev": item.prev,
        "inner": item.inner,
        "hash": item.hash,
        "batch_seq": batch_seq,
        "status": str(item.status),
        "reason": item.reason,
        "received_at": now,
    }
