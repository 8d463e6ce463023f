"""The audit is silent on true data, and finds every single change made behind its back."""

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Table, text
from sqlalchemy.exc import DatabaseError

from server.contract.rules import HOUR, MINUTE
from server.db import tables
from server.db.base import Json
from server.db.guards import drop_guard_statements
from server.domain.calendar import day_start
from server.domain.facts import DecisionKind
from server.services.audit import audit
from server.services.cards import set_state
from server.services.community import PlanSpec, set_calendar, set_plans
from server.services.decisions import Ruling, confirm_end, decide
from server.services.policies import set_policy
from server.services.settling import settle

DAY = day_start("2026-11-24")
NINE = DAY + 9 * HOUR
COVERED = (
    *("facts", "events", "event_members", "journals", "clock_samples", "chain_heads", "shifts"),
    *("ledger_transactions", "ledger_lines", "balances", "sites", "teams", "team_members", "activities"),
    *("plans", "plan_versions", "plan_members", "policies", "cards", "kiosks", "decisions", "calendar"),
)


def lived_in(bench):
    """A community with a day behind it: plans, shifts, a team, a forgotten end, decisions, a lost card."""
    bench.do(
        set_plans,
        [
            PlanSpec(
                plan_id="p1",
                activity_id="hut",
                site_id="hut",
                start=NINE,
                end=NINE + 2 * HOUR,
                members=("M0001",),
            ),
            PlanSpec(
                plan_id="p2",
                activity_id="hut",
                site_id="hut",
                start=NINE,
                end=NINE + 2 * HOUR,
                members=("M0004", "M0005"),
            ),
        ],
    )
    bench.do(set_calendar, {"2026-12-31": {"working": False, "name": "测试"}})
    hut, hub = bench.kiosk("hut"), bench.kiosk("hub", "second")
    for minute, number in [(0, "M0001"), (0, "M0007"), (5, "M0004"), (10, "M0006")]:
        hut.tap(number, NINE + minute * MINUTE)
    for minute, number in [(45, "M0006"), (118, "M0004"), (120, "M0001")]:
        hut.tap(number, NINE + minute * MINUTE, shown="shift_ended")
    hub.tap(
        "M0001",
        NINE + 3 * HOUR,
        action="team_open",
        activity_id="patrol",
        members=("M0002", "M0003"),
        shown="team_opened",
    )
    hub.tap("M0002", NINE + 3 * HOUR + 5 * MINUTE, activity_id="patrol")
    hub.tap("M0005", NINE + 4 * HOUR, clock="unsynced", wall=1000)
    hub.tap("M0008", NINE + 4 * HOUR, shown="card_lost")
    hub.append(hub.events[-1][0], body="no event at all")
    bench.now = NINE + 5 * HOUR
    bench.push(hut)
    bench.push(hub)
    bench.now = DAY + 40 * HOUR
    bench.do(settle, by="system")
    missing = bench.rows("shifts", volunteer="M0007")[0]
    bench.do(confirm_end, missing["shift_id"], at=NINE + HOUR, reason="在场")
    declared = Ruling(
        kind=DecisionKind.DECLARE_SHIFT, reason="补录", volunteer="M0009", activity_id="hut", site_id="hub",
        started_at=NINE, ended_at=NINE + HOUR,
    )  # fmt: skip
    bench.do(decide, declared)
    bench.do(set_policy, "minimum", 20)
    bench.do(set_state, bench.cards["M0010"].split(":")[0], "lost")
    return bench


def findings(bench):
    with bench.uow(writes=False) as uow:
        return audit(uow, bench.keys)


def test_a_community_that_was_only_used_as_meant_has_no_findings(bench) -> None:
    assert findings(lived_in(bench)) == []


@dataclass(frozen=True)
class Change:
    """One change behind the server's back."""

    sql: str
    values: dict[str, Any]


def draw(rng: Random, table: Table, rows: list[dict[str, Any]]) -> list[Change]:
    """An update, insert, delete or cut tail, drawn from the schema."""
    kind = rng.choice(("update", "update", "update", "insert", "delete", "cut"))
    row = rng.choice(rows)
    keys = [column.name for column in table.primary_key]
    if kind == "update":
        column = rng.choice(list(table.columns))
        value = row[column.name]
        while value == row[column.name]:
            value = another(rng, column, row[column.name], [other[column.name] for other in rows])
        return [
            Change(
                f'UPDATE {table.name} SET "{column.name}" = :new WHERE {where(keys)}',
                key(keys, row) | {"new": value},
            )
        ]
    if kind == "insert":
        column = table.c[rng.choice([name for name in keys if name != "community_id"])]
        fresh = row | {column.name: another(rng, column, row[column.name], [])}
        names = list(fresh)
        columns = ", ".join(f'"{name}"' for name in names)
        places = ", ".join(f":v_{name}" for name in names)
        return [
            Change(
                f"INSERT INTO {table.name} ({columns}) VALUES ({places})", {f"v_{n}": fresh[n] for n in names}
            )
        ]
    if kind == "delete":
        return [Change(f"DELETE FROM {table.name} WHERE {where(keys)}", key(keys, row))]
    places = sorted(rows, key=lambda r: tuple(str(r[k]).zfill(20) for k in keys))
    tail = places[-rng.randint(1, min(3, len(rows))) :]
    return [Change(f"DELETE FROM {table.name} WHERE {where(keys)}", key(keys, r)) for r in tail]


def where(keys: list[str]) -> str:
    return " AND ".join(f'"{name}" = :k_{name}' for name in keys)


def key(keys: list[str], row: dict[str, Any]) -> dict[str, Any]:
    return {f"k_{name}": row[name] for name in keys}


def another(rng: Random, column: Column[Any], value: Any, others: list[Any]) -> Any:
    """A value of the column's type that is not the one that is there."""
    different = [other for other in others if other != value]
    if different and rng.random() < 0.4:
        return rng.choice(different)
    if column.nullable and value is not None and rng.random() < 0.3:
        return None
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, BigInteger):
        return (value or 0) + rng.choice((-1, 1, 60_000, 10**6))
    if isinstance(column.type, Json):
        return rng.choice([f"{value} ", json.dumps({"x": rng.random()}), "[", '["x"]'])
    return rng.choice([f"{value}x", "", str(value)[1:], "M0002", "closed", "ff"]) if value != "" else "x"


def apply(connection: Any, changes: list[Change]) -> bool:
    """Whether the database took the change, and it changed anything."""
    point = connection.begin_nested()
    try:
        touched = sum(connection.execute(text(c.sql), c.values).rowcount for c in changes)
    except (DatabaseError, OverflowError):
        point.rollback()
        return False
    return touched > 0


@pytest.mark.parametrize("seed", range(5))
def test_every_single_change_is_found(bench, seed: int) -> None:
    """Five hundred in all, drawn from the schema: table, row, column, value; insert, delete, cut tail."""
    hunt(lived_in(bench), Random(seed), 50)


def hunt(lived, rng: Random, count: int) -> None:
    """As whoever owns the tables and has taken the guards away: nobody else could change anything."""
    bench = lived.as_user("owner")
    with bench.uow() as uow:
        for statement in drop_guard_statements(uow.connection.dialect.name):
            uow.connection.execute(text(statement))
        uow.commit()
    done = 0
    while done < count:
        table = tables.Base.metadata.tables[rng.choice(COVERED)]
        with bench.uow() as uow:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            raw = uow.connection.execute(text(f"SELECT {names} FROM {table.name}")).mappings()
            rows = [dict(row) for row in raw]
            changes = draw(rng, table, rows)
            if apply(uow.connection, changes):
                done += 1
                assert audit(uow, bench.keys), changes
