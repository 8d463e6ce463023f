"""What is installed: all that programs read is in the wheel, and a kiosk carries nothing of the server."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("card_tools", "hardware", "kiosk", "server")
MUST_BE_INSIDE = (
    "server/web/templates/base.html",
    "server/web/static/yika.css",
    "server/translations/en/LC_MESSAGES/messages.mo",
    "server/db/migrations/script.py.mako",
    "server/db/migrations/env.py",
    "server/db/migrations/versions/0001_first.py",
    "server/demo/build.py",
    "kiosk/screen/static/screen.html",
    "kiosk/screen/words/zh.json",
    "kiosk/screen/words/en.json",
    "hardware/simulated/pn532.py",
)
NOT_AT_A_KIOSK = {"sqlalchemy", "alembic", "msgspec", "flask_login", "fpdf", "qrcode"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built as ``make wheel`` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*build, *here, "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("yika-*.whl")
    return made


@pytest.fixture(scope="module")
def inside(wheel: Path) -> set[str]:
    """The names in the wheel."""
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def _sources(suffixes: set[str]) -> Iterator[str]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                yield str(path.relative_to(ROOT))


def test_what_programs_read_is_in_the_wheel(inside: set[str]) -> None:
    assert set(MUST_BE_INSIDE) - inside == set()


def test_no_source_file_is_left_behind(inside: set[str]) -> None:
    """Code, pages, scripts, styles, pictures, words and compiled translations, all of them."""
    wanted = set(_sources({".py", ".html", ".css", ".js", ".svg", ".json", ".mo", ".mako"}))
    assert wanted
    assert wanted - inside == set()


def test_only_the_four_packages_are_installed(inside: set[str]) -> None:
    tops = {name.split("/")[0] for name in inside if ".dist-info/" not in name}
    assert tops == set(PACKAGES)


def test_the_three_commands_are_installed(wheel: Path, inside: set[str]) -> None:
    (entry,) = (name for name in inside if name.endswith("entry_points.txt"))
    with ZipFile(wheel) as archive:
        text = archive.read(entry).decode()
    for line in (
        "yika-server = server.cli:main",
        "yika-kiosk = kiosk.cli:main",
        "yika-cards = card_tools.cli:main",
    ):
        assert line in text


def test_the_server_sets_itself_up_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere: migrations are found where they were installed, not in a working copy."""
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    env = {name: value for name, value in os.environ.items() if not name.startswith("YIKA_")}
    env |= {"PYTHONPATH": str(tmp_path / "site"), "YIKA_DATA_DIR": str(tmp_path / "data")}
    program = "import server.cli as cli, sys; print(cli.__file__, file=sys.stderr); cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "init", "--json"],
        capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stderr
    assert json.loads(done.stdout)["made_community"] is True


@pytest.mark.parametrize("module", ["kiosk.app", "kiosk.cli", "hardware.factory"])
def test_a_kiosk_loads_nothing_of_the_server(module: str) -> None:
    """It is installed with the extra ``kiosk`` alone, on a machine with little memory."""
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert module in loaded
    assert {name.split(".")[0] for name in loaded} & NOT_AT_A_KIOSK == set()
    ours = {name for name in loaded if name.startswith("server.")}
    assert {name for name in ours if not name.startswith("server.contract")} == set()
