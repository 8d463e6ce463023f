"""What the database itself refuses: changing or deleting what is written once.

``facts``, ``ledger_transactions`` and ``ledger_lines`` take no UPDATE and no DELETE. ``events`` takes no
DELETE, and an UPDATE only of its derived columns, or one that seals it: salt and body become NULL, all else
stays. On PostgreSQL the application's user should besides be granted only SELECT and INSERT on the first
three (README.md shows the GRANTs), so that it cannot drop the triggers.
"""

WRITTEN_ONCE = ("facts", "ledger_transactions", "ledger_lines")
EVENT_ORIGINAL = (
    *("community_id", "event_id", "kiosk_id", "journal_id", "seq", "prev", "inner", "hash"),
    *("batch_seq", "status", "reason", "received_at"),
)
"""Columns of ``events`` that never change; salt and body may only become NULL, together."""
MESSAGE = "written once: this row cannot be changed or deleted"


def guard_statements(dialect: str) -> list[str]:
    """SQL that creates the guards."""
    return _sqlite_guards() if dialect == "sqlite" else _postgresql_guards()


def drop_guard_statements(dialect: str) -> list[str]:
    """SQL that removes the guards: for tests of the audit, and for a migration that must rewrite."""
    names = [(table, f"{table}_no_{verb}") for table in WRITTEN_ONCE for verb in ("update", "delete")]
    names += [("events", "events_no_update"), ("events", "events_no_delete")]
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for _, name in names]
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for table, name in names]


def _event_change() -> str:
    distinct = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in EVENT_ORIGINAL)
    kept = "(OLD.salt IS NOT DISTINCT FROM NEW.salt AND OLD.body IS NOT DISTINCT FROM NEW.body)"
    sealed = "(NEW.salt IS NULL AND NEW.body IS NULL)"
    return f"{distinct} OR NOT ({kept} OR {sealed})"


def _sqlite_guards() -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    statements = [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} {refuse}"
        for table in WRITTEN_ONCE
        for verb in ("update", "delete")
    ]
    change = _event_change().replace("IS NOT DISTINCT FROM", "IS").replace("IS DISTINCT FROM", "IS NOT")
    return [
        *statements,
        f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events {refuse}",
        f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events WHEN {change} {refuse}",
    ]


def _postgresql_guards() -> list[str]:
    function = (
        "CREATE OR REPLACE FUNCTION yika_written_once() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    call = "FOR EACH ROW EXECUTE FUNCTION yika_written_once()"
    statements = [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION yika_written_once()"
        for table in WRITTEN_ONCE
        for verb in ("update", "delete")
    ]
    update = f"CREATE TRIGGER events_no_update BEFORE UPDATE ON events FOR EACH ROW WHEN ({_event_change()})"
    return [
        function,
        *statements,
        f"CREATE TRIGGER events_no_delete BEFORE DELETE ON events {call}",
        f"{update} EXECUTE FUNCTION yika_written_once()",
    ]
