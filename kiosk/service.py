"""One tap: verify, decide, STORE, then signal. Nothing green is shown before the disk has it."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from hardware.ports import CardRead, Indicator, ReaderState
from kiosk.cards import recognise, unchecked
from kiosk.domain import after_touch, decide
from kiosk.errors import ChoiceRefused, JournalUnavailable
from kiosk.outcomes import Moment, Offer, Refused, SeenCard, Touch, Verdict
from kiosk.ports import Clock, Draft, Journal, Randomness, Remembered
from kiosk.present import choice_seconds, journalled, result, touched
from kiosk.roster_view import RosterView
from kiosk.screen.view import Idle, Result, Turn
from server.contract.rules import HOUR, Policy
from server.contract.wire import ClockSample, Shown, TapEvent, uuid7

log = logging.getLogger(__name__)
TRANSIT_MS = 2000
"""How much later than the screen's own time-out a touch is still taken."""
KEPT_OFFERS = 16
TURNS_AHEAD = 12 * HOUR
MOST_TURNS = 6


class Screen(Protocol):
    """Where results go."""

    def publish(self, result: Result) -> None:
        """Show a result now."""

    def idle_changed(self) -> None:
        """Say that the idle screen should be asked for again."""


class RosterHolder(Protocol):
    """Who holds the current roster."""

    @property
    def view(self) -> RosterView | None:
        """The roster, or None."""

    @property
    def trouble(self) -> str | None:
        """Why the last one was not taken."""


class Link(Protocol):
    """What syncing knows of the server."""

    @property
    def online(self) -> bool:
        """Whether the last attempt reached our server."""

    @property
    def revoked(self) -> bool:
        """Whether the server has revoked this kiosk."""

    @property
    def last_sync_at(self) -> int | None:
        """When everything was last in step."""

    @property
    def trouble(self) -> str | None:
        """What the last attempt ran into."""

    def wake(self) -> None:
        """There is something to push."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a kiosk is made of."""

    kiosk_id: str
    community_id: str
    journal: Journal
    roster: RosterHolder
    clock: Clock
    link: Link
    randomness: Randomness
    screen: Screen
    indicator: Indicator
    speak: Callable[[Result], None]
    desk_open: Callable[[], bool] = lambda: False
    """Whether staff make cards at the reader, so that no card is a tap."""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class _Offered:
    """What may be touched after one event, until when, and about whom."""

    tap: TapEvent
    verdict: Verdict
    card: SeenCard
    until: int

    def find(self, choice: str) -> Offer | None:
        return next((offer for offer in self.verdict.offers if offer.choice == choice), None)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An outcome on its way to the disk; with ``tap`` and ``touch`` when a finger asked for it."""

    verdict: Verdict
    sample: ClockSample
    fields: dict[str, Any]
    card: SeenCard
    tap: TapEvent | None = None
    touch: Touch | None = None
    others: tuple[Offer, ...] = ()


class KioskService:
    """The kiosk between its readers, its journal and its screen; safe to call from any thread."""

    def __init__(self, parts: Parts, readers: tuple[str, ...] = ()) -> None:
        """``readers`` are the names that are expected to become ready."""
        self._parts = parts
        self._lock = threading.RLock()
        self._readers: dict[str, ReaderState | None] = dict.fromkeys(readers)
        self._offered: OrderedDict[str, _Offered] = OrderedDict()
        self._last: Result | None = None
        self._broken: tuple[str, ...] = ()

    def tap(self, read: CardRead) -> None:
        """One presentation of a card, from a reader's thread; never raises, and never says nothing."""
        try:
            self._take(read)
        except Exception:
            # A fault of ours on one card must not end the reader's thread and with it every card after it.
            log.exception("a tap could not be taken")
            self._confess()

    def _confess(self) -> None:
        """Red, and words that send the person to staff: tapping again would meet the same fault."""
        sample = self._parts.clock.sample()
        refused = Refused(shown=Shown.JOURNAL_UNAVAILABLE, reason="kiosk_fault")
        verdict = Verdict(outcome=refused, volunteer=None, card_id="")
        event_id = uuid7(sample.wall, self._parts.randomness(10))
        with self._lock:
            self._signal(result(verdict, None, moment(sample), event_id=event_id, durable=False))

    def _take(self, read: CardRead) -> None:
        with self._lock:
            sample = self._parts.clock.sample()
            now = moment(sample)
            view = self._parts.roster.view
            card = self._recognised(read, view, now)
            verdict = self._decided(card, view, now)
            fields = {
                "medium": card.medium,
                "proof": card.proof,
                "evidence": dict(card.evidence),
                "volunteer": verdict.volunteer,
                "card_id": verdict.card_id or card.card_id,
            }
            # When the disk refuses, the light is red and the screen says so: nothing is left to raise to.
            with suppress(JournalUnavailable):
                self._record(_Attempt(verdict, sample, fields, card))

    def _recognised(self, read: CardRead, view: RosterView | None, now: Moment) -> SeenCard:
        if view is None:
            return unchecked(read, self._parts.community_id)
        return recognise(read, view, now, last_step=self._last_step)

    def _last_step(self, card_id: str) -> int | None:
        steps = (past.event.evidence.get("step") for past in self._past(None, card_id))
        return max((step for step in steps if isinstance(step, int)), default=None)

    def _past(self, volunteer: str | None, card_id: str, others: Collection[str] = ()) -> list[Remembered]:
        return list(self._parts.journal.recent(volunteer, card_id, others=others))

    def _decided(self, card: SeenCard, view: RosterView | None, now: Moment) -> Verdict:
        listed = view.card(card.lookup) if view else None
        volunteer = listed.volunteer if listed else None
        past = self._past(volunteer, card.card_id or card.lookup, _led(volunteer, view))
        verdict = decide(card, view, past, view.policy if view else Policy(), now)
        if self._parts.link.revoked:
            return replace(verdict, outcome=Refused(shown=Shown.KIOSK_REVOKED), offers=())
        return verdict

    def _record(self, attempt: _Attempt) -> None:
        """Store, then signal."""
        view, now = self._parts.roster.view, moment(attempt.sample)
        draft = self._draft(attempt, view)
        event_id = str(draft.event["event_id"])
        try:
            event = self._parts.journal.append(draft)
        except JournalUnavailable:
            log.exception("an event was not stored")
            refused = Refused(shown=Shown.JOURNAL_UNAVAILABLE)
            broken = replace(attempt.verdict, outcome=refused, offers=(), total=None)
            self._signal(result(broken, view, now, event_id=event_id, durable=False))
            self.check()
            raise
        verdict = attempt.verdict
        if attempt.touch is not None:
            offers = after_touch(attempt.touch, event_id, attempt.others)
            verdict = replace(verdict, offers=offers)
        offered = _Offered(attempt.tap or event, verdict, attempt.card, self._until(attempt, view))
        self._offer(event_id, offered)
        told = result(verdict, view, now, event_id=event_id, card=attempt.card, durable=True)
        self._signal(told)
        self._parts.link.wake()
        if self._broken:
            self.check()

    def _draft(self, attempt: _Attempt, view: RosterView | None) -> Draft:
        sample = attempt.sample
        event = {
            "event_id": uuid7(sample.wall, self._parts.randomness(10)),
            "boot_id": sample.boot_id,
            "uptime_ms": sample.uptime_ms,
            "wall": sample.wall,
            "clock": sample.clock,
            "role": view.site.role if view else "desk",
            "roster_version": view.version if view else None,
            "policy_version": view.policy.version if view else None,
            **journalled(attempt.verdict.outcome),
            **attempt.fields,
        }
        return Draft(event=event)

    def _until(self, attempt: _Attempt, view: RosterView | None) -> int:
        policy = view.policy if view else Policy()
        seconds = max(choice_seconds(attempt.verdict.outcome, policy), policy.undo_seconds)
        return attempt.sample.uptime_ms + 1000 * seconds + TRANSIT_MS

    def _offer(self, event_id: str, offered: _Offered) -> None:
        self._offered[event_id] = offered
        while len(self._offered) > KEPT_OFFERS:
            self._offered.popitem(last=False)

    def _signal(self, shown: Result) -> None:
        self._last = shown
        self._parts.screen.publish(shown)
        self._parts.indicator.show(shown.outcome)
        self._parts.speak(shown)

    def choose(self, event_id: str, choice: str) -> None:
        """Take a touch; a second event that names the first. Raises :class:`ChoiceRefused`."""
        with self._lock:
            offered = self._offered.get(event_id)
            sample = self._parts.clock.sample()
            if choice == "dismiss":
                return
            if offered is None or sample.uptime_ms > offered.until:
                raise ChoiceRefused("too_late")
            offer = offered.find(choice)
            if offer is None:
                raise ChoiceRefused("unknown_choice")
            if offer.touch is not None:
                self._touch(offered, offer, offer.touch)
            self._offered.pop(event_id)

    def _touch(self, offered: _Offered, offer: Offer, touch: Touch) -> None:
        tap = offered.tap
        fields = {
            "medium": "touch",
            "proof": tap.proof,
            "volunteer": tap.volunteer,
            "card_id": tap.card_id,
            **touched(touch, tap.event_id),
        }
        attempt = _Attempt(
            replace(offered.verdict, outcome=touch, total=None),
            self._parts.clock.sample(),
            fields,
            offered.card,
            tap=tap,
            touch=touch,
            others=tuple(each for each in offered.verdict.offers if each is not offer),
        )
        try:
            self._record(attempt)
        except JournalUnavailable as error:
            raise ChoiceRefused("journal_unavailable") from error

    def reader_state(self, name: str, state: ReaderState) -> None:
        """A reader was lost or came back."""
        with self._lock:
            self._readers[name] = state
        self.check()

    def check(self) -> None:
        """Look for what is broken, and tell the screen before anyone taps; called again and again."""
        self._parts.journal.probe()
        broken = self.broken()
        with self._lock:
            changed, self._broken = broken != self._broken, broken
        if changed:
            self._parts.screen.idle_changed()

    def broken(self) -> tuple[str, ...]:
        """Words of the family ``broken`` that hold now."""
        return tuple(str(word) for word, why in self._troubles() if why is not None)

    def _troubles(self) -> list[tuple[Shown, str | None]]:
        parts = self._parts
        lost = [name for name, state in self._readers.items() if state is ReaderState.LOST]
        return [
            (Shown.JOURNAL_UNAVAILABLE, parts.journal.trouble),
            (Shown.KIOSK_REVOKED, "revoked" if parts.link.revoked else None),
            (Shown.ROSTER_MISSING, None if parts.roster.view else parts.roster.trouble or "never synced"),
            (Shown.READER_LOST, ", ".join(lost) if lost else None),
        ]

    def status(self) -> dict[str, Any]:
        """The answer of ``GET /api/status``; ``trouble`` is empty while all is well."""
        parts = self._parts
        view = parts.roster.view
        with self._lock:
            readers = [
                {"name": name, "state": str(state) if state else "starting"}
                for name, state in self._readers.items()
            ]
            last = _last(self._last) if self._last else None
        trouble = {str(word): why for word, why in self._troubles() if why is not None}
        more = {"sync": parts.link.trouble, "roster": parts.roster.trouble}
        return {
            "kiosk": parts.kiosk_id,
            "pending": parts.journal.pending,
            "acked_seq": parts.journal.acked_seq,
            "head_seq": parts.journal.head[0],
            "clock": parts.clock.sample().clock,
            "readers": readers,
            "roster_version": view.version if view else None,
            "last": last,
            "online": parts.link.online,
            "trouble": trouble | {name: why for name, why in more.items() if why is not None},
        }

    def idle(self) -> Idle:
        """What the screen says while nobody taps."""
        parts = self._parts
        sample, view = parts.clock.sample(), parts.roster.view
        troubles = {str(word): why for word, why in self._troubles() if why is not None}
        idle = Idle(
            online=parts.link.online,
            pending=parts.journal.pending,
            last_sync_at=parts.link.last_sync_at,
            clock=sample.clock,
            now=sample.wall,
            desk=parts.desk_open(),
            demo=parts.demo,
            broken=tuple(troubles),
            broken_detail=troubles,
        )
        if view is None:
            return idle
        return replace(
            idle,
            community_zh=view.community["name"],
            community_en=view.community["name_en"],
            site_zh=view.place["name"],
            site_en=view.place["name_en"],
            zone=view.zone_name,
            contact=view.community.get("contact") or "",
            turns=_turns(view, sample.wall),
            # Who withdrew a consent must be gone, and a kiosk without a network cannot hear of it.
            honoured=view.honoured if parts.link.online else (),
        )


def moment(sample: ClockSample) -> Moment:
    """Now, from one reading of the clocks."""
    return Moment(
        at=sample.wall,
        uptime_ms=sample.uptime_ms,
        boot_id=sample.boot_id,
        synced=sample.clock == "synced",
    )


def _led(volunteer: str | None, view: RosterView | None) -> frozenset[str]:
    """Members of the turns that a leader can open: whose taps say who is missing."""
    person = view.person(volunteer) if view and volunteer else None
    if person is None or not person.leads or view is None:
        return frozenset()
    return frozenset(number for muster in view.musters_of(person) for number in muster.members)


def _last(shown: Result) -> dict[str, Any]:
    same = ("event_id", "outcome", "kind", "reason", "name", "minutes", "total_minutes", "at", "durable")
    return {name: getattr(shown, name) for name in same} | {"activity": shown.activity_zh}


def _turns(view: RosterView, at: int) -> tuple[Turn, ...]:
    turns = []
    for plan, entry in view.turns(at, ahead=TURNS_AHEAD)[:MOST_TURNS]:
        activity = view.activity(plan.activity_id)
        turns.append(
            Turn(
                zh=activity.zh if activity else "",
                en=activity.en if activity else "",
                start=plan.start,
                end=plan.end,
                need=int(entry.get("need") or 0),
                have=len(entry["members"]),
            )
        )
    return tuple(turns)
