"""A database of the first release, with a day in it, is brought up to date by the command and loses nothing.

The dumps were written by that release itself (``tests/data/release-0001``): nothing was migrated backwards.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from server.cli import main
from server.config import make_key_file
from server.db.guards import written_once
from server.db.migrate import is_current
from tests.server.db.test_guards import REFUSED, refused, rewrites
from tests.support.databases import Shelf, Store

DUMPS = Path(__file__).parents[2] / "data" / "release-0001"


@pytest.fixture
def old(shelf: Shelf) -> Store:
    """The first release's database, as its dump makes it."""
    store = shelf.empty()
    script = (DUMPS / f"{shelf.backend.name}.sql").read_text("utf-8")
    if shelf.backend.name == "sqlite":
        with closing(sqlite3.connect(store.owner.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
    else:
        with psycopg.connect(store.owner.replace("+psycopg", "")) as connection:
            connection.execute(script)
    return store


def run(folder: Path, url: str, *args: str) -> dict:
    result = CliRunner().invoke(
        main, [*args, "--json"], env={"YIKA_DATA_DIR": str(folder), "YIKA_DATABASE_URL": url}
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rows(shelf: Shelf, store: Store) -> dict[str, list]:
    with shelf.open(store.owner).reading() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2"))]
            for name in written_once()
        }


def test_the_first_releases_database_is_upgraded_whole(old: Store, shelf: Shelf, tmp_path: Path) -> None:
    """By ``init``, run as the owner; facts and ledger row by row the same, the audit clean, the guards on."""
    make_key_file(tmp_path / "server.key", b"s" * 32)
    before = rows(shelf, old)
    assert len(before["facts"]) > 30
    assert not is_current(shelf.open(old.owner))
    told = run(tmp_path, old.owner, "init")
    assert (told["made_community"], told["made_key"]) == (False, False)
    assert is_current(shelf.open(old.app))
    assert rows(shelf, old) == before
    assert run(tmp_path, old.app, "audit") == {"ok": True, "findings": []}
    assert run(tmp_path, old.app, "reproject") == {"changed": 0}
    with shelf.open(old.owner).writing() as connection:
        taken = [s for s in rewrites(connection) if not refused(connection, s, REFUSED)]
    assert taken == []
