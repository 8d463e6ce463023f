"""Nothing green is ever lost, and what counts is what the rules say: many random histories, reckoned twice.

A failing seed names itself and how to see it again, shortened to the actions it needs. The other half of the
histories is told in ``test_simulated_histories_too.py``, so that two cores work.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.sim_checks import result_of
from tests.support.sim_history import told
from tests.support.sim_mutants import MUTANTS
from tests.support.sim_run import LAST, failures, findings, halves, quiet, replay, shortened
from tests.support.sim_server import SimServer, build_server
from tests.support.sim_story import kept, story

ENOUGH = 500
"""Histories in which the rarest kind of fault is still seen several times."""
ONCE_WRONG = json.loads(Path(__file__).with_name("once_wrong.json").read_text())
"""Histories that found faults in the product, and what these were."""


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    """One server for all histories."""
    built = build_server()
    yield built
    built.close()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seeds", halves(0), ids=str)
def test_everything_green_is_stored_once_and_counts_as_the_rules_say(server: SimServer, seeds: range) -> None:
    """Days offline, crashes, lost answers, wrong clocks, copied cards, late decisions: told from seeds."""
    failed = list(failures(seeds, server))
    assert not failed, "\n".join(str(failure) for failure in failed)


@pytest.mark.timeout(1800)
def test_every_kind_of_fault_strikes_often_enough(server: SimServer) -> None:
    """Counted where it really struck, in the histories above; where these were few, in some more."""
    missing = range(LAST, LAST + max(0, ENOUGH - server.statistics.histories))
    assert list(failures(missing, server)) == []
    assert server.statistics.rare() == []


@pytest.mark.parametrize("raw", ONCE_WRONG, ids=lambda raw: raw["why"])
def test_what_was_once_wrong_stays_right(server: SimServer, raw: dict[str, Any]) -> None:
    """Told with every check there is."""
    with quiet():
        assert findings(kept(raw), server, everything=True) == []


def test_a_history_is_the_same_whenever_it_is_told(server: SimServer) -> None:
    """Without that, a failing seed could not be found again."""
    results = []
    for _ in range(2):
        with quiet(), told(story(12), server) as history:
            results.append((result_of(history), sorted(history.greens), history.time.now))
    assert results[0] == results[1]


@pytest.mark.timeout(900)
def test_a_failing_history_is_shortened_and_says_how_to_see_it_again(server: SimServer) -> None:
    """With checkpoints that act as desks, very few actions are needed to see it."""
    with MUTANTS["checkpoint is a desk"].applied():
        failure = next(failures(range(100), server))
        short = shortened(story(failure.seed), server)
        with quiet():
            assert findings(short, server, everything=True)
    assert len(short.actions) <= 5
    assert replay(failure.seed) in str(failure)
