"""No input crashes or hangs a parser, and nothing that nobody signed is believed."""

import os
from collections.abc import Callable
from itertools import count

import pytest

from card_tools.credential import Credential
from tests.fuzz.__main__ import main
from tests.fuzz.loop import Believed, Figures, Target, kept, replay, run
from tests.fuzz.targets import TARGETS

INPUTS = int(os.environ.get("YIKA_FUZZ_INPUTS", "2000"))
"""Mutants of each target; CI takes more, the run before a release ten million in all."""


def findings(figures: Figures) -> list[tuple[str, str]]:
    return [(repr(finding.error), finding.data.hex()) for finding in figures.findings]


@pytest.mark.parametrize("name", TARGETS)
def test_what_earlier_runs_found_stays_mended(name: str):
    assert findings(replay(TARGETS[name], kept(name))) == []


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_gets_to_the_end(name: str):
    """A seed that is refused would test nothing behind the refusal."""
    good = replay(TARGETS[name], TARGETS[name].seeds[:1])
    assert (good.refused, findings(good)) == (0, [])


@pytest.mark.parametrize("name", TARGETS)
def test_no_mutant_crashes_hangs_or_is_believed(name: str):
    figures = run(TARGETS[name], INPUTS, seed=int(os.environ.get("YIKA_FUZZ_SEED", "1")))
    assert findings(figures) == []
    assert figures.inputs >= INPUTS
    assert len(figures.ways) > 1, "mutants went more than one way"


def faulty(run: Callable[[bytes], object]) -> Target:
    return Target(name="faulty", run=run, seeds=(b"YIKA:" + bytes(20),), refusals=(ValueError,))


def crash_at_a_byte(data: bytes) -> int:
    return {0: 1}.get(data[-1], 2) // data.count(b"Y") if data else 0


def believe_anything_long(data: bytes) -> None:
    if len(data) > 30:
        raise Believed(data.hex())
    Credential(data)


def never_end(data: bytes) -> None:
    while data.startswith(b"YIKB"):
        pass


@pytest.mark.parametrize(
    ("fault", "says"), [(crash_at_a_byte, "ZeroDivisionError"), (believe_anything_long, "Believed")]
)
def test_a_planted_fault_is_found(fault: Callable[[bytes], object], says: str):
    assert says in findings(run(faulty(fault), 3000, seed=1))[0][0]


def test_a_planted_endless_loop_is_found():
    """The watch runs down sooner here, since the loop takes all of it."""
    figures = run(faulty(never_end), 20_000, seed=1, patience_s=0.2)
    assert "Hung" in findings(figures)[0][0]


def test_the_same_seed_gives_the_same_inputs():
    seen: list[list[bytes]] = []
    for seed in (1, 1, 2):
        seen.append([])
        run(faulty(seen[-1].append), 50, seed=seed)
    assert seen[0] == seen[1] != seen[2]


def test_a_run_lasts_at_least_as_long_as_it_is_told():
    """Here each look at the clock takes a second."""
    figures = run(faulty(len), 0, seed=1, seconds=60, clock=count().__next__)
    assert figures.inputs == 1 + 59


def test_the_command_runs_one_target_and_says_its_figures(capsys: pytest.CaptureFixture[str]):
    assert main(["--inputs", "100", "--target", "serial"]) == 0
    assert '"target": "serial", "inputs": 10' in capsys.readouterr().out
