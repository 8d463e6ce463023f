"""Running histories by seed: one, many, and the shortest that still fails."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.support.sim_checks import check
from tests.support.sim_history import told
from tests.support.sim_server import SimServer
from tests.support.sim_story import Story, story

AUDIT_EVERY, REDELIVER_EVERY = 4, 3
SHRINKING = 120
"""Most histories told while shortening one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that fails, with what is wrong."""

    seed: int
    findings: list[str]

    def __str__(self) -> str:
        lines = "\n  ".join(self.findings[:6])
        return f"seed {self.seed}: {len(self.findings)} findings\n  {lines}\n{replay(self.seed)}"


def replay(seed: int) -> str:
    """How to see it again."""
    return f"replay and shorten: python -m tests.system.simulate --histories 1 --seed {seed} --shrink"


@contextmanager
def quiet() -> Iterator[None]:
    """Kiosks warn of every lost answer; here that is daily life."""
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def findings(of: Story, server: SimServer, *, everything: bool = False) -> list[str]:
    """Tell one history and say what is wrong with it; a crash of the product is a finding too."""
    audited, redelivered = of.seed % AUDIT_EVERY == 0, of.seed % REDELIVER_EVERY == 0
    try:
        with told(of, server) as history:
            return check(history, audited=everything or audited, redelivered=everything or redelivered)
    except Exception:  # noqa: BLE001 - whatever it is, the seed must be named
        return [traceback.format_exc()[-1500:]]


def failures(seeds: range, server: SimServer) -> Iterator[Failure]:
    """The seeds that fail."""
    with quiet():
        for seed in seeds:
            if found := findings(story(seed), server):
                yield Failure(seed, found)


def shortened(of: Story, server: SimServer) -> Story:
    """The same history with every action dropped that is not needed for it to fail."""
    told_so_far, size = 0, max(1, len(of.actions) // 2)
    with quiet():
        while size and told_so_far < SHRINKING:
            start = 0
            while start < len(of.actions) and told_so_far < SHRINKING:
                shorter = replace(of, actions=of.actions[:start] + of.actions[start + size :])
                told_so_far += 1
                if findings(shorter, server, everything=True):
                    of = shorter
                else:
                    start += size
            size //= 2
    return of
