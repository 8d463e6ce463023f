"""View tables against the facts they are folded from."""

from collections.abc import Iterator

from server.services.acting import Uow
from server.services.audit.finding import Finding, by_key, differences
from server.services.facts import parsed
from server.services.folding import KEYS, MEMBER_COLUMNS, Views, fold
from server.services.keys import Keys


def check_views(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """Fold all facts from nothing; every view table must hold exactly that."""
    views: Views = {}
    for row in uow.rows("facts").rows("seq"):
        fold(parsed(row), views)
    for table, key in KEYS.items():
        yield from differences(table, by_key(uow.rows(table).rows(), key), views.get(table, {}))
    people = by_key(uow.rows("volunteers").rows(), ("number",))
    standing = {key: {name: row[name] for name in ("number", *MEMBER_COLUMNS)} for key, row in people.items()}
    yield from differences("volunteers", standing, views.get("members", {}))
