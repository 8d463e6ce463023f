"""The simulator earns its trust: the product is broken in one way after the other, and each is noticed."""

from collections.abc import Iterator

import pytest

from tests.support.sim_mutants import MUTANTS
from tests.support.sim_run import caught_after
from tests.support.sim_server import SimServer, build_server

BOUND = 1000
"""Within so many histories every mutant must be caught; how many it took: ``simulate --mutants``."""
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def server() -> Iterator[SimServer]:
    """One server for all mutants: what is broken is the code, never the template."""
    built = build_server()
    yield built
    built.close()


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_broken_promise_is_noticed(server: SimServer, name: str) -> None:
    """Named for what is broken."""
    mutant = MUTANTS[name]
    with mutant.applied():
        caught = caught_after(range(mutant.first, mutant.first + BOUND), server, mutant.of)
    assert caught is not None, f"{name!r} survived {BOUND} histories: nobody noticed that not {mutant.breaks}"
