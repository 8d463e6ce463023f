"""Many kiosks after an outage: each with a full journal, all back within two seconds, at one real server.

Everything is as deployed but the waiting: journals on disk, ``Syncer`` and ``ServerClient`` over real HTTP,
a server process of its own. Waiting costs no time: while nobody asks anything the storm's clock is moved to
the next kiosk's turn; while a request is under way it runs as the wall's does. Each kiosk has opened its
journal before the storm begins: in life each does so on a processor of its own.
"""

import heapq
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from kiosk.ports import Busy
from tests.support.outage import Town
from tests.support.processes import Server
from tests.support.returning import Came, Quarter, Request, quarters

ALL_BACK_WITHIN = 2.0
"""Seconds: the power returns to a whole town at once."""
AT_ONCE = 400
"""Threads that ask; a kiosk that finds none waits its turn here, as it would in the network's queues."""


@dataclass(slots=True)
class Seen:
    """What became of a storm."""

    seconds: float = 0.0
    """From the first kiosk's return until the last one had everything acknowledged."""
    idle: float = 0.0
    """Seconds of the whole storm in which nobody asked anything: every kiosk was waiting as it was told."""
    lasted: float = 0.0
    """Seconds of the wall's clock from the first return until the last kiosk had all it wanted."""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By what was asked (session, events, roster) and HTTP status."""
    took: list[float] = field(default_factory=list)
    """Milliseconds until each answer to a push that was taken in."""
    sent: int = 0
    """Bytes of all requests' bodies."""
    waits: list[float] = field(default_factory=list)
    """Seconds that kiosks waited because they were told to."""
    through: list[float] = field(default_factory=list)
    """Seconds until each kiosk had everything acknowledged."""
    refused: Counter[str] = field(default_factory=Counter)
    """How often each kiosk's push was told to come back later."""
    troubles: Counter[str] = field(default_factory=Counter)
    """Anything else that went wrong, in words."""
    peak_mb: float = 0.0
    """The most memory that the server ever held."""
    server_worked: float = 0.0
    """Processor seconds that the server took meanwhile."""
    kiosks_worked: float = 0.0
    """And those that all kiosks took, with the storm itself."""

    def note(self, request: Request) -> None:
        """One request and its answer."""
        self.answers[request.what, request.status] += 1
        self.sent += request.sent
        if (request.what, request.status) == ("events", 200):
            self.took.append(request.took)

    def asked(self, what: str, status: int | None = None) -> int:
        """How many requests of one kind, with one answer or with any."""
        return sum(n for (name, code), n in self.answers.items() if name == what and status in (None, code))


class _Clock:
    """Seconds of the storm: they pass as the wall's do, and can be moved on."""

    def __init__(self) -> None:
        self._zero = time.monotonic()
        self.skipped = 0.0

    def now(self) -> float:
        return time.monotonic() - self._zero + self.skipped


@dataclass(order=True, slots=True)
class _Turn:
    due: float
    number: int
    kiosk: str = field(compare=False)
    lane: str = field(compare=False)


class Storm:
    """All kiosks of a town back at once, until each has everything acknowledged and a roster."""

    def __init__(self, town: Town, *, seed: int = 1, one_by_one: bool = False, processes: int = 0) -> None:
        """The server runs already; ``one_by_one`` lets each kiosk begin when the one before is through.

        The kiosks live in this process, or in so many of their own.
        """
        self._one_by_one, self._processes = one_by_one, processes
        self._town, self._rng, self.seen = town, random.Random(seed), Seen()
        self._clock, self._changed = _Clock(), threading.Condition()
        self._turns: list[_Turn] = []
        self._numbers = count()
        self._under_way = 0
        self._quarter_of: dict[str, Quarter] = {}
        self._missing: dict[str, set[str]] = {}
        self._failed: Exception | None = None

    def run(self, within: float = 3600.0) -> Seen:
        """Let it happen; fails when it is not over after so many seconds of the storm."""
        seen, server = self.seen, self._town.server
        with (
            quarters(self._town.cut, self._processes, self._rng.random()) as made,
            ThreadPoolExecutor(AT_ONCE) as threads,
        ):
            for quarter, kiosks in zip(made, threads.map(lambda one: one.switch_on(), made), strict=True):
                self._quarter_of |= dict.fromkeys(kiosks, quarter)
            before = worked(server), _worked(made)
            self._clock = _Clock()
            began = time.monotonic()
            everybody = list(self._quarter_of)
            for group in [[kiosk] for kiosk in everybody] if self._one_by_one else [everybody]:
                self._come_back(group, within, threads)
            seen.lasted = time.monotonic() - began
            seen.server_worked, seen.kiosks_worked = worked(server) - before[0], _worked(made) - before[1]
            for request in chain.from_iterable(quarter.requests() for quarter in made):
                seen.note(request)
        seen.seconds, seen.idle = max(seen.through), self._clock.skipped
        seen.peak_mb = peak_mb(server)
        return seen

    def _come_back(self, kiosks: list[str], within: float, threads: ThreadPoolExecutor) -> None:
        self._turns.clear()
        for kiosk in kiosks:
            self._missing[kiosk] = {"push", "pull"}
            due = self._clock.now() + self._rng.random() * ALL_BACK_WITHIN * (len(kiosks) > 1)
            for lane in ("push", "pull"):
                heapq.heappush(self._turns, _Turn(due, next(self._numbers), kiosk, lane))
        while (turn := self._next(within)) is not None:
            threads.submit(self._take, turn)

    def _next(self, within: float) -> _Turn | None:
        """The next turn that is due, or None when everybody is through."""
        with self._changed:
            while self._missing or self._under_way:
                if self._failed is not None:
                    raise self._failed
                assert self._clock.now() < within, f"{len(self._missing)} kiosks are not through: {self.seen}"
                free = self._under_way < AT_ONCE and self._turns and bool(self._missing)
                wait = self._turns[0].due - self._clock.now() if free else None
                if wait is not None and wait > 0 and not self._under_way:
                    self._clock.skipped += wait
                    wait = 0
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._turns)
                self._changed.wait(1.0 if wait is None else min(wait, 1.0))
            return None

    def _take(self, turn: _Turn) -> None:
        try:
            came = self._quarter_of[turn.kiosk].attempt(turn.kiosk, turn.lane)
        except Exception as error:
            self._failed = error
            raise
        with self._changed:
            now = self._clock.now()
            self._note(turn, came)
            if came.trouble is None and not (turn.lane == "push" and came.pending):
                self._reached(turn.kiosk, turn.lane, now)
            if turn.kiosk in self._missing or self._events_are_missing():
                due = now + came.delay
                heapq.heappush(self._turns, _Turn(due, next(self._numbers), turn.kiosk, turn.lane))
            self._under_way -= 1
            self._changed.notify_all()

    def _events_are_missing(self) -> bool:
        """Until then whoever is through goes on asking; later that would only keep the clock from moving."""
        return any("push" in lanes for lanes in self._missing.values())

    def _note(self, turn: _Turn, came: Came) -> None:
        if isinstance(came.trouble, Busy):
            self.seen.waits.append(came.delay)
            if turn.lane == "push":
                self.seen.refused[turn.kiosk] += 1
        elif came.trouble is not None:
            self.seen.troubles[f"{turn.lane}: {came.trouble}"] += 1

    def _reached(self, kiosk_id: str, lane: str, now: float) -> None:
        missing = self._missing.get(kiosk_id, set())
        if lane == "push" and "push" in missing:
            self.seen.through.append(now)
        missing.discard(lane)
        if not missing:
            self._missing.pop(kiosk_id, None)


def peak_mb(server: Server) -> float:
    """The most memory that a server's process ever held (proc(5), VmHWM)."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def worked(server: Server) -> float:
    """Processor seconds that a server's process took so far (proc(5), utime and stime)."""
    assert server.process is not None
    after_name = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _worked(made: list[Quarter]) -> float:
    by_process = dict([(os.getpid(), time.process_time()), *(quarter.worked() for quarter in made)])
    return sum(by_process.values())
