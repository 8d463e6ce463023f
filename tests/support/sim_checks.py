"""What must hold at the end of every history."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from server.contract.rules import HOUR
from server.contract.wire import ClockSample, Push, PushedEvent
from server.db.guards import drop_guard_statements
from server.services.audit import audit
from server.services.ingest import ingest
from server.services.reprojecting import reproject_all
from server.services.sessions import KnownKiosk
from server.services.stored import pushed_body
from server.services.timing import as_sample, corrected_times
from tests.support.sim_reference import Fact, Known, PlanVersion, Result, Word, reckon
from tests.support.sim_server import BEGIN, PEOPLE
from tests.support.sim_told import Told

SLACK_MS = 5_010
"""A kiosk that once learned the server's time is believed to five seconds (server/domain/time.py)…"""
DRIFT_PPM = 100
"""…and the drift since its boot."""
Row = dict[str, Any]


def check(told: Told, *, audited: bool = False, redelivered: bool = False) -> list[str]:
    """Everything that is wrong with a history; empty when all is well."""
    held = told.server.tables(*_READ)
    _count(told, held)
    found = list(_times_are_those_of_whole_journals(held))
    held["events"] = [row for row in held["events"] if row["hash"] not in told.rogue]
    for row in held["events"]:
        row["salt"], row["body"] = told.sealed.get(row["event_id"], (row["salt"], row["body"]))
    found += [*_nothing_lost(told, held), *_nothing_pending(told), *_doubt_has_a_cause(told, held)]
    found += [*_times_hold(told, held), *_as_reckoned(told, held), *_machines_are_well(told), *told.believed]
    if audited:
        with told.server.uow(writes=False) as uow:
            found += [f"audit: {finding}" for finding in audit(uow, told.server.runtime.keys)]
        if otherwise := told.server.do(reproject_all):
            found.append(f"{otherwise} shifts come out otherwise when everything is derived again")
    if redelivered and not found and not told.sealed:
        found += _any_order(told)
    return found


_READ = ("events", "journals", "clock_samples", "decisions", "shifts", "ledger_transactions", "ledger_lines")
Tables = dict[str, list[Row]]


def _count(told: Told, held: Tables) -> None:
    """What this history came to."""
    tally = told.server.tally
    tally[f"history of {told.story.size}"] += 1
    tally.update(f"stored: {row['reason'] or row['status']}" for row in held["events"])
    tally.update(f"shift: {row['state']}" for row in held["shifts"])
    tally.update(f"shown: {each.outcome}" for machine in told.machines for each in machine.screen.shown)
    tally["over HTTP"] += any(machine.habit.http for machine in told.machines)
    told.server.measures |= {
        "events": len(held["events"]),
        "kiosks": len(told.running),
        "days": (told.time.now - BEGIN) // (24 * HOUR),
    }


def _nothing_lost(told: Told, held: Tables) -> Iterable[str]:
    """Everything green is stored once; nothing else but what was journalled is."""
    stored = Counter(_id_of(row) for row in held["events"])
    true = told.true_times
    for event in sorted(told.greens - told.destroyed):
        if stored[event] != 1:
            yield f"green event {event} is stored {stored[event]} times"
    for event, times in sorted(stored.items()):
        if times > 1 or event not in true:
            yield f"event {event} is stored {times} times; nobody tapped it so often"


def _id_of(row: Row) -> str:
    return str(json.loads(row["body"])["event_id"])


def _nothing_pending(told: Told) -> Iterable[str]:
    for machine in told.machines:
        if machine.journal.pending:
            yield f"{machine.name} still holds {machine.journal.pending} events: {machine.syncer.trouble}"


def _doubt_has_a_cause(told: Told, held: Tables) -> Iterable[str]:
    """Only forks and revoked kiosks bring events into quarantine."""
    kiosks, rows = _kiosks(told), held["events"]
    for row in rows:
        if row["status"] != "stored" and kiosks[row["kiosk_id"]] not in told.doubted:
            yield f"{row['event_id']} is in quarantine without a cause: {row['reason']}"
        if row["received_at"] > told.revoked.get(row["kiosk_id"], 1 << 60) and row["status"] == "stored":
            yield f"{row['event_id']} of a revoked kiosk counts"
    places: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        places[(row["kiosk_id"], row["journal_id"], row["seq"])].append(row)
    for place, found in places.items():
        if len(found) > 1 and any(row["standing"] == "good" for row in found):
            yield f"{place} has {len(found)} histories and counts"


def _kiosks(told: Told) -> dict[str, str]:
    return {enrolment.kiosk_id: name for name, enrolment in told.server.enrolments.items()}


def _machines_are_well(told: Told) -> Iterable[str]:
    for machine in told.machines:
        if machine.went_back:
            yield f"{machine.name} took an older roster"
        for shown in machine.screen.shown:
            if shown.reason == "kiosk_fault":
                yield f"{machine.name} had a fault of its own at {shown.at}"


def _times_are_those_of_whole_journals(held: Tables) -> Iterable[str]:
    """Each push corrected what it could move: as if the journal had been read from its beginning."""
    samples: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in held["clock_samples"]:
        samples[row["kiosk_id"], row["journal_id"]].append(row)
    for journal, rows in _by_journal(held["events"]).items():
        whole = corrected_times(rows, [as_sample(row) for row in samples[journal]])
        for row in rows:
            time, stands = whole.get(row["seq"]), (row["at"], row["uncertainty"])
            if time is not None and stands != time[:2]:
                yield f"{row['event_id']} has the time {stands}, by its whole journal {time[:2]}"


def _by_journal(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["kiosk_id"], row["journal_id"]].append(row)
    return found


def _times_hold(told: Told, held: Tables) -> Iterable[str]:
    """The corrected time is the true one within what is said of its uncertainty."""
    forked = {(j["kiosk_id"], j["journal_id"]) for j in held["journals"] if j["fork_seq"] is not None}
    true = told.true_times
    for row in held["events"]:
        if (row["kiosk_id"], row["journal_id"]) in forked or row["event_id"] not in true:
            continue
        off = abs(row["at"] - true[row["event_id"]])
        if off > row["uncertainty"] + SLACK_MS + row["uptime_ms"] * DRIFT_PPM // 1_000_000:
            yield f"{row['event_id']} is {off} ms off its true time, said to be ± {row['uncertainty']} ms"


def _as_reckoned(told: Told, tables: Tables) -> Iterable[str]:
    facts = _facts(told, tables["events"])
    wanted, held = reference_of(told, facts, tables["decisions"]), result_in(tables)
    doubted = {fact.body["event_id"] for fact in facts if fact.doubted}
    restored = {row["event_id"] for row in tables["decisions"] if row["kind"] == "restore_tap"}
    evidence = doubted - restored  # shifts that hold evidence are out of the reference model's scope
    held.shifts = {name: shift for name, shift in held.shifts.items() if name not in evidence}
    yield from _differences("shift", wanted.shifts, held.shifts)
    yield from _differences("sum", wanted.sums, held.sums)


def _differences(what: str, wanted: dict[Any, Any], held: dict[Any, Any]) -> Iterable[str]:
    for key in sorted(wanted.keys() | held.keys()):
        if wanted.get(key) != held.get(key):
            yield f"{what} {key}: reckoned {wanted.get(key)}, the server has {held.get(key)}"


def reference_of(told: Told, facts: list[Fact], decisions: list[Row]) -> Result:
    """What the reference model makes of the history."""
    words = [
        Word(
            kind=row["kind"],
            recorded_at=row["recorded_at"],
            shift=row["shift_id"],
            event=row["event_id"],
            at=row["at"],
            person=row["volunteer"],
            day=row["day"],
        )
        for row in sorted(decisions, key=lambda row: row["fact_seq"])
    ]
    plans = [
        PlanVersion(
            since=since,
            name=spec.plan_id,
            activity=spec.activity_id,
            site=spec.site_id,
            start=spec.start,
            end=spec.end,
            members=spec.members,
            cancelled=spec.cancelled,
        )
        for since, spec in told.plans
    ]
    known = Known(facts=facts, plans=plans, words=words, now=told.time.now)
    result = reckon(known, [f"M{number + 1:04}" for number in range(PEOPLE)])
    result.shifts = {name: shift for name, shift in result.shifts.items() if shift[4] != "held"}
    return result


def _facts(told: Told, rows: Sequence[Row]) -> list[Fact]:
    owners = {card.card_id: card.volunteer for cards in told.cards for card in cards}
    # A kiosk without a roster knows a bare chip by its look-up key only.
    chips = told.server.rows("cards")
    owners |= {row["lookup"]: row["volunteer"] for row in chips if row["lookup"]}
    sites = {enrolment.kiosk_id: enrolment.site for enrolment in told.server.enrolments.values()}
    return [_fact(told, row, owners, sites) for row in rows]


def _fact(told: Told, row: Row, owners: dict[str, str], sites: dict[str, str]) -> Fact:
    body = json.loads(row["body"])
    card = body["card_id"]
    lost = card in told.lost and row["at"] >= told.lost[card]
    return Fact(
        body=body,
        at=row["at"],
        received_at=row["received_at"],
        owner=owners.get(card, body["volunteer"]),
        doubted=lost or row["standing"] == "quarantined",
        site=sites[row["kiosk_id"]],
    )


def result_of(told: Told) -> Result:
    """What the server holds."""
    return result_in(told.server.tables("shifts", "ledger_transactions", "ledger_lines"))


def result_in(tables: Tables) -> Result:
    """Shifts and the sums they came to; what was spent of them is the audit's to prove."""
    result = Result()
    for row in tables["shifts"]:
        if row["state"] != "held":
            names = ("volunteer", "activity_id", "started_at", "ended_at", "state", "grade", "credited")
            result.shifts[row["shift_id"]] = tuple(row[name] for name in names)
    earned = {row["seq"] for row in tables["ledger_transactions"] if row["kind"] == "shift"}
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for line in tables["ledger_lines"]:
        if line["account"].startswith("person:") and line["tx_seq"] in earned:
            key = (line["book"], line["account"].removeprefix("person:"), line["grade"], line["day"])
            sums[key] += line["amount"]
    result.sums = {key: amount for key, amount in sums.items() if amount}
    return result


# -- any order

_DERIVED = (
    *("event_members", "journals", "clock_samples", "shifts", "projections", "ledger_lines"),
    *("ledger_transactions", "balances", "events"),
)


def _any_order(told: Told) -> Iterable[str]:
    """All events told again to an empty server: journal by journal, then cut up, shuffled and doubled.

    An id belongs to whoever came first with it, so what a stolen key has pushed is left out here.
    """
    rows = [row for row in told.server.rows("events", "event_id") if row["hash"] not in told.rogue]
    told.server.execute(*drop_guard_statements("sqlite"))
    rng = random.Random(told.story.seed)
    whole = _pushes(told, rows, None)
    cut = _pushes(told, rows, rng)
    cut += rng.sample(cut, len(cut) // 2)
    rng.shuffle(cut)
    first, second = _delivered(told, whole), _delivered(told, cut)
    yield from (f"in another order: {each}" for each in _differences("shift", first.shifts, second.shifts))
    yield from (f"in another order: {each}" for each in _differences("sum", first.sums, second.sums))


def _delivered(told: Told, pushes: Sequence[Push]) -> Result:
    told.server.execute(*(f"DELETE FROM {name}" for name in _DERIVED))
    sites = {enrolment.kiosk_id: enrolment.site for enrolment in told.server.enrolments.values()}
    for push in pushes:
        known = KnownKiosk(kiosk_id=push.kiosk_id, site_id=sites[push.kiosk_id], revoked=False)
        told.server.do(ingest, push, known, by=f"kiosk:{push.kiosk_id}")
    return result_of(told)


def _pushes(told: Told, rows: Sequence[Row], rng: random.Random | None) -> list[Push]:
    journals: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        journals[(row["kiosk_id"], row["journal_id"])].append(row)
    made = []
    for found in journals.values():
        for run in _runs(found):
            made += [_push(told, part) for part in _cut(run, rng)]
    return made


def _runs(rows: list[Row]) -> Iterable[list[Row]]:
    """One journal's events as chains: forks apart, gaps apart."""
    waiting = {row["hash"]: row for row in rows}
    by_prev: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["hash"]):
        by_prev[row["prev"]].append(row)
    for row in sorted(rows, key=lambda row: (row["seq"], row["hash"])):
        run = []
        following: Row | None = row
        while following is not None and waiting.pop(following["hash"], None):
            run.append(following)
            following = next((r for r in by_prev[following["hash"]] if r["hash"] in waiting), None)
        if run:
            yield run


def _cut(run: list[Row], rng: random.Random | None) -> Iterable[list[Row]]:
    start = 0
    while start < len(run):
        size = len(run) if rng is None else rng.randrange(1, 6)
        yield run[start : start + size]
        start += size


def _push(told: Told, part: list[Row]) -> Push:
    kiosk_id, journal_id = part[0]["kiosk_id"], part[0]["journal_id"]
    kiosk = _kiosks(told)[kiosk_id]
    sample = told.running[kiosk][0].clock.sample()
    journal = told.priors.get(journal_id, (None, None))
    return Push(
        kiosk_id=kiosk_id,
        journal_id=journal_id,
        prior_journal=journal[0],
        prior_head=journal[1],
        from_seq=part[0]["seq"],
        prev=part[0]["prev"],
        head=part[-1]["hash"],
        sent=ClockSample(
            boot_id=sample.boot_id, uptime_ms=sample.uptime_ms, wall=sample.wall, clock=sample.clock
        ),
        events=tuple(PushedEvent(row["salt"], pushed_body(row["body"])) for row in part),
    )
