"""The command line: its JSON, its exit codes, and that nothing asks a question."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from card_tools.credential import Kind, decode
from card_tools.ndef import from_ndef
from server.cli import main
from server.config import ServerConfig
from server.runtime import Runtime
from server.services.members import NewVolunteer, register_volunteer
from tests.support.databases import Shelf
from tests.support.ports import claimed_port
from tests.support.processes import PATIENCE


class Cli:
    """``yika-server`` with a data directory of its own, as the user who serves."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.settings = {"YIKA_DATA_DIR": str(folder), "YIKA_DATABASE_URL": url}

    def run(self, *args: str, **environment: str) -> Result:
        env = {name: None for name in os.environ if name.startswith("YIKA_")}
        return CliRunner().invoke(main, args, env=env | self.settings | environment)

    def json(self, *args: str, **environment: str) -> dict:
        result = self.run(*args, "--json", **environment)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """What no command does."""
        runtime = Runtime(ServerConfig.from_environment(self.settings))
        yield runtime
        runtime.dispose()


New = Callable[[str], Cli]


@pytest.fixture
def new(shelf: Shelf, tmp_path: Path) -> New:
    """``new("name")``: a machine whose database has its tables, and nothing else."""
    return lambda name: Cli(tmp_path / name, shelf.made().app)


@pytest.fixture
def cli(new: New) -> Cli:
    cli = new("data")
    cli.json("init")
    return cli


@pytest.fixture
def volunteer(cli: Cli) -> str:
    """One person, as no command registers people."""
    with cli.runtime() as runtime, runtime.unit_of_work() as uow:
        number = register_volunteer(uow, runtime.acting("test"), NewVolunteer(name="测试"))
        uow.commit()
    return number


def test_init_can_be_repeated(cli: Cli) -> None:
    again = cli.json("init")
    assert (again["made_community"], again["made_key"]) == (False, False)


@pytest.mark.one_database("sqlite", "the other is no file")
def test_key_and_database_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    Cli(tmp_path, "").json("init")
    for name in ("server.key", "yika.sqlite"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_owner_makes_the_tables_and_the_program_serves(shelf: Shelf, tmp_path: Path) -> None:
    store = shelf.empty()
    owner = Cli(tmp_path / "data", store.owner)
    assert owner.json("init")["made_community"]
    assert Cli(tmp_path / "data", store.app).json("audit") == {"ok": True, "findings": []}


@pytest.mark.parametrize(
    "args",
    [("audit",), ("settle",), ("reproject",), ("create-token", "x", "--scope", "read"), ("policy", "get")],
)
def test_before_init_a_command_says_what_to_do(shelf: Shelf, tmp_path: Path, args: tuple[str, ...]) -> None:
    result = Cli(tmp_path / "none", shelf.empty().app).run(*args)
    assert result.exit_code == 1
    assert "yika-server init" in result.stderr


def test_a_user_gets_a_password_drawn_or_given(cli: Cli) -> None:
    drawn = cli.json("create-user", "anna", "--role", "staff")
    assert (drawn["user"], len(drawn["password"])) == ("anna", 12)
    given = cli.json("create-user", "boris", "--role", "admin", YIKA_PASSWORD="correct horse")
    assert given["password"] == "correct horse"
    twice = cli.run("create-user", "anna", "--role", "staff", "--json")
    assert (twice.exit_code, json.loads(twice.stdout)["error"]) == (1, "conflict")
    assert cli.run("create-user", "c", "--role", "king").exit_code == 2


def test_a_token_is_shown_once(cli: Cli) -> None:
    assert cli.json("create-token", "export", "--scope", "read")["token"].startswith("yika_")


def test_a_kiosk_gets_a_code_and_its_picture(cli: Cli) -> None:
    added = cli.json("add-kiosk", "门口", "--site", "孵化园")
    assert len(added["code"].split("-")[0]) == 10
    assert added["expires_at"].endswith("Z")
    shown = cli.run("add-kiosk", "后门", "--site", "孵化园")
    assert "█" in shown.stdout
    made = cli.json("add-kiosk", "发卡台", "--site", "孵化园", "--desk")
    assert set(made) == {"kiosk", "code", "expires_at"}


def test_a_card_is_the_exact_text_of_its_code(cli: Cli, volunteer: str) -> None:
    card = cli.json("register-card", "--volunteer", volunteer)
    assert decode(card["credential"]).card_id.hex() == card["card"]


def test_a_chip_is_registered_bare_or_with_a_credential_of_its_own(cli: Cli, volunteer: str) -> None:
    bare = cli.json("register-card", "--volunteer", volunteer, "--uid", "04A1B2C3D4E5F6")
    assert list(bare) == ["card"]
    bound = cli.json("register-card", "--volunteer", volunteer, "--uid", "04A1B2C3D4E5F6", "--ndef")
    assert from_ndef(bytes.fromhex(bound["ndef"])).kind is Kind.BOUND


def test_a_chip_to_be_challenged_is_registered_without_telling_its_key(cli: Cli, volunteer: str) -> None:
    found = cli.json("register-card", "--volunteer", volunteer, "--uid", "04A1B2C3D4E5F6", "--challenge")
    assert list(found) == ["card", "ndef"]
    said = from_ndef(bytes.fromhex(found["ndef"]))
    assert (said.kind, said.card_id.hex()) == (Kind.BOUND, found["card"])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--uid", "08123456"), 1),
        (("--uid", "xyz"), 1),
        (("--ndef",), 2),
        (("--challenge",), 2),
        (("--uid", "04A1B2C3", "--challenge"), 1),
        (("--expires", "soon"), 2),
    ],
)
def test_a_card_that_cannot_be_is_refused(cli: Cli, volunteer: str, more: tuple[str, ...], code: int) -> None:
    assert cli.run("register-card", "--volunteer", volunteer, *more).exit_code == code


def test_a_card_for_nobody_is_refused(cli: Cli) -> None:
    assert cli.run("register-card", "--volunteer", "M9999").exit_code == 1


def test_a_policy_holds_from_its_date(cli: Cli) -> None:
    assert cli.json("policy", "get", "minimum") == {"minimum": 10}
    cli.json("policy", "set", "minimum", "20")
    cli.json("policy", "set", "minimum", "30", "--from", "2099-01-01")
    assert cli.json("policy", "get", "minimum") == {"minimum": 20}
    assert "minimum = 20" in cli.run("policy", "get").stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [(("minimum", "much"), 1), (("nothing", "1"), 1), (("minimum", "1", "--from", "x"), 2), ((), 2)],
)
def test_a_policy_that_makes_no_sense_is_refused(cli: Cli, args: tuple[str, ...], code: int) -> None:
    assert cli.run("policy", "set", *args).exit_code == code


def test_audit_exits_with_one_and_a_list_when_something_differs(cli: Cli, volunteer: str) -> None:
    assert cli.json("audit") == {"ok": True, "findings": []}
    with cli.runtime() as runtime, runtime.unit_of_work() as uow:
        uow.rows("volunteers").set({"status": "left"})
        uow.commit()
    result = cli.run("audit", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"][0]["table"] == "volunteers"


def test_every_audit_is_logged_with_what_it_found(cli: Cli, volunteer: str) -> None:
    """The audit's page shows runs from the terminal and from the browser alike."""
    cli.json("audit")
    with cli.runtime() as runtime:
        with runtime.unit_of_work() as uow:
            uow.rows("volunteers").set({"status": "left"}, number=volunteer)
            uow.commit()
        assert cli.run("audit").exit_code == 1
        with runtime.reading() as uow:
            first, second = uow.rows("exports").rows("at", what="audit")
    assert (first["by"], first["rows"], first["detail"]) == ("cli", 0, {"findings": []})
    assert second["rows"] == len(second["detail"]["findings"]) > 0


def test_nightly_work_and_reprojection_can_be_repeated(cli: Cli, volunteer: str) -> None:
    for _ in range(2):
        assert cli.json("settle") == dict.fromkeys(
            ("shifts", "expiries", "sealed", "forgotten", "expired"), 0
        )
        assert cli.json("reproject") == {"changed": 0}


def test_an_export_is_imported_under_the_same_key_only(
    cli: Cli, volunteer: str, new: New, tmp_path: Path
) -> None:
    """A chain's head is signed: another server's key does not vouch for it."""
    file = tmp_path / "community.jsonl"
    cli.json("create-user", "anna", "--role", "staff")
    assert cli.json("export", str(file))["rows"] > 3
    stranger = new("stranger")
    stranger.json("init", "--community", "elsewhere")
    assert stranger.run("import", str(file)).exit_code == 1
    same = new("same")
    same.folder.mkdir()
    (same.folder / "server.key").write_bytes((cli.folder / "server.key").read_bytes())
    (same.folder / "server.key").chmod(0o600)
    same.json("init", "--community", "elsewhere")
    assert same.json("import", str(file))["findings"] == []
    assert same.json("audit", "--community", "meihu")["ok"]
    assert same.run("audit").exit_code == 2


@pytest.mark.parametrize(
    "text", ["", "no json", "{}", '{"format":"yika-community-1","community":"x"}\n{"table":"facts","row":{}}']
)
def test_a_file_that_is_no_export_is_refused(cli: Cli, tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    assert cli.run("import", str(file)).exit_code == 1


def test_a_key_that_others_can_read_is_refused(cli: Cli) -> None:
    (cli.folder / "server.key").chmod(0o644)
    result = cli.run("audit")
    assert result.exit_code == 2
    assert "chmod 600" in result.stderr


def test_every_command_explains_itself() -> None:
    for name in main.commands:
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0
        assert result.stdout


def test_the_installed_program_runs(new: New) -> None:
    """As a process of its own: JSON alone on standard output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("YIKA_")}
    env |= new("data").settings | {"YIKA_INIT_NAME": "测试社区"}
    done = subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", "init", "--json"],
        capture_output=True, text=True, env=env, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert json.loads(done.stdout)["made_key"] is True


def serve(cli: Cli, port: int, **more: str) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("YIKA_")}
    env |= cli.settings | {"YIKA_RUN_PORT": str(port)} | more
    program = [sys.executable, "-c", "from server.cli import main; main()", "run"]
    return subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=env)


def test_the_server_serves_until_it_is_stopped_and_names_a_busy_port(cli: Cli) -> None:
    """The port comes from the environment; a second server on it says so and exits 1."""
    port = claimed_port()
    first = serve(cli, port)
    try:
        assert first.stderr is not None
        assert any(f":{port}" in line for line in first.stderr)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE) as answer:
            assert json.load(answer) == {"status": "ok"}
        passed_on = urllib.request.Request(
            f"http://127.0.0.1:{port}/metrics", headers={"X-Forwarded-For": "203.0.113.7"}
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):  # a proxy's caller is not this machine
            urllib.request.urlopen(passed_on, timeout=PATIENCE)
        second = serve(cli, port)
        _, told = second.communicate(timeout=PATIENCE)
        assert second.returncode == 1
        assert str(port) in told
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=PATIENCE)


def ask(port: int, path: str, *, form: str | None = None, **headers: str) -> tuple[int, Message]:
    """What this server answers as the proxy would ask: status and headers."""
    named = {f"X-Forwarded-{name}": value for name, value in headers.items()}
    url, data = f"http://127.0.0.1:{port}{path}", None if form is None else form.encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, named), timeout=PATIENCE) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def guesses(port: int, turn: int) -> list[int]:
    """Nine from one visitor, one from another, and one from the first that names a third before itself."""
    visitors = [f"192.0.2.{100 + 3 * turn + place}" for place in range(3)]
    forwarded = [visitors[0]] * 9 + [visitors[1], f"{visitors[2]}, {visitors[0]}"]
    form = "username=wang&password=guess"
    return [ask(port, "/login", form=form, For=each)[0] for each in forwarded]


def within_one_minute(attempt: Callable[[int], list[int]]) -> list[int]:
    """What an attempt gave that no minute's end fell into: the server counts by the minute."""
    for turn in count():
        minute = int(time.time()) // 60
        found = attempt(turn)
        if int(time.time()) // 60 == minute:
            return found
    raise AssertionError


def test_a_trusted_proxy_says_who_asks_and_whether_it_is_encrypted(cli: Cli) -> None:
    """Without, every visitor is the proxy and no page is secure; /metrics is for nobody behind it."""
    port = claimed_port()
    server = serve(cli, port, YIKA_TRUSTED_PROXY="127.0.0.1")
    try:
        assert server.stderr is not None
        assert any(f":{port}" in line for line in server.stderr)
        _, headers = ask(port, "/login", For="192.0.2.1", Proto="https")
        assert headers["Strict-Transport-Security"]
        assert "Strict-Transport-Security" not in ask(port, "/login")[1]
        assert within_one_minute(lambda turn: guesses(port, turn)) == [401] * 8 + [429, 401, 429]
        for caller in ("192.0.2.1", "127.0.0.1", "::1", ""):
            assert ask(port, "/metrics", For=caller)[0] == 401
        assert ask(port, "/metrics")[0] == 200
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)


def test_nobody_else_is_believed_who_asks(cli: Cli) -> None:
    """Headers from another address than the trusted one change nothing, yet close /metrics."""
    port = claimed_port()
    server = serve(cli, port, YIKA_TRUSTED_PROXY="192.0.2.9")
    try:
        assert server.stderr is not None
        assert any(f":{port}" in line for line in server.stderr)
        _, headers = ask(port, "/login", For="192.0.2.1", Proto="https")
        assert "Strict-Transport-Security" not in headers
        assert ask(port, "/metrics", For="127.0.0.1")[0] == 401
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
