"""Connections: SQLite for one community, PostgreSQL for a district; one writer at a time on SQLite.

SQLite before 3.51.3 can damage its WAL when two connections write or checkpoint at once. A writing
transaction therefore holds an advisory lock on a file beside the database from BEGIN until after its commit
(and the checkpoint a commit may bring): one writer, whichever process it lives in. Readers need no lock.
"""

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from server.db import direct
from server.errors import BadConfig, Busy, NotReady

log = logging.getLogger(__name__)
BUSY_MS = 30_000
STATEMENTS = 512
"""Prepared statements that a connection keeps: pushes, rosters and pages need more than Python's 128."""
BACKENDS = ("sqlite", "postgresql")


class Database:
    """An engine with two ways in: ``reading`` and ``writing``, each one transaction that ends in a rollback
    unless it was committed.
    """

    def __init__(self, url: str) -> None:
        self.url = _url(url)
        self._writers = threading.Lock()
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.engine = (
            _sqlite_engine(self.url) if self.is_sqlite else create_engine(self.url, pool_pre_ping=True)
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data; nothing written in it stays."""
        with self._connected() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that may write; ``BEGIN IMMEDIATE`` on SQLite, so that it never fails half way."""
        with self._only_writer(), self._connected() as connection:
            yield connection.execution_options(yika_writes=True)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = self.engine.connect()
        except (DBAPIError, sqlite3.DatabaseError) as error:
            raise _unreachable(error) from error
        with connection:
            yield connection

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        if not self.is_sqlite or not self.url.database:
            yield
            return
        try:
            handle = os.open(f"{self.url.database}.writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unreachable(error) from error
        try:
            with self._turn():  # threads of one process wait here in line instead of asking again and again
                _lock(handle)
                yield
        finally:
            os.close(handle)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writers.acquire(timeout=BUSY_MS / 1000):
            raise Busy
        try:
            yield
        finally:
            self._writers.release()

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _url(text: str) -> URL:
    try:
        url = make_url(text)
        if url.get_backend_name() not in BACKENDS:
            raise ArgumentError(f"it begins with one of {', '.join(BACKENDS)}")
    except ArgumentError as error:
        raise BadConfig(
            "YIKA_DATABASE_URL is no address of SQLite or PostgreSQL, such as sqlite:////var/lib/yika.sqlite",
            zh="YIKA_DATABASE_URL 请填 SQLite 或 PostgreSQL 的地址，如 sqlite:////var/lib/yika.sqlite。",
        ) from error
    return url


def _unreachable(error: Exception) -> NotReady:
    # The log says why; the sentence may be shown to anybody and tells nothing of where the database is.
    log.error("database: %s", " ".join(str(getattr(error, "orig", error)).split()))
    return NotReady(
        "the database cannot be used: check that it runs and that it may be read and written",
        zh="数据库无法使用，请检查它是否运行、是否有读写权限。",
    )


def _lock(handle: int) -> None:
    """Wait for the other writers; :class:`Busy` after as long as SQLite itself would wait."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise Busy from error
            time.sleep(0.004)
        else:
            return


def _sqlite_engine(url: Any) -> Engine:
    kept = {"cached_statements": STATEMENTS}
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, **kept})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_MS}",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("yika_writes", False)
    direct.begin(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")
