"""A backup of either database brings an empty machine to where the old one was; kiosks go on as before."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from server.cli import main
from server.config import make_key_file
from server.contract.rules import HOUR
from server.contract.wire import PUT_BACK
from server.db.copies import step_ahead
from server.db.tables import Base
from server.domain.calendar import day_start
from server.services.logos import set_logo
from server.services.users import create_user
from tests.server.conftest import Bench, Kiosk
from tests.support.databases import BACKENDS, Shelf, Store

NINE = day_start("2026-11-24") + 9 * HOUR


def run(folder: Path, url: str, *args: str) -> Result:
    env = {"YIKA_DATA_DIR": str(folder), "YIKA_DATABASE_URL": url, "YIKA_COMMUNITY": None}
    return CliRunner().invoke(main, [*args, "--json"], env=env)


def told(result: Result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def lived(bench: Bench) -> tuple[Bench, Kiosk]:
    """A day with a kiosk, a login, a card and a picture that carry bytes."""
    kiosk = bench.kiosk()
    bench.now = NINE
    bench.do(create_user, "anna", role="staff", password="correct horse 9")
    bench.do(set_logo, b"\x89PNG\x00\xff")
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0002", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    bench.push(kiosk)
    return bench, kiosk


@pytest.fixture
def backup(lived: tuple[Bench, Kiosk], tmp_path: Path) -> Path:
    """What the command wrote, run as the user who serves."""
    bench, _ = lived
    (tmp_path / "old").mkdir()
    make_key_file(tmp_path / "old" / "server.key", b"s" * 32)
    file = tmp_path / "backup.tar.gz"
    assert told(run(tmp_path / "old", bench.store.app, "backup", str(file)))["bytes"] > 1000
    return file


def everything(bench: Bench) -> dict[str, list]:
    found = {}
    with bench.uow(writes=False) as uow:
        for table in Base.metadata.sorted_tables:
            rows = uow.connection.execute(table.select().order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


def nowhere(shelf: Shelf, tmp_path: Path) -> Store:
    """An empty machine: on SQLite not even a file."""
    store = shelf.empty()
    if store.app.startswith("sqlite"):
        url = f"sqlite:///{tmp_path / 'fresh' / 'yika.sqlite'}"
        return Store(url, url, url)
    return store


def test_an_empty_machine_becomes_the_old_one_and_kiosks_go_on(
    lived: tuple[Bench, Kiosk], backup: Path, shelf: Shelf, tmp_path: Path
) -> None:
    """Row by row; the audit is clean under the same key; what kiosks send again is known, the rest is new."""
    bench, kiosk = lived
    store = nowhere(shelf, tmp_path)
    fresh = tmp_path / "fresh"
    assert told(run(fresh, store.owner, "restore", str(backup)))["findings"] == []
    assert (fresh / "server.key").read_bytes() == (tmp_path / "old" / "server.key").read_bytes()
    assert told(run(fresh, store.app, "audit"))["ok"]
    restored = bench.over(shelf, store)
    before, after = everything(bench), everything(restored)
    assert after.pop("exports")  # the audit of just now
    before.pop("exports")
    versions = [rows.pop("communities")[0] for rows in (before, after)]
    assert after == before
    (leap,) = {new - old for old, new in zip(*versions, strict=True) if new != old}
    assert leap >= PUT_BACK
    kiosk.tap("M0002", NINE + 3 * HOUR, shown="shift_ended")
    restored.now = NINE + 4 * HOUR
    said = [result.status for result in restored.push(kiosk).results]
    assert said == ["duplicate", "duplicate", "duplicate", "stored"]
    assert {row["volunteer"]: row["credited"] for row in restored.rows("shifts")} == {
        "M0001": 60,
        "M0002": 180,
    }
    assert told(run(fresh, store.app, "audit"))["ok"]


def test_rosters_leap_once_more_when_the_same_backup_is_put_back_once_more(
    lived: tuple[Bench, Kiosk], shelf: Shelf
) -> None:
    """Whatever happened in between, and though the clock of the second machine were behind."""
    bench, _ = lived
    database, versions = shelf.open(bench.store.owner), []
    backed_up = bench.rows("communities")[0]["roster_version"]
    for now in (NINE, NINE + 1000, 0):
        with database.writing() as connection:
            connection.execute(text("UPDATE communities SET roster_version = :v"), {"v": backed_up})
            connection.commit()
        step_ahead(database, now)
        versions.append(bench.rows("communities")[0]["roster_version"])
    first, second, behind = versions
    assert second - first >= PUT_BACK
    assert behind - backed_up >= PUT_BACK


def test_a_database_that_was_put_back_otherwise_is_said_to_have_been(
    lived: tuple[Bench, Kiosk], backup: Path, tmp_path: Path
) -> None:
    """By the user who serves, who need not own the tables; nothing else changes."""
    bench, _ = lived
    before = everything(bench)
    assert told(run(tmp_path / "old", bench.store.app, "put-back")) == {"findings": []}
    after = everything(bench)
    versions = [rows.pop("communities")[0][-1] for rows in (before, after)]
    assert versions[1] - versions[0] >= PUT_BACK
    assert after == before


@pytest.mark.postgresql
@pytest.mark.parametrize("other", BACKENDS)
def test_a_backup_can_move_to_the_other_database(
    lived: tuple[Bench, Kiosk], backup: Path, other: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """So a community that grows takes everything along, and one that shrinks too."""
    shelf = Shelf(request.getfixturevalue(f"{other}_backend"), tmp_path / "other")
    shelf.folder.mkdir()
    store = nowhere(shelf, tmp_path)
    assert told(run(tmp_path / "fresh", store.owner, "restore", str(backup)))["findings"] == []
    moved = lived[0].over(shelf, store)
    assert everything(moved)["facts"] == everything(lived[0])["facts"]
    if other == "postgresql":
        assert sizes_known(moved) == {
            "ledger_transactions": 1,
            "ledger_lines": len(moved.rows("ledger_lines")),
        }
    shelf.clear()


def test_an_imported_community_is_whole_and_postgresql_knows_its_size_when_the_owner_imports(
    lived: tuple[Bench, Kiosk], backup: Path, shelf: Shelf, tmp_path: Path
) -> None:
    """Whoever may look at a table is its owner alone, so a large community is imported as that."""
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "community.jsonl"
    told(run(old, lived[0].store.app, "export", str(file)))
    store = shelf.made()
    new.mkdir()
    make_key_file(new / "server.key", b"s" * 32)
    told(run(new, store.app, "init", "--community", "elsewhere"))
    assert told(run(new, store.owner, "import", str(file)))["findings"] == []
    assert told(run(new, store.app, "audit", "--community", "meihu"))["ok"]
    moved = lived[0].over(shelf, store)
    assert everything(moved)["events"] == everything(lived[0])["events"]
    if shelf.backend.name == "postgresql":
        assert sizes_known(moved)["ledger_lines"] == len(moved.rows("ledger_lines")) > 0


def test_who_imports_as_the_user_who_serves_is_told_that_the_owner_is_quicker(
    lived: tuple[Bench, Kiosk], backup: Path, shelf: Shelf, tmp_path: Path
) -> None:
    """On SQLite there is nobody else to be, and nothing is said."""
    file, new, store = tmp_path / "community.jsonl", tmp_path / "new", shelf.made()
    told(run(tmp_path / "old", lived[0].store.app, "export", str(file)))
    new.mkdir()
    make_key_file(new / "server.key", b"s" * 32)
    told(run(new, store.app, "init", "--community", "elsewhere"))
    result = run(new, store.app, "import", str(file))
    assert told(result)["findings"] == []
    assert ("as the tables' owner" in result.stderr) == (shelf.backend.name == "postgresql")
    assert "as the tables' owner" not in run(new, store.owner, "import", str(file)).stderr
    assert everything(lived[0].over(shelf, store))["events"] == everything(lived[0])["events"]


def sizes_known(bench: Bench) -> dict[str, int]:
    """How many rows PostgreSQL itself believes the ledger's tables to hold; -1 when it never looked."""
    tables = "'ledger_lines', 'ledger_transactions'"
    known = f"SELECT relname, reltuples::int FROM pg_class WHERE relname IN ({tables})"
    with bench.uow(writes=False) as uow:
        return dict(map(tuple, uow.connection.execute(text(known))))


def test_a_machine_that_holds_something_is_left_alone(
    lived: tuple[Bench, Kiosk], backup: Path, shelf: Shelf, tmp_path: Path
) -> None:
    """Neither a key nor a row is ever overwritten."""
    bench, _ = lived
    before = everything(bench)
    for folder in ("old", "none"):
        result = run(tmp_path / folder, bench.store.owner, "restore", str(backup))
        assert result.exit_code == 1
        assert json.loads(result.stdout)["error"] == "conflict"
    assert everything(bench) == before
    assert not (tmp_path / "none" / "server.key").exists()


def test_a_backup_is_its_owners_only_and_never_overwrites(
    lived: tuple[Bench, Kiosk], backup: Path, tmp_path: Path
) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert run(tmp_path / "old", lived[0].store.app, "backup", str(backup)).exit_code == 1


@pytest.mark.parametrize("spoil", [lambda b: b[:-200], lambda b: b[: len(b) // 2], lambda b: b"none"])
def test_a_backup_that_is_cut_is_refused_and_leaves_nothing(
    backup: Path, shelf: Shelf, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    backup.write_bytes(spoil(backup.read_bytes()))
    store = nowhere(shelf, tmp_path)
    assert run(tmp_path / "fresh", store.owner, "restore", str(backup)).exit_code == 1
    assert list((tmp_path / "fresh").iterdir()) == []
