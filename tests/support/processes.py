"""Real processes for the system tests: a server and kiosks on free ports, ended whatever happens.

What runs is a process. A command that asks something and ends is called within the test: to start Python for
each would take most of the time. ``really`` starts one all the same, and so do tests/server/test_cli.py and
tests/kiosk/test_running.py.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
from click.testing import CliRunner, Result

from kiosk.cli import cli as kiosk_commands
from server.cli import main as server_commands
from tests.support.ports import claimed_port

COMMANDS: dict[str, click.Command] = {"yika-server": server_commands, "yika-kiosk": kiosk_commands}
BIN = Path(sys.executable).parent
PATIENCE = 240.0
"""Seconds; generous, since two cores may be shared by everything that runs at once."""
T = TypeVar("T")


def until(ask: Callable[[], T], what: str, *, within: float = PATIENCE, said: Callable[[], str] = str) -> T:
    """Ask again and again until the answer is true; the answer. ``said`` gives a log for the failure."""
    pause = threading.Event()
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}\n{said()}"
        pause.wait(0.05)
    return answer


def fetch(url: str, *, token: str | None = None, body: dict[str, Any] | None = None) -> Any:
    """The JSON behind an address, or None while nobody answers there."""
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@dataclass
class Machine:
    """One command-line program with its own data, environment and log."""

    command: str
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def _environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("YIKA_")}
        return {**clean, "PYTHONUNBUFFERED": "1", **self.environment}

    def ask(self, *arguments: str, status: int = 0, **extra: str) -> dict[str, Any]:
        """Carry out a command, expect this exit status, and read what ``--json`` printed."""
        done = self._called(*arguments, **extra)
        assert done.exit_code == status, (arguments, done.exit_code, done.output, done.exception)
        return dict(json.loads(done.stdout)) if "--json" in arguments else {}

    def text(self, *arguments: str) -> str:
        """Carry out a command, and give what it printed."""
        done = self._called(*arguments)
        assert done.exit_code == 0, (arguments, done.exit_code, done.output, done.exception)
        return done.stdout

    def _called(self, *arguments: str, **extra: str) -> Result:
        others = {name: None for name in os.environ if name.startswith("YIKA_")}
        return CliRunner().invoke(
            COMMANDS[self.command], arguments, env={**others, **self.environment, **extra}
        )

    def really(self, *arguments: str) -> str:
        """Carry out a command as a process of its own, and give what it printed."""
        command = [BIN / self.command, *arguments]
        done = subprocess.run(
            command, env=self._environment(), capture_output=True, check=True, timeout=PATIENCE, text=True
        )
        return done.stdout

    def start(self, *arguments: str) -> None:
        """Start and leave running."""
        log = (self.home / f"{self.command}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [BIN / self.command, *arguments], env=self._environment(), stdout=log, stderr=log
            )

    def stop(self) -> int:
        """End politely; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """End without warning (kill -9)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def end(self) -> None:
        """End whatever still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=PATIENCE)

    def log(self) -> str:
        """What it has said so far."""
        path = self.home / f"{self.command}.log"
        return path.read_text(errors="replace") if path.exists() else ""


@dataclass
class Server(Machine):
    """A running server and how to reach it."""

    port: int = 0
    token: str = ""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Start, and wait until it is well."""
        self.start("run", "--host", "127.0.0.1", "--port", str(self.port))
        until(lambda: fetch(f"{self.url}/healthz"), "server is well", said=self.log)

    def roster_version(self) -> int:
        """The newest roster's, from its own database."""
        with closing(sqlite3.connect(self.home / "data" / "yika.sqlite")) as database:
            return int(database.execute("SELECT roster_version FROM communities").fetchone()[0])

    def items(self, path: str) -> list[dict[str, Any]]:
        """One page of a list of the open API."""
        answer = fetch(f"{self.url}/api/v1/{path}", token=self.token)
        return list(answer["items"]) if answer else []


@dataclass
class Kiosk(Machine):
    """A running kiosk with a simulated reader."""

    port: int = 0

    @property
    def url(self) -> str:
        """Where its screen is."""
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Start, and wait until its screen answers."""
        self.start("run")
        until(lambda: self.status(), "kiosk is up", said=self.log)

    def status(self) -> dict[str, Any]:
        """What ``/api/status`` says; empty while nobody answers."""
        return fetch(f"{self.url}/api/status") or {}

    def hear(self, server: Server) -> None:
        """Wait until all that the server knows now is known here; any newer roster might be too old."""
        newest = server.roster_version()
        until(
            lambda: (self.status().get("roster_version") or 0) >= newest,
            f"roster {newest}",
            said=self.log,
        )

    def tap(self, card: str) -> dict[str, Any]:
        """Lay a card on the reader, wait for the outcome, take it away; the outcome."""
        before = (self.status().get("last") or {}).get("event_id")
        self.ask("hand", "put", card)

        def outcome() -> dict[str, Any] | None:
            last = self.status().get("last")
            return last if last and last["event_id"] != before else None

        last = until(outcome, f"an outcome for {card}", said=self.log)
        self.ask("hand", "take")
        assert last is not None
        return last


def new_server(home: Path, **environment: str) -> Server:
    """An initialised, empty server."""
    home.mkdir(parents=True, exist_ok=True)
    server = Server(
        "yika-server", home, {"YIKA_DATA_DIR": str(home / "data"), **environment}, port=claimed_port()
    )
    server.ask("init")
    return server


def new_kiosk(home: Path, server: Server, site: str, name: str) -> Kiosk:
    """A kiosk that is enrolled with a running server."""
    home.mkdir(parents=True, exist_ok=True)
    port = claimed_port()
    config = home / "kiosk.toml"
    config.write_text(
        f'data_dir = "{home / "data"}"\n[screen]\nhost = "127.0.0.1"\nport = {port}\n'
        '[[reader]]\ndriver = "simulated"\n[feedback]\nlights = "none"\nvoice = "none"\n'
    )
    kiosk = Kiosk("yika-kiosk", home, {"YIKA_KIOSK_CONFIG": str(config)}, port=port)
    code = server.ask("add-kiosk", name, "--site", site, "--json")["code"]
    kiosk.ask("enrol", server.url, code)
    return kiosk


@contextmanager
def running(*machines: Machine) -> Iterator[None]:
    """Whatever happens inside, nothing of these runs afterwards."""
    try:
        yield
    finally:
        for machine in machines:
            machine.end()
