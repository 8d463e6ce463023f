"""``python -m tests.fuzz --inputs 10000000``, ``--seconds 60``: the long run over all targets; 1: a fault."""

import argparse
import json
import sys
from collections.abc import Sequence

from tests.fuzz.loop import CORPUS, Figures, run
from tests.fuzz.targets import TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, say the figures as JSON lines, keep what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="at least so many in all")
    parser.add_argument("--seconds", type=float, default=0.0, help="at least so long for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="only this; repeatable")
    parser.add_argument("--keep", action="store_true", help="add each new way and each finding to the corpus")
    options = parser.parse_args(arguments)
    found = 0
    names = options.target or list(TARGETS)
    for name in names:
        figures = run(TARGETS[name], options.inputs // len(names), options.seed, seconds=options.seconds)
        print(json.dumps(_plain(figures), ensure_ascii=False), flush=True)
        if options.keep:
            _keep(figures)
        found += len(figures.findings)
    return 1 if found else 0


def _plain(figures: Figures) -> dict[str, object]:
    same = {name: getattr(figures, name) for name in ("target", "inputs", "refused")}
    findings = [{"error": repr(f.error), "input": f.data.hex()} for f in figures.findings]
    return same | {"ways": len(figures.ways), "seconds": round(figures.seconds, 1), "findings": findings}


def _keep(figures: Figures) -> None:
    """Every way's first input joins the corpus; the seeds are made anew each time."""
    known = set(TARGETS[figures.target].corpus)
    fresh = sorted(set(figures.ways.values()) - known, key=len)
    with (CORPUS / f"{figures.target}.hex").open("a") as file:
        file.writelines(f"{data.hex()}\n" for data in fresh)


if __name__ == "__main__":
    sys.exit(main())
