"""Two communities in one database, alike in every number: neither sees or changes anything of the other.

The addresses are the application's own, and ids to guess are drawn from the tables: what is new is covered.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from server.config import ServerConfig, make_key_file
from server.db.session import Database
from server.db.tables import Base
from server.db.transfer import dump
from server.services.audit import audit
from server.services.cards import register_static
from server.services.community import (
    ActivitySpec,
    PlanSpec,
    SiteSpec,
    TeamSpec,
    set_activities,
    set_plans,
    set_sites,
    set_teams,
)
from server.services.kiosks import add_kiosk
from server.services.members import NewVolunteer, register_volunteer
from tests.server.conftest import Bench, Numbers
from tests.server.web.conftest import Site, settled
from tests.server.web.test_kiosk_api import Device
from tests.support.applications import application
from tests.support.databases import Shelf, Store

HERE, THERE = "here", "there"
MARKS = {HERE: "龘", THERE: "靐"}
"""Two characters that stand in no page; each is in all the names of one community."""
NO_ID = {"name", "day", "kind", "step", "language", "size", "filename"}
"""Parts of an address that choose something everybody has."""
LONG = 12
"""Texts of this length that only one community holds are as good as a mark: ids, hashes, credentials."""


def pair(store: Store) -> dict[str, tuple[Bench, dict[str, str]]]:
    """Both communities, one like the other; and of each kind of thing one more in each."""
    database = Database(store.app)
    made = {}
    for community, mark in MARKS.items():
        bench = Bench(database, community=community, mark=mark, entropy=Numbers(community))
        made[community] = bench, settled(bench)
    for bench, _ in made.values():
        _only_there(bench)
    database.dispose()
    return made


def _only_there(bench: Bench) -> None:
    own, mark = f"only-{bench.community}", bench.mark
    bench.do(set_activities, [ActivitySpec(activity_id=own, name=f"{mark}另外")])
    bench.do(set_sites, [SiteSpec(site_id=own, name=f"{mark}另外")])
    bench.do(set_teams, [TeamSpec(team_id=own, name=f"{mark}另外", leaders=(), members=("M0005",))])
    at = bench.now + 30 * 3_600_000
    bench.do(
        set_plans,
        [PlanSpec(plan_id=own, activity_id="hut", site_id="hut", start=at, end=at + 1, members=("M0006",))],
    )
    if bench.community == THERE:  # numbers that nobody has here
        number = bench.do(register_volunteer, NewVolunteer(name=f"{mark}多一位"))
        bench.do(register_static, number)


@dataclass
class Side:
    """One community: its application as it speaks for it, its people, its rows."""

    site: Site
    bench: Bench
    rows: dict[str, list[dict[str, Any]]]

    @property
    def texts(self) -> set[str]:
        """Every text in its rows that is long, or has its mark."""
        return {text for rows in self.rows.values() for row in rows for text in _texts(row.values())}


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str) and (len(value) >= LONG or set(MARKS.values()) & set(value)):
            yield value
        elif isinstance(value, dict | list):
            yield from _texts(value.values() if isinstance(value, dict) else value)


def rows_of(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """All that the database holds of a community."""
    found = {}
    with bench.uow(writes=False) as uow:
        for table in Base.metadata.sorted_tables:
            if "community_id" in table.columns:
                query = table.select().where(table.c.community_id == bench.community)
                ordered = query.order_by(*table.primary_key.columns)
                found[table.name] = [dict(row) for row in uow.connection.execute(ordered).mappings()]
    return found


@pytest.fixture
def sides(shelf: Shelf, tmp_path: Path) -> Iterator[dict[str, Side]]:
    store, made = shelf.filled("pair", pair)
    make_key_file(tmp_path / "server.key", b"s" * 32)
    found = {}
    with ExitStack() as stack:
        for community, (bench, users) in made.items():
            bench = replace(bench.over(shelf, store), entropy=Numbers(f"test {community}"))
            config = ServerConfig(data_dir=tmp_path, database_url=store.app, community=community)
            app = stack.enter_context(application(config))
            app.extensions["yika"].clock = lambda bench=bench: bench.now
            app.config["WTF_CSRF_ENABLED"] = False
            found[community] = Side(Site(app, bench, users), bench, rows_of(bench))
        yield found


def other(community: str) -> str:
    return THERE if community == HERE else HERE


def secrets_of(sides: dict[str, Side], community: str) -> list[str]:
    """What the other community may not get to see of this one."""
    return sorted(sides[community].texts - sides[other(community)].texts)


def told(text: str, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


def addresses(site: Site, method: str) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Every address of the application: endpoint, the ids in it, and the address with places for them."""
    for rule in site.app.url_map.iter_rules():
        if method in rule.methods:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            yield rule.endpoint, tuple(sorted(rule.arguments)), path


def ids(side: Side, name: str) -> set[str]:
    """All values of a column of this name in a community's rows."""
    tables = [table for table in Base.metadata.sorted_tables if name in table.columns]
    return {row[name] for table in tables for row in side.rows.get(table.name, []) if row[name] is not None}


SAMPLES = {"name": "minimum", "day": "2026-11-24", "kind": "json", "language": "en", "size": "large"}
SAMPLES |= {"filename": "yika.css", "step": "cancel"}


def written(path: str, arguments: Iterable[str], values: dict[str, str]) -> str:
    return path.format(**{name: SAMPLES.get(name, values.get(name, "nothing")) for name in arguments})


def test_the_two_are_alike_and_still_tell_apart(sides: dict[str, Side]) -> None:
    """Else nothing below would mean anything: the same numbers in both, and much that only one has."""
    here, there = sides[HERE], sides[THERE]
    assert ids(here, "number") < ids(there, "number")
    for name in ("site_id", "activity_id", "team_id", "plan_id"):
        assert len(ids(here, name) & ids(there, name)) >= 1, name
    for community in MARKS:
        secrets = secrets_of(sides, community)
        assert len([secret for secret in secrets if MARKS[community] in secret]) > 20
        assert len([secret for secret in secrets if MARKS[community] not in secret]) > 100
    page = sides[THERE].site.client("admin").get("/staff/volunteers").text
    assert told(page, secrets_of(sides, THERE))


@pytest.mark.parametrize("community", [HERE, THERE])
def test_no_page_and_no_list_shows_anything_of_the_other(sides: dict[str, Side], community: str) -> None:
    """Every GET, as everybody, with the ids of one's own things."""
    side, secrets = sides[community], secrets_of(sides, other(community))
    own = {name: sorted(ids(side, name)) for _, names, _ in addresses(side.site, "GET") for name in names}
    shown, leaks = 0, []
    for role in (None, *side.site.users):
        client = side.site.client(role)
        for endpoint, names, path in addresses(side.site, "GET"):
            values = {name: own[name][0] for name in names if own[name]}
            headers = side.site.token() if endpoint.startswith("api.") else {}
            query = {"limit": "1000"} if headers else {}
            for form in ({}, {"format": "csv"}) if headers else ({},):
                address = written(path, names, values)
                with client.get(address, query_string=query | form, headers=headers) as answer:
                    assert answer.status_code < 500, address
                    shown += MARKS[community] in answer.text
                    leaks += [(role, address, found) for found in told(answer.text, secrets)]
    assert leaks == []
    assert shown > 60


@pytest.mark.parametrize("community", [HERE, THERE])
def test_an_id_of_the_other_is_an_id_of_nothing(sides: dict[str, Side], community: str) -> None:
    """Guessed in any address: 404 to read; and nothing of the other is changed, whatever is sent."""
    side, far = sides[community], sides[other(community)]
    secrets = secrets_of(sides, other(community))
    client, guessed = side.site.client("admin"), 0
    for method in ("GET", "POST"):
        for endpoint, names, path in addresses(side.site, method):
            for name in sorted(set(names) - NO_ID):
                assert any(name in t.columns for t in Base.metadata.sorted_tables), f"what is a {name}?"
                for value in sorted(ids(far, name) - ids(side, name))[:3]:
                    known = {n: sorted(ids(side, n))[0] for n in names if ids(side, n)}
                    address = written(path, names, known | {name: value})
                    answer = client.open(address, method=method)
                    assert told(answer.text.replace(value, ""), secrets) == [], address
                    assert method == "POST" or answer.status_code == 404, (endpoint, address)
                    guessed += 1
    assert guessed > 30
    assert rows_of(far.bench) == far.rows


@pytest.mark.parametrize("community", [HERE, THERE])
def test_a_list_asked_for_what_the_other_has_is_empty(sides: dict[str, Side], community: str) -> None:
    """Filters of the open API, as its own description names them."""
    side, far = sides[community], sides[other(community)]
    described = side.site.app.test_client().get("/api/v1/openapi.json").json["paths"]
    asked = 0
    for path, methods in described.items():
        for parameter in methods.get("get", {}).get("parameters", []):
            for column in (f"{parameter['name']}_id", parameter["name"], "number"):
                for value in sorted(map(str, ids(far, column) - ids(side, column)))[:2]:
                    answer = side.site.app.test_client().get(
                        path, query_string={parameter["name"]: value}, headers=side.site.token()
                    )
                    assert told(answer.text, secrets_of(sides, other(community))) == [], (path, value)
                    asked += 1
    assert asked >= 4


@pytest.mark.parametrize("community", [HERE, THERE])
def test_a_kiosk_gets_its_own_communitys_roster(sides: dict[str, Side], community: str) -> None:
    """Whichever server it asks: the kiosk's community is the one that enrolled it."""
    side = sides[community]
    added = side.bench.do(add_kiosk, f"{side.bench.mark}新", site_id="hut")
    app = sides[other(community)].site.app
    device = Device(app.test_client(), app.extensions["yika"].keys.public)
    assert device.enrol(added.code).status_code == 200
    device.open()
    roster = device.roster()
    assert roster.status_code == 200
    assert told(roster.text, secrets_of(sides, other(community))) == []
    cards = {row["lookup"] for row in side.rows["cards"]}
    assert any(lookup in roster.text for lookup in cards)


@pytest.mark.parametrize("community", [HERE, THERE])
def test_export_and_audit_stay_within(sides: dict[str, Side], community: str) -> None:
    bench = sides[community].bench
    with bench.uow(writes=False) as uow:
        text = "\n".join(dump(uow))
        assert audit(uow, bench.keys) == []
    assert told(text, secrets_of(sides, other(community))) == []
    assert told(text, secrets_of(sides, community))
