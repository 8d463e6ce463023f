"""What must hold at the end of every history."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from server.contract.wire import ClockSample, Push, PushedEvent
from server.db.guards import drop_guard_statements
from server.services.audit import audit
from server.services.ingest import ingest
from server.services.sessions import KnownKiosk
from tests.support.sim_history import Told
from tests.support.sim_reference import Fact, Known, PlanVersion, Result, Word, reckon
from tests.support.sim_server import PEOPLE

SLACK_MS = 5_010
"""A kiosk that once learned the server's time is believed to five seconds (server/domain/time.py)…"""
DRIFT_PPM = 100
"""…and the drift since its boot."""
Row = dict[str, Any]


def check(told: Told, *, audited: bool = False, redelivered: bool = False) -> list[str]:
    """Everything that is wrong with a history; empty when all is well."""
    rows = told.server.rows("events", "event_id")
    found = [*_nothing_lost(told, rows), *_nothing_pending(told), *_doubt_has_a_cause(told, rows)]
    found += [*_times_hold(told, rows), *_as_reckoned(told, rows), *_rosters_rise(told)]
    if audited:
        with told.server.uow(writes=False) as uow:
            found += [f"audit: {finding}" for finding in audit(uow, told.server.runtime.keys)]
    if redelivered and not found:
        found += _any_order(told, rows)
    return found


def _nothing_lost(told: Told, rows: Sequence[Row]) -> Iterable[str]:
    """Everything green is stored once; nothing else but what was journalled is."""
    stored = Counter(_id_of(row) for row in rows)
    for event in sorted(told.greens - told.destroyed):
        if stored[event] != 1:
            yield f"green event {event} is stored {stored[event]} times"
    for event, times in sorted(stored.items()):
        if times > 1 or event not in told.true_times:
            yield f"event {event} is stored {times} times; nobody tapped it so often"


def _id_of(row: Row) -> str:
    return str(json.loads(row["body"])["event_id"])


def _nothing_pending(told: Told) -> Iterable[str]:
    for machine in told.machines:
        if machine.journal.pending:
            yield f"{machine.name} still holds {machine.journal.pending} events: {machine.syncer.trouble}"


def _doubt_has_a_cause(told: Told, rows: Sequence[Row]) -> Iterable[str]:
    """Only forks and revoked kiosks bring events into quarantine."""
    sites = {told.server.enrolments[site].kiosk_id: site for site in told.server.enrolments}
    for row in rows:
        if row["status"] != "stored" and sites[row["kiosk_id"]] not in told.doubted:
            yield f"{row['event_id']} is in quarantine without a cause: {row['reason']}"
        if row["received_at"] > told.revoked.get(row["kiosk_id"], 1 << 60) and row["status"] == "stored":
            yield f"{row['event_id']} of a revoked kiosk counts"
    places: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        places[(row["kiosk_id"], row["journal_id"], row["seq"])].append(row)
    for place, found in places.items():
        if len(found) > 1 and any(row["standing"] == "good" for row in found):
            yield f"{place} has {len(found)} histories and counts"


def _rosters_rise(told: Told) -> Iterable[str]:
    return (f"{machine.name} took an older roster" for machine in told.machines if machine.went_back)


def _times_hold(told: Told, rows: Sequence[Row]) -> Iterable[str]:
    """The corrected time is the true one within what is said of its uncertainty."""
    forked = {
        (j["kiosk_id"], j["journal_id"]) for j in told.server.rows("journals") if j["fork_seq"] is not None
    }
    true = told.true_times
    for row in rows:
        if (row["kiosk_id"], row["journal_id"]) in forked:
            continue
        off = abs(row["at"] - true[row["event_id"]])
        if off > row["uncertainty"] + SLACK_MS + row["uptime_ms"] * DRIFT_PPM // 1_000_000:
            yield f"{row['event_id']} is {off} ms off its true time, said to be ± {row['uncertainty']} ms"


def _as_reckoned(told: Told, rows: Sequence[Row]) -> Iterable[str]:
    wanted, held = reference_of(told, rows), result_of(told)
    doubted = {fact.body["event_id"] for row in rows if (fact := _fact(told, row)).doubted}
    restored = {row["event_id"] for row in told.server.rows("decisions", kind="restore_tap")}
    evidence = doubted - restored  # shifts that hold evidence are out of the reference model's scope
    held.shifts = {name: shift for name, shift in held.shifts.items() if name not in evidence}
    yield from _differences("shift", wanted.shifts, held.shifts)
    yield from _differences("sum", wanted.sums, held.sums)


def _differences(what: str, wanted: dict[Any, Any], held: dict[Any, Any]) -> Iterable[str]:
    for key in sorted(wanted.keys() | held.keys()):
        if wanted.get(key) != held.get(key):
            yield f"{what} {key}: reckoned {wanted.get(key)}, the server has {held.get(key)}"


def reference_of(told: Told, rows: Sequence[Row]) -> Result:
    """What the reference model makes of the history."""
    facts = [_fact(told, row) for row in rows]
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
        for row in told.server.rows("decisions", "fact_seq")
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


def _fact(told: Told, row: Row) -> Fact:
    owners = {card.card_id: card.volunteer for cards in told.cards for card in cards}
    sites = {enrolment.kiosk_id: site for site, enrolment in told.server.enrolments.items()}
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
    result = Result()
    for row in told.server.rows("shifts"):
        if row["state"] != "held":
            names = ("volunteer", "activity_id", "started_at", "ended_at", "state", "grade", "credited")
            result.shifts[row["shift_id"]] = tuple(row[name] for name in names)
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for line in told.server.rows("ledger_lines"):
        if line["account"].startswith("person:"):
            key = (line["book"], line["account"].removeprefix("person:"), line["grade"], line["day"])
            sums[key] += line["amount"]
    result.sums = {key: amount for key, amount in sums.items() if amount}
    return result


# -- any order

_DERIVED = (
    *("event_members", "journals", "clock_samples", "shifts", "projections", "ledger_lines"),
    *("ledger_transactions", "balances", "events"),
)


def _any_order(told: Told, rows: Sequence[Row]) -> Iterable[str]:
    """All events told again to an empty server: journal by journal, then cut up, shuffled and doubled."""
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
    sites = {enrolment.kiosk_id: site for site, enrolment in told.server.enrolments.items()}
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
    machine = next(m for m in told.machines if told.server.enrolments[m.site].kiosk_id == kiosk_id)
    sample = machine.clock.sample()
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
        events=tuple(PushedEvent(row["salt"], row["body"]) for row in part),
    )
