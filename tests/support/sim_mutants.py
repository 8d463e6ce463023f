"""Ways to break the product: each a small patch of one promise; the simulator has to notice every one.

A mutant that survives says that the simulator is blind there, not that the product is good.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import kiosk.journal
import kiosk.journal_open
import kiosk.roster
import kiosk.sync
import server.db.clock_rows
import server.domain.drafts
import server.domain.plans
import server.domain.shifts
import server.domain.timeline
import server.services.ingest
import server.services.posting
import server.services.projection
import server.services.timing
from kiosk.errors import JournalUnavailable
from kiosk.ports import Draft, Trouble
from server.contract.rules import MINUTE
from server.contract.wire import EventResult, Push, PushReply, Status, TapEvent, chain_hash
from server.domain.time import Corrected
from server.services.ingest import Forks
from tests.support.sim_story import Story, long_days, story

Patch = tuple[Any, str, Any]
"""Where, which name, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken promise."""

    breaks: str
    """The sentence that no longer holds."""
    patches: Callable[[], list[Patch]]
    of: Callable[[int], Story] = story
    """The histories that can notice it."""
    first: int = 0
    """The seed to begin with: those before were told once, noticed nothing, and cost minutes."""

    def apply(self) -> list[Patch]:
        """Break it; the patches that mend it again."""
        made = self.patches()
        mending = [(where, name, where.__dict__[name]) for where, name, _ in made]
        for where, name, instead in made:
            setattr(where, name, instead)
        return mending

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Broken only here."""
        mending = self.apply()
        try:
            yield
        finally:
            for where, name, was in mending:
                setattr(where, name, was)


def _no_hash_check() -> list[Patch]:
    def acknowledge(_: Any, con: sqlite3.Connection, journal_id: str, word: Any) -> None:
        key = (journal_id, word[0].seq)
        con.execute("UPDATE events SET status = 'stored', acked_at = 1 WHERE journal_id = ? AND seq = ?", key)

    return [
        (kiosk.sync, "_fits", lambda push, answer: True),
        (kiosk.journal.SqliteJournal, "_acknowledge_one", acknowledge),
    ]


def _acknowledge_what_was_sent() -> list[Patch]:
    def push(self: Any, what: Push) -> Trouble | None:
        answer = self._api.push(what)
        digest, results = what.prev, []
        for place, event in enumerate(what.events):
            digest = chain_hash(digest, event.inner())
            results.append(EventResult(what.from_seq + place, digest, Status.STORED))
        at = answer.server_time if isinstance(answer, PushReply) else 1
        self._outbox.acknowledge(what.journal_id, results, roster_version=1, at=at)
        return None if isinstance(answer, PushReply) else answer

    return [(kiosk.sync.Syncer, "_push", push)]


def _older_roster() -> list[Patch]:
    original = kiosk.roster.RosterStore._verified

    def verified(self: Any, body: Any) -> Any:
        held, self._manifest = self._manifest, None
        try:
            return original(self, body)
        finally:
            self._manifest = held

    return [(kiosk.roster.RosterStore, "_verified", verified)]


def _leave_waiting_behind() -> list[Patch]:
    original = kiosk.journal_open.salvage

    def salvage(path: Any, known: Any) -> list[Any]:
        return [row for row in original(path, known) if row.status is not None]

    return [(kiosk.journal_open, "salvage", salvage)]


def _default_hands_over() -> list[Patch]:
    original = server.domain.shifts._Walk._step

    def step(self: Any, act: Any) -> Any:
        return original(self, replace(act, tap=replace(act.tap, activity_by="chosen")))

    return [(server.domain.shifts._Walk, "_step", step)]


def _late_end_counts() -> list[Patch]:
    def counted(started_at: int, ended_at: int, _plan: Any, policy: Any) -> int:
        minutes = (ended_at - started_at) // MINUTE
        return minutes if minutes >= policy.minimum else 0

    return [(server.domain.drafts, "counted_minutes", counted)]


def _ignore_undo() -> list[Patch]:
    original = server.domain.timeline._touches

    def touches(*given: Any) -> Any:
        return replace(original(*given), undone=frozenset())

    return [(server.domain.timeline, "_touches", touches)]


def _post_the_whole() -> list[Patch]:
    original = server.services.posting.posting

    def posting(shift_id: str, wanted: Any, *, posted: Any, revision: int, how: Any) -> Any:
        return original(shift_id, wanted, posted=(), revision=revision, how=how)

    return [(server.services.posting, "posting", posting)]


def _believe_walls() -> list[Patch]:
    def corrected(rows: Any, samples: Any) -> Any:
        return {row["seq"]: Corrected(row["wall"], 0, sure=True) for row in rows if row["boot_id"]}

    return [(server.services.timing, "corrected_times", corrected)]


def _samples_by_place_only() -> list[Patch]:
    rows = server.db.clock_rows.ClockRows

    def near(self: Any, journal: Any, known: Any, low: int, boots: Any) -> Any:
        found = self.rows(kiosk_id=journal[0], journal_id=journal[1])
        return [row for row in found if row["last_seq"] >= low or row["boot_id"] in boots]

    return [(rows, "near", near)]


def _latest_plan_always() -> list[Patch]:
    def in_force(_: Any, versions: Any, at: int) -> Any:
        return versions[-1]

    return [(server.domain.plans.PlanBook, "_in_force", in_force)]


def _checkpoint_is_a_desk() -> list[Patch]:
    walk = server.domain.shifts._Walk
    return [(walk, "_checkpoint", walk._desk)]


def _revoked_counts() -> list[Patch]:
    original = server.services.ingest._objection

    def objection(item: Any, push: Any, known: Any) -> Any:
        return original(item, push, replace(known, revoked=False))

    return [(server.services.ingest, "_objection", objection)]


def _no_cap() -> list[Patch]:
    def credit(shifts: Any, _: Any) -> Any:
        return list(shifts)

    return [(server.services.projection, "credit", credit)]


def _green_without_disk() -> list[Patch]:
    original = kiosk.journal.SqliteJournal.append

    def append(self: Any, draft: Draft) -> TapEvent:
        try:
            return original(self, draft)
        except JournalUnavailable:
            return TapEvent(**draft.event, kiosk_id=self._kiosk_id, journal_id="none", seq=1)

    return [(kiosk.journal.SqliteJournal, "append", append)]


def _retry_under_another_id() -> list[Patch]:
    original = kiosk.journal.SqliteJournal._append

    def append(self: Any, draft: Draft) -> TapEvent:
        if self._con is None:  # after a failure
            event_id = f"{draft.event['event_id'][:-4]}0000"
            draft = Draft(event=dict(draft.event) | {"event_id": event_id})
        return original(self, draft)

    return [(kiosk.journal.SqliteJournal, "_append", append)]


MUTANTS: dict[str, Mutant] = {
    "green without the disk": Mutant("a light is green only when the disk has it", _green_without_disk),
    "retry under another id": Mutant(
        "a commit that raised is retried with the same id", _retry_under_another_id
    ),
    "acknowledge without hash check": Mutant(
        "a kiosk acknowledges the very event that was sent", _no_hash_check
    ),
    "acknowledge what was sent": Mutant("a lost request acknowledges nothing", _acknowledge_what_was_sent),
    "accept an older roster": Mutant("a lower roster version is refused", _older_roster, first=130),
    "leave waiting events behind": Mutant(
        "a new journal carries what waits", _leave_waiting_behind, first=950
    ),
    "store duplicates again": Mutant(
        "an event that is there already is a duplicate",
        lambda: [(server.services.ingest, "_told_duplicates", lambda _uow, received: list(received))],
    ),
    "overlook forks": Mutant(
        "two histories of one journal are told apart",
        lambda: [(server.services.ingest, "_forks", lambda *_: Forks(None, None))],
        first=80,
    ),
    "count a revoked kiosk": Mutant("what a revoked kiosk pushes waits for staff", _revoked_counts),
    "believe wall clocks": Mutant("time is evidence, not truth", _believe_walls),
    "ask for samples by place only": Mutant(
        "what comes in pieces is timed like the whole journal", _samples_by_place_only, first=9300
    ),
    "debounce off": Mutant(
        "a tap within a minute is the same intention",
        lambda: [(server.domain.shifts, "is_repeat", lambda _last, _at, _policy: False)],
    ),
    "hand over on a default": Mutant("a kiosk's default never hands over", _default_hands_over),
    "late end not clipped": Mutant("minutes count inside the window", _late_end_counts),
    "ignore undo": Mutant("what was taken back does nothing", _ignore_undo),
    "latest plan always": Mutant("editing a plan never changes what was", _latest_plan_always, first=140),
    "checkpoint is a desk": Mutant("a checkpoint never starts or ends a shift", _checkpoint_is_a_desk),
    "day's cap off": Mutant("a day credits 480 minutes, the excess waits", _no_cap, of=long_days),
    "post without difference": Mutant("posting writes the difference", _post_the_whole),
}
