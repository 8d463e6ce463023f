"""What the database itself refuses: changing or deleting what is written once.

Facts and ledger take no UPDATE, no DELETE and no TRUNCATE. ``events`` takes no DELETE and no TRUNCATE, and an
UPDATE only of its derived columns, or one that seals it: salt and body become NULL, all else stays. Triggers
hold for everybody who does not take them away first; on PostgreSQL roles.py besides gives the program's user
no right to any of it, nor to the triggers.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from server.db.partitions import pieces
from server.db.tables import Base

EVENT_ORIGINAL = (
    *("community_id", "event_id", "kiosk_id", "journal_id", "seq", "prev", "inner", "hash"),
    *("batch_seq", "status", "reason", "received_at"),
)
"""Columns of ``events`` that never change; salt and body may only become NULL, together."""
SEALED = ("salt", "body")
MESSAGE = "written once: this row cannot be changed or deleted"
FUNCTION = "yika_written_once"


def written_once() -> list[str]:
    """Facts and ledger: tables whose rows a chain covers (``prev``, ``hash``), and tables of their lines."""
    tables = Base.metadata.tables
    chained = {name for name, table in tables.items() if {"prev", "hash"} <= set(table.columns.keys())}
    lines = {
        name
        for name, table in tables.items()
        if {key.column.table.name for key in table.foreign_keys} & chained
    }
    return sorted((chained | lines) - {"events"})


def put_guards(connection: Connection) -> None:
    """Make the guards anew, as this release wants them."""
    dialect = connection.dialect.name
    makes = _sqlite_guards() if dialect == "sqlite" else _postgresql_guards(pieces(connection))
    for statement in [*drop_guard_statements(dialect), *makes]:
        connection.execute(text(statement))


def drop_guard_statements(dialect: str) -> list[str]:
    """SQL that removes the guards: for tests of the audit, and for a migration that must rewrite."""
    if dialect != "sqlite":
        return [f"DROP FUNCTION IF EXISTS {FUNCTION}() CASCADE"]
    guarded = (*written_once(), "events")
    return [f"DROP TRIGGER IF EXISTS {name}_no_{verb}" for name in guarded for verb in ("update", "delete")]


def _event_change() -> str:
    distinct = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in EVENT_ORIGINAL)
    kept = "(OLD.salt IS NOT DISTINCT FROM NEW.salt AND OLD.body IS NOT DISTINCT FROM NEW.body)"
    sealed = "(NEW.salt IS NULL AND NEW.body IS NULL)"
    return f"{distinct} OR NOT ({kept} OR {sealed})"


def _sqlite_guards() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    statements = [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {refuse}"
        for table in written_once()
        for verb in ("update", "delete")
    ]
    change = _event_change().replace("IS NOT DISTINCT FROM", "IS").replace("IS DISTINCT FROM", "IS NOT")
    return [
        *statements,
        f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events {refuse}",
        f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events WHEN {change} {refuse}",
    ]


def _postgresql_guards(parts: Mapping[str, Sequence[str]]) -> list[str]:
    """Statement triggers do not follow to partitions, so these get their own; row triggers do."""
    function = (
        f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    call = f"EXECUTE FUNCTION {FUNCTION}()"
    statements = [
        f"CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} {call}"
        for table in written_once()
        for name in (table, *parts.get(table, ()))
    ]
    statements += [
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE OR TRUNCATE ON {name} {call}"
        for name in ("events", *parts.get("events", ()))
    ]
    update = f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW WHEN ({_event_change()})"
    return [function, *statements, f"{update} {call}"]
