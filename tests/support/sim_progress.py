"""How far a long run came: a line of JSON for each chunk, so that an interrupted run can go on."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.support.sim_run import Chunk, Failure
from tests.support.sim_stats import Statistics

ROOT = Path(__file__).parents[2]
TOLD = ("kiosk/**/*.py", "server/**/*.py", "card_tools/**/*.py", "tests/support/sim_*.py")
"""What a history runs through: a run may not go on after any of it was changed."""

END = '"whole": true}'
"""What a line that was written to its end ends with."""


class OtherCode(Exception):
    """The chunks that were written down were told of other code."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A file of finished chunks."""

    path: Path
    chunks: dict[int, Chunk]
    """First seed -> what was found."""

    def keep(self, chunk: Chunk) -> None:
        """Write down one more."""
        line = {
            "seeds": [chunk.seeds.start, chunk.seeds.stop],
            "failed": [asdict(failure) for failure in chunk.failed],
            "statistics": chunk.statistics.as_json(),
            "whole": True,
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def progress_in(path: Path) -> Progress:
    """The chunks in a file, or a new file; raises :class:`OtherCode`."""
    if not path.exists():
        path.write_text(json.dumps({"code": code_digest()}) + "\n")
    head, *lines = path.read_text().splitlines()
    if json.loads(head)["code"] != code_digest():
        raise OtherCode(f"{path} was begun with other code: name a new file")
    whole = [line for line in lines if line.endswith(END)]
    # An interruption may have left half a line, to which the next one must not be added.
    path.write_text("".join(f"{line}\n" for line in (head, *whole)))
    chunks = [_chunk(json.loads(line)) for line in whole]
    return Progress(path, {chunk.seeds.start: chunk for chunk in chunks})


def _chunk(raw: dict[str, Any]) -> Chunk:
    failed = [Failure(**each) for each in raw["failed"]]
    return Chunk(range(*raw["seeds"]), failed, Statistics.of_json(raw["statistics"]))


def code_digest() -> str:
    """Changes with the code that histories run through."""
    digest = sha256()
    for path in sorted(path for pattern in TOLD for path in ROOT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
