"""A town that was cut off: a server that has not heard of a week, and the kiosks that will tell it."""

import json
import multiprocessing
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.identity import Enrolment
from kiosk.journal_file import About, Row, create
from kiosk.journal_open import INSERT, place_of
from server.config import ServerConfig
from server.contract.rules import HOUR, MINUTE, Policy
from server.contract.wire import chain_hash
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
SERVED = 120
"""Minutes that each person serves on each day."""
A_FEW = 8
"""Journals that a process writes before it is asked again."""


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
class Enrolled:
    """A kiosk before it is cut off: who it is, and who will come to it."""

    folder: Path
    enrolment: Enrolment
    key: bytes
    """Its private key, raw."""
    since: int
    days: int
    people: list[tuple[str, DemoCard]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A kiosk that was cut off: who it is, and where its journal lies."""

    folder: Path
    enrolment: Enrolment
    key: bytes
    boot_id: str
    booted_at: int


@dataclass(frozen=True, slots=True)
class Town:
    """A server that has not heard of a week, and the kiosks that will tell it."""

    server: Server
    cut: list[Cut]
    communities: list[str]
    outage: Outage


def town(home: Path, outage: Outage, *, processes: int = 0, **environment: str) -> Town:
    """A new server (not started) with its communities, and a journal for each of their kiosks.

    The journals are written here, or in so many processes of their own.
    """
    server = new_server(home / "server", YIKA_COMMUNITY="meihu", **environment)
    url = f"sqlite:///{server.home / 'data' / 'yika.sqlite'}"
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=url))
    try:
        sizes = [min(outage.together, outage.kiosks - n) for n in range(0, outage.kiosks, outage.together)]
        communities = [f"c{place:04d}" for place in range(len(sizes))]
        enrolled = (
            kiosk
            for name, size in zip(communities, sizes, strict=True)
            for kiosk in _community(home, runtime, name, (server.url, outage, size))
        )
        cut = _all_cut_off(enrolled, processes)
    finally:
        runtime.dispose()
    return Town(server, cut, communities, outage)


def _all_cut_off(enrolled: Iterable[Enrolled], processes: int) -> list[Cut]:
    if not processes:
        return [cut_off(kiosk) for kiosk in enrolled]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(cut_off, enrolled, chunksize=A_FEW))


def _community(home: Path, runtime: Runtime, name: str, what: tuple[str, Outage, int]) -> Iterator[Enrolled]:
    url, outage, kiosks = what
    today = day_start(day_of(runtime.clock()))
    acting = runtime.acting("storm", now=today - (outage.days + 1) * DAY)
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
        kiosk_of = [_enrolled(uow, acting, runtime, (name, site, url)) for site in sites]
        uow.commit()
    people = list(zip(numbers, cards, strict=True))
    for place, (enrolment, key) in enumerate(kiosk_of):
        yield Enrolled(
            folder=home / "kiosks" / enrolment.kiosk_id,
            enrolment=enrolment,
            key=key.private_bytes_raw(),
            since=acting.now,
            days=outage.days,
            people=people[place * outage.people : (place + 1) * outage.people],
        )


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


def cut_off(kiosk: Enrolled) -> Cut:
    """So many days at one kiosk without network, in one boot, its clock in step all the while."""
    rng = random.Random(f"{kiosk.enrolment.community_id} {kiosk.enrolment.site}")
    demo = DemoKiosk(
        kiosk_id=kiosk.enrolment.kiosk_id,
        site_id=kiosk.enrolment.site,
        role="desk",
        default_activity="duty",
        rng=rng,
    )
    demo.boot(kiosk.since + 6 * HOUR)
    memory: dict[str, Memory] = {number: Memory() for number, _ in kiosk.people}
    for day in range(1, kiosk.days + 1):
        for begins in (8 * HOUR, 8 * HOUR + SERVED * MINUTE):
            for place, (number, card) in enumerate(kiosk.people):
                later = place * 90 * MINUTE // len(kiosk.people) // MINUTE * MINUTE
                demo.tap(card, number, kiosk.since + day * DAY + begins + later, memory[number], Policy())
    _write(kiosk.folder, demo)
    return Cut(
        folder=kiosk.folder,
        enrolment=kiosk.enrolment,
        key=kiosk.key,
        boot_id=demo.boot_id,
        booted_at=demo.booted_at,
    )


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
            event_id=json.loads(pushed.body)["event_id"],
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
