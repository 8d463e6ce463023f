"""A damaged journal is replaced, and the kiosk dies while it is: at every step nothing is lost."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.journal_mark import read_mark
from kiosk.journal_open import export, inspect
from tests.support.dying import ACKNOWLEDGED, EVENTS, damaged
from tests.support.kiosk_journal import draft, open_journal

ROOT = Path(__file__).parent.parent.parent
PARTS = ("journal.db-wal", "journal.db-wal.kept", "journal.db")
"""What is set aside, in the order in which it is."""


def what_it_holds(folder: Path) -> list[tuple[str, bool]]:
    """Every event after opening, and whether it waits."""
    with closing(open_journal(folder, seed=7)) as journal:
        assert journal.trouble is None
        waiting = journal.pending
    assert inspect(folder / "journal.db", read_mark(folder / "journal.mark")) == []
    held = [(line["event_id"], line["status"] is None) for line in export(folder / "journal.db")]
    assert sum(waits for _, waits in held) == waiting
    return held


ALL = [(draft(number).event["event_id"], number >= ACKNOWLEDGED) for number in range(EVENTS)]


def test_the_log_is_the_only_place_of_some(tmp_path: Path) -> None:
    """Or the tests below would see nothing."""
    damaged(tmp_path / "kiosk", "log")
    (tmp_path / "kiosk" / "journal.db-wal").unlink()
    assert what_it_holds(tmp_path / "kiosk") == []


@pytest.mark.parametrize("hit", ["log", "header"])
def test_dying_at_any_step_of_replacing_it_loses_nothing(tmp_path: Path, hit: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.dying", str(tmp_path), hit],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps >= 10
    lost = {step for step in range(1, steps + 2) if what_it_holds(tmp_path / str(step)) != ALL}
    assert lost == set()


@pytest.mark.parametrize("moved", range(len(PARTS) + 1))
def test_the_new_one_stands_ready_and_some_of_the_old_one_is_moved(tmp_path: Path, moved: int) -> None:
    folder = tmp_path / "kiosk"
    damaged(folder, "log")
    (folder / PARTS[1]).hardlink_to(folder / PARTS[0])
    old = {name: (folder / name).read_bytes() for name in PARTS}
    mark = (folder / "journal.mark").read_bytes()
    with closing(open_journal(folder, seed=5)) as new:
        journal_id = new.journal_id
    (folder / "journal.db").rename(folder / "journal.new.db")
    (folder / "journal.mark").write_bytes(mark)
    (aside,) = (path for path in folder.iterdir() if path.name.endswith(".aside.db"))
    for number, name in enumerate(PARTS):
        place = folder / name.replace("journal.db", aside.name)
        place.unlink(missing_ok=True)
        (place if number < moved else folder / name).write_bytes(old[name])
    assert what_it_holds(folder) == ALL
    with closing(open_journal(folder, seed=9)) as again:
        assert again.journal_id == journal_id, "the one that stood ready"
    assert {name for name in PARTS if (folder / name.replace("journal.db", aside.name)).exists()} == set(
        PARTS
    )


def test_a_log_that_an_unfinished_try_kept_is_read_though_nothing_else_tells(tmp_path: Path) -> None:
    """The mark lags after a power cut; SQLite, on closing, has forgotten what lies behind the damage."""
    folder = tmp_path / "kiosk"
    damaged(folder, "log")
    (folder / PARTS[1]).hardlink_to(folder / PARTS[0])
    (folder / "journal.mark").unlink()
    assert what_it_holds(folder) == ALL
