"""Running histories by seed: one, many, on all cores, and the shortest that still fails."""

import gc
import logging
import multiprocessing
import os
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from tests.support.sim_checks import check
from tests.support.sim_history import told
from tests.support.sim_server import MEMORY, SimServer, build_server
from tests.support.sim_stats import Statistics
from tests.support.sim_story import Story, story

AUDIT_EVERY, REDELIVER_EVERY = 20, 25
"""Of so many seeds one is also audited, and one also told again in other orders: both cost many histories."""
CHUNK = 50
HISTORIES = int(os.environ.get("YIKA_SIM_HISTORIES", "10000"))
FIRST = int(os.environ.get("YIKA_SIM_SEED", "0"))
"""How many histories the tests tell, and from which seed on…"""
LAST = FIRST + HISTORIES
"""…up to which."""
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
    """Kiosks warn of every lost answer, which here is daily life; and nobody looks for garbage so often."""
    logging.disable(logging.CRITICAL)
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        gc.set_threshold(*before)
        gc.unfreeze()


def findings(of: Story, server: SimServer, *, everything: bool = False) -> list[str]:
    """Tell one history and say what is wrong with it; a crash of the product is a finding too."""
    audited, redelivered = of.seed % AUDIT_EVERY == 0, of.seed % REDELIVER_EVERY == 0
    try:
        with told(of, server) as history:
            return check(history, audited=everything or audited, redelivered=everything or redelivered)
    except Exception:  # noqa: BLE001 - whatever it is, the seed must be named
        return [traceback.format_exc()[-1500:]]
    finally:
        server.noted()


def failures(seeds: range, server: SimServer, of: Callable[[int], Story] = story) -> Iterator[Failure]:
    """The seeds that fail."""
    with quiet():
        for seed in seeds:
            if found := findings(of(seed), server):
                yield Failure(seed, found)


def halves(which: int) -> list[range]:
    """Every other chunk of the seeds that the tests tell: 0 the first half, 1 the second."""
    return chunks_of(range(FIRST, LAST))[which::2]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What some seeds came to."""

    seeds: range
    failed: list[Failure]
    statistics: Statistics


def chunks_of(seeds: range) -> list[range]:
    """Cut into what one process tells in one go."""
    return [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]


def on_cores(chunks: Iterable[range], jobs: int) -> Iterator[Chunk]:
    """All chunks in ``jobs`` processes, in the order they were asked for."""
    if jobs == 1:
        yield from map(_chunk, chunks)
        return
    # Forked, so that a mutant applied before holds in every process; these end without clearing up.
    memory = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="yika-sims-", dir=memory) as folder,
        ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool,
    ):
        yield from pool.map(partial(_chunk, within=Path(folder)), chunks)


def _chunk(seeds: range, *, within: Path | None = None) -> Chunk:
    server = _own_server(within)
    server.statistics = Statistics()
    failed = list(failures(seeds, server))
    return Chunk(seeds, failed, server.statistics)


@lru_cache(maxsize=1)
def _own_server(within: Path | None) -> SimServer:
    return build_server(within)


def caught_after(seeds: range, server: SimServer, of: Callable[[int], Story] = story) -> int | None:
    """How many histories it takes until one fails; None when none does."""
    first = next(failures(seeds, server, of), None)
    return None if first is None else first.seed - seeds.start + 1


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
