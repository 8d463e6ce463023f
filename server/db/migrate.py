"""Bring a database to this program's schema, and say whether it is there."""

import logging
import os
from contextlib import nullcontext

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.db.guards import put_guards
from server.db.partitions import dividing, is_divided
from server.db.roles import grant, may_migrate
from server.db.session import Database
from server.errors import Conflict, Invalid, NotAllowed

logging.getLogger("alembic").setLevel(logging.WARNING)
log = logging.getLogger(__name__)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "server.db:migrations")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, *, partitioned: bool = False) -> None:
    """Run every migration that is missing, then put guards and rights in place.

    A new SQLite file is readable by its owner only. On PostgreSQL a user who does not own the tables may find
    them up to date, and else is told to leave this to their owner.
    """
    if partitioned and database.is_sqlite:
        raise Invalid(
            "SQLite has no partitions: leave --partitioned out",
            zh="SQLite 没有分区，请不要用 --partitioned。",
        )
    if database.is_sqlite and database.url.database:
        os.close(os.open(database.url.database, os.O_RDWR | os.O_CREAT, 0o600))
    with database.writing() as connection:
        if not may_migrate(connection):
            _leave_to_the_owner(connection)
            return
        _check_parts(connection, partitioned=partitioned)
        with dividing() if partitioned or is_divided(connection) else nullcontext():
            command.upgrade(_config(connection), "head")
        _protect(connection)
        connection.commit()


def _protect(connection: Connection) -> None:
    put_guards(connection)
    if connection.dialect.name == "postgresql" and not grant(connection):
        log.warning(
            "this user may not make the roles yika_app and yika_sealer: "
            "without them the program serves as the tables' owner (see deploy/README.md)"
        )


def _leave_to_the_owner(connection: Connection) -> None:
    if not _is_at_head(connection):
        raise NotAllowed(
            "this database user may not change tables: run yika-server init as their owner",
            zh="这个数据库用户无权修改表结构，请以表的所有者身份运行 yika-server init。",
        )


def _check_parts(connection: Connection, *, partitioned: bool) -> None:
    there = MigrationContext.configure(connection).get_current_revision() is not None
    if there and partitioned and not is_divided(connection):
        raise Conflict(
            "this database was made without partitions: export it and import it into a new one",
            zh="这个数据库建立时没有分区，请导出后再导入到新的数据库。",
        )


def _is_at_head(connection: Connection) -> bool:
    present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(_config(connection)).get_current_head()


def is_current(database: Database) -> bool:
    """Whether the database has exactly this program's schema."""
    with database.reading() as connection:
        return _is_at_head(connection)
