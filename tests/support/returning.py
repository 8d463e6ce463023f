"""Kiosks that come back: each one's ``Syncer``, ``ServerClient`` and journal, many in one process."""

import logging
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.managers import BaseManager
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import BootClock, Sources, wall_ms
from kiosk.journal import SqliteJournal
from kiosk.lane import Lane
from kiosk.ports import Clock, Offline, Trouble
from kiosk.roster import RosterStore
from kiosk.server_client import API, Answer, ServerClient, Wire
from kiosk.sync import Syncer
from tests.support.outage import MACHINE, Cut

NO_ANSWER = 0
"""Stands for an HTTP status where none came: the kiosk gave up, or was not let in."""


class Request(NamedTuple):
    """What was asked (session, events, roster), and what came of it."""

    what: str
    status: int
    sent: int
    """Bytes of its body."""
    took: float
    """Milliseconds until the answer."""


class Came(NamedTuple):
    """What a lane's attempt came to."""

    trouble: Trouble | None
    delay: float
    """Seconds until the lane's next attempt."""
    pending: int
    """Events that the server has not acknowledged."""


class _CountedWire(Wire):
    """The kiosk's own connection, with each answer counted."""

    def __init__(self, url: str, clock: Clock, requests: list[Request]) -> None:
        super().__init__(url, clock)
        self._requests = requests

    def send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Offline:
        started = time.perf_counter()
        answer = super().send(method, target, body, headers)
        took = 1000 * (time.perf_counter() - started)
        what = target.removeprefix(API + "/").partition("?")[0]
        status = answer.status if isinstance(answer, Answer) else NO_ANSWER
        self._requests.append(Request(what, status, len(body), took))
        return answer


class _Returning:
    """One kiosk that was switched on: two lanes, as ``Syncer.run`` has, on the storm's threads."""

    def __init__(self, cut: Cut, requests: list[Request], rng: random.Random) -> None:
        sources = Sources(
            wall_ms=wall_ms,
            uptime_ms=lambda: wall_ms() - cut.booted_at,
            ntp_synced=lambda: True,
            boot_id=cut.boot_id,
        )
        clock, kiosk_id = BootClock(sources), cut.enrolment.kiosk_id
        self._client = ServerClient(
            cut.enrolment,
            Ed25519PrivateKey.from_private_bytes(cut.key),
            clock,
            wire=lambda url, clock: _CountedWire(url, clock, requests),
        )
        self._journal = SqliteJournal(cut.folder, kiosk_id=kiosk_id, machine=MACHINE, randomness=os.urandom)
        roster = RosterStore(
            cut.folder / "roster.json",
            community_id=cut.enrolment.community_id,
            kiosk_id=kiosk_id,
            server_key=bytes.fromhex(cut.enrolment.server_key),
        )
        self._syncer = Syncer(self._client, self._journal, roster, clock=clock, random=rng.random)
        self._lanes = {lane: Lane(lambda: None, rng.random) for lane in ("push", "pull")}

    def attempt(self, lane: str) -> Came:
        """What the lane's thread does in a running kiosk."""
        trouble = self._syncer.push_once() if lane == "push" else self._syncer.pull_once()
        return Came(trouble, self._lanes[lane].delay(trouble)[0], self._journal.pending)

    def close(self) -> None:
        """Go away again."""
        self._client.close()
        self._journal.close()


class Quarter:
    """Kiosks of a part of the town, all in this process."""

    def __init__(self, cut: Sequence[Cut], seed: float) -> None:
        """They are still off."""
        self._cut, self._rng = cut, random.Random(seed)
        self._requests: list[Request] = []
        self._kiosks: dict[str, _Returning] = {}

    def switch_on(self) -> list[str]:
        """Each opens its journal and checks all of it, before it asks anything; those that are on."""
        for cut in self._cut:
            rng = random.Random(self._rng.random())
            self._kiosks[cut.enrolment.kiosk_id] = _Returning(cut, self._requests, rng)
        return list(self._kiosks)

    def attempt(self, kiosk_id: str, lane: str) -> Came:
        """One kiosk's lane tries once; called from any thread."""
        return self._kiosks[kiosk_id].attempt(lane)

    def requests(self) -> list[Request]:
        """Everything that was asked so far."""
        return list(self._requests)

    def worked(self) -> tuple[int, float]:
        """Which process this is, and the processor seconds it took so far."""
        return os.getpid(), time.process_time()

    def close(self) -> None:
        """All go away."""
        for kiosk in self._kiosks.values():
            kiosk.close()


class _Process(BaseManager):
    """A process for a quarter; each thread that asks it has a thread of its own there."""

    quarter: Callable[[Sequence[Cut], float], Quarter]


_Process.register("quarter", Quarter)


@contextmanager
def quarters(cut: Sequence[Cut], processes: int, seed: float) -> Iterator[list[Quarter]]:
    """All kiosks in this process, or spread over so many of their own."""
    with ExitStack() as stack:
        if processes:
            apart = multiprocessing.get_context("spawn")
            started = [_Process(ctx=apart) for _ in range(processes)]
            for one in started:
                one.start(_settle)
                stack.enter_context(one)
            made = [one.quarter(cut[n::processes], seed + n) for n, one in enumerate(started)]
        else:
            made = [Quarter(cut, seed)]
        for quarter in made:
            stack.callback(quarter.close)
        yield made


def _settle() -> None:
    """Every wait is counted, so no lines tell of it; and who started this process may be ended any moment."""
    logging.disable(logging.WARNING)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
