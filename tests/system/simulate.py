"""Long runs of the simulator: ``python -m tests.system.simulate --histories N --seed S --jobs 2``."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from server.domain.calendar import day_of
from tests.support.sim_coverage import LEAST, measured
from tests.support.sim_mutants import MUTANTS
from tests.support.sim_progress import OtherCode, Progress, progress_in
from tests.support.sim_run import (
    Chunk,
    Failure,
    caught_after,
    chunks_of,
    findings,
    on_cores,
    quiet,
    shortened,
)
from tests.support.sim_server import build_server
from tests.support.sim_stats import Statistics
from tests.support.sim_story import Story, story

TELL_EVERY = 60.0
"""Seconds between two words on how far it got."""


@click.command()
@click.option("--histories", default=1000, show_default=True, help="How many seeds.")
@click.option("--seed", default=0, show_default=True, help="The first seed.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="How many processes.")
@click.option(
    "--progress", type=click.Path(path_type=Path), help="Where to write what is done, and to go on from."
)
@click.option("--shrink", is_flag=True, help="Shorten failing histories and print their actions.")
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), help="Break the product in this way first.")
@click.option("--mutants", is_flag=True, help="Break it in each way: after how many histories is it noticed?")
@click.option("--coverage", is_flag=True, help="Which lines this alone runs; fails below 95 %. One process.")
def main(
    *,
    histories: int,
    seed: int,
    jobs: int,
    progress: Path | None,
    shrink: bool,
    mutant: str | None,
    mutants: bool,
    coverage: bool,
) -> None:
    """Tell histories and say which go wrong; exit 1 when one does."""
    if coverage:
        sys.exit(_covers(histories, seed))
    if mutants:
        sys.exit(_every_mutant(seed, histories))
    if mutant:
        MUTANTS[mutant].apply()
    try:
        kept = progress_in(progress) if progress else None
    except OtherCode as error:
        raise click.UsageError(str(error)) from error
    failed = _tell(range(seed, seed + histories), jobs, kept)
    if shrink:
        for failure in failed:
            _shorten(failure.seed)
    sys.exit(1 if failed else 0)


def _tell(seeds: range, jobs: int, kept: Progress | None) -> list[Failure]:
    """All of them, those that were told before from the file."""
    begun = said = time.monotonic()
    failed, total, now = list[Failure](), Statistics(), 0
    for chunk, is_new in _chunks(chunks_of(seeds), jobs, kept):
        total.add(chunk.statistics)
        now += len(chunk.seeds) * is_new
        failed += chunk.failed
        for failure in chunk.failed:
            click.echo(str(failure))
        if time.monotonic() - said > TELL_EVERY:
            said = time.monotonic()
            click.echo(_summed(total, failed, now / (said - begun)), err=True)
    for line in total.table():
        click.echo(line)
    click.echo(f"seeds {seeds.start} to {seeds.stop - 1}")
    click.echo(_summed(total, failed, now / (time.monotonic() - begun)))
    return failed


def _chunks(wanted: list[range], jobs: int, kept: Progress | None) -> Iterator[tuple[Chunk, bool]]:
    there = kept.chunks if kept else {}
    old = [there[seeds.start] for seeds in wanted if seeds.start in there]
    if old:
        click.echo(f"{sum(len(chunk.seeds) for chunk in old)} histories were told before", err=True)
    yield from ((chunk, False) for chunk in old)
    for chunk in on_cores([seeds for seeds in wanted if seeds.start not in there], jobs):
        if kept:
            kept.keep(chunk)
        yield chunk, True


def _summed(total: Statistics, failed: list[Failure], speed: float) -> str:
    return f"{total.histories} histories, {len(failed)} failed, {speed:.1f} a second"


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
