"""A real database with a small community in it, and kiosks that push as real ones do."""

import copy
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

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
from server.db.migrate import upgrade
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

    def over(self, database: Database) -> "Bench":
        """The same bench over a copy of its database."""
        return replace(
            self,
            database=database,
            entropy=copy.copy(self.entropy),
            numbers=list(self.numbers),
            cards=dict(self.cards),
        )

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

    def uow(self, community: str = COMMUNITY, *, writes: bool = True) -> UnitOfWork:
        """A unit of work."""
        return UnitOfWork(self.database, community, writes=writes)

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
        added = self.do(add_kiosk, name, site_id=site)
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
    bench.do(create_community, "美湖社区", name_en="Meihu")
    bench.do(
        set_activities,
        [
            ActivitySpec(activity_id="hut", name="健康小屋", name_en="Health hut"),
            ActivitySpec(activity_id="patrol", name="巡逻", name_en="Patrol", kind="patrol"),
            ActivitySpec(activity_id="rehearsal", name="排练", name_en="Rehearsal", kind="non_service"),
        ],
    )
    bench.do(
        set_sites,
        [
            SiteSpec(site_id="hut", name="健康小屋", default_activity="hut", activities=("hut", "rehearsal")),
            SiteSpec(site_id="hub", name="孵化园", default_activity="hut", activities=("hut", "patrol")),
            SiteSpec(site_id="gate", name="东门", role="checkpoint"),
        ],
    )
    people_ = [NewVolunteer(name=f"测试{i}", birth="1960-01-01", sex="f") for i in range(people)]
    bench.numbers = bench.do(register_volunteers, people_)
    bench.do(
        set_teams, [TeamSpec(team_id="t1", name="平安美湖", leaders=("M0001",), members=("M0002", "M0003"))]
    )
    for card in bench.do(register_many, bench.numbers):
        row = bench.rows("cards", card_id=card.card_id)[0]
        bench.cards[row["volunteer"]] = f"{card.card_id}:{row['digest']}"
    return bench


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL cluster, run by an ordinary user, without TCP."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"))
    # Not below pytest's own folder: only root may look into that, and PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="yika-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def run(program: str, *args: str) -> None:
        done = subprocess.run(
            [*as_user, str(binaries / program), *args], capture_output=True, text=True, cwd="/", check=False
        )
        assert done.returncode == 0, done.stderr

    run("initdb", "-D", str(data), "-U", "yika", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql+psycopg://yika@/postgres?host={folder}"
    run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def _databases() -> Iterator[list[Database]]:
    opened: list[Database] = []
    yield opened
    for database in opened:
        database.dispose()


@dataclass
class Template:
    """A filled database that tests get copies of, and the bench as it was then."""

    url: str
    bench: Bench


def _template(url: str) -> Template:
    database = Database(url)
    upgrade(database)
    bench = fill(Bench(database))
    database.dispose()
    return Template(url, bench)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The small community in a SQLite file."""
    return _template(f"sqlite:///{tmp_path_factory.mktemp('template') / 'yika.sqlite'}")


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Template:
    """The small community in a PostgreSQL database."""
    return _template(create_postgres(postgres_url, "template0"))


def create_postgres(url: str, template: str) -> str:
    """A new database in the cluster, copied from another."""
    name = f"yika_{os.urandom(6).hex()}"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return url.replace("/postgres?", f"/{name}?")


BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest, tmp_path: Path, _databases: list[Database]) -> Database:
    """An empty database with the schema, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'yika.sqlite'}")
    else:
        opened = Database(create_postgres(request.getfixturevalue("postgres_url"), "template0"))
    _databases.append(opened)
    upgrade(opened)
    return opened


@pytest.fixture(params=BACKENDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, _databases: list[Database]) -> Bench:
    """A small community on both databases."""
    if request.param == "sqlite":
        return _copied(request.getfixturevalue("sqlite_template"), tmp_path, _databases)
    template: Template = request.getfixturevalue("postgres_template")
    name = make_url(template.url).database
    opened = Database(create_postgres(request.getfixturevalue("postgres_url"), str(name)))
    _databases.append(opened)
    return template.bench.over(opened)


@pytest.fixture
def sqlite_bench(sqlite_template: Template, tmp_path: Path, _databases: list[Database]) -> Bench:
    """A small community on SQLite only."""
    return _copied(sqlite_template, tmp_path, _databases)


def _copied(template: Template, folder: Path, opened: list[Database]) -> Bench:
    shutil.copy(template.url.removeprefix("sqlite:///"), folder / "yika.sqlite")
    database = Database(f"sqlite:///{folder / 'yika.sqlite'}")
    opened.append(database)
    return template.bench.over(database)
