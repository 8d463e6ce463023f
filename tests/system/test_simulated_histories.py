"""Nothing green is ever lost, and what counts is what the rules say: many random histories, reckoned twice.

A failing seed names itself and how to see it again, shortened to the actions it needs.
"""

import os
from collections.abc import Iterator

import pytest

from tests.support.sim_checks import result_of
from tests.support.sim_history import told
from tests.support.sim_mutants import MUTANTS
from tests.support.sim_run import failures, findings, quiet, replay, shortened
from tests.support.sim_server import SimServer, build_server
from tests.support.sim_story import story

HISTORIES = int(os.environ.get("YIKA_SIM_HISTORIES", "120"))
FIRST = int(os.environ.get("YIKA_SIM_SEED", "0"))
ONCE_WRONG = {
    1005: "a range that was cut up gave other times to an earlier boot",
    1176: "a boot that was never timed was dated into 1970",
    1360: "an agreed end, told days later, did not reach the shift that it spoke about",
    1560: "a shift voided while it was open stayed as it was when time went on",
}
"""Seeds that found faults in the product, and what they were."""
pytestmark = pytest.mark.timeout(max(600, 5 * HISTORIES))


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    """One server for all histories."""
    built = build_server()
    yield built
    built.close()


def test_everything_green_is_stored_once_and_counts_as_the_rules_say(server: SimServer) -> None:
    """Days offline, crashes, lost answers, wrong clocks, copied cards, late decisions: told from seeds."""
    failed = list(failures(range(FIRST, FIRST + HISTORIES), server))
    assert not failed, "\n".join(str(failure) for failure in failed)


@pytest.mark.parametrize("seed", ONCE_WRONG)
def test_what_was_once_wrong_stays_right(server: SimServer, seed: int) -> None:
    """Told with every check there is."""
    with quiet():
        assert findings(story(seed), server, everything=True) == [], ONCE_WRONG[seed]


def test_a_history_is_the_same_whenever_it_is_told(server: SimServer) -> None:
    """Without that, a failing seed could not be found again."""
    results = []
    for _ in range(2):
        with quiet(), told(story(12), server) as history:
            results.append((result_of(history), sorted(history.greens), history.time.now))
    assert results[0] == results[1]


def test_a_failing_history_is_shortened_and_says_how_to_see_it_again(server: SimServer) -> None:
    """With checkpoints that act as desks, very few actions are needed to see it."""
    with MUTANTS["checkpoint is a desk"].applied():
        [failure] = list(failures(range(1), server))
        short = shortened(story(failure.seed), server)
        with quiet():
            assert findings(short, server, everything=True)
    assert len(short.actions) <= 5 < len(story(failure.seed).actions)
    assert replay(failure.seed) in str(failure)
