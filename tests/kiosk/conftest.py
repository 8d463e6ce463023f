"""What the tests of journals, of syncing and of retention share."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.journal import SqliteJournal
from tests.support.kiosk_journal import open_journal
from tests.support.kiosk_server import running
from tests.support.kiosk_table import Table


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """A kiosk that syncs, and its server, on one table."""
    with running() as server, closing(Table(server, tmp_path)) as made:
        yield made


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    """An empty journal."""
    opened = open_journal(tmp_path)
    yield opened
    opened.close()
