"""What is written once cannot be changed, whoever asks the database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from server.contract.rules import HOUR
from server.domain.calendar import day_start
from server.services.audit import audit
from server.services.sealing import seal_events

NINE = day_start("2026-11-24") + 9 * HOUR


@pytest.fixture
def lived(bench):
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    bench.push(kiosk)
    return bench


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE facts SET recorded_by = 'x'",
        "DELETE FROM facts",
        "UPDATE ledger_transactions SET posted_by = 'x'",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_lines SET amount = amount + 1",
        "DELETE FROM ledger_lines",
        "DELETE FROM events",
        "UPDATE events SET seq = seq + 1",
        "UPDATE events SET status = 'duplicate'",
        "UPDATE events SET hash = 'x'",
        "UPDATE events SET body = 'x'",
        "UPDATE events SET salt = NULL",
        "UPDATE events SET body = NULL",
        "UPDATE events SET received_at = 1",
    ],
)
def test_the_database_refuses(lived, statement: str) -> None:
    with lived.uow() as uow, pytest.raises(DatabaseError, match="written once"):
        uow.connection.execute(text(statement))


def test_derived_columns_of_an_event_may_change(lived) -> None:
    with lived.uow() as uow:
        assert uow.connection.execute(text("UPDATE events SET at = at + 1")).rowcount == 2


def test_a_sealed_event_keeps_its_place_and_its_minutes(lived) -> None:
    """Salt and bytes are gone, the redaction says so, and the audit accepts exactly that."""
    ids = [row["event_id"] for row in lived.events()]
    assert lived.do(seal_events, ids) == 2
    assert {(row["salt"], row["body"]) for row in lived.events()} == {(None, None)}
    assert lived.rows("shifts")[0]["credited"] == 60
    with lived.uow(writes=False) as uow:
        assert audit(uow, lived.keys) == []
    assert lived.do(seal_events, ids) == 0


def test_an_event_erased_without_a_redaction_is_found(lived) -> None:
    with lived.uow() as uow:
        uow.connection.execute(text("UPDATE events SET salt = NULL, body = NULL"))
        found = audit(uow, lived.keys)
    assert {finding.table for finding in found} == {"events"}
