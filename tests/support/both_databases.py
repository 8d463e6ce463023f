"""Every test that touches a database runs on SQLite and on PostgreSQL: counted, told, and held to it.

Who asks for ``backend`` (or ``shelf``, ``bench``, ``site``, …) is collected once for each. What by nature
concerns one database only says which and why: ``@pytest.mark.one_database("sqlite", "why")``.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.support.databases import BACKENDS

ELSEWHERE = {
    "tests/system": "whole processes and thousands of histories: on a file, or reset in memory between two",
    "tests/browser/test_issuing_desk.py": "whole processes, each on a file",
    "tests/fuzz": "what is refused before any row is read",
    "tests/test_cli_conventions.py": "what a command line promises does not depend on the database",
    "tests/test_benchmarks.py": "each benchmark brings its own databases",
    "tests/test_packaging.py": "what is installed, not what it stores",
}
"""Where tests may open a database of their own: on SQLite only, for this reason."""
COUNTS = pytest.StashKey[dict[str, int]]()
_connected: list[str] = []


@event.listens_for(Engine, "connect")
def _note(connection: Any, _record: object) -> None:
    _connected.append(type(connection).__module__)


def choose(metafunc: pytest.Metafunc) -> None:
    """Which databases a test is collected for."""
    if "backend" not in metafunc.fixturenames:
        return
    only = metafunc.definition.get_closest_marker("one_database")
    names = (only.args[0],) if only else BACKENDS
    marked = [pytest.param(n, marks=pytest.mark.postgresql) if n == "postgresql" else n for n in names]
    metafunc.parametrize("backend", marked, indirect=True, scope="module")


def count(config: pytest.Config, items: list[pytest.Item]) -> None:
    """How many tests each database has, and how many have one only; a mark that says no why is refused."""
    counts = Counter(dict.fromkeys((*BACKENDS, "one"), 0))
    for item in items:
        only = item.get_closest_marker("one_database")
        if only is None:
            counts.update([item.callspec.params["backend"]] if _runs_on_one(item) else [])
        elif len(only.args) == 2 and only.args[0] in BACKENDS and only.args[1]:
            counts["one"] += 1
        else:
            raise pytest.UsageError(f"{item.nodeid}: one_database wants the database and the reason")
    config.stash[COUNTS] = dict(counts)
    if hasattr(config, "workeroutput"):
        config.workeroutput["databases"] = dict(counts)


def _runs_on_one(item: pytest.Item) -> bool:
    return "backend" in getattr(getattr(item, "callspec", None), "params", {})


def differ(config: pytest.Config) -> bool:
    """Whether the databases were given different tests; single tests named by hand may."""
    counts = config.stash.get(COUNTS, {})
    by_hand = any("::" in argument for argument in config.args)
    return not by_hand and counts.get("sqlite") != counts.get("postgresql")


def told(config: pytest.Config) -> str:
    """The line at the end of a run."""
    counts = config.stash.get(COUNTS, {})
    if not any(counts.values()):
        return ""
    return (
        f"database tests: sqlite {counts['sqlite']}, postgresql {counts['postgresql']}"
        f" (and {counts['one']} that concern one only, each saying why)"
    )


@pytest.fixture(autouse=True)
def held_to_both(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that opened a database of the server by itself, on one kind only and without a reason, fails."""
    before = len(_connected)
    yield
    stands = _runs_on_one(request.node) or request.node.get_closest_marker("one_database")
    if len(_connected) > before and not stands and not request.node.nodeid.startswith(tuple(ELSEWHERE)):
        pytest.fail("this test opened a database: ask for `backend`, or mark it one_database with the reason")
