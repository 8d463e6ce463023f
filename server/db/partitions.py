"""Tables of communities in parts on PostgreSQL: each community's rows lie together, by a hash of its id.

``events`` always is; ``yika-server init --partitioned`` does it to every table that a community owns. The
migrations are the same: a listener gives each table its parts as it is made. PostgreSQL then refuses any
primary key or unique rule without ``community_id``, as systems that spread a table over machines do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, event, text

PARTS = 8
_PIECES = """
    SELECT parent.relname, child.relname FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent AND parent.relkind = 'p'
    JOIN pg_class child ON child.oid = inhrelid
    WHERE parent.relnamespace = current_schema()::regnamespace ORDER BY 1, 2
"""


def pieces(connection: Connection) -> dict[str, list[str]]:
    """The parts of every divided table; none on SQLite."""
    found: dict[str, list[str]] = {}
    if connection.dialect.name == "postgresql":
        for parent, child in connection.execute(text(_PIECES)):
            found.setdefault(parent, []).append(child)
    return found


def is_divided(connection: Connection) -> bool:
    """Whether this database was made with all its tables in parts."""
    return "communities" in pieces(connection)


@contextmanager
def dividing() -> Iterator[None]:
    """Every table of a community that is made inside gets its parts."""
    event.listen(Table, "before_create", _divide)
    event.listen(Table, "after_create", _make_parts)
    try:
        yield
    finally:
        event.remove(Table, "before_create", _divide)
        event.remove(Table, "after_create", _make_parts)


def _divide(table: Table, _connection: Connection, **_more: Any) -> None:
    options = table.dialect_options["postgresql"]
    if "community_id" in table.primary_key.columns and not options["partition_by"]:
        options["partition_by"] = "HASH (community_id)"
        table.info["yika_parts"] = PARTS


def _make_parts(table: Table, connection: Connection, **_more: Any) -> None:
    count = table.info.get("yika_parts", 0)
    for part in range(count):
        values = f"WITH (MODULUS {count}, REMAINDER {part})"
        connection.execute(
            text(f"CREATE TABLE {table.name}_{part} PARTITION OF {table.name} FOR VALUES {values}")
        )
