"""What every test stands on: nothing is left out silently, and nothing is left out at all where CI looks."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import both_databases
from tests.support.both_databases import held_to_both
from tests.support.databases import Backend, Postgres, Shelf, Sqlite
from tests.support.powercut_rig import missing as powercut_missing

__all__ = ["held_to_both"]
# Programs that tests start again and again need not compile all of Yika each time, wherever they are told to.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
NEEDS = {
    "browser": ("Chromium", lambda: shutil.which("chromium") or shutil.which("chromium-browser")),
    "postgresql": ("PostgreSQL", lambda: next(iter(_postgres_binaries()), None)),
    "pcsc": ("pcscd with vsmartcard-vpcd and pyscard, and the right to start it", lambda: _virtual_pcsc()),
    "speech": ("espeak-ng", lambda: shutil.which("espeak-ng")),
    "pdf": ("poppler-utils", lambda: shutil.which("pdftoppm")),
    "usb": ("the right to make a device's node below /dev", lambda: os.access("/dev", os.W_OK)),
    "powercut": ("root with loop devices and e2fsprogs", lambda: powercut_missing() is None),
}

LONG = ("tests/system", "tests/browser", "tests/test_benchmarks.py", "tests/fuzz", "tests/hardware")
"""Where few tests take long: begun first, so that at the end no worker waits for another's last file."""


def _turn(item: pytest.Item) -> int:
    return next((turn for turn, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


def _postgres_binaries() -> Iterator[str]:
    root = "/usr/lib/postgresql"
    versions = sorted(os.listdir(root), reverse=True) if os.path.isdir(root) else []
    for version in versions:
        if os.path.exists(f"{root}/{version}/bin/initdb"):
            yield f"{root}/{version}/bin"


def _virtual_pcsc() -> bool:
    driver = os.path.exists("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
    library = importlib.util.find_spec("smartcard") is not None
    return bool(driver and library and shutil.which("pcscd") and _may_be_root())


def _may_be_root() -> bool:
    if os.geteuid() == 0:
        return True
    sudo = shutil.which("sudo")
    return (
        bool(sudo) and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    )


def _absent() -> dict[str, str]:
    return {marker: what for marker, (what, probe) in NEEDS.items() if not probe()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that wants a database is collected once for each kind."""
    both_databases.choose(metafunc)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended: it collected the same as the others."""
    if "databases" in getattr(node, "workeroutput", {}):
        node.config.stash[both_databases.COUNTS] = node.workeroutput["databases"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count, then deselect tests whose program is not installed (the summary says so); long files first."""
    both_databases.count(config, items)
    items.sort(key=_turn)
    absent = _absent()
    dropped = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests each database had, and loudly what was left out."""
    if line := both_databases.told(terminalreporter.config):
        terminalreporter.write_sep("=", line, red=both_databases.differ(terminalreporter.config))
    for marker, what in _absent().items():
        line = f"LEFT OUT: all tests marked {marker}, since {what} is not installed"
        terminalreporter.write_sep("!", line, red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Unlike databases fail the run; where everything is required, so does a test left out or skipped."""
    if both_databases.differ(session.config) and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if not os.environ.get("YIKA_TEST_REQUIRE_ALL") or hasattr(session.config, "workerinput"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if (skipped or _absent()) and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if reporter:
            reporter.write_sep(
                "!", f"{skipped} skipped and {len(_absent())} kinds left out: not allowed here"
            )


@pytest.fixture(scope="session")
def sqlite_backend(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """SQLite, with its templates."""
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_backend() -> Iterator[Backend]:
    """One PostgreSQL for the whole session, with its templates."""
    backend = Postgres()
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each kind of database in turn: who asks for this runs once on each."""
    found: Backend = request.getfixturevalue(f"{request.param}_backend")
    return found


@pytest.fixture
def shelf(backend: Backend, tmp_path: Path) -> Iterator[Shelf]:
    """The databases of one test."""
    shelf = Shelf(backend, tmp_path)
    yield shelf
    shelf.clear()
