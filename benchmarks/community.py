"""A community on a real database that takes taps as kiosks push them, for the server's benchmarks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from server.contract.rules import HOUR, MINUTE, Policy
from server.contract.wire import Push, push_from_bytes, push_to_bytes, reply_to_bytes, uuid7
from server.db.migrate import upgrade
from server.db.session import Database
from server.db.unit_of_work import UnitOfWork
from server.demo.kiosks import DemoCard, DemoKiosk, Memory
from server.domain.calendar import day_start
from server.services.acting import Acting
from server.services.cards import register_many
from server.services.community import ActivitySpec, SiteSpec, create_community, set_activities, set_sites
from server.services.ingest import ingest
from server.services.keys import Keys
from server.services.kiosks import add_kiosk, enrol
from server.services.members import NewVolunteer, register_volunteers
from server.services.sessions import KnownKiosk

FIRST_DAY = day_start("2024-01-01")
DAY = 24 * HOUR
COMMUNITY = "meihu"
DAILY = "M0001"
"""Serves every day of the history: the person whose past is longest."""


@dataclass(slots=True)
class Town:
    """One community, its people's cards, and the kiosks they tap at."""

    database: Database
    rng: Random = field(default_factory=lambda: Random(1))
    keys: Keys = field(default_factory=lambda: Keys(b"s" * 32))
    now: int = FIRST_DAY - DAY
    kiosks: list[DemoKiosk] = field(default_factory=list)
    cards: dict[str, DemoCard] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    days: int = 0
    """How many days have passed already."""

    def acting(self, by: str = "bench") -> Acting:
        """Circumstances at the town's own time."""
        return Acting(
            by=by,
            now=self.now,
            ids=lambda: uuid7(self.now, self.rng.randbytes(10)),
            keys=self.keys,
            entropy=self.rng.randbytes,
        )

    def uow(self, community: str = COMMUNITY) -> UnitOfWork:
        """One writing transaction."""
        return UnitOfWork(self.database, community)

    def found(self, people: int, kiosks: int) -> None:
        """Make the community, its people with printed cards, and its kiosks."""
        with self.uow() as uow:
            acting = self.acting()
            create_community(uow, acting, "美湖社区", name_en="Meihu")
            set_activities(uow, acting, [ActivitySpec(activity_id="duty", name="值班", name_en="Duty")])
            sites = [f"s{place}" for place in range(kiosks)]
            set_sites(
                uow,
                acting,
                [SiteSpec(site_id=s, name=s, default_activity="duty", activities=("duty",)) for s in sites],
            )
            new = [NewVolunteer(name=f"测试{i}", birth="1960-01-01", sex="f") for i in range(people)]
            numbers = register_volunteers(uow, acting, new)
            made = register_many(uow, acting, numbers)
            rows = {row["card_id"]: row for row in uow.rows("cards").rows()}
            for number, card in zip(numbers, made, strict=True):
                digest = rows[card.card_id]["digest"]
                self.cards[number] = DemoCard(
                    card_id=card.card_id, medium="qr", proof="static", digest=digest
                )
            self.memory = {number: Memory() for number in numbers}
            self.kiosks = [self._kiosk(uow, site) for site in sites]
            uow.commit()

    def _kiosk(self, uow: UnitOfWork, site: str) -> DemoKiosk:
        added = add_kiosk(uow, self.acting(), f"kiosk {site}", site_id=site)
        enrol(uow, self.acting(), added.code, self.rng.randbytes(32).hex())
        made = DemoKiosk(
            kiosk_id=added.kiosk_id, site_id=site, role="desk", default_activity="duty", rng=self.rng
        )
        made.boot(self.now)
        return made

    def tap(self, number: str, kiosk: DemoKiosk, at: int) -> None:
        """One person's card at one kiosk."""
        kiosk.tap(self.cards[number], number, at, self.memory[number], Policy())

    def day(self, day: int, taps: int) -> None:
        """So many taps from seven in the morning on: people come, and two hours later they go."""
        start = FIRST_DAY + day * DAY + 7 * HOUR
        others = [number for number in self.cards if number != DAILY]
        people = [DAILY, *self.rng.sample(others, min(len(others), max(0, taps // 2 - 1)))]
        for begins in (0, 2 * HOUR):
            for place, number in enumerate(people):
                kiosk = self.kiosks[place % len(self.kiosks)]
                self.tap(number, kiosk, start + begins + place * (90 * MINUTE) // len(people))
        self.now = start + 15 * HOUR

    def pushes(self, at: int) -> list[Push]:
        """Everything the kiosks have not sent."""
        return [push for kiosk in self.kiosks for push in kiosk.pushes(at)]

    def take(self, push: Push) -> None:
        """One push as the server takes it: parsed, stored, projected, posted, committed, answered."""
        self.take_bytes(push_to_bytes(push))

    def take_bytes(self, body: bytes) -> None:
        """As :meth:`take`, from the bytes that came."""
        push = push_from_bytes(body)
        known = KnownKiosk(kiosk_id=push.kiosk_id, site_id="", revoked=False)
        with self.uow() as uow:
            reply = ingest(uow, self.acting(f"kiosk:{push.kiosk_id}"), push, known)
            uow.commit()
        reply_to_bytes(reply)


@contextmanager
def town(url: str, *, people: int, kiosks: int = 4) -> Iterator[Town]:
    """A founded community in a new database."""
    database = Database(url)
    try:
        upgrade(database)
        made = Town(database)
        made.found(people, kiosks)
        yield made
    finally:
        database.dispose()
