"""Units and the backup's script: users and commands are there, nothing runs unguarded, old backups go."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kiosk.cli import cli as kiosk
from server.cli import main as server

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
README = (DEPLOY / "README.md").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
OURS = [unit for unit in SERVICES if unit.stem != "yika-screen"]
GUARDS = {"NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes"}
PROGRAMS: dict[str, click.Group] = {"yika-server": server, "yika-kiosk": kiosk}


def lines(unit: Path) -> list[str]:
    return [line for line in unit.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def values(unit: Path, name: str) -> list[str]:
    return [line.partition("=")[2] for line in lines(unit) if line.startswith(f"{name}=")]


@pytest.mark.parametrize("unit", OURS, ids=lambda unit: unit.name)
def test_our_programs_run_guarded_and_write_only_where_their_state_is(unit: Path) -> None:
    assert set(lines(unit)) >= GUARDS
    assert values(unit, "StateDirectory")
    assert values(unit, "StateDirectoryMode") == ["0700"]
    assert values(unit, "User") == values(unit, "Group") == ["yika"]


@pytest.mark.parametrize("unit", OURS, ids=lambda unit: unit.name)
def test_what_a_unit_starts_is_there(unit: Path) -> None:
    for command in values(unit, "ExecStart"):
        program, *words = shlex.split(command)
        if program == "/opt/yika/backup":
            assert os.access(DEPLOY / "backup", os.X_OK)
            continue
        assert Path(program).parent == Path("/opt/yika/bin")
        assert set(words) & set(PROGRAMS[Path(program).name].commands)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_readme_says_to_enable_each_unit_that_can_be(unit: Path) -> None:
    """What a timer starts is not enabled by itself."""
    timed = unit.with_suffix(".timer").exists() and unit.suffix == ".service"
    assert ("[Install]" in lines(unit)) is not timed
    assert timed or f"`{unit.name}`" in README


def test_the_readme_makes_every_user_that_a_unit_names() -> None:
    wanted = {user for unit in SERVICES for user in values(unit, "User")}
    assert wanted == {"yika", "yika-screen"}
    made = re.findall(r"`adduser [^`]* ([\w-]+)`", README)
    assert set(made) == wanted
    assert made.count("yika") == 2, "one at a kiosk, one at the server: two machines"


@pytest.mark.one_database("sqlite", "the script sees files only")
def test_a_backup_more_and_the_oldest_goes(tmp_path: Path) -> None:
    settings = {"YIKA_DATA_DIR": str(tmp_path / "data")}
    assert CliRunner().invoke(server, ["init"], env=settings).exit_code == 0
    program = tmp_path / "yika-server"
    program.write_text(f"#!{sys.executable}\nfrom server.cli import main\nmain()\n")
    program.chmod(0o755)
    folder = tmp_path / "kept"
    folder.mkdir()
    old = [f"yika-20260{month}01T033000Z.tar.gz" for month in range(1, 5)]
    for name in (*old, "yika-20260501T033000Z.tar.gz.part", "notes.txt"):
        (folder / name).touch()

    def night() -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("YIKA_")}
        return subprocess.run(
            [str(DEPLOY / "backup"), str(folder), "3", str(program)],
            env=env | settings | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    done = night()
    assert done.returncode == 0, done.stderr
    *before, new, notes = sorted((path.name for path in folder.iterdir()), key=lambda n: (n[0] == "n", n))
    assert (before, notes) == (old[2:], "notes.txt")
    assert (folder / new).stat().st_mode & 0o777 == 0o600
    elsewhere = {"YIKA_DATA_DIR": str(tmp_path / "elsewhere")}
    restored = CliRunner().invoke(server, ["restore", str(folder / new)], env=elsewhere)
    assert restored.exit_code == 0, restored.output

    kept = {path.name for path in folder.iterdir()}
    (tmp_path / "data" / "server.key").unlink()
    assert night().returncode != 0
    assert {path.name for path in folder.iterdir()} >= kept, "a night that fails throws nothing away"
