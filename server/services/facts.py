"""Appending facts to the community's chain and folding them into the view tables, in one transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from server.contract.wire import canonical, chain_hash
from server.domain.facts import FactKind
from server.services.acting import Acting, Row, Uow
from server.services.folding import KEYS, MEMBER_COLUMNS, Views, fold
from server.services.keys import Keys

FACTS = "facts"
LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact to be recorded; ``body`` is the whole new state of the subject."""

    kind: FactKind
    subject: str
    body: Row
    holds_from: int | None = None
    """From when in the world it holds; now when left out."""


def genesis(community_id: str, chain: str) -> str:
    """What stands before the first row of a chain."""
    return sha256(canonical([f"yika-{chain}-1", community_id])).hexdigest()


def fact_inner(fact: Row, body: str) -> str:
    """Hash of a fact's own content; ``body`` is its canonical JSON."""
    names = ("seq", "kind", "subject", "holds_from", "recorded_at", "recorded_by")
    return sha256(canonical(["yika-fact-1", *(fact[name] for name in names), body])).hexdigest()


def head_to_sign(community_id: str, chain: str, seq: int, digest: str) -> bytes:
    """The bytes under the signature of a chain's head."""
    return canonical(["yika-head-1", community_id, chain, seq, digest])


def head_of(uow: Uow, chain: str) -> tuple[int, str]:
    """Place and hash of a chain's last row."""
    row = uow.rows("chain_heads").get(chain=chain)
    return (row["seq"], row["hash"]) if row else (0, genesis(uow.community_id, chain))


def sign_head(uow: Uow, keys: Keys, chain: str, head: tuple[int, str]) -> None:
    """Move a chain's signed head."""
    signature = keys.sign(head_to_sign(uow.community_id, chain, *head))
    uow.rows("chain_heads").put([{"chain": chain, "seq": head[0], "hash": head[1], "signature": signature}])


def record(uow: Uow, acting: Acting, drafts: Iterable[Draft]) -> list[Row]:
    """Append facts, move the signed head, fold the views, and raise the change counter."""
    facts = store(uow, acting, list(drafts))
    if facts:
        uow.bump()
    return facts


def store(uow: Uow, acting: Acting, drafts: Sequence[Draft]) -> list[Row]:
    """As ``record``, without raising the change counter: for facts that no roster shows."""
    facts = append(uow, acting, drafts)
    views = _present(uow, facts)
    for fact in facts:
        fold(fact, views)
    _write(uow, views)
    return facts


def append(uow: Uow, acting: Acting, drafts: Sequence[Draft]) -> list[Row]:
    """Append facts to the chain without folding them; each returned row has its body as a dict."""
    if not drafts:
        return []
    uow.lock()
    seq, head = head_of(uow, FACTS)
    facts: list[Row] = []
    for draft in drafts:
        seq += 1
        fact: Row = {
            "seq": seq,
            "kind": str(draft.kind),
            "subject": draft.subject,
            "recorded_by": acting.by,
            "holds_from": acting.now if draft.holds_from is None else draft.holds_from,
            "recorded_at": acting.now,
            "prev": head,
            "body": draft.body,
        }
        head = fact["hash"] = chain_hash(head, fact_inner(fact, canonical(draft.body).decode()))
        facts.append(fact)
    uow.rows("facts").add([fact | {"body": canonical(fact["body"]).decode()} for fact in facts])
    sign_head(uow, acting.keys, FACTS, (seq, head))
    return facts


def parsed(fact: Row) -> Row:
    """A stored fact with its body as a dict."""
    return fact | {"body": json.loads(fact["body"])}


def _present(uow: Uow, facts: Sequence[Row]) -> Views:
    """The rows that folding these facts may have to look at."""
    views: Views = {}
    for kind, table, keys in _LOOKED_AT:
        about = [fact for fact in facts if fact["kind"] == kind]
        if about:
            where = {key: {_subject(fact, key) for fact in about} for key in keys}
            found = uow.rows(table).rows(**where)
            views[table] = {tuple(row[name] for name in KEYS[table]): _bare(row) for row in found}
    return views


_LOOKED_AT = (
    (FactKind.TEAM, "team_members", ("team_id",)),
    (FactKind.PLAN, "plans", ("plan_id",)),
    (FactKind.BATCH, "journals", ("kiosk_id", "journal_id")),
)


def _subject(fact: Row, key: str) -> str:
    return str(fact["body"]["journal"] if key == "journal_id" else fact["subject"])


def _bare(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "community_id"}


def _write(uow: Uow, views: Views) -> None:
    for name, rows in views.items():
        if name == "members":
            for row in rows.values():
                uow.rows("volunteers").set({c: row[c] for c in MEMBER_COLUMNS}, number=row["number"])
            continue
        repository = uow.rows(name)
        if name == "team_members":
            repository.remove(team_id={key[0] for key in rows})
        repository.put(list(rows.values()))


def body_of(uow: Uow, kind: FactKind, subject: str) -> dict[str, Any] | None:
    """The present state of a subject: the body of the last fact about it."""
    found = uow.rows("facts").last("seq", kind=str(kind), subject=subject)
    return dict(json.loads(found["body"])) if found else None
