"""Running a target: fast, repeatable, noticing what crashes, hangs, or is believed without a signature."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType, TracebackType

from tests.fuzz.mutate import mutated

CORPUS = Path(__file__).parent / "corpus"
PATIENCE_S = 20.0
"""Processor seconds for one input; the slowest honest one takes milliseconds."""
MOST_KEPT = 400
"""Inputs that the pool of a run grows by."""
JSON_TOKENS = (
    *(b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"0", b"-1", b"1e999", b"NaN"),
    *(b'"\\ud800"', b"\xed\xa0\x80", b"\xef\xbb\xbf", b"[" * 1200, b"9" * 400, b"{}", b'""'),
)
"""Pieces that are put into inputs of whatever reads JSON."""


class Believed(AssertionError):
    """Something was accepted that nobody signed."""


class Hung(BaseException):
    """One input took all its time; no parser may catch this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser: what it is given, what it may say no with, and what must hold of a yes."""

    name: str
    run: Callable[[bytes], object]
    """Parses one input; raises one of ``refusals``, or :class:`Believed`, or returns."""
    seeds: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...]
    tokens: tuple[bytes, ...] = ()

    @property
    def corpus(self) -> tuple[bytes, ...]:
        """The seeds, and what earlier runs found interesting."""
        return self.seeds + kept(self.name)


def kept(name: str) -> tuple[bytes, ...]:
    """A target's corpus: one input a line, in hex."""
    path = CORPUS / f"{name}.hex"
    return tuple(map(bytes.fromhex, path.read_text().splitlines())) if path.exists() else ()


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that did what no input may do."""

    target: str
    data: bytes
    error: BaseException


@dataclass(slots=True)
class Figures:
    """What a run saw."""

    target: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    ways: dict[str, bytes] = field(default_factory=dict)
    """Every place at which an input was refused or taken, and the first input that came there."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def hung(self) -> bool:
        """Whether an input never came to an end: others like it would take all the time there is."""
        return any(isinstance(finding.error, Hung) for finding in self.findings)


@contextmanager
def _watchdog(patience_s: float) -> Iterator[Callable[[], None]]:
    """Gives a function that winds the watch up again; when it runs down, :class:`Hung`."""

    def bark(_signal: int, _frame: FrameType | None) -> None:
        raise Hung(f"one input took more than {patience_s} s of the processor")

    before = signal.signal(signal.SIGVTALRM, bark)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_VIRTUAL, patience_s) and None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _way(error: Exception) -> str:
    """Where an input was refused: a cheap stand-in for coverage."""
    trace: TracebackType | None = error.__traceback__
    lines = []
    while trace is not None:
        lines.append(trace.tb_lineno)
        trace = trace.tb_next
    cause = error.__cause__
    return f"{type(error).__name__}:{lines[1:]}:{type(cause).__name__ if cause else ''}"


def try_one(target: Target, data: bytes, figures: Figures) -> bool:
    """Give a target one input; whether it came a way that none came before."""
    figures.inputs += 1
    try:
        taken = target.run(data)
        way = f"taken:{taken}"
    except target.refusals as refusal:
        figures.refused += 1
        way = _way(refusal)
    except (Exception, Hung) as error:  # noqa: BLE001 - whatever else it is, it is a finding
        way = f"finding:{_way(error) if isinstance(error, Exception) else 'hung'}"
        if way not in figures.ways:
            figures.findings.append(Finding(target.name, data, error))
    if way in figures.ways:
        return False
    figures.ways[way] = data
    return True


def run(
    target: Target,
    inputs: int,
    seed: int,
    *,
    seconds: float = 0.0,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
) -> Figures:
    """The corpus as it is, then at least so many mutants of it and for so long, until one hangs.

    The same seed gives the same inputs.
    """
    figures, chance = Figures(target.name), Random(f"{target.name} {seed}")
    pool = list(target.corpus)
    least, most = len(pool) + inputs, len(pool) + MOST_KEPT
    began, until = time.process_time(), clock() + seconds
    with _watchdog(patience_s) as wind_up:
        for data in pool:
            wind_up()
            try_one(target, data, figures)
        while not figures.hung and (figures.inputs < least or clock() < until):
            wind_up()
            data = mutated(pool, target.tokens, chance)
            if try_one(target, data, figures) and len(pool) < most:
                pool.append(data)
    figures.seconds = time.process_time() - began
    return figures


def replay(target: Target, inputs: Sequence[bytes]) -> Figures:
    """These very inputs, unchanged."""
    figures = Figures(target.name)
    with _watchdog(PATIENCE_S) as wind_up:
        for data in inputs:
            wind_up()
            try_one(target, data, figures)
    return figures
