"""Long runs of the simulator: ``python -m tests.system.simulate --histories N --seed S --jobs 2``."""

import os
import sys
import time
from collections import Counter

import click

from server.domain.calendar import day_of
from tests.support.sim_coverage import LEAST, measured
from tests.support.sim_mutants import MUTANTS
from tests.support.sim_run import caught_after, findings, on_cores, quiet, shortened
from tests.support.sim_server import build_server
from tests.support.sim_story import Story, story

TELL_EVERY = 100
"""Chunks between two words on how far it got."""


@click.command()
@click.option("--histories", default=1000, show_default=True, help="How many seeds.")
@click.option("--seed", default=0, show_default=True, help="The first seed.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="How many processes.")
@click.option("--shrink", is_flag=True, help="Shorten failing histories and print their actions.")
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), help="Break the product in this way first.")
@click.option("--mutants", is_flag=True, help="Break it in each way: after how many histories is it noticed?")
@click.option("--coverage", is_flag=True, help="Which lines this alone runs; fails below 95 %. One process.")
def main(
    *, histories: int, seed: int, jobs: int, shrink: bool, mutant: str | None, mutants: bool, coverage: bool
) -> None:
    """Tell histories and say which go wrong; exit 1 when one does."""
    if coverage:
        sys.exit(_covers(histories, seed))
    if mutants:
        sys.exit(_every_mutant(seed, histories))
    if mutant:
        MUTANTS[mutant].apply()
    seeds = range(seed, seed + histories)
    failed = _tell(seeds, jobs)
    if shrink:
        for number in failed:
            _shorten(number)
    sys.exit(1 if failed else 0)


def _tell(seeds: range, jobs: int) -> list[int]:
    begun, failed, tally = time.monotonic(), [], Counter[str]()
    for number, chunk in enumerate(on_cores(seeds, jobs), 1):
        tally += chunk.tally
        for failure in chunk.failed:
            failed.append(failure.seed)
            click.echo(str(failure))
        if number % TELL_EVERY == 0:
            click.echo(_summed(tally, failed, begun), err=True)
    for name, times in sorted(tally.items()):
        click.echo(f"{times:10d}  {name}")
    click.echo(_summed(tally, failed, begun))
    return failed


def _summed(tally: Counter[str], failed: list[int], begun: float) -> str:
    told, spent = (
        sum(n for name, n in tally.items() if name.startswith("history of")),
        time.monotonic() - begun,
    )
    return f"{told} histories, {len(failed)} failed, {spent:.0f} s, {told / spent:.1f} a second"


def _every_mutant(seed: int, most: int) -> int:
    survived, server = 0, build_server()
    for name in sorted(MUTANTS):
        mutant = MUTANTS[name]
        first = seed or mutant.first
        with mutant.applied():
            caught = caught_after(range(first, first + most), server, mutant.of)
        survived += caught is None
        click.echo(f"{caught or 'survived':>9}  {name}")
    return 1 if survived else 0


def _covers(histories: int, seed: int) -> int:
    found = measured(histories, seed)
    for name in found.low:
        click.echo(f"less than {LEAST:.0f} % of {name} was run")
    return 1 if found.failed or found.low else 0


def _shorten(seed: int) -> None:
    server = build_server()
    short = shortened(story(seed), server)
    with quiet():
        found = findings(short, server, everything=True)
    server.close()
    click.echo(_printed(short))
    for finding in found:
        click.echo(f"  {finding}")


def _printed(of: Story) -> str:
    lines = [
        f"{day_of(a.at)} +{a.at % 86_400_000 / 3_600_000:6.3f} h UTC  {a.kind} {a.a} {a.b} {a.c} {a.text}"
        for a in of.actions
    ]
    return "\n".join([*(f"  {habit}" for habit in of.habits), *(f"  {line}" for line in lines)])


if __name__ == "__main__":
    main()
