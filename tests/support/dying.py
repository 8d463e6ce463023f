"""A kiosk that dies at each step of replacing a damaged journal: each step once, in a folder of its own.

A step is what Python itself does to the folder: opening, linking, renaming or removing a file. Run as
``python -m tests.support.dying FOLDER HIT``; it says how many steps there are.
"""

import os
import signal
import sys
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.kiosk_journal import NOW, SENT, draft, open_journal, results_of

EVENTS = 9
ACKNOWLEDGED = 3
LOG_HEADER, FRAME, CHECKSUM = 32, 24 + 4096, 16
"""Of a write-ahead log (sqlite.org/fileformat2.html §4.1); a wrong checksum ends it."""
_STEPS = ("open", "os.link", "os.rename", "os.remove", "sqlite3.connect")


def damaged(folder: Path, hit: str) -> None:
    """A journal whose power was cut, damaged in its log, of which SQLite reads the beginning only.

    ``hit`` says where: in the ``log`` alone, or in the file's ``header`` too, which opening it mends at once.
    """
    folder.mkdir()
    with closing(open_journal(folder)) as journal:
        for number in range(EVENTS):
            journal.append(draft(number))
            if number == ACKNOWLEDGED - 1:
                push = journal.push_of(journal.runs(500)[0], SENT)
                journal.acknowledge(push.journal_id, results_of(push), roster_version=1, at=NOW)
        left = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name, content in left.items():
        (folder / name).write_bytes(content)
    frame = (left["journal.db-wal"].index(b'"uptime_ms":1004') - LOG_HEADER) // FRAME
    _flip(folder / "journal.db-wal", LOG_HEADER + frame * FRAME + CHECKSUM)
    if hit == "header":
        _flip(folder / "journal.db", 44)


def _flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def _die_at(step: int, folder: Path) -> None:
    steps = count(1)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event in _STEPS and str(folder) in str(args[0]) and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _dies(step: int, folder: Path) -> bool:
    child = os.fork()
    if child == 0:
        _die_at(step, folder)
        os._exit(open_journal(folder, seed=5).trouble is not None)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    return status != 0


def main() -> None:
    """Die at each step."""
    folder, hit = Path(sys.argv[1]), sys.argv[2]
    for step in count(1):
        place = folder / str(step)
        damaged(place, hit)
        if not _dies(step, place):
            print(step - 1)
            return


if __name__ == "__main__":
    main()
