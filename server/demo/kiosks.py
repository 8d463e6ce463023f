"""The demo's kiosks write journals as real ones do, so that the demo goes through ingest like any tap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from server.contract.rules import OpenShift, Plan, Policy, Step, is_repeat, plan_at, step_at
from server.contract.wire import (
    MAX_PUSH,
    ClockSample,
    Push,
    PushedEvent,
    Shown,
    TapEvent,
    chain_hash,
    genesis,
    inner_hash,
    uuid7,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCard:
    """What a tap says of the card that was held there."""

    card_id: str
    medium: str
    proof: str
    digest: str | None


@dataclass(slots=True, kw_only=True)
class Memory:
    """What all demo kiosks together know of one person, as a roster would tell them."""

    plans: Sequence[Plan] = ()
    shift: OpenShift | None = None
    last_at: int | None = None


@dataclass(slots=True, kw_only=True)
class DemoKiosk:
    """One kiosk's journal in the making."""

    kiosk_id: str
    site_id: str
    role: str
    default_activity: str | None
    rng: Random
    clock_behind: int = 0
    """Milliseconds that an unsynced kiosk's wall clock is behind; 0 for one that NTP reaches."""
    journal_id: str = ""
    seq: int = 0
    head: str = ""
    boot_id: str = ""
    booted_at: int = 0
    unsent: list[PushedEvent] = field(default_factory=list)
    sent_head: str = ""

    def boot(self, at: int) -> None:
        """Start the machine; the first start also opens the journal."""
        self.boot_id = uuid7(at, self.rng.randbytes(10))
        self.booted_at = at
        if not self.journal_id:
            self.journal_id = uuid7(at, self.rng.randbytes(10))
            self.head = self.sent_head = genesis(self.kiosk_id, self.journal_id, None)

    def tap(self, card: DemoCard, number: str, at: int, memory: Memory, policy: Policy) -> None:
        """One card at one moment: decided by the shared rules, written to the journal."""
        event_id = uuid7(at, self.rng.randbytes(10))
        plan = plan_at(memory.plans, at, policy, site_id=self.site_id)
        shown, activity = self._decide(event_id, at, plan, memory, policy)
        self.seq += 1
        self._append(
            TapEvent(
                event_id=event_id,
                kiosk_id=self.kiosk_id,
                journal_id=self.journal_id,
                seq=self.seq,
                boot_id=self.boot_id,
                uptime_ms=at - self.booted_at,
                wall=at - self.clock_behind,
                clock="unsynced" if self.clock_behind else "synced",
                card_id=card.card_id,
                medium=card.medium,
                proof=card.proof,
                evidence={"digest": card.digest} if card.digest else {},
                volunteer=number,
                activity_id=activity,
                activity_by="planned" if plan is not None else "default",
                role=self.role,
                shown=shown,
                roster_version=1,
                policy_version=1,
            )
        )

    def _decide(
        self, event_id: str, at: int, plan: Plan | None, memory: Memory, policy: Policy
    ) -> tuple[Shown, str | None]:
        activity = plan.activity_id if plan is not None else self.default_activity
        if is_repeat(memory.last_at, at, policy):
            return Shown.ALREADY_DONE, activity
        memory.last_at = at
        if self.role == "checkpoint":
            return Shown.CHECKPOINT_PASSED, memory.shift.activity_id if memory.shift else activity
        step = step_at(memory.shift, at, memory.plans, policy)
        if step is Step.END and memory.shift is not None:
            ended, memory.shift = memory.shift.activity_id, None
            return Shown.SHIFT_ENDED, ended
        before = memory.shift
        memory.shift = OpenShift(shift_id=event_id, activity_id=activity, started_at=at, plan=plan)
        if step is Step.HAND_OVER:
            return Shown.HANDED_OVER, activity
        missed = step is Step.MISSING_THEN_START and before is not None and before.plan is not None
        return Shown.END_PROPOSED if missed else Shown.SHIFT_STARTED, activity

    def _append(self, event: TapEvent) -> None:
        salt, body = self.rng.randbytes(16), event.to_bytes()
        self.head = chain_hash(self.head, inner_hash(salt, body))
        self.unsent.append(PushedEvent(salt.hex(), body.decode()))

    def pushes(self, at: int) -> list[Push]:
        """Everything unsent, in ranges, as sent at this moment."""
        made = []
        first = self.seq - len(self.unsent) + 1
        for offset in range(0, len(self.unsent), MAX_PUSH):
            part = tuple(self.unsent[offset : offset + MAX_PUSH])
            prev, head = self.sent_head, self.sent_head
            for event in part:
                head = chain_hash(head, event.inner())
            self.sent_head = head
            made.append(self._push(at, first + offset, prev, head, part))
        self.unsent.clear()
        return made

    def _push(self, at: int, first: int, prev: str, head: str, events: tuple[PushedEvent, ...]) -> Push:
        sample = ClockSample(
            boot_id=self.boot_id,
            uptime_ms=at - self.booted_at,
            wall=at - self.clock_behind,
            clock="unsynced" if self.clock_behind else "synced",
        )
        return Push(
            kiosk_id=self.kiosk_id,
            journal_id=self.journal_id,
            prior_journal=None,
            prior_head=None,
            from_seq=first,
            prev=prev,
            head=head,
            sent=sample,
            events=events,
        )
