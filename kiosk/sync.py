"""Keeping in step with the server: push in order, at least once; pull the roster; back off with jitter."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from kiosk.errors import JournalUnavailable, RosterRefused
from kiosk.lane import Lane
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
    Sealed,
    ServerApi,
    Trouble,
)
from server.contract.wire import MAX_PUSH, PUT_BACK, EventResult, Push, PushReply, chain_hash

log = logging.getLogger(__name__)
HOURLY_MS = 3_600_000
"""How often old events are deleted and sealed ones forgotten; and a kiosk without taps compares its clock."""
_INDIGESTIBLE = (400, 413, 422)


NOT_TRIED = Offline("not tried yet")


class RosterKeeper(Protocol):
    """Who verifies and keeps rosters."""

    @property
    def version(self) -> int | None:
        """Version held."""

    @property
    def hash(self) -> str | None:
        """Hash of what is held."""

    @property
    def sealed(self) -> Sealed:
        """Events of this kiosk that the server has sealed."""

    def apply(self, body: Mapping[str, Any], *, first: Callable[[int], object]) -> None:
        """Take a roster, having told ``first`` its version; raises ``RosterRefused``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What is known of the server: what each lane's last attempt came to, and what follows."""

    push: Trouble | None = NOT_TRIED
    pull: Trouble | None = NOT_TRIED
    revoked: bool = False
    last_sync_at: int | None = None

    @property
    def online(self) -> bool:
        """Whether our server answered both lanes, if only to refuse or to ask for patience."""
        return all(
            trouble is None or isinstance(trouble, Refused | Busy) for trouble in (self.push, self.pull)
        )

    @property
    def trouble(self) -> str | None:
        """In words."""
        trouble = self.push or self.pull
        return None if trouble is None else _said(trouble)

    @property
    def told(self) -> tuple[bool, bool, str | None]:
        """What others show of it."""
        return self.online, self.revoked, self.trouble


class Syncer:
    """Two lanes, so that no tap waits for a roster; and what others may know (``kiosk.service.Link``)."""

    def __init__(
        self,
        api: ServerApi,
        outbox: Outbox,
        roster: RosterKeeper,
        *,
        clock: Clock,
        random: Callable[[], float],
        retention_days: int = 90,
        most: int = MAX_PUSH,
        condition: Callable[[], threading.Condition] = threading.Condition,
    ) -> None:
        """``random`` gives numbers from 0 to 1 for the jitter; ``condition`` makes what the lanes wait on.

        ``most`` events go in one push.
        """
        self._api, self._outbox, self._roster = api, outbox, roster
        self._clock, self._retention_days, self._most = clock, retention_days, most
        self._lock = threading.Lock()
        self._state = LinkState()
        self._pushing = Lane(self.push_once, random, condition)
        self._pulling = Lane(self.pull_once, random, condition)
        self._pruned_at: int | None = None
        self._pushed_at: int | None = None
        self._refused: Refused | None = None
        self._is_whole = False
        self._seeing = threading.Lock()
        self._seen_version: int | None = None
        self._told_version: int | None = None
        self.on_change: Callable[[], None] = lambda: None

    @property
    def online(self) -> bool:
        """Whether the last attempts reached our server."""
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
        """What the last attempts ran into."""
        return self._state.trouble

    def wake(self) -> None:
        """There is something to push."""
        self._pushing.wake()

    def stop(self) -> None:
        """End :meth:`run` soon."""
        self._pushing.stop()
        self._pulling.stop()

    def run(self) -> None:
        """Sync now, and again and again until stopped."""
        pulling = threading.Thread(target=self._pulling.run, name="sync-pull", daemon=True)
        pulling.start()
        self._pushing.run()
        pulling.join()

    def once(self) -> Trouble | None:
        """Push everything, pull the roster; None when all went well."""
        pushed = self.push_once()
        if pushed is not None and pushed is not self._refused:
            return pushed
        return self.pull_once() or pushed

    def push_once(self) -> Trouble | None:
        """Push everything; never raises because of the network or the disk."""
        try:
            trouble = self._push_all() or self._refused or self._tidied()
        except JournalUnavailable as error:
            trouble = Offline(str(error))
        self._note("push", trouble)
        return trouble

    def pull_once(self) -> Trouble | None:
        """Ask for the roster; never raises because of the network or a roster that is not believed."""
        try:
            trouble = self._pull()
        except RosterRefused as error:
            trouble = LyingAnswer(str(error))
        except JournalUnavailable as error:
            trouble = Offline(str(error))
        self._note("pull", trouble)
        return trouble

    def _push_all(self) -> Trouble | None:
        self._refused, self._is_whole = None, False
        runs = self._outbox.runs(self._most)
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
        # Before what came is acknowledged: of a gap behind which the server has an event it never tells
        # again, so a kiosk that dies in between must still hold that event as waiting.
        again = self._see(answer.roster_version)
        if answer.resend_from is not None:
            again += self._send_again(push, answer.resend_from)
        self._outbox.acknowledge(
            push.journal_id,
            answer.results,
            roster_version=answer.roster_version,
            at=answer.server_time,
        )
        self._is_whole = not again and push.head == self._outbox.empty_push(push.sent).head
        return None

    def _send_again(self, push: Push, missing: int) -> int:
        """A server that was restored from an older backup gets back what it had acknowledged since."""
        count = self._outbox.doubt(push.journal_id, missing, push.from_seq - 1)
        if count:
            log.warning("the server lacks events from %s on: %s of them are sent again", missing, count)
            self.wake()
        return count

    def _see(self, version: int) -> int:
        """A server that was put back from a backup gets all that is still held; how many events that are."""
        with self._seeing:  # both lanes hear of it: the second must not doubt what the first has acknowledged
            held = self._roster.version if self._seen_version is None else self._seen_version
            count = 0
            if held is None or version - held >= PUT_BACK // 2:
                count = self._outbox.doubt_all()
            self._seen_version = version
        if count:
            log.warning("the server was put back from a backup: %s events are sent again", count)
            self.wake()
        return count

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
            self._roster.apply(dict(answer.body), first=self._see)
        except RosterRefused:
            if "delta" not in answer.body:
                raise
            # A difference that does not fit what we hold: ask once for the whole.
            whole = self._api.roster(None, None)
            if not isinstance(whole, RosterAnswer):
                raise
            self._roster.apply(dict(whole.body), first=self._see)

    def _note(self, lane: Literal["push", "pull"], trouble: Trouble | None) -> None:
        """Keep what a lane's attempt came to, and tell whoever asked when that changes anything."""
        with self._lock:
            before, after = self._state, self._after(lane, trouble)
            self._state = after
            changed = self._roster_is_new() or before.told != after.told
        if after.trouble is not None and after.trouble != before.trouble:
            log.warning("sync: %s", after.trouble)
        if changed:
            self.on_change()

    def _after(self, lane: Literal["push", "pull"], trouble: Trouble | None) -> LinkState:
        state = self._state
        if lane == "push":
            state = replace(state, push=trouble)
        else:
            refused = isinstance(trouble, Refused) and trouble.code == "kiosk_revoked"
            state = replace(state, pull=trouble, revoked=refused or (state.revoked and trouble is not None))
        if state.push is None and state.pull is None:
            state = replace(state, last_sync_at=self._clock.sample().wall)
        return state

    def _roster_is_new(self) -> bool:
        told, self._told_version = self._told_version, self._roster.version
        return told != self._told_version

    def _is_due(self, last: int | None) -> bool:
        return last is None or self._clock.sample().uptime_ms - last > HOURLY_MS

    def _tidied(self) -> Trouble | None:
        """Delete what is old, once the server has said that it lacks nothing: one that was put back may."""
        sample = self._clock.sample()
        if sample.clock != "synced" or not self._is_due(self._pruned_at):
            return None
        trouble = None if self._is_whole else self._push(self._outbox.empty_push(sample))
        if self._is_whole:
            self._outbox.forget(self._roster.sealed)
            self._outbox.prune(now=sample.wall, days=self._retention_days)
            self._pruned_at = sample.uptime_ms
        return trouble


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
