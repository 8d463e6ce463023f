"""What is written once cannot be changed, whoever asks the database; the program may not even try."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from server.contract.rules import HOUR
from server.db.guards import EVENT_ORIGINAL, written_once
from server.db.partitions import pieces
from server.db.roles import may_rewrite
from server.db.tables import Base
from server.domain.calendar import day_start
from server.errors import NotAllowed
from server.services.audit import audit
from server.services.sealing import seal_events

NINE = day_start("2026-11-24") + 9 * HOUR
REFUSED = "written once|permission denied"
EVENTS = Base.metadata.tables["events"]


@pytest.fixture
def lived(bench):
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    bench.push(kiosk)
    return bench


def refused(connection: Connection, statement: str, why: str) -> bool:
    """Whether the database does not take it; what was before stays."""
    point = connection.begin_nested()
    try:
        connection.execute(text(statement))
    except DatabaseError as error:
        point.rollback()
        return why.split("|")[0] in str(error) or why.split("|")[-1] in str(error)
    return False


def rewrites(connection: Connection) -> list[str]:
    """Every way to change what is written once: table by table, column by column, and its parts besides."""
    parts = pieces(connection)
    statements = []
    for name in written_once():
        for place in (name, *parts.get(name, ())):
            statements += [
                f'UPDATE {place} SET "{c.name}" = "{c.name}"' for c in Base.metadata.tables[name].c
            ]
            statements.append(f"DELETE FROM {place}")
    for column in EVENT_ORIGINAL:
        other = "1" if EVENTS.c[column].type.python_type is int else "'x'"
        statements.append(f'UPDATE events SET "{column}" = {other}')
    statements += [f"DELETE FROM {place}" for place in ("events", *parts.get("events", ()))]
    statements += [f"UPDATE events SET {c} = {v}" for c in ("salt", "body") for v in ("NULL", "'x'")]
    if connection.dialect.name == "postgresql":
        for name in (*written_once(), "events"):
            statements += [f"TRUNCATE {place} CASCADE" for place in (name, *parts.get(name, ()))]
    return statements


def test_facts_and_ledger_are_what_is_written_once() -> None:
    """Drawn from the tables themselves: what a chain covers."""
    assert written_once() == ["facts", "ledger_lines", "ledger_transactions"]


@pytest.mark.parametrize("user", ["app", "sealer", "owner"])
def test_nobody_rewrites_what_is_written_once(lived, user: str) -> None:
    """The program and the nightly work have no right to; even the tables' owner meets the guards."""
    with lived.as_user(user).uow() as uow:
        statements = rewrites(uow.connection)
        assert len(statements) > 40
        taken = [s for s in statements if not refused(uow.connection, s, REFUSED)]
    assert taken == []


def test_a_database_that_took_the_guards_away_is_noticed_by_this_test(lived) -> None:
    """Else the test above would pass over a database that refuses everything."""
    with lived.uow() as uow:
        assert not refused(uow.connection, "UPDATE events SET at = at + 1", REFUSED)
        assert not refused(uow.connection, "DELETE FROM shifts", REFUSED)


def test_the_program_has_no_more_rights_than_it_needs(lived) -> None:
    """It owns nothing and cannot go around the guards; the owner could, and is told so when it serves."""
    apart = lived.database.url.get_backend_name() == "postgresql"
    with lived.uow(writes=False) as uow:
        assert not may_rewrite(uow.connection)
    with lived.as_user("owner").uow(writes=False) as uow:
        assert may_rewrite(uow.connection) == apart
    for statement in ("CREATE TABLE mine (x int)", "DROP FUNCTION yika_written_once() CASCADE"):
        with lived.uow() as uow:
            assert not apart or refused(uow.connection, statement, "permission denied|must be owner")


def test_a_sealed_event_keeps_its_place_and_its_minutes(lived) -> None:
    """Salt and bytes are gone, the redaction says so, and the audit accepts exactly that."""
    ids = [row["event_id"] for row in lived.events()]
    night = lived.as_user("sealer")
    assert night.do(seal_events, ids) == 2
    assert {(row["salt"], row["body"]) for row in lived.events()} == {(None, None)}
    assert lived.rows("shifts")[0]["credited"] == 60
    with lived.uow(writes=False) as uow:
        assert audit(uow, lived.keys) == []
    assert night.do(seal_events, ids) == 0


@pytest.mark.one_database("postgresql", "SQLite knows no users: whoever may write the file may seal")
def test_only_the_sealing_role_erases(lived) -> None:
    ids = [row["event_id"] for row in lived.events()]
    with pytest.raises(NotAllowed, match="yika_sealer"):
        lived.do(seal_events, ids)
    assert all(row["body"] for row in lived.events())


def test_an_event_erased_without_a_redaction_is_found(lived) -> None:
    with lived.as_user("sealer").uow() as uow:
        uow.connection.execute(text("UPDATE events SET salt = NULL, body = NULL"))
        found = audit(uow, lived.keys)
    assert {finding.table for finding in found} == {"events"}
