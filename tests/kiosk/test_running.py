"""The command as people use it: real processes, a simulated reader, a server that keeps the protocol."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from card_tools.ndef import to_ndef
from tests.support.kiosk_roster import BARE_UID, CHIP, CHIP_UID
from tests.support.kiosk_server import CODE, FakeServer, running
from tests.support.ports import claimed_port
from tests.support.processes import PATIENCE, fetch, until

COMMAND = str(Path(sys.executable).with_name("yika-kiosk"))


class Kiosk:
    """One kiosk's folder, and its command."""

    def __init__(self, folder: Path) -> None:
        self.port = claimed_port()
        self.data = folder / "data"
        self.config = folder / "kiosk.toml"
        self.write(
            f'data_dir = "{self.data}"\n[screen]\nport = {self.port}\n[[reader]]\ndriver = "simulated"\n'
        )

    def write(self, text: str) -> None:
        self.config.write_text(text)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "YIKA_KIOSK_CONFIG": str(self.config)}
        return subprocess.run(
            [COMMAND, *words], env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def json(self, *words: str) -> Any:
        done = self.call(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def told(self) -> Any:
        """What ``status`` is told, asked for without the command, which takes a second to start."""
        return fetch(f"http://127.0.0.1:{self.port}/api/status")

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """The kiosk's process; comes when it says that it is up."""
        with subprocess.Popen(
            [COMMAND, "--config", str(self.config), "run"], stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            try:
                said: list[str] = []
                for line in iter(process.stderr.readline, ""):
                    said.append(line)
                    if " is up at " in line:
                        break
                assert process.poll() is None, "".join(said)
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.stderr.read()
                process.wait(timeout=PATIENCE)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with running() as fake:
        yield fake


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


def enrolled(kiosk: Kiosk, server: FakeServer) -> Kiosk:
    found = kiosk.json("enrol", server.url, CODE)
    assert found == {"kiosk": "k1", "community": "美湖社区", "site": "s1"}
    return kiosk


def test_a_card_on_the_simulated_reader_reaches_the_server(kiosk: Kiosk, server: FakeServer) -> None:
    """Enrol, run, lay a card down, look, take it away, stop: what a newcomer does first."""
    enrolled(kiosk, server)
    cards = [
        {
            "card": "M0002",
            "label": "M0002",
            "uid": CHIP_UID.hex(),
            "ndef": to_ndef(CHIP).hex(),
            "type": "NTAG213",
        }
    ]
    (kiosk.data / "demo_cards.json").write_text(json.dumps({"cards": cards}))
    with kiosk.up() as process:
        until(lambda: kiosk.told()["roster_version"], "a roster")
        assert kiosk.json("hand", "put", "M0002") == {"ok": True}
        assert server.wait_for(lambda: len(server.stored) == 1)
        assert kiosk.json("hand", "take") == {"ok": True}
        synced = kiosk.json("sync")
        assert synced == {"pending": 0, "roster_version": 5, "trouble": None}
        status = kiosk.json("status")
        assert (status["last"]["outcome"], status["last"]["name"]) == ("shift_started", "王小2")
        assert (status["head_seq"], status["acked_seq"], status["last"]["durable"]) == (1, 1, True)
        assert status["readers"] == [{"name": "simulated", "state": "ready"}]
        put = kiosk.call("hand", "put", "nobody")
        assert (put.returncode, "uid:HEX" in put.stderr) == (1, True)
        second = kiosk.call("run")
        assert (second.returncode, "another kiosk is running" in second.stderr) == (1, True)
    assert process.returncode == 0
    assert kiosk.json("journal", "verify") == {"ok": True, "findings": []}
    (line,) = kiosk.call("journal", "export").stdout.splitlines()
    assert json.loads(json.loads(line)["body"])["proof"] == "signed"


def test_a_card_known_by_its_uid_works_while_the_server_is_gone(kiosk: Kiosk, server: FakeServer) -> None:
    enrolled(kiosk, server)
    assert kiosk.json("sync")["roster_version"] == 5
    server.faults = ["error"] * 1000
    with kiosk.up():
        kiosk.json("hand", "put", f"uid:{BARE_UID.hex()}")
        until(lambda: kiosk.told()["last"], "the tap is decided")
        status = kiosk.json("status")
        assert (status["last"]["outcome"], status["pending"]) == ("shift_started", 1)
        assert kiosk.call("sync", "--wait", "1").returncode == 1
    server.faults = []
    assert kiosk.json("sync")["pending"] == 0
    assert len(server.stored) == 1


def test_the_selftest_says_of_each_part_whether_it_works(kiosk: Kiosk) -> None:
    done = kiosk.call("selftest", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    readers = {
        check["name"]: check["ok"] for check in found["checks"] if check["name"].startswith("simulated")
    }
    assert set(readers.values()) == {True}
    told = kiosk.call("selftest")
    assert told.returncode == int("FAIL" in told.stdout)


class TestWithoutAKiosk:
    def test_status_and_hand_exit_1_when_none_runs(self, kiosk: Kiosk) -> None:
        for words in (("status",), ("hand", "put", "uid:04"), ("hand", "take")):
            done = kiosk.call(*words)
            assert (done.returncode, done.stdout, "no kiosk runs" in done.stderr) == (1, "", True)

    def test_what_is_not_enrolled_does_not_run(self, kiosk: Kiosk) -> None:
        done = kiosk.call("run")
        assert (done.returncode, "enrol URL CODE" in done.stderr) == (1, True)

    def test_a_journal_that_is_not_there_is_a_found_problem(self, kiosk: Kiosk) -> None:
        assert kiosk.call("journal", "verify").returncode == 1
        assert kiosk.call("journal", "export").returncode == 1

    def test_enrolling_without_a_server_is_told(self, kiosk: Kiosk) -> None:
        done = kiosk.call("enrol", "http://127.0.0.1:9", CODE)
        assert (done.returncode, "no server answers" in done.stderr) == (1, True)


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('data_dir = "{data}"\n[[reader]]\ndriver = "telepathy"\n', "telepathy"),
            ('data_dir = "{data}"\n[[reader]]\ndriver = "simulated"\nspeed = 3\n', "speed"),
            (
                'data_dir = "{data}"\n[feedback]\nvoice = "gramophone"\n[[reader]]\ndriver = "simulated"\n',
                "gramophone",
            ),
            ('data_dri = "{data}"\n', "data_dri"),
        ],
    )
    def test_a_wrong_setting_exits_2_with_what_to_change(
        self, kiosk: Kiosk, server: FakeServer, text: str, says: str
    ) -> None:
        enrolled(kiosk, server)
        kiosk.write(text.replace("{data}", str(kiosk.data)))
        done = kiosk.call("run")
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_busy_port_is_named(self, kiosk: Kiosk, server: FakeServer) -> None:
        enrolled(kiosk, server)
        with socket.socket() as other:
            other.bind(("127.0.0.1", kiosk.port))
            other.listen()
            done = kiosk.call("run")
        assert (done.returncode, f"port {kiosk.port}" in done.stderr) == (1, True)
