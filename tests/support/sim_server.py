"""The real server in one process: its Flask app over SQLite on a memory disk, reset from one template.

A reset writes the template's pages under the open connection, as another process might have written them,
with a new change counter (sqlite.org/fileformat2.html §1.3.7): SQLite reads them again, and keeps its
prepared statements, which took a sixth of all time to prepare anew.
"""

import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event

from card_tools.credential import Credential
from kiosk.identity import Enrolment
from kiosk.ports import Refused, RosterAnswer, RosterUnchanged
from kiosk.server_client import Answer
from server.app import create_app
from server.config import ServerConfig, make_key_file
from server.contract.rules import HOUR
from server.contract.wire import PushReply, push_from_bytes, uuid7
from server.db.copies import step_ahead
from server.db.migrate import upgrade
from server.db.unit_of_work import UnitOfWork
from server.domain.calendar import day_start
from server.errors import KioskRevoked, ServerError
from server.runtime import Runtime
from server.services.acting import Acting
from server.services.cards import register_many, register_uid
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
from server.services.kiosks import add_kiosk, enrol
from server.services.members import NewVolunteer, register_volunteers
from server.services.roster import roster_for
from server.services.sessions import KnownKiosk, saw
from server.web.errors import status_of
from tests.support.sim_stats import MEASURES, Statistics

COMMUNITY = "meihu"
FIRST_DAY = day_start("2026-11-23")
"""A Monday: taps begin here, everything is set up the day before."""
BEGIN = FIRST_DAY - 24 * HOUR
KIOSKS = {"hut": "hut", "hub": "hub", "gate": "gate", "hut-2": "hut", "hub-2": "hub"}
"""Kiosk -> its site; the third stands at a checkpoint."""
PEOPLE = 6
MEMORY = Path("/dev/shm")
LEADER = "M0001"


@dataclass(frozen=True, slots=True)
class SimCard:
    """A card in somebody's hand; ``uid`` for a bare chip, ``credential`` for a printed code."""

    card_id: str
    volunteer: str
    credential: Credential | None = None
    uid: bytes = b""


class _Runtime(Runtime):
    """The server's runtime with clock and chance in the simulator's hands."""

    def __init__(self, config: ServerConfig) -> None:
        super().__init__(config)
        self.now = BEGIN
        self.chance = random.Random(0)

    def clock(self) -> int:
        return self.now

    def ids(self) -> str:
        return uuid7(self.now, self.chance.randbytes(10))

    def acting(self, by: str, *, volunteer: str | None = None, now: int | None = None) -> Acting:
        return Acting(
            by=by,
            now=self.now if now is None else now,
            ids=self.ids,
            keys=self.keys,
            entropy=self.chance.randbytes,
            volunteer=volunteer,
        )


@dataclass
class SimServer:
    """One server for many histories."""

    runtime: _Runtime
    app: Any
    folder: tempfile.TemporaryDirectory[str]
    template: bytes = b""
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    first_cards: list[SimCard] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    """How often what befell whom in this history…"""
    measures: dict[str, int] = field(default_factory=dict)
    """…and how large it was."""
    statistics: Statistics = field(default_factory=Statistics)
    """Over all histories."""
    was_put_back: bool = False
    """Whether it lacks what kiosks were told that it has."""

    def reset(self, seed: int) -> None:
        """As new: the template's tables, the template's moment."""
        self._write(self.template)
        self.was_put_back = False
        self.runtime.now, self.runtime.chance = BEGIN, random.Random(f"server:{seed}")
        self.tally.clear()
        self.measures = dict.fromkeys(MEASURES, 0)

    def noted(self) -> None:
        """This history is over: it counts."""
        self.statistics.note(self.tally, self.measures)

    def copy(self) -> bytes:
        """A backup of everything as it is now."""
        return self._file.read_bytes()

    def put_back(self, kept: bytes) -> None:
        """Restored from a backup, as ``yika-server restore`` does it."""
        self._write(kept)
        self.was_put_back = True
        step_ahead(self.runtime.database, self.runtime.now)

    @property
    def _file(self) -> Path:
        return Path(self.runtime.database.url.database or "")

    def _write(self, pages: bytes) -> None:
        with self._file.open("r+b") as file:
            head = bytearray(pages[:100])
            counter = (int.from_bytes(file.read(28)[24:], "big") + 1).to_bytes(4, "big")
            head[24:28] = head[92:96] = counter
            file.seek(0)
            file.write(head + pages[100:])
            file.truncate()

    def _connection(self) -> sqlite3.Connection:
        with self.runtime.database.engine.connect() as connection:
            found = connection.connection.driver_connection
        assert isinstance(found, sqlite3.Connection)
        return found

    def uow(self, *, writes: bool = True) -> UnitOfWork:
        """A unit of work."""
        return UnitOfWork(self.runtime.database, COMMUNITY, writes=writes)

    def do(self, function: Any, *args: Any, by: str = "staff", **more: Any) -> Any:
        """One use case in a transaction of its own."""
        with self.uow() as uow:
            result = function(uow, self.runtime.acting(by), *args, **more)
            uow.commit()
        return result

    def rows(self, table: str, *order: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table."""
        with self.uow(writes=False) as uow:
            return uow.rows(table).rows(*order, **where)

    def tables(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """All rows of some tables as SQLite holds them (JSON as text), past all that is to be proved."""
        connection, found = self._connection(), {}
        for name in names:
            rows = connection.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in rows.description]
            found[name] = [dict(zip(columns, row, strict=True)) for row in rows]
        return found

    def http(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request through the whole of the web layer."""
        json = {"Content-Type": "application/json", **headers}
        with self.app.test_client() as client:
            reply = client.open(target, method=method, data=body or None, headers=json)
            return Answer(reply.status_code, reply.get_data(), reply.headers)

    def take_in(self, kiosk_id: str, body: bytes) -> PushReply | Refused:
        """A push as the blueprint takes it in, without HTTP and session."""
        try:
            with self.uow() as uow:
                push, kiosk = push_from_bytes(body), _known(uow, kiosk_id)
                reply = ingest(uow, self.runtime.acting(f"kiosk:{kiosk_id}"), push, kiosk)
                saw(uow, self.runtime.acting("kiosk"), kiosk_id, roster_version=None, clock=push.sent.clock)
                uow.commit()
        except ServerError as error:
            return Refused(status_of(error), error.code)
        return reply

    def give_roster(
        self, kiosk_id: str, have: int | None, digest: str | None
    ) -> RosterAnswer | RosterUnchanged | Refused:
        """A roster as the blueprint gives it, without HTTP and session."""
        with self.uow() as uow:
            acting, kiosk = self.runtime.acting("kiosk"), _known(uow, kiosk_id)
            saw(uow, acting, kiosk_id, roster_version=have, clock=None)
            reply = None if kiosk.revoked else roster_for(uow, acting, kiosk, have=have, digest=digest or "")
            uow.commit()
        if reply is None:
            return Refused(status_of(KioskRevoked()), KioskRevoked.code)
        return RosterUnchanged() if reply.body is None else RosterAnswer(reply.body)

    def execute(self, *statements: str) -> None:
        """Plain SQL, for what no use case may do."""
        connection = self._connection()
        for statement in statements:
            connection.execute(statement)
        connection.commit()

    def close(self) -> None:
        """Close the database; its folder goes with it."""
        self.runtime.dispose()
        self.folder.cleanup()


def build_server(within: Path | None = None) -> SimServer:
    """A server with a small community, its people, cards, and one enrolled kiosk at each site.

    Its database lies in a folder of its own, ``within`` another one or on the memory disk.
    """
    memory = MEMORY if MEMORY.is_dir() else None
    folder = tempfile.TemporaryDirectory(prefix="yika-sim-", dir=within or memory)
    config = ServerConfig(
        data_dir=Path(folder.name),
        database_url=f"sqlite:///{folder.name}/yika.sqlite",
        community=COMMUNITY,
        rate_limit=1 << 40,
        enrol_limit=1 << 40,
    )
    make_key_file(config.key_file, b"s" * 32)
    app = create_app(config)
    app.extensions["yika"].dispose()
    app.extensions["yika"] = runtime = _Runtime(config)
    event.listen(runtime.database.engine, "connect", _in_memory)
    upgrade(runtime.database)
    server = SimServer(runtime, app, folder)
    _fill(server)
    server.template = server.copy()
    return server


def _in_memory(connection: sqlite3.Connection, _record: object) -> None:
    """No log beside the file, for which there is no disk: pages are written where they belong."""
    connection.execute("PRAGMA journal_mode=MEMORY")
    connection.execute("PRAGMA synchronous=OFF")


def _fill(server: SimServer) -> None:
    server.do(create_community, "美湖社区", name_en="Meihu")
    server.do(set_activities, ACTIVITIES)
    desks = [
        SiteSpec(site_id="hut", name="健康小屋", default_activity="hut", activities=("hut", "patrol")),
        SiteSpec(site_id="hub", name="孵化园", default_activity="duty", activities=("duty", "rehearsal")),
    ]
    server.do(set_sites, [*desks, SiteSpec(site_id="gate", name="东门", role="checkpoint")])
    numbers = server.do(register_volunteers, [NewVolunteer(name=f"测试{i}") for i in range(PEOPLE)])
    assert numbers[0] == LEADER
    server.do(
        set_teams, [TeamSpec(team_id="t1", name="平安队", leaders=(LEADER,), members=tuple(numbers[:4]))]
    )
    for number, made in zip(numbers[:-1], server.do(register_many, numbers[:-1]), strict=True):
        server.first_cards.append(SimCard(made.card_id, number, made.credential))
    uid = bytes.fromhex("04112233445566")
    chip = server.do(register_uid, numbers[-1], uid=uid)
    server.first_cards.append(SimCard(chip.card_id, numbers[-1], uid=uid))
    for name, site in KIOSKS.items():
        _enrol(server, name, site)


def _enrol(server: SimServer, name: str, site: str) -> None:
    added = server.do(add_kiosk, f"kiosk {name}", site_id=site)
    key = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"k"))
    with server.uow() as uow:
        enrol(uow, server.runtime.acting("kiosk"), added.code, key.public_key().public_bytes_raw().hex())
        uow.commit()
    server.keys[name] = key
    server.enrolments[name] = Enrolment(
        url="http://server.invalid",
        kiosk_id=added.kiosk_id,
        community_id=COMMUNITY,
        community="美湖社区",
        site=site,
        server_key=server.runtime.keys.public.hex(),
    )


def _known(uow: UnitOfWork, kiosk_id: str) -> KnownKiosk:
    row = uow.rows("kiosks").get(kiosk_id=kiosk_id)
    assert row is not None
    return KnownKiosk(kiosk_id=kiosk_id, site_id=row["site_id"], revoked=row["state"] == "revoked")


ACTIVITIES = [
    ActivitySpec(activity_id="hut", name="健康小屋"),
    ActivitySpec(activity_id="patrol", name="巡逻", kind="patrol", checkpoints=("gate",)),
    ActivitySpec(activity_id="duty", name="值班"),
    ActivitySpec(activity_id="rehearsal", name="排练", kind="non_service"),
]
