"""Many kiosks after an outage: each with a full journal, all back within two seconds, at one real server.

Everything is as deployed but the waiting: journals on disk, ``Syncer`` and ``ServerClient`` over real HTTP,
a server process of its own. Waiting costs no time: while nobody asks anything the storm's clock is moved to
the next kiosk's turn; while a request is under way it runs as the wall's does.
"""

import heapq
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import BootClock, Sources, wall_ms
from kiosk.identity import Enrolment
from kiosk.journal import SqliteJournal
from kiosk.journal_file import About, Row, create
from kiosk.journal_open import INSERT, place_of
from kiosk.lane import Lane
from kiosk.ports import Busy, Clock, Offline, Trouble
from kiosk.roster import RosterStore
from kiosk.server_client import API, Answer, ServerClient, Wire
from kiosk.sync import Syncer
from server.config import ServerConfig
from server.contract.rules import HOUR, MINUTE, Policy
from server.contract.wire import TapEvent, chain_hash
from server.db.unit_of_work import UnitOfWork
from server.demo.kiosks import DemoCard, DemoKiosk, Memory
from server.domain.calendar import DAY, day_of, day_start
from server.runtime import Runtime
from server.services.acting import Acting
from server.services.cards import register_many
from server.services.community import ActivitySpec, SiteSpec, create_community, set_activities, set_sites
from server.services.kiosks import add_kiosk, enrol
from server.services.members import NewVolunteer, register_volunteers
from tests.support.processes import Server, new_server

MACHINE = "storm"
ALL_BACK_WITHIN = 2.0
"""Seconds: the power returns to a whole town at once."""
AT_ONCE = 400
"""Threads that ask; a kiosk that finds none waits its turn here, as it would in the network's queues."""
NO_ANSWER = 0
"""Stands for an HTTP status where none came: the kiosk gave up, or was not let in."""
SERVED = 120
"""Minutes that each person serves on each day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Who was cut off, and for how long."""

    kiosks: int
    days: int
    people: int
    """Who come to each kiosk on each day, and go two hours later."""
    together: int = 10
    """Kiosks of one community."""

    @property
    def events(self) -> int:
        """Taps that wait on all kiosks."""
        return self.kiosks * self.days * self.people * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A kiosk that was cut off: who it is, and where its journal lies."""

    folder: Path
    enrolment: Enrolment
    key: Ed25519PrivateKey
    boot_id: str
    booted_at: int


@dataclass(frozen=True, slots=True)
class Town:
    """A server that has not heard of a week, and the kiosks that will tell it."""

    server: Server
    cut: list[Cut]
    communities: list[str]
    outage: Outage


def town(home: Path, outage: Outage, **environment: str) -> Town:
    """A new server (not started) with its communities, and a journal for each of their kiosks."""
    server = new_server(home / "server", YIKA_COMMUNITY="meihu", **environment)
    url = f"sqlite:///{server.home / 'data' / 'yika.sqlite'}"
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=url))
    try:
        sizes = [min(outage.together, outage.kiosks - n) for n in range(0, outage.kiosks, outage.together)]
        communities = [f"c{place:04d}" for place in range(len(sizes))]
        cut = [
            kiosk
            for name, size in zip(communities, sizes, strict=True)
            for kiosk in _community(home, runtime, name, (server.url, outage, size))
        ]
    finally:
        runtime.dispose()
    return Town(server, cut, communities, outage)


def _community(home: Path, runtime: Runtime, name: str, what: tuple[str, Outage, int]) -> list[Cut]:
    url, outage, kiosks = what
    today = day_start(day_of(runtime.clock()))
    acting = runtime.acting("storm", now=today - (outage.days + 1) * DAY)
    rng = random.Random(name)
    sites = [f"s{place}" for place in range(kiosks)]
    with runtime.unit_of_work(name) as uow:
        create_community(uow, acting, name)
        set_activities(uow, acting, [ActivitySpec(activity_id="duty", name="值班", name_en="Duty")])
        specs = [SiteSpec(site_id=s, name=s, default_activity="duty", activities=("duty",)) for s in sites]
        set_sites(uow, acting, specs)
        new = [NewVolunteer(name="测试", birth="1960-01-01", sex="f") for _ in range(outage.people * kiosks)]
        numbers = register_volunteers(uow, acting, new)
        made = [card.card_id for card in register_many(uow, acting, numbers)]
        digests = {row["card_id"]: row["digest"] for row in uow.rows("cards").rows()}
        cards = [DemoCard(card_id=c, medium="qr", proof="static", digest=digests[c]) for c in made]
        enrolled = [_enrolled(uow, acting, runtime, (name, site, url)) for site in sites]
        uow.commit()
    cut = []
    for place, (enrolment, key) in enumerate(enrolled):
        mine = slice(place * outage.people, (place + 1) * outage.people)
        demo = _days(
            enrolment, acting.now, rng, (outage.days, list(zip(numbers[mine], cards[mine], strict=True)))
        )
        folder = home / "kiosks" / enrolment.kiosk_id
        _write(folder, demo)
        cut.append(
            Cut(
                folder=folder,
                enrolment=enrolment,
                key=key,
                boot_id=demo.boot_id,
                booted_at=demo.booted_at,
            )
        )
    return cut


def _enrolled(
    uow: UnitOfWork, acting: Acting, runtime: Runtime, where: tuple[str, str, str]
) -> tuple[Enrolment, Ed25519PrivateKey]:
    community, site, url = where
    key = Ed25519PrivateKey.generate()
    added = add_kiosk(uow, acting, site, site_id=site)
    enrol(uow, acting, added.code, key.public_key().public_bytes_raw().hex())
    enrolment = Enrolment(
        url=url,
        kiosk_id=added.kiosk_id,
        community_id=community,
        community=community,
        site=site,
        server_key=runtime.keys.public.hex(),
    )
    return enrolment, key


def _days(
    enrolment: Enrolment, since: int, rng: random.Random, what: tuple[int, list[tuple[str, DemoCard]]]
) -> DemoKiosk:
    """So many days at one kiosk without network, in one boot, its clock in step all the while."""
    days, people = what
    kiosk = DemoKiosk(
        kiosk_id=enrolment.kiosk_id, site_id=enrolment.site, role="desk", default_activity="duty", rng=rng
    )
    kiosk.boot(since + 6 * HOUR)
    memory: dict[str, Memory] = {number: Memory() for number, _ in people}
    for day in range(1, days + 1):
        for begins in (8 * HOUR, 8 * HOUR + SERVED * MINUTE):
            for place, (number, card) in enumerate(people):
                at = since + day * DAY + begins + place * 90 * MINUTE // len(people) // MINUTE * MINUTE
                kiosk.tap(card, number, at, memory[number], Policy())
    return kiosk


def _write(folder: Path, demo: DemoKiosk) -> None:
    """The journal as it lies on the kiosk's disk; written at once instead of tap by tap."""
    folder.mkdir(parents=True)
    path = folder / "journal.db"
    path.touch(mode=0o600)
    about = About(
        kiosk_id=demo.kiosk_id,
        journal_id=demo.journal_id,
        prior_journal=None,
        prior_head=None,
        machine=place_of(path, MACHINE),
    )
    prev, rows = about.first_prev(), []
    for seq, pushed in enumerate(demo.unsent, 1):
        this = chain_hash(prev, pushed.inner())
        row = Row(
            journal_id=demo.journal_id,
            seq=seq,
            event_id=TapEvent.from_bytes(pushed.body.encode()).event_id,
            salt=bytes.fromhex(pushed.salt),
            body=pushed.body,
            prev=prev,
            hash=this,
        )
        rows.append(row.sealed().values())
        prev = this
    with closing(create(path, about)) as con:
        con.execute("BEGIN IMMEDIATE")
        con.executemany(INSERT, rows)
        con.execute("COMMIT")


@dataclass(slots=True)
class Seen:
    """What became of a storm."""

    seconds: float = 0.0
    """From the first kiosk's return until the last one had everything acknowledged."""
    idle: float = 0.0
    """Of these, seconds in which nobody asked anything: every kiosk was waiting as it was told."""
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

    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, status: int, sent: int, took: float) -> None:
        """One request and its answer; called from any thread."""
        with self._lock:
            self.answers[what, status] += 1
            self.sent += sent
            if (what, status) == ("events", 200):
                self.took.append(took)

    def asked(self, what: str, status: int | None = None) -> int:
        """How many requests of one kind, with one answer or with any."""
        return sum(n for (name, code), n in self.answers.items() if name == what and status in (None, code))


class _CountedWire(Wire):
    """The kiosk's own connection, with each answer counted."""

    def __init__(self, url: str, clock: Clock, seen: Seen) -> None:
        super().__init__(url, clock)
        self._seen = seen

    def send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Offline:
        started = time.perf_counter()
        answer = super().send(method, target, body, headers)
        took = 1000 * (time.perf_counter() - started)
        what = target.removeprefix(API + "/").partition("?")[0]
        self._seen.note(what, answer.status if isinstance(answer, Answer) else NO_ANSWER, len(body), took)
        return answer


class _Returning:
    """One kiosk from its return on: two lanes, as ``Syncer.run`` has, on the storm's threads."""

    def __init__(self, cut: Cut, seen: Seen, rng: random.Random) -> None:
        self.cut, self._seen, self._random = cut, seen, rng.random
        self._lock = threading.Lock()
        self._opened: tuple[SqliteJournal, Syncer, ServerClient] | None = None
        self._lanes = {lane: Lane(lambda: None, self._random) for lane in ("push", "pull")}

    def attempt(self, lane: str) -> tuple[Trouble | None, float]:
        """What the lane's thread does in a running kiosk: what it came to, and the seconds until the next."""
        syncer = self._syncer()
        trouble = syncer.push_once() if lane == "push" else syncer.pull_once()
        return trouble, self._lanes[lane].delay(trouble)[0]

    @property
    def pending(self) -> int:
        """Events that the server has not acknowledged; the journal is opened when the kiosk starts."""
        return self._opened[0].pending if self._opened else 1

    def _syncer(self) -> Syncer:
        with self._lock:
            if self._opened is None:
                self._opened = self._started()
            return self._opened[1]

    def _started(self) -> tuple[SqliteJournal, Syncer, ServerClient]:
        cut, seen = self.cut, self._seen
        sources = Sources(
            wall_ms=wall_ms,
            uptime_ms=lambda: wall_ms() - cut.booted_at,
            ntp_synced=lambda: True,
            boot_id=cut.boot_id,
        )
        clock = BootClock(sources)
        client = ServerClient(
            cut.enrolment, cut.key, clock, wire=lambda url, clock: _CountedWire(url, clock, seen)
        )
        kiosk_id = cut.enrolment.kiosk_id
        journal = SqliteJournal(cut.folder, kiosk_id=kiosk_id, machine=MACHINE, randomness=os.urandom)
        roster = RosterStore(
            cut.folder / "roster.json",
            community_id=cut.enrolment.community_id,
            kiosk_id=kiosk_id,
            server_key=bytes.fromhex(cut.enrolment.server_key),
        )
        return journal, Syncer(client, journal, roster, clock=clock, random=self._random), client

    def close(self) -> None:
        """Go away again."""
        if self._opened is not None:
            self._opened[2].close()
            self._opened[0].close()


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
    kiosk: _Returning = field(compare=False)
    lane: str = field(compare=False)


class Storm:
    """All kiosks of a town back at once, until each has everything acknowledged and a roster."""

    def __init__(self, town: Town, *, seed: int = 1, one_by_one: bool = False) -> None:
        """The server runs already; ``one_by_one`` lets each kiosk begin when the one before is through."""
        self._one_by_one = one_by_one
        self._town, self._rng, self.seen = town, random.Random(seed), Seen()
        self._clock, self._changed = _Clock(), threading.Condition()
        self._turns: list[_Turn] = []
        self._numbers = count()
        self._under_way = 0
        self._missing: dict[str, set[str]] = {}
        self._failed: Exception | None = None

    def run(self, within: float = 3600.0) -> Seen:
        """Let it happen; fails when it is not over after so many seconds of the storm."""
        kiosks = [_Returning(cut, self.seen, random.Random(self._rng.random())) for cut in self._town.cut]
        try:
            groups = [[kiosk] for kiosk in kiosks] if self._one_by_one else [kiosks]
            for group in groups:
                self._come_back(group, within)
        finally:
            for kiosk in kiosks:
                kiosk.close()
        self.seen.seconds, self.seen.idle = max(self.seen.through), self._clock.skipped
        self.seen.peak_mb = peak_mb(self._town.server)
        return self.seen

    def _come_back(self, kiosks: list[_Returning], within: float) -> None:
        self._turns.clear()
        for kiosk in kiosks:
            self._missing[kiosk.cut.enrolment.kiosk_id] = {"push", "pull"}
            due = self._clock.now() + self._rng.random() * ALL_BACK_WITHIN * (len(kiosks) > 1)
            for lane in ("push", "pull"):
                heapq.heappush(self._turns, _Turn(due, next(self._numbers), kiosk, lane))
        with ThreadPoolExecutor(AT_ONCE) as threads:
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
        kiosk, kiosk_id = turn.kiosk, turn.kiosk.cut.enrolment.kiosk_id
        try:
            trouble, delay = kiosk.attempt(turn.lane)
        except Exception as error:
            self._failed = error
            raise
        with self._changed:
            now = self._clock.now()
            self._note(kiosk_id, turn.lane, trouble, delay)
            if trouble is None and not (turn.lane == "push" and kiosk.pending):
                self._reached(kiosk_id, turn.lane, now)
            heapq.heappush(self._turns, _Turn(now + delay, next(self._numbers), kiosk, turn.lane))
            self._under_way -= 1
            self._changed.notify_all()

    def _note(self, kiosk_id: str, lane: str, trouble: Trouble | None, delay: float) -> None:
        if isinstance(trouble, Busy):
            self.seen.waits.append(delay)
            if lane == "push":
                self.seen.refused[kiosk_id] += 1
        elif trouble is not None:
            self.seen.troubles[f"{lane}: {trouble}"] += 1

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
