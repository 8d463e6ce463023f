"""Databases for tests: a SQLite file or a database in a private PostgreSQL; filled once, then copied."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
from sqlalchemy.engine import make_url

from server.db.migrate import upgrade
from server.db.roles import APP, SEALER
from server.db.session import Database

BACKENDS = ("sqlite", "postgresql")
PARTITIONED = os.environ.get("YIKA_TEST_PARTITIONED") == "1"
"""Whether PostgreSQL keeps every table of communities in parts in this run."""
LOGINS = {"owner": "yika_owner", "app": "yika", "sealer": "yika_night"}
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}
"""Of a database that only has to outlive its test."""
T = TypeVar("T")


@dataclass(frozen=True)
class Store:
    """One database's addresses: as the program reaches it, as its owner does, as the nightly work does."""

    app: str
    owner: str
    sealer: str


class Backend(Protocol):
    """A kind of database that tests are run on."""

    name: str

    def empty(self, folder: Path) -> Store:
        """A new database without tables."""

    def made(self, folder: Path) -> Store:
        """A new database with all tables."""

    def filled(self, name: str, fill: Callable[[Store], T], folder: Path) -> tuple[Store, T]:
        """A copy of the template of this name, which is filled the first time; and what filling gave."""

    def drop(self, store: Store) -> None:
        """Remove a database that is no longer needed."""

    def close(self) -> None:
        """End it."""


def migrated(store: Store) -> Store:
    """With all tables, as this run wants them."""
    database = Database(store.owner)
    upgrade(database, partitioned=PARTITIONED and not database.is_sqlite)
    database.dispose()
    return store


class Sqlite:
    """A file for each database; the user is the file's."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._templates: dict[str, tuple[Path, Any]] = {}
        self._folder = folder

    def empty(self, folder: Path) -> Store:
        return _file(folder / "yika.sqlite")

    def made(self, folder: Path) -> Store:
        return self.filled("", lambda store: None, folder)[0]

    def filled(self, name: str, fill: Callable[[Store], T], folder: Path) -> tuple[Store, T]:
        if name not in self._templates:
            path = self._folder / f"template-{name}.sqlite"
            store = migrated(_file(path))
            self._templates[name] = path, fill(store)
        template, value = self._templates[name]
        shutil.copy(template, folder / "yika.sqlite")
        return _file(folder / "yika.sqlite"), value

    def drop(self, store: Store) -> None:
        """pytest's own folders hold the files."""

    def close(self) -> None:
        """Nothing runs."""


def _file(path: Path) -> Store:
    url = f"sqlite:///{path}"
    return Store(url, url, url)


class Postgres:
    """A private cluster, run by an ordinary user, without TCP; in memory where there is room for it."""

    name = "postgresql"

    def __init__(self) -> None:
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
        # Not below pytest's own folder: only root may look into that, and PostgreSQL does not run as root.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="yika-pg-", dir=memory))
        self._templates: dict[str, tuple[str, Any]] = {}
        self._count = 0
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._start()
        self.administer = psycopg.connect(self._url("postgres", "postgres"), autocommit=True)
        self._make_roles()

    def _start(self) -> None:
        data = str(self.folder / "data")
        self.run(
            *("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
        )
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -c unix_socket_directories='{self.folder}'"
        self.run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def run(self, program: str, *args: str) -> None:
        """One of PostgreSQL's own programs, as a user it accepts."""
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*as_user, str(self._programs / program), *args]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr

    def _make_roles(self) -> None:
        """As deploy/README.md tells the administrator to."""
        for statement in (
            f"CREATE ROLE {APP} NOLOGIN",
            f"CREATE ROLE {SEALER} NOLOGIN IN ROLE {APP}",
            f"CREATE ROLE {LOGINS['owner']} LOGIN",
            f"CREATE ROLE {LOGINS['app']} LOGIN IN ROLE {APP}",
            f"CREATE ROLE {LOGINS['sealer']} LOGIN IN ROLE {SEALER}",
        ):
            self.administer.execute(statement)

    def empty(self, folder: Path) -> Store:
        return self._create("template0")

    def made(self, folder: Path) -> Store:
        return self.filled("", lambda store: None, folder)[0]

    def filled(self, name: str, fill: Callable[[Store], T], folder: Path) -> tuple[Store, T]:
        if name not in self._templates:
            store = migrated(self._create("template0"))
            value = fill(store)
            self._templates[name] = str(make_url(store.app).database), value
        template, value = self._templates[name]
        return self._create(template), value

    def _create(self, template: str) -> Store:
        self._count += 1
        name = f"yika_{self._count}"
        owner = LOGINS["owner"]
        self.administer.execute(
            f"CREATE DATABASE {name} TEMPLATE {template} OWNER {owner} STRATEGY file_copy"
        )
        return Store(**{kind: self._url(login, name, "+psycopg") for kind, login in LOGINS.items()})

    def _url(self, user: str, database: str, driver: str = "") -> str:
        return f"postgresql{driver}://{user}@/{database}?host={self.folder}"

    def drop(self, store: Store) -> None:
        self.administer.execute(f"DROP DATABASE {make_url(store.app).database} WITH (FORCE)")

    def close(self) -> None:
        self.administer.close()
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


@dataclass
class Shelf:
    """The databases of one test: made and opened here, closed and removed together."""

    backend: Backend
    folder: Path
    stores: list[Store] = field(default_factory=list)
    opened: list[Database] = field(default_factory=list)

    def empty(self) -> Store:
        """A new database without tables."""
        return self._kept(self.backend.empty(self._room()))

    def made(self) -> Store:
        """A new database with all tables."""
        return self._kept(self.backend.made(self._room()))

    def filled(self, name: str, fill: Callable[[Store], T]) -> tuple[Store, T]:
        """A copy of a template, and what filling it gave."""
        store, value = self.backend.filled(name, fill, self._room())
        return self._kept(store), value

    def open(self, url: str) -> Database:
        """A database that is closed with the others."""
        self.opened.append(database := Database(url))
        return database

    def clear(self) -> None:
        """Close and remove all."""
        for database in self.opened:
            database.dispose()
        for store in self.stores:
            self.backend.drop(store)

    def _room(self) -> Path:
        folder = self.folder / f"database-{len(self.stores)}"
        folder.mkdir()
        return folder

    def _kept(self, store: Store) -> Store:
        self.stores.append(store)
        return store
