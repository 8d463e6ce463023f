"""A disk whose power can be cut: what was not synced is really gone.

The journal lies in an ext4 file system inside an image file, mounted through a loop device. To cut the power:
the writer is stopped, the image is copied as it is beneath the file system (what only lay in the kernel's
page cache is not in it), and the copy is mounted, which is what the machine would find when it wakes. Needs
root and loop devices, no special kernel. A writer stops between system calls; the periodic write-back of the
kernel is put off, so that nothing reaches the image but what the program itself asked to be synced.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
IMAGE_BYTES = 24 << 20
MEMORY = Path("/dev/shm")
DEADLINE = 20.0


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
        self.folder, self.greens = folder, list[str]()
        self._rest = ""
        command = [sys.executable, "-m", "tests.support.powercut_writer", str(place), mode]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    def wait_for_light(self, count: int) -> None:
        """Until so many more lights were green."""
        wanted, deadline = len(self.greens) + count, time.monotonic() + DEADLINE
        while len(self.greens) < wanted:
            self._read()
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the writer does not tap")
            time.sleep(0.0005)

    def _read(self) -> None:
        assert self.process.stdout is not None
        while part := self.process.stdout.read(1 << 16):
            *lines, self._rest = (self._rest + part.decode()).split("\n")
            self.greens += lines

    @contextmanager
    def cut(self) -> Iterator[Path]:
        """The disk as it would be found if the power went now; the writer waits meanwhile."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            self._wait_until_stopped()
            self._read()
            found = self.folder / "found.img"
            shutil.copyfile(self.folder / "disk.img", found)
            with mounted(found, self.folder / "found") as place:
                yield place
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def _wait_until_stopped(self) -> None:
        deadline = time.monotonic() + DEADLINE
        status = Path(f"/proc/{self.process.pid}/stat")
        while status.read_text().rpartition(")")[2].split()[0] != "T":
            if time.monotonic() > deadline:
                raise RuntimeError("the writer does not stop")
            time.sleep(0.0005)

    def close(self) -> None:
        """End the writer."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def rig(mode: str) -> Iterator[Rig]:
    """A fresh disk with a writer on it; ``mode`` is ``FULL`` or ``NORMAL``."""
    folder = Path(tempfile.mkdtemp(prefix="yika-cut-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        image = folder / "disk.img"
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(image))
        with mounted(image, folder / "disk") as place:
            made = Rig(folder, place, mode)
            try:
                yield made
            finally:
                made.close()
    finally:
        shutil.rmtree(folder)


def lights(rng: random.Random) -> int:
    """How many lights until the next cut: mostly few, at times enough for a checkpoint."""
    return rng.choice([1, 1, 2, 3, 5, 8, 13, 40])
