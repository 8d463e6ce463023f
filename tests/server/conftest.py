"""A real database with a small community in it, and kiosks that push as real ones do."""

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.contract.wire import (
    ClockSample,
    Push,
    PushedEvent,
    PushReply,
    TapEvent,
    chain_hash,
    genesis,
    inner_hash,
    uuid7,
)
from server.db.session import Database
from server.db.unit_of_work import UnitOfWork
from server.domain.calendar import day_start
from server.services.acting import Acting
from server.services.cards import register_many
from server.services.community import (
    ActivitySpec,
    SiteSpec,
    TeamSpec,
    create_community,
    set_activities,
    set_sites,
    set_teams,
)
from server.services.ingest import ingest
from server.services.keys import Keys
from server.services.kiosks import add_kiosk, enrol
from server.services.members import NewVolunteer, register_volunteers
from server.services.sessions import KnownKiosk
from tests.support.databases import Shelf, Store

TODAY = day_start("2026-11-24")
COMMUNITY = "meihu"


class Numbers:
    """Random bytes that are the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, length: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"{self._seed}:{self._count}".encode()).digest(length)


@dataclass
class Kiosk:
    """A kiosk's journal, kept in memory: chained as the contract says, pushed when asked."""

    kiosk_id: str
    entropy: Numbers
    site: str
    cards: dict[str, str]
    journal_id: str = ""
    events: list[tuple[TapEvent, PushedEvent, str]] = field(default_factory=list)
    key: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(b"k" * 32))
    boot_id: str = "boot-1"
    booted_at: int = TODAY

    def tap(self, volunteer: str, at: int, **more: Any) -> TapEvent:
        """Journal one tap at a time of day."""
        card = self.cards.get(volunteer, "")
        known: dict[str, Any] = {
            "card_id": card.split(":")[0],
            "medium": "qr",
            "proof": "static",
            "evidence": {"digest": card.split(":")[-1]},
            "volunteer": volunteer,
            "activity_id": "hut",
            "shown": "shift_started",
            "clock": "synced",
            "wall": at,
        }
        event = TapEvent(
            **{
                "event_id": uuid7(max(at, 0), self.entropy(10)),
                "kiosk_id": self.kiosk_id,
                "journal_id": self.journal_id,
                "seq": len(self.events) + 1,
                "boot_id": self.boot_id,
                "uptime_ms": max(0, at - self.booted_at),
                **known,
                **more,
            }
        )
        self.append(event)
        return event

    def append(self, event: TapEvent, *, body: str | None = None) -> None:
        """Put an event, or any other text in its place, at the end of the journal."""
        salt = self.entropy(16)
        text = event.to_bytes().decode() if body is None else body
        digest = chain_hash(self.head(len(self.events)), inner_hash(salt, text.encode()))
        self.events.append((event, PushedEvent(salt.hex(), text), digest))

    def head(self, seq: int) -> str:
        """The hash of the event at a place; the genesis before the first."""
        return self.events[seq - 1][2] if seq else genesis(self.kiosk_id, self.journal_id, None)

    def push(self, first: int = 1, last: int | None = None, *, sent_at: int | None = None) -> Push:
        """A range of the journal as it is sent."""
        last = len(self.events) if last is None else last
        at = (
            sent_at if sent_at is not None else max((e.wall for e, _, _ in self.events), default=TODAY) + 1000
        )
        return Push(
            kiosk_id=self.kiosk_id,
            journal_id=self.journal_id,
            prior_journal=None,
            prior_head=None,
            from_seq=first,
            prev=self.head(first - 1),
            head=self.head(last),
            sent=ClockSample(
                boot_id=self.boot_id, uptime_ms=max(0, at - self.booted_at), wall=at, clock="synced"
            ),
            events=tuple(pushed for _, pushed, _ in self.events[first - 1 : last]),
        )


@dataclass
class Bench:
    """One database with one community, its keys and a clock that moves when told."""

    database: Database
    keys: Keys = field(default_factory=lambda: Keys(b"s" * 32))
    now: int = TODAY
    entropy: Numbers = field(default_factory=lambda: Numbers("bench"))
    numbers: list[str] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    shelf: Shelf | None = None
    store: Store | None = None
    community: str = COMMUNITY
    mark: str = ""
    """Stands in every name, so that it can be told whose it is."""

    def over(self, shelf: Shelf, store: Store) -> "Bench":
        """The same bench over a copy of its database."""
        return replace(
            self,
            database=shelf.open(store.app),
            entropy=copy.copy(self.entropy),
            numbers=list(self.numbers),
            cards=dict(self.cards),
            shelf=shelf,
            store=store,
        )

    def as_user(self, kind: str) -> "Bench":
        """The same bench as ``owner`` or ``sealer`` of its database."""
        assert self.shelf is not None
        return replace(self, database=self.shelf.open(getattr(self.store, kind)))

    def acting(self, by: str = "staff", *, volunteer: str | None = None) -> Acting:
        """Circumstances of a use case, now."""
        return Acting(
            by=by,
            now=self.now,
            ids=lambda: uuid7(self.now, self.entropy(10)),
            keys=self.keys,
            entropy=self.entropy,
            volunteer=volunteer,
        )

    def uow(self, community: str | None = None, *, writes: bool = True) -> UnitOfWork:
        """A unit of work."""
        return UnitOfWork(self.database, self.community if community is None else community, writes=writes)

    def do(self, function: Callable[..., Any], *args: Any, by: str = "staff", **more: Any) -> Any:
        """One use case in a transaction of its own."""
        with self.uow() as uow:
            result = function(uow, self.acting(by), *args, **more)
            uow.commit()
        return result

    def rows(self, table: str, *order: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table."""
        with self.uow(writes=False) as uow:
            return uow.rows(table).rows(*order, **where)

    def events(self, **where: Any) -> list[dict[str, Any]]:
        """Stored events."""
        with self.uow(writes=False) as uow:
            return uow.events.rows("at", "seq", **where)

    def kiosk(self, site: str = "hut", name: str = "kiosk") -> Kiosk:
        """A new enrolled kiosk."""
        added = self.do(add_kiosk, self.mark + name, site_id=site)
        kiosk = Kiosk(added.kiosk_id, Numbers(added.kiosk_id), site, self.cards)
        kiosk.journal_id = uuid7(self.now, kiosk.entropy(10))
        kiosk.booted_at = self.now
        public = kiosk.key.public_key().public_bytes_raw().hex()
        with self.uow("") as uow:
            enrol(uow, self.acting("kiosk"), added.code, public)
            uow.commit()
        return kiosk

    def push(self, kiosk: Kiosk, push: Push | None = None, *, revoked: bool = False) -> PushReply:
        """Push a journal, or a part of it, at the clock's time."""
        known = KnownKiosk(kiosk_id=kiosk.kiosk_id, site_id=kiosk.site, revoked=revoked)
        with self.uow() as uow:
            reply = ingest(
                uow, self.acting(f"kiosk:{kiosk.kiosk_id}"), push or kiosk.push(sent_at=self.now), known
            )
            uow.commit()
        return reply


def fill(bench: Bench, people: int = 12) -> Bench:
    """A small community: three sites, three activities, a team, people with printed cards."""
    mark = bench.mark
    bench.do(create_community, f"{mark}美湖社区", name_en=f"{mark}Meihu")
    activities = [("hut", "健康小屋", "Health hut", "service"), ("patrol", "巡逻", "Patrol", "patrol")]
    activities += [("rehearsal", "排练", "Rehearsal", "non_service")]
    bench.do(
        set_activities,
        [
            ActivitySpec(activity_id=key, name=mark + name, name_en=mark + english, kind=kind)
            for key, name, english, kind in activities
        ],
    )
    bench.do(
        set_sites,
        [
            SiteSpec(
                site_id="hut",
                name=f"{mark}健康小屋",
                default_activity="hut",
                activities=("hut", "rehearsal"),
            ),
            SiteSpec(
                site_id="hub", name=f"{mark}孵化园", default_activity="hut", activities=("hut", "patrol")
            ),
            SiteSpec(site_id="gate", name=f"{mark}东门", role="checkpoint"),
        ],
    )
    people_ = [NewVolunteer(name=f"{mark}测试{i}", birth="1960-01-01", sex="f") for i in range(people)]
    bench.numbers = bench.do(register_volunteers, people_)
    team = TeamSpec(team_id="t1", name=f"{mark}平安美湖", leaders=("M0001",), members=("M0002", "M0003"))
    bench.do(set_teams, [team])
    for card in bench.do(register_many, bench.numbers):
        row = bench.rows("cards", card_id=card.card_id)[0]
        bench.cards[row["volunteer"]] = f"{card.card_id}:{row['digest']}"
    return bench


def small(store: Store) -> Bench:
    """Fill a database with the small community; the bench as it is then."""
    database = Database(store.app)
    bench = fill(Bench(database))
    database.dispose()
    return bench


@pytest.fixture
def database(shelf: Shelf) -> Database:
    """An empty database with the schema, on SQLite and on PostgreSQL."""
    return shelf.open(shelf.made().app)


@pytest.fixture
def bench(shelf: Shelf) -> Bench:
    """A small community on both databases, reached as the program reaches them."""
    store, made = shelf.filled("small", small)
    return made.over(shelf, store)
