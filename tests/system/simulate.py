"""Long runs of the simulator: ``python -m tests.system.simulate --histories N --seed S``."""

import sys
import time

import click

from server.domain.calendar import day_of
from tests.support.sim_mutants import MUTANTS
from tests.support.sim_run import Failure, failures, findings, quiet, shortened
from tests.support.sim_server import SimServer, build_server
from tests.support.sim_story import Story, story


@click.command()
@click.option("--histories", default=1000, show_default=True, help="How many seeds.")
@click.option("--seed", default=0, show_default=True, help="The first seed.")
@click.option("--shrink", is_flag=True, help="Shorten a failing history and print its actions.")
@click.option("--mutant", type=click.Choice(sorted(MUTANTS)), help="Break the product in this way first.")
def main(histories: int, seed: int, shrink: bool, mutant: str | None) -> None:
    """Tell histories and say which go wrong; exit 1 when one does."""
    if mutant:
        MUTANTS[mutant].apply()
    server, begun, failed = build_server(), time.monotonic(), 0
    try:
        for failure in failures(range(seed, seed + histories), server):
            failed += 1
            click.echo(str(failure))
            if shrink:
                _shorten(failure, server)
    finally:
        server.close()
    spent = time.monotonic() - begun
    click.echo(f"{histories} histories, {failed} failed, {spent:.0f} s, {histories / spent:.1f} a second")
    sys.exit(1 if failed else 0)


def _shorten(failure: Failure, server: SimServer) -> None:
    short = shortened(story(failure.seed), server)
    with quiet():
        found = findings(short, server, everything=True)
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
