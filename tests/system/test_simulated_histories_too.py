"""The other half of ``test_simulated_histories.py``: a file of its own, so that a second core tells it."""

import pytest

from tests.support.sim_run import failures, halves
from tests.support.sim_server import build_server


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seeds", halves(1), ids=str)
def test_everything_green_is_stored_once_and_counts_as_the_rules_say(seeds: range) -> None:
    """Days offline, crashes, lost answers, wrong clocks, copied cards, late decisions: told from seeds."""
    server = build_server()
    try:
        failed = list(failures(seeds, server))
    finally:
        server.close()
    assert not failed, "\n".join(str(failure) for failure in failed)
