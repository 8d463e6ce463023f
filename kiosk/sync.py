"""Keeping in step with the server: push in order, at least once; pull the roster; back off with jitter."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from kiosk.errors import JournalUnavailable, RosterRefused
from kiosk.ports import (
    Busy,
    Clock,
    LyingAnswer,
    Offline,
    Outbox,
    Refused,
    RosterAnswer,
    RosterUnchanged,
    Run,
    ServerApi,
    Trouble,
)
from server.contract.wire import MAX_PUSH, EventResult, Push, PushReply, chain_hash

log = logging.getLogger(__name__)
POLL_SECONDS = 3.0
FIRST_DELAY, MOST_DELAY = 1.0, 60.0
TAP_GAP = 2.0
"""While offline a tap asks again at once, but not more often than this."""
HOURLY_MS = 3_600_000
"""How often old events are pruned, and how often a kiosk without taps compares its clock."""
_INDIGESTIBLE = (400, 413, 422)


class RosterKeeper(Protocol):
    """Who verifies and keeps rosters."""

    @property
    def version(self) -> int | None:
        """Version held."""

    @property
    def hash(self) -> str | None:
        """Hash of what is held."""

    def apply(self, body: Mapping[str, Any]) -> None:
        """Take a roster; raises ``RosterRefused``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What is known of the server."""

    online: bool = False
    revoked: bool = False
    last_sync_at: int | None = None
    trouble: str | None = None


class Syncer:
    """One thread's work, and what the rest of the kiosk may know of it (``kiosk.service.Link``)."""

    def __init__(
        self,
        api: ServerApi,
        outbox: Outbox,
        roster: RosterKeeper,
        *,
        clock: Clock,
        random: Callable[[], float],
        retention_days: int = 90,
    ) -> None:
        """``random`` gives numbers from 0 to 1 for the jitter."""
        self._api, self._outbox, self._roster = api, outbox, roster
        self._clock, self._random, self._retention_days = clock, random, retention_days
        self._state = LinkState()
        self._changed = threading.Condition()
        self._woken = self._stopping = False
        self._failures = 0
        self._pruned_at: int | None = None
        self._pushed_at: int | None = None
        self._refused: Refused | None = None
        self._told_version: int | None = None
        self.on_change: Callable[[], None] = lambda: None

    @property
    def online(self) -> bool:
        """Whether the last attempt reached our server."""
        return self._state.online

    @property
    def revoked(self) -> bool:
        """Whether the server has revoked this kiosk."""
        return self._state.revoked

    @property
    def last_sync_at(self) -> int | None:
        """When everything was last in step."""
        return self._state.last_sync_at

    @property
    def trouble(self) -> str | None:
        """What the last attempt ran into."""
        return self._state.trouble

    def wake(self) -> None:
        """There is something to push."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End :meth:`run` soon."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    @property
    def stopping(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopping

    def pause(self, seconds: float) -> None:
        """Wait, unless told to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def run(self) -> None:
        """Sync now, and again and again until stopped."""
        while not self._stopping:
            with self._changed:
                self._woken = False
            trouble = self.once()
            self._wait(trouble)

    def _wait(self, trouble: Trouble | None) -> None:
        delay, patient = self._delay(trouble)
        with self._changed:
            if patient or trouble is not None:
                self._changed.wait_for(lambda: self._stopping, delay if patient else min(TAP_GAP, delay))
            if not patient:
                self._changed.wait_for(lambda: self._stopping or self._woken, delay)

    def _delay(self, trouble: Trouble | None) -> tuple[float, bool]:
        """How long to wait, and whether a tap must wait too."""
        if trouble is None:
            self._failures = 0
            return POLL_SECONDS, False
        self._failures += 1
        if isinstance(trouble, Busy):
            # Spread out behind what was asked for: every kiosk of a town may have been told the same second.
            return trouble.retry_after * (1 + self._random() / 2), True
        highest = min(MOST_DELAY, FIRST_DELAY * 2 ** min(self._failures, 10))
        return FIRST_DELAY / 2 + self._random() * highest, False

    def once(self) -> Trouble | None:
        """Push everything, pull the roster; None when all went well. Never raises because of the network."""
        try:
            trouble = self._push_all() or self._pull() or self._refused
            if trouble is None:
                self._prune()
        except RosterRefused as error:
            trouble = LyingAnswer(str(error))
        except JournalUnavailable as error:
            trouble = Offline(str(error))
        self._note(trouble)
        return trouble

    def _push_all(self) -> Trouble | None:
        self._refused = None
        runs = self._outbox.runs(MAX_PUSH)
        if not runs and self._is_due(self._pushed_at):
            return self._push(self._outbox.empty_push(self._clock.sample()))
        for run in runs:
            trouble = self._push_run(run)
            if trouble is not None:
                return trouble
        return None

    def _push_run(self, run: Run) -> Trouble | None:
        """Push a range; one that the server cannot digest is halved until the bad event stands alone."""
        trouble = self._push(self._outbox.push_of(run, self._clock.sample()))
        if not isinstance(trouble, Refused) or trouble.status not in _INDIGESTIBLE:
            return trouble
        if run.from_seq == run.to_seq:
            log.error("event %s of journal %s is refused: %s", run.from_seq, run.journal_id, trouble.code)
            self._refused = trouble
            return None
        middle = (run.from_seq + run.to_seq) // 2
        first, second = replace(run, to_seq=middle), replace(run, from_seq=middle + 1)
        return self._push_run(first) or self._push_run(second)

    def _push(self, push: Push) -> Trouble | None:
        answer = self._api.push(push)
        if not isinstance(answer, PushReply):
            return answer
        if not _fits(push, answer):
            return LyingAnswer("an answer about other events than were sent")
        self._pushed_at = self._clock.sample().uptime_ms
        self._outbox.acknowledge(
            push.journal_id,
            answer.results,
            roster_version=answer.roster_version,
            at=answer.server_time,
        )
        return None

    def _pull(self) -> Trouble | None:
        answer = self._api.roster(self._roster.version, self._roster.hash)
        if isinstance(answer, RosterUnchanged):
            return None
        if isinstance(answer, RosterAnswer):
            self._take(answer)
            return None
        return answer

    def _take(self, answer: RosterAnswer) -> None:
        try:
            self._roster.apply(dict(answer.body))
        except RosterRefused:
            if "delta" not in answer.body:
                raise
            # A difference that does not fit what we hold: ask once for the whole.
            whole = self._api.roster(None, None)
            if not isinstance(whole, RosterAnswer):
                raise
            self._roster.apply(dict(whole.body))

    def _note(self, trouble: Trouble | None) -> None:
        before = self._state
        revoked = isinstance(trouble, Refused) and trouble.code == "kiosk_revoked"
        reached = trouble is None or isinstance(trouble, Refused)
        self._state = replace(
            before,
            online=reached,
            revoked=revoked or (before.revoked and trouble is not None),
            last_sync_at=self._clock.sample().wall if trouble is None else before.last_sync_at,
            trouble=None if trouble is None else _said(trouble),
        )
        if trouble is not None and self._state.trouble != before.trouble:
            log.warning("sync: %s", self._state.trouble)
        same = replace(before, last_sync_at=None) == replace(self._state, last_sync_at=None)
        if self._roster_is_new() or not same:
            self.on_change()

    def _roster_is_new(self) -> bool:
        told, self._told_version = self._told_version, self._roster.version
        return told != self._told_version

    def _is_due(self, last: int | None) -> bool:
        return last is None or self._clock.sample().uptime_ms - last > HOURLY_MS

    def _prune(self) -> None:
        sample = self._clock.sample()
        if sample.clock == "synced" and self._is_due(self._pruned_at):
            self._pruned_at = sample.uptime_ms
            self._outbox.prune(now=sample.wall, days=self._retention_days)


def _fits(push: Push, answer: PushReply) -> bool:
    """Whether an answer speaks of this journal and of the very events that were sent."""
    hashes, prev = {}, push.prev
    for seq, event in enumerate(push.events, push.from_seq):
        prev = hashes[seq] = chain_hash(prev, event.inner())
    return answer.journal_id == push.journal_id and all(_is_ours(result, hashes) for result in answer.results)


def _is_ours(result: EventResult, hashes: dict[int, str]) -> bool:
    return hashes.get(result.seq) == result.hash


def _said(trouble: Trouble) -> str:
    match trouble:
        case Offline(why=why):
            return f"offline: {why}"
        case Busy(retry_after=seconds):
            return f"the server asks to wait {seconds:.0f} s"
        case Refused(status=status, code=code):
            return f"the server refused: {code or status}"
        case LyingAnswer(what=what):
            return f"not believed: {what}"
