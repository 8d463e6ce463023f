"""A disk whose power can be cut: what was not synced is gone, or there in part, or torn.

The journal lies in an ext4 file system inside an image file, mounted through a loop device. To cut the power:
the writer is stopped at a system call, the image is copied as it is beneath the file system (what only lay in
the kernel's page cache is not in it), and the copy is mounted, which is what the machine would find when it
wakes. A disk may also have taken any of the blocks that nobody had asked it to sync, whole or in part: some
of them are then written into the copy. Needs root and loop devices, no special kernel. The kernel's periodic
write-back is put off, so that nothing reaches the image but what the program itself asked to be synced.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.traced import Traced

SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
IMAGE_BYTES = 24 << 20
MEMORY = Path("/dev/shm")
BLOCK, SECTOR = 4096, 512
STAGES = {"tap": 220, "acknowledge": 34, "prune": 24, "checkpoint": 36}
"""What the writer can be at when the power goes, and about how many system calls that takes."""
KEPT = ("nothing", "some blocks", "torn blocks")
"""What the disk took of the blocks that were not synced."""


def missing() -> str | None:
    """What this machine lacks for the rig; None when it has everything."""
    if os.geteuid() != 0:
        return "root"
    tools = ("mkfs.ext4", "mount", "umount", "losetup")
    return next((tool for tool in tools if shutil.which(tool, path=SBIN) is None), None)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PATH": SBIN}
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """The file system in an image."""
    place.mkdir(exist_ok=True)
    _run("mount", "-o", "loop,commit=600,noatime", str(image), str(place))
    try:
        yield place
    finally:
        _run("umount", str(place))


class Rig:
    """One image, one writer in it, and cuts."""

    def __init__(self, folder: Path, place: Path, mode: str) -> None:
        """Start the writer."""
        self.folder, self.place = folder, place
        self.greens: list[str] = []
        self.stage = ""
        self.may_be_gone: set[str] = set()
        """Acknowledged before retention last began to delete."""
        self.unsynced = 0
        """Blocks of database and log that were in the page cache only when the power last went."""
        self._acknowledged: set[str] = set()
        self._rest = ""
        command = [sys.executable, "-m", "tests.support.powercut_writer", str(place), mode]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert self.process.stdout is not None
        self._take(self.process.stdout.readline().decode())
        os.set_blocking(self.process.stdout.fileno(), False)
        self._traced = Traced(self.process.pid)

    def run_into(self, stage: str, share: float) -> None:
        """Until the writer has begun ``stage`` anew, and made this share of its system calls."""
        self._step_until(lambda: self.stage != stage)
        self._step_until(lambda: self.stage == stage)
        for _ in range(round(2 * STAGES[stage] * share)):
            self._traced.step()
            self._read()
            if self.stage != stage:
                return

    def _step_until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self._traced.step()
            self._read()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while part := self.process.stdout.read(1 << 16):
            self._take(part.decode())

    def _take(self, part: str) -> None:
        *lines, self._rest = (self._rest + part).split("\n")
        for word, _, value in (line.partition(" ") for line in lines):
            if word == "green":
                self.greens.append(value)
            elif word == "acknowledged":
                self._acknowledged.add(value)
            else:
                self.stage = word
                if word == "prune":
                    self.may_be_gone |= self._acknowledged

    @contextmanager
    def cut(self, kept: str, rng: random.Random) -> Iterator[Path]:
        """The disk as it would be found if the power went now; the writer waits meanwhile."""
        with woken_disk(self.folder) as place:
            blocks = list(unsynced_blocks(self.place, place))
            self.unsynced = sum(file.name in ("journal.db", "journal.db-wal") for file, _, _ in blocks)
            if kept != "nothing":
                keep_some(blocks, kept == "torn blocks", rng)
            yield place

    def close(self) -> None:
        """End the writer."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


Block = tuple[Path, int, bytes]


def unsynced_blocks(live: Path, found: Path) -> Iterator[Block]:
    """Where the page cache is ahead of the disk: file on the disk, place in it, what the cache holds."""
    for file in sorted(path for path in live.iterdir() if path.is_file()):
        on_disk = found / file.name
        if not on_disk.exists():
            continue  # its name was not synced either: nothing would find its blocks
        new, old = file.read_bytes(), on_disk.read_bytes()
        for start in range(0, len(new), BLOCK):
            if new[start : start + BLOCK] != old[start : start + BLOCK]:
                yield on_disk, start, new[start : start + BLOCK]


def keep_some(blocks: Sequence[Block], torn: bool, rng: random.Random) -> None:
    """Write any of the blocks after all; when ``torn``, only sectors at the beginning or the end of each."""
    for file, start, content in blocks:
        if rng.random() < 0.5:
            continue
        edge = SECTOR * rng.randrange(1, BLOCK // SECTOR) if torn else 0
        if torn and rng.random() < 0.5:
            content, edge = content[:edge], 0
        with file.open("r+b") as disk:
            disk.seek(start + edge)
            disk.write(content[edge:])


@contextmanager
def fresh_disk() -> Iterator[tuple[Path, Path]]:
    """A folder with the image of an empty disk, and where that is mounted."""
    folder = Path(tempfile.mkdtemp(prefix="yika-cut-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        image = folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(image))
        with mounted(image, folder / "disk") as place:
            yield folder, place
    finally:
        shutil.rmtree(folder)


@contextmanager
def woken_disk(folder: Path) -> Iterator[Path]:
    """What of the disk in ``folder`` would be found if the power went now."""
    found = folder / "found.img"
    shutil.copyfile(folder / "disk.img", found)
    with mounted(found, folder / "found") as place:
        yield place


@contextmanager
def rig(mode: str) -> Iterator[Rig]:
    """A fresh disk with a writer on it; ``mode`` is ``FULL`` or ``NORMAL``."""
    with fresh_disk() as (folder, place):
        made = Rig(folder, place, mode)
        try:
            yield made
        finally:
            made.close()
