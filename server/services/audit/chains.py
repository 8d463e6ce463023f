"""The server's own chains: every link, every signed head, and no row of a community that is none."""

from collections.abc import Iterator, Sequence

from server.contract.wire import canonical, chain_hash
from server.services.acting import Row, Uow
from server.services.audit.finding import Finding
from server.services.facts import FACTS, LEDGER, fact_inner, genesis, head_to_sign, parsed
from server.services.keys import Keys

CHAINS = {FACTS: "facts", LEDGER: "ledger_transactions"}
"""Name of a chain -> its table."""


def check_strangers(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """Rows that belong to no community."""
    for table, community in uow.strangers():
        yield Finding(table, community, "has rows of a community that does not exist")


def check_heads(uow: Uow, keys: Keys) -> Iterator[Finding]:
    """Each chain has the head it ends with, signed by this server; there are no others."""
    heads = {row["chain"]: row for row in uow.rows("chain_heads").rows()}
    for chain in heads.keys() - CHAINS.keys():
        yield Finding("chain_heads", str(chain), "is the head of no chain")
    for chain, table in CHAINS.items():
        last = uow.rows(table).last("seq")
        head = heads.get(chain)
        if last is None and head is None:
            continue
        if last is None or head is None:
            yield Finding(table, chain, "rows without a head, or a head without rows")
        elif (head["seq"], head["hash"]) != (last["seq"], last["hash"]):
            yield Finding(table, chain, f"ends at {last['seq']}, its head says {head['seq']}")
        elif not keys.holds(
            head_to_sign(uow.community_id, chain, last["seq"], last["hash"]), head["signature"]
        ):
            yield Finding("chain_heads", chain, "is not signed by this server's key")


def check_facts(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """Every fact in its place, with the hash of what it says."""
    rows = uow.rows("facts").rows("seq")
    yield from check_links("facts", rows, genesis(uow.community_id, FACTS))
    for row in rows:
        if row["hash"] != chain_hash(row["prev"], fact_inner(row, row["body"])):
            yield Finding("facts", str(row["seq"]), "does not have the hash of what it says")
        if canonical(parsed(row)["body"]).decode() != row["body"]:
            yield Finding("facts", str(row["seq"]), "has a body that is not canonical")


def check_links(table: str, rows: Sequence[Row], start: str) -> Iterator[Finding]:
    """Places without gaps, each row naming the hash before it."""
    before = start
    for place, row in enumerate(rows, 1):
        if row["seq"] != place or row["prev"] != before:
            yield Finding(table, str(row["seq"]), f"is not the link that stands at {place}")
        before = row["hash"]
