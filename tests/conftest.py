"""What every test stands on: nothing is left out silently, and nothing is left out at all where CI looks."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.powercut_rig import missing as powercut_missing

NEEDS = {
    "browser": ("Chromium", lambda: shutil.which("chromium") or shutil.which("chromium-browser")),
    "postgresql": ("PostgreSQL", lambda: next(iter(_postgres_binaries()), None)),
    "pcsc": ("pcscd with vsmartcard-vpcd and pyscard, and the right to start it", lambda: _virtual_pcsc()),
    "speech": ("espeak-ng", lambda: shutil.which("espeak-ng")),
    "pdf": ("poppler-utils", lambda: shutil.which("pdftoppm")),
    "powercut": ("root with loop devices and e2fsprogs", lambda: powercut_missing() is None),
}


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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests whose program is not installed; the summary says so."""
    absent = _absent()
    dropped = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out."""
    for marker, what in _absent().items():
        line = f"LEFT OUT: all tests marked {marker}, since {what} is not installed"
        terminalreporter.write_sep("!", line, red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is required, a test left out or skipped is a failure."""
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
