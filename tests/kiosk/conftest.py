"""What the tests of syncing and of retention share."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.kiosk_server import running
from tests.support.kiosk_table import Table


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """A kiosk that syncs, and its server, on one table."""
    with running() as server, closing(Table(server, tmp_path)) as made:
        yield made
