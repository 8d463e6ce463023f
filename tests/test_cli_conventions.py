"""What all three commands promise: help, variables, JSON alone, no questions, exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from card_tools.cli import main as cards
from kiosk.cli import cli as kiosk
from server.cli import main as server

PROGRAMS: dict[str, tuple[click.Group, str]] = {
    "yika-server": (server, "YIKA"),
    "yika-kiosk": (kiosk, "YIKA_KIOSK"),
    "yika-cards": (cards, "YIKA_CARDS"),
}
SPEAKS_TO_NOBODY = {("yika-kiosk", "run")}
"""Answers with nothing: what it does is seen on the screen and in the log."""


def _below(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _below(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = [found for name, (group, _) in PROGRAMS.items() for found in _below(group, (name,))]
COMMANDS = [(path, command) for path, command in EVERY if not isinstance(command, click.Group)]
OPTIONS = [
    (path, option)
    for path, command in EVERY
    for option in command.params
    if isinstance(option, click.Option) and "--version" not in option.opts
]


def _named(found: list[tuple[tuple[str, ...], click.Command]]) -> dict[str, list[str] | list[object]]:
    return {"argvalues": found, "ids": [" ".join(path) for path, _ in found]}


def run(path: tuple[str, ...], *words: str, **environment: str) -> Result:
    env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("YIKA_")}
    env["LANGUAGE"] = "C"
    return CliRunner().invoke(PROGRAMS[path[0]][0], [*path[1:], *words], env=env | environment)


def refused(result: Result, code: int) -> str:
    """The one sentence with which a command refused; nothing else may have gone wrong."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    sentences = [line for line in result.stderr.splitlines() if line.startswith(("Error: ", "yika-"))]
    assert len(sentences) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return sentences[0]


@pytest.mark.parametrize(("path", "command"), **_named(EVERY))
def test_every_command_explains_itself(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    for word in ("--help", "-h"):
        shown = run(path, word)
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert command.help.split(".")[0][:30] in shown.stdout


@pytest.mark.parametrize(
    ("path", "option"), OPTIONS, ids=[f"{' '.join(path)} {option.opts[0]}" for path, option in OPTIONS]
)
def test_every_option_says_what_it_is_and_names_its_variable(
    path: tuple[str, ...], option: click.Option
) -> None:
    """The help shows the variable: the program's prefix, then what it is about."""
    assert option.help
    assert option.prompt is None
    shown = " ".join(run(path, "--help").stdout.split())
    word = option.opts[0].lstrip("-").replace("-", "_").upper()
    assert option.show_envvar
    variable = option.envvar or "_".join([PROGRAMS[path[0]][1], *path[1:], option.name or ""])
    assert isinstance(variable, str)
    variable = variable.replace("-", "_").upper()
    assert variable.startswith(PROGRAMS[path[0]][1] + "_")
    assert variable.endswith(word)
    assert variable in shown


@pytest.mark.parametrize(("path", "command"), **_named(COMMANDS))
def test_every_command_speaks_json_when_asked_after_its_name(
    path: tuple[str, ...], command: click.Command
) -> None:
    words = {word for option in command.params for word in option.opts}
    assert ("--json" in words) != (path in SPEAKS_TO_NOBODY)


@pytest.mark.parametrize(("path", "command"), **_named(EVERY))
def test_an_unknown_option_is_refused_in_one_sentence(path: tuple[str, ...], command: click.Command) -> None:
    result = run(path, "--no-such-option")
    assert "--no-such-option" in refused(result, 2)
    assert result.stdout == ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unknown_command_is_refused_in_one_sentence(program: str) -> None:
    assert "nonsense" in refused(run((program,), "nonsense"), 2)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_says_its_version(program: str) -> None:
    assert "0.1.0" in run((program,), "--version").stdout


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("yika-server", "run"), ("--port", "99999")),
        (("yika-server", "create-user"), ("anna", "--role", "king")),
        (("yika-server", "create-user"), ("anna",)),
        (("yika-server", "import"), ("/nowhere/at/all",)),
        (("yika-server", "demo-data"), ("--seed", "many")),
        (("yika-server", "policy", "set"), ("minimum",)),
        (("yika-kiosk", "enrol"), ("http://127.0.0.1:1",)),
        (("yika-cards", "print"), ("cards.json", "--community", "x", "--layout", "round")),
        (("yika-cards", "issue"), ("/nowhere.csv", "--key", "k.pem")),
        (("yika-cards", "verify"), ("YIKA:1", "--ring", "r", "--today", "soon")),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused_in_one_sentence(path: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(run(path, *words), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YIKA_RATE_LIMIT", "none"),
        ("YIKA_SECURE_COOKIES", "perhaps"),
        ("YIKA_PUBLIC_URL", "yika.example.org"),
        ("YIKA_TRUSTED_PROXY", "*"),
        ("YIKA_DATABASE_URL", "somewhere"),
        ("YIKA_DATABASE_URL", "mysql://localhost/yika"),
        ("YIKA_RUN_PORT", "high"),
    ],
)
def test_a_wrong_setting_of_the_server_is_named(tmp_path: Path, name: str, value: str) -> None:
    """Whether it came from a variable or an option: one sentence, exit 2."""
    told = refused(run(("yika-server", "run"), YIKA_DATA_DIR=str(tmp_path), **{name: value}), 2)
    assert name in told or "--port" in told


def test_a_data_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(("yika-server", "init"), "--json", "--data-dir", str(tmp_path / "file" / "data"))
    told = refused(result, 2)
    assert str(tmp_path / "file" / "data") in told
    answer = json.loads(result.stdout)
    assert answer["error"] == "bad_config"
    assert answer["message_zh"] in told


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/none", "sqlite:////dev/null/yika.sqlite"])
def test_a_database_that_does_not_answer_is_a_found_problem(tmp_path: Path, url: str) -> None:
    result = run(("yika-server", "audit"), "--json", YIKA_DATABASE_URL=url, YIKA_DATA_DIR=str(tmp_path))
    refused(result, 1)
    assert json.loads(result.stdout)["error"] == "not_ready"


def test_a_database_file_of_another_kind_is_a_found_problem(tmp_path: Path) -> None:
    (tmp_path / "yika.sqlite").write_bytes(b"no database" * 1000)
    refused(run(("yika-server", "audit"), "--data-dir", str(tmp_path)), 1)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\xff",
        b"[]\n",
        b'{"format":"yika-community-1"}\n',
        b'{"format":"yika-community-1","community":"x"}\n{"table":"sites","row":{"community_id":"x"}}\n',
        b'{"format":"yika-community-1","community":"x"}\n{"table":"sites"}\n',
    ],
)
def test_a_file_that_is_no_export_is_a_found_problem(tmp_path: Path, content: bytes) -> None:
    data = str(tmp_path / "data")
    assert run(("yika-server", "init"), "--data-dir", data).exit_code == 0
    (tmp_path / "file").write_bytes(content)
    result = run(("yika-server", "import"), str(tmp_path / "file"), "--json", "--data-dir", data)
    refused(result, 1)
    assert json.loads(result.stdout)["error"] == "invalid"


def test_an_option_goes_before_its_variable(tmp_path: Path) -> None:
    made = run(
        ("yika-server", "init"),
        "--json",
        "--data-dir",
        str(tmp_path / "option"),
        YIKA_DATA_DIR=str(tmp_path / "variable"),
    )
    assert made.exit_code == 0
    assert (tmp_path / "option" / "server.key").exists()
    assert not (tmp_path / "variable").exists()


def test_json_can_be_asked_for_by_a_variable(tmp_path: Path) -> None:
    made = run(("yika-server", "init"), YIKA_JSON="1", YIKA_DATA_DIR=str(tmp_path))
    assert json.loads(made.stdout)["made_key"] is True


def test_a_date_can_come_from_a_variable(tmp_path: Path) -> None:
    run(("yika-server", "init"), YIKA_DATA_DIR=str(tmp_path))
    env = {"YIKA_DATA_DIR": str(tmp_path), "YIKA_POLICY_SET_FROM": "2099-01-01"}
    told = run(("yika-server", "policy", "set"), "minimum", "20", "--json", **env)
    assert json.loads(told.stdout)["from"].startswith("2098-12-31T16:00")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "kiosk.toml"),
        ("data_dir = ", "TOML"),
        ('nonsense = "x"', "nonsense"),
        ('data_dir = "D"\n[screen]\nport = 0\n[[reader]]\ndriver = "nfcpy"', "screen.port"),
        ('data_dir = "D"', "reader"),
    ],
)
def test_a_wrong_configuration_of_the_kiosk_is_named(tmp_path: Path, text: str | None, named: str) -> None:
    path = tmp_path / "kiosk.toml"
    if text is not None:
        path.write_text(text.replace('"D"', json.dumps(str(tmp_path))))
    result = run(("yika-kiosk",), "--config", str(path), "status", "--json")
    assert named in refused(result, 2)
    assert json.loads(result.stdout)["error"] == "config_wrong"
    assert run(("yika-kiosk",), "status", YIKA_KIOSK_CONFIG=str(path)).stdout == ""


@pytest.mark.parametrize(
    "words",
    [("status",), ("sync",), ("journal", "export"), ("hand", "take"), ("enrol", "http://127.0.0.1:1", "X")],
)
def test_a_kiosk_that_cannot_answer_is_a_found_problem(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(
        f"data_dir = {json.dumps(str(tmp_path))}\n[screen]\nport = 1\n[[reader]]\ndriver = 'nfcpy'\n"
    )
    result = run(("yika-kiosk",), "--config", str(path), *words, "--json")
    refused(result, 1)
    assert set(json.loads(result.stdout)) == {"error", "message"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_off_a_terminal_nothing_is_asked(program: str, tmp_path: Path) -> None:
    """A command that lacks something says so at once, though nobody could answer."""
    module = {"yika-server": "server.cli", "yika-kiosk": "kiosk.cli", "yika-cards": "card_tools.cli"}[program]
    words = {"yika-server": ["create-user"], "yika-kiosk": ["enrol"], "yika-cards": ["write"]}[program]
    env = {name: value for name, value in os.environ.items() if not name.startswith("YIKA_")}
    env["LANGUAGE"] = "C"
    done = subprocess.run(
        [sys.executable, "-c", f"from {module} import main; main()", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        cwd=tmp_path, env=env, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "Missing" in done.stderr
