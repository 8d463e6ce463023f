"""The server's machine is lost: another takes its place from last night's backup, at the same address."""

import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.hall import HALL, new_hall
from tests.support.processes import Server, new_kiosk, running, until

pytestmark = pytest.mark.one_database(
    "sqlite", "the kiosk is at issue; restoring is tested on both, and from one to the other"
)
FIRST, SECOND, THIRD = "04A1B2C3D4E5C1", "04A1B2C3D4E5C2", "04A1B2C3D4E5C3"


@pytest.mark.parametrize(
    ("kept", "meanwhile"),
    [("a backup", "somebody taps"), ("a backup", "nobody comes"), ("a snapshot", "nobody comes")],
)
def test_what_came_after_the_backup_is_sent_again_by_a_kiosk_that_goes_on_running(
    tmp_path: Path, kept: str, meanwhile: str
) -> None:
    """A backup is restored; of a machine's snapshot the server is told that it was put back."""
    old = new_hall(tmp_path / "old", {"M0001": "王秀英", "M0002": "李建国"})
    old.ask("policy", "set", "debounce_seconds", "0")
    for number, uid in (("M0001", FIRST), ("M0002", SECOND)):
        old.ask("register-card", "--volunteer", number, "--uid", uid, "--json")
    backup, snapshot = tmp_path / "backup.tar.gz", tmp_path / "snapshot"
    with ExitStack() as stack:
        stack.enter_context(running(old))
        old.up()
        kiosk = new_kiosk(tmp_path / "kiosk", old, HALL, "hall")
        stack.enter_context(running(kiosk))
        kiosk.up()
        kiosk.hear(old)
        before = kiosk.tap(f"uid:{FIRST}")
        until(lambda: kiosk.status()["pending"] == 0, "the first tap acknowledged", said=kiosk.log)
        old.ask("backup", str(backup), "--json")
        copy_of_the_machine(tmp_path / "old" / "data", snapshot)
        after = kiosk.tap(f"uid:{SECOND}")
        until(lambda: kiosk.status()["pending"] == 0, "the second tap acknowledged", said=kiosk.log)
        assert old.items("shifts?volunteer=M0002&state=open")
        assert old.stop() == 0
        taps = [before, after]
        if meanwhile == "somebody taps":
            taps.append(kiosk.tap(f"uid:{FIRST}"))
            assert (taps[-1]["outcome"], taps[-1]["durable"]) == ("shift_ended", True)

        home = tmp_path / "new"
        home.mkdir()
        new = Server(
            "yika-server", home, {"YIKA_DATA_DIR": str(home / "data")}, port=old.port, token=old.token
        )
        if kept == "a snapshot":
            snapshot.rename(home / "data")
            assert new.ask("put-back", "--json") == {"findings": []}
        else:
            assert new.ask("restore", str(backup), "--json")["findings"] == []
        stack.enter_context(running(new))
        new.up()
        until(lambda: len(events(new)) == len(taps), "every tap", said=lambda: kiosk.log() + new.log())
        assert {event["id"] for event in events(new)} == {tap["event_id"] for tap in taps}
        assert {event["standing"] for event in events(new)} == {"good"}
        (shift,) = new.items("shifts?volunteer=M0001")
        assert shift["events"] == [tap["event_id"] for tap in taps if tap is not after]
        until(lambda: kiosk.status()["pending"] == 0, "all acknowledged once more", said=kiosk.log)
        assert kiosk.tap(f"uid:{SECOND}")["outcome"] == "shift_ended"
        until(lambda: len(events(new)) == len(taps) + 1, "life goes on", said=kiosk.log)
        new.ask("audit")
        new.ask("register-card", "--volunteer", "M0001", "--uid", THIRD, "--json")
        kiosk.hear(new)
        assert kiosk.tap(f"uid:{THIRD}")["outcome"] in ("shift_started", "shift_ended"), (
            "its rosters are believed"
        )
        assert kiosk.stop() == 0
        assert kiosk.ask("journal", "verify", "--json")["ok"]


def copy_of_the_machine(data: Path, copy: Path) -> None:
    """What a snapshot keeps, though the server goes on running."""
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*.sqlite*"))
    for file in data.glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(copy / file.name)) as here:
            there.backup(here)


def events(server: Server) -> list[dict]:
    """What the server holds, asked for over its open API."""
    return server.items("events?limit=1000")
