"""The real application on a real database, with one login for each role."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.config import ServerConfig, make_key_file
from server.contract.rules import HOUR, MINUTE
from server.db.session import Database
from server.services.community import PlanSpec, set_plans
from server.services.users import create_token, create_user
from tests.server.conftest import COMMUNITY, TODAY, Bench, Numbers, fill
from tests.support.applications import application
from tests.support.databases import Shelf, Store

ROLES = {"admin": None, "staff": None, "leader": "M0001", "auditor": None, "volunteer": "M0004"}
PASSWORD = "correct horse 9"


@dataclass
class Site:
    """The application, its community, and ways in."""

    app: Flask
    bench: Bench
    users: dict[str, str]

    def client(self, role: str | None = None) -> FlaskClient:
        """A browser, signed in as this role."""
        client = self.app.test_client()
        if role is not None:
            with client.session_transaction() as session:
                session["_user_id"] = f"{self.users[role]}:0"
                session["_fresh"] = True
        return client

    def reached_at(self, address: str) -> None:
        """Let people reach the server at this address from now on."""
        runtime = self.app.extensions["yika"]
        runtime.config = replace(runtime.config, public_url=address)

    def token(self, scope: str = "read") -> dict[str, str]:
        """Headers of a program with a token."""
        return {"Authorization": f"Bearer {self.bench.do(create_token, 'test', scope=scope)}"}

    def get(self, path: str, **query: Any) -> Any:
        """What the open API answers, as JSON; must be 200."""
        answer = self.app.test_client().get(f"/api/v1/{path}", query_string=query, headers=self.token())
        assert answer.status_code == 200, answer.text
        return answer.json


def day(store: Store) -> tuple[Bench, dict[str, str]]:
    """A community at nine in the morning: one shift closed, two open, one without an end since yesterday."""
    database = Database(store.app)
    bench = Bench(database)
    users = settled(bench)
    database.dispose()
    return bench, users


def settled(bench: Bench) -> dict[str, str]:
    """Let a community live until then; its logins by role."""
    bench.now = TODAY - 72 * HOUR
    fill(bench)
    bench.now = TODAY
    users = {
        role: bench.do(create_user, bench.mark + role, role=role, password=PASSWORD, volunteer=volunteer)
        for role, volunteer in ROLES.items()
    }
    _live_through_a_day(bench)
    return users


@pytest.fixture
def site(shelf: Shelf, tmp_path: Path) -> Iterator[Site]:
    """The application on a copy of a database that has lived through a day."""
    store, (made, users) = shelf.filled("day", day)
    bench = replace(made.over(shelf, store), entropy=Numbers("test"))
    make_key_file(tmp_path / "server.key", b"s" * 32)
    with application(ServerConfig(data_dir=tmp_path, database_url=store.app, community=COMMUNITY)) as app:
        app.extensions["yika"].clock = lambda: bench.now
        app.config["WTF_CSRF_ENABLED"] = False
        yield Site(app, bench, dict(users))


def _live_through_a_day(bench: Bench) -> None:
    yesterday = bench.now - 24 * HOUR
    start = yesterday + 9 * HOUR
    turn = PlanSpec(
        plan_id="p1", activity_id="hut", site_id="hut", start=start, end=start + 2 * HOUR, members=("M0002",)
    )
    today = PlanSpec(
        plan_id="p2",
        activity_id="patrol",
        site_id="hub",
        start=bench.now + 19 * HOUR,
        end=bench.now + 20 * HOUR,
        need=4,
        members=("M0003",),
    )
    bench.now = yesterday
    bench.do(set_plans, [turn])
    kiosk = bench.kiosk("hut")
    kiosk.tap("M0002", start - 3 * MINUTE)  # forgets to tap out
    kiosk.tap("M0004", start)
    kiosk.tap("M0004", start + 90 * MINUTE, shown="shift_ended")
    bench.now = yesterday + 24 * HOUR + 9 * HOUR
    bench.do(set_plans, [today])
    kiosk.tap("M0003", bench.now - 30 * MINUTE)
    kiosk.tap("M0002", bench.now - 5 * MINUTE)
    bench.push(kiosk)
