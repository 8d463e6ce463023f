"""Events: hashes against bodies, batches against facts, derived columns derived again."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

from server.contract.wire import chain_hash, inner_hash
from server.domain.facts import FactKind
from server.domain.time import Corrected
from server.services.acting import Row, Uow
from server.services.audit.finding import Finding, differences, same
from server.services.batches import batch_digest
from server.services.deriving import graded_columns, load_register, read_columns
from server.services.keys import Keys
from server.services.register import Register
from server.services.sealing import kept_digest
from server.services.stored import event_of, pushed_body
from server.services.timing import corrected_times, samples_of

Rows = Sequence[Row]


def check_events(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """All events of a community."""
    rows = uow.rows("events").rows("kiosk_id", "journal_id", "seq", "hash")
    yield from _batches(uow, rows)
    yield from _hashes(rows)
    yield from _sealed(uow, rows)
    yield from _members(uow, rows)
    journals: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        journals[row["kiosk_id"], row["journal_id"]].append(row)
    register = load_register(uow, [event for row in rows if (event := event_of(row)) is not None], None)
    for journal, mine in journals.items():
        yield from _derived(mine, corrected_times(mine, samples_of(uow, journal)), register)


def _batches(uow: Uow, rows: Rows) -> Iterator[Finding]:
    """What each push stored is exactly what its batch fact says."""
    held: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        held[row["batch_seq"]].append(row)
    facts = {fact["seq"]: fact for fact in uow.rows("facts").rows(kind=str(FactKind.BATCH))}
    for seq in held.keys() - facts.keys():
        yield Finding("events", held[seq][0]["event_id"], f"names batch {seq}, which is none")
    for seq, fact in facts.items():
        body, mine = json.loads(fact["body"]), held.get(seq, [])
        told = [(r["event_id"], r["hash"], r["status"], r["reason"], r["received_at"]) for r in mine]
        if len(mine) != body["count"] or batch_digest(told) != body["digest"]:
            yield Finding("events", f"batch {seq}", "does not hold what was received then")
        for row in mine:
            if (row["kiosk_id"], row["journal_id"]) != (body["kiosk"], body["journal"]):
                yield Finding("events", row["event_id"], "is in another journal than its batch")
            if row["received_at"] != fact["recorded_at"]:
                yield Finding("events", row["event_id"], "was received at another time")


def _hashes(rows: Rows) -> Iterator[Finding]:
    for row in rows:
        if row["hash"] != chain_hash(row["prev"], row["inner"]):
            yield Finding("events", row["event_id"], "does not have the hash of its place")
        if (row["salt"] is None) != (row["body"] is None):
            yield Finding("events", row["event_id"], "is half sealed")
        elif row["body"] is not None and row["inner"] != inner_hash(
            bytes.fromhex(row["salt"]), pushed_body(row["body"]).encode()
        ):
            yield Finding("events", row["event_id"], "does not have the hash of what it says")


def _sealed(uow: Uow, rows: Rows) -> Iterator[Finding]:
    """A sealed event is accepted only as its redaction fact describes it."""
    facts = uow.rows("facts").rows(kind=str(FactKind.REDACTION))
    kept = {fact["subject"]: json.loads(fact["body"])["kept"] for fact in facts}
    for row in rows:
        if row["body"] is None and kept.get(row["event_id"]) != kept_digest(row):
            yield Finding("events", row["event_id"], "is sealed otherwise than its redaction says")
        if row["body"] is not None and row["event_id"] in kept:
            yield Finding("events", row["event_id"], "was sealed, and has its body again")


def _members(uow: Uow, rows: Rows) -> Iterator[Finding]:
    derived = {(member, row["event_id"]): Row() for row in rows for member in row["members"]}
    stored = {(row["volunteer"], row["event_id"]): row for row in uow.rows("event_members").rows()}
    yield from differences("event_members", stored, derived)


def _derived(rows: Rows, times: dict[int, Corrected], register: Register) -> Iterator[Finding]:
    for row in rows:
        if row["body"] is None:
            continue
        event = event_of(row)
        if event is not None and row["event_id"] not in {event.event_id, f"conflict:{row['hash']}"}:
            yield Finding("events", row["event_id"], "is named otherwise than in its body")
        again = read_columns(event) | graded_columns(row, event, times.get(row["seq"]), register)
        if event is not None and row["reason"] != "wrong_place" and event.seq != row["seq"]:
            yield Finding("events", row["event_id"], "stands at another place than it says")
        if wrong := [name for name, value in again.items() if not same(row[name], value)]:
            yield Finding("events", row["event_id"], f"differs in {', '.join(wrong)}")
