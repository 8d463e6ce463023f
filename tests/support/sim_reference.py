"""A second, plain reading of design.md §4 "Shifts" and "Ledger": from taps to shifts and sums.

Written from the document, sharing no code with the product. Scope, honestly:

* it is *given* each tap's corrected time, when the server received it and whether it lies in quarantine;
  ``sim_checks`` compares times with the true ones and quarantine with what the simulator did to kiosks;
* it derives: whose tap it was and whether the card was lost, touches, debounce, starts, ends, hand-overs,
  missing ends, leaders' decisions, teams, windows, grades, minutes, the day's cap, hours and points;
* it leaves out: proofs (every activity takes any card here), policies other than the defaults, entries by
  hand, spending, held evidence (shifts that credit nothing because a tap is doubted), flags.

Only default policies of domain.md §6: window −10/+15 min, minimum 10 min, a tap belongs to a plan from 60 min
before, late end 4 h, without a plan 6 h, debounce 60 s, cap 480 min, 10 working days to settle.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

MIN, HR = 60_000, 3_600_000
GREEN = set(
    "shift_started shift_ended handed_over checkpoint_passed choose_activity end_proposed team_opened"
    " team_closed accepted_unlisted undone activity_changed".split()
)
NOT_SERVICE = {"rehearsal"}
CAP = 480
GRADES = ["tapped", "witnessed"]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One tap as it is known in the end."""

    body: dict[str, Any]
    at: int
    received_at: int
    owner: str | None
    doubted: bool
    """In quarantine, or made with a card that was no longer good."""
    site: str


@dataclass(frozen=True, kw_only=True)
class PlanVersion:
    """A plan as it was set at a moment."""

    since: int
    name: str
    activity: str
    site: str
    start: int
    end: int
    members: tuple[str, ...]
    cancelled: bool


@dataclass(frozen=True, kw_only=True)
class Word:
    """A decision, in order of recording."""

    kind: str
    recorded_at: int
    shift: str | None = None
    event: str | None = None
    at: int | None = None
    person: str | None = None
    day: str | None = None


@dataclass(kw_only=True)
class Known:
    """Everything there is to know."""

    facts: list[Fact]
    plans: list[PlanVersion]
    words: list[Word]
    now: int


@dataclass(kw_only=True)
class Turn:
    """A shift in the making, and as it came out."""

    name: str
    person: str
    activity: str | None
    start: int
    plan: PlanVersion | None
    team: str | None = None
    """The team event that opened it."""
    confirmed: bool = False
    end: int | None = None
    end_by_team: bool = False
    left: int | None = None
    known: int = 0
    state: str = ""
    grade: str | None = None
    minutes: int = 0
    credited: int = 0

    def told(self) -> tuple[Any, ...]:
        """What is compared."""
        return self.person, self.activity, self.start, self.end, self.state, self.grade, self.credited


@dataclass
class Result:
    """Shifts by id and sums by (book, person, grade, day)."""

    shifts: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    sums: dict[tuple[str, str, str, str], int] = field(default_factory=dict)


def reckon(known: Known, people: list[str]) -> Result:
    """What must come out."""
    result = Result()
    for person in people:
        turns = [_settle(turn, known) for turn in _Person(person, known).turns()]
        _cap(person, turns, known)
        for turn in turns:
            result.shifts[turn.name] = turn.told()
            if turn.credited and turn.grade:
                for book in ("hours", "points"):
                    key = (book, person, turn.grade, day(turn.start))
                    result.sums[key] = result.sums.get(key, 0) + turn.credited
    return result


def day(at: int) -> str:
    """The date in Shanghai, eight hours east."""
    from datetime import UTC, datetime, timedelta

    return (datetime.fromtimestamp(at / 1000, UTC) + timedelta(hours=8)).strftime("%Y-%m-%d")


def working_days_later(at: int, count: int) -> int:
    """The midnight that ends the count-th weekday after the day of ``at``."""
    number = (at + 8 * HR) // (24 * HR)
    while count:
        number += 1
        count -= (number + 3) % 7 < 5  # day 0 of the epoch was a Thursday
    return (number + 1) * 24 * HR - 8 * HR


class _Person:
    def __init__(self, person: str, known: Known) -> None:
        self.person, self.known = person, known
        self.open: Turn | None = None
        self.done: list[Turn] = []
        self.last: int | None = None
        self.touched: Turn | None = None

    # -- plans

    def plans(self, at: int) -> list[PlanVersion]:
        """Their plans as they stood at a moment."""
        current: dict[str, PlanVersion] = {}
        for version in self.known.plans:
            if version.since <= at:
                current[version.name] = version
        return [p for p in current.values() if self.person in p.members and not p.cancelled]

    def stood(self) -> list[PlanVersion]:
        """Each of their plans as it stood when it began."""
        found = []
        for version in self.known.plans:
            if version in self.plans(version.start):
                found.append(version)
        return found

    def plan_end(self, turn: Turn, until: int) -> int | None:
        """The planned end; leaders may move it while people serve: not before the start, not afterwards."""
        if turn.plan is None:
            return None
        end, stood = turn.plan.end, self.stood()
        for version in self.known.plans:
            if version.name != turn.plan.name or version.since <= turn.start:
                continue
            if version.since > min(until, self.deadline(turn, end, stood)):
                break
            good = not version.cancelled and self.person in version.members
            if good and version.end > max(turn.start, turn.plan.start):
                end = version.end
        return end

    def limit(self, turn: Turn, end: int | None) -> int:
        return turn.start + 6 * HR if end is None else end + 4 * HR

    def following(self, turn: Turn, end: int | None, plans: list[PlanVersion]) -> PlanVersion | None:
        if turn.plan is None or end is None:
            later = [p for p in plans if p.start > turn.start]
        else:
            later = [p for p in plans if p.name != turn.plan.name and p.start >= end]
        return min(later, key=lambda p: (p.start, p.name), default=None)

    def deadline(self, turn: Turn, end: int | None, plans: list[PlanVersion]) -> int:
        after = self.following(turn, end, plans)
        limit = self.limit(turn, end)
        return limit if after is None else min(limit, after.start)

    @staticmethod
    def fitting(plans: list[PlanVersion], at: int, site: str) -> PlanVersion | None:
        """The plan a tap belongs to: here first, then the nearest start."""
        good = [p for p in plans if p.start - 60 * MIN <= at < p.end]
        return min(good, key=lambda p: (p.site != site, abs(p.start - at), p.start, p.name), default=None)

    # -- taps

    def mine(self) -> list[tuple[Fact, bool]]:
        """What moves this person's shifts, in order, with whether staff restored it."""
        rulings: dict[str, str] = {}
        for word in self.known.words:
            if word.event is not None:
                rulings[word.event] = word.kind
        good: list[tuple[Fact, bool]] = []
        for fact in self.known.facts:
            ruling = rulings.get(fact.body["event_id"])
            if ruling == "set_aside_tap" or self.person not in (fact.owner, *fact.body["members"]):
                continue
            if ruling == "restore_tap" or fact.body["shown"] in GREEN:
                good.append((fact, ruling == "restore_tap"))
        good.sort(key=lambda g: _place(g[0]))
        return self._touched(good)

    def _touched(  # noqa: C901 - the rule told in one piece, to be compared with the document
        self, good: list[tuple[Fact, bool]]
    ) -> list[tuple[Fact, bool]]:
        rulings = {w.event for w in self.known.words if w.event and w.kind == "set_aside_tap"}
        targets = {f.body["event_id"]: f for f in self.known.facts if f.body["event_id"] not in rulings}
        undone, spared, changes = set(), set(), {}
        for fact, restored in good:
            body = fact.body
            target = targets.get(body["target"] or "")
            if body["action"] not in ("undo", "change") or target is None or self._is_doubted(fact, restored):
                continue
            if target.owner != fact.owner or not 0 <= fact.at - target.at <= HR:
                continue
            if target.body["action"] == "undo":
                continue
            if body["action"] == "change":
                changes[body["target"]] = (body["event_id"], body["activity_id"], changes.get(body["target"]))
            elif not body["members"]:
                undone.add(body["target"])
            elif self.person in body["members"]:
                spared.add(body["target"])
        kept = []
        for fact, restored in good:
            body, name = dict(fact.body), fact.body["event_id"]
            touch = body["action"] in ("undo", "change") or (body["action"] == "end" and body["target"])
            if touch or name in undone:
                continue
            team = body["action"] in ("team_open", "team_close")
            if (team and (fact.owner == self.person or name in spared)) or (
                not team and fact.owner != self.person
            ):
                continue
            change = changes.get(name)
            while change is not None and change[0] in undone:
                change = change[2]
            if change is not None:
                body |= {"activity_id": change[1], "activity_by": "chosen"}
            kept.append((Fact(**{**fact.__dict__, "body": body}), restored))
        return kept

    def turns(self) -> list[Turn]:
        """Go through it all once."""
        for fact, restored in self.mine():
            action = fact.body["action"]
            if self._is_doubted(fact, restored):
                if action == "auto" and fact.body["role"] == "desk":
                    self._note_doubted(fact)
            elif action == "team_open":
                self._team_open(fact)
            elif action == "team_close":
                self._team_close(fact)
            elif fact.body["role"] == "desk":
                self._desk(fact, restored)
            elif self.open is not None and self._running(self.open, fact.at):
                self.open.known = max(self.open.known, fact.received_at)
        return self.done

    @staticmethod
    def _is_doubted(fact: Fact, restored: bool) -> bool:
        return fact.doubted and not restored

    def _note_doubted(self, fact: Fact) -> None:
        """A doubted tap does nothing, but the open shift's decision waits until the server knew of it."""
        if self.open is not None and self._running(self.open, fact.at):
            self.open.known = max(self.open.known, fact.received_at)

    def _running(self, turn: Turn, at: int) -> bool:
        return at <= self.deadline(turn, self.plan_end(turn, at), self.plans(at))

    def _desk(self, fact: Fact, restored: bool) -> None:
        at, body = fact.at, fact.body
        if self.last is not None and 0 <= at - self.last < 60_000 and not restored:
            self._attach_repeat(fact)
            return
        self.last = at
        turn = self.open
        chosen = body["activity_id"] if body["activity_by"] == "chosen" else None
        if turn is not None and turn.team and not turn.confirmed and turn.plan is not None:
            end = self.plan_end(turn, at)
            assert end is not None
            if chosen in (None, turn.activity) and at < (turn.plan.start + end) // 2:
                turn.confirmed, turn.known = True, max(turn.known, fact.received_at)
                self.touched = turn
                return
        self._step(fact, self._what(turn, at, chosen))

    def _attach_repeat(self, fact: Fact) -> None:
        if self.touched is not None:
            self.touched.known = max(self.touched.known, fact.received_at)

    def _what(self, turn: Turn | None, at: int, chosen: str | None) -> str:
        if turn is None:
            return "start"
        end, plans = self.plan_end(turn, at), self.plans(at)
        after = self.following(turn, end, plans)
        if after is not None:
            opens = max(after.start - 10 * MIN, turn.start + 1)
            if opens <= at <= min(after.start + 15 * MIN, self.limit(turn, end)):
                return "hand over"
        if at > self.deadline(turn, end, plans):
            return "leave"
        return "hand over" if chosen is not None and chosen != turn.activity else "end"

    def _step(self, fact: Fact, what: str) -> None:
        turn, at = self.open, fact.at
        if turn is not None and what in ("end", "hand over"):
            turn.end, turn.known = at, max(turn.known, fact.received_at)
            turn.end_by_team = fact.body["action"].startswith("team")
            self.touched, self.open = turn, None
        elif turn is not None:
            turn.left, self.open = at, None
        if what != "end":
            self._start(fact, turn if what == "hand over" else None)

    def _start(self, fact: Fact, before: Turn | None) -> None:
        at, body = fact.at, fact.body
        team = body["action"] == "team_open"
        plans = self.plans(at)
        if team or body["activity_by"] == "chosen":
            plans = [p for p in plans if p.activity == body["activity_id"]]
        if before is not None:
            own = before.plan.name if before.plan else None
            plans = [p for p in plans if p.name != own and p.start > before.start]
        plan = self.fitting(plans, at, fact.site)
        turn = Turn(
            name=f"{body['event_id']}/{self.person}" if team else body["event_id"],
            person=self.person,
            activity=plan.activity if plan else body["activity_id"],
            start=at,
            plan=plan,
            team=body["event_id"] if team else None,
            known=fact.received_at,
        )
        self.open = self.touched = turn
        self.done.append(turn)

    def _team_open(self, fact: Fact) -> None:
        if self.person not in fact.body["members"]:
            return
        what = self._what(self.open, fact.at, None)
        if what != "end":
            self._step(fact, what)

    def _team_close(self, fact: Fact) -> None:
        turn, body = self.open, fact.body
        named = not body["members"] or self.person in body["members"]
        if named and turn is not None and turn.team == body["target"] and self._running(turn, fact.at):
            self._step(fact, "end")


def _place(fact: Fact) -> tuple[Any, ...]:
    body = fact.body
    return fact.at, body["kiosk_id"], body["journal_id"], body["seq"], body["event_id"]


def _settle(turn: Turn, known: Known) -> Turn:
    person = _Person(turn.person, known)
    planned = person.plan_end(turn, turn.end or turn.left or known.now)
    if turn.end is None:
        _without_end(turn, known, person)
    else:
        _count(turn, turn.end, planned, "tapped" if not turn.end_by_team else "witnessed")
    if any(w.kind == "void_shift" and w.shift == turn.name for w in known.words):
        turn.state, turn.minutes = "void", 0
    return turn


def _count(turn: Turn, end: int, planned: int | None, end_grade: str) -> None:
    start_grade = "witnessed" if turn.team and not turn.confirmed else "tapped"
    turn.grade = max(start_grade, end_grade, key=GRADES.index)
    turn.end = end
    first, last = turn.start, end
    if turn.plan is not None and planned is not None:
        first, last = max(first, turn.plan.start - 10 * MIN), min(last, planned + 15 * MIN)
    minutes = max(0, last - first) // MIN
    if turn.activity is None:
        turn.state = "held"
    elif turn.activity in NOT_SERVICE:
        turn.state = "closed"
    elif minutes < 10:
        turn.state = "void"
    else:
        turn.state, turn.minutes = "closed", minutes


def _without_end(turn: Turn, known: Known, person: _Person) -> None:
    planned = person.plan_end(turn, min(known.now, turn.left or known.now))
    deadline = person.deadline(turn, planned, person.stood())
    if turn.left is None and known.now <= deadline:
        turn.state = "open"
        return
    missing = deadline if turn.left is None else min(deadline, turn.left)
    settles = working_days_later(max(missing, turn.known), 10)
    proposed = planned if planned is not None and planned > turn.start else None
    words = [
        w
        for w in known.words
        if w.shift == turn.name and w.kind in ("confirm_end", "deny_end") and w.recorded_at < settles
    ]
    words = [w for w in words if w.kind == "deny_end" or (w.at is not None and w.at > turn.start)]
    if words and words[-1].kind == "confirm_end":
        assert words[-1].at is not None
        end = min(words[-1].at, missing if proposed is None else proposed)
        _count(turn, end, planned, "witnessed")
    else:
        turn.state = "settled_zero" if words or known.now >= settles else "end_missing"


def _cap(person: str, turns: list[Turn], known: Known) -> None:
    """At most 480 minutes a day, better known ones first; the excess waits for somebody's approval."""
    days: dict[str, list[Turn]] = defaultdict(list)
    for turn in turns:
        if turn.state == "closed":
            days[day(turn.start)].append(turn)
    for date, found in days.items():
        approved = any(
            w.kind == "approve_excess" and (w.person, w.day) == (person, date) for w in known.words
        )
        room = CAP
        found.sort(key=lambda t: (GRADES.index(t.grade or "tapped"), t.start, t.name))
        for turn in found:
            turn.credited = turn.minutes if approved else min(room, turn.minutes)
            room -= min(room, turn.minutes)
