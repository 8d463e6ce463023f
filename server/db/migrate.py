"""Bring a database to this program's schema, and say whether it is there."""

import logging
import os

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.db.session import Database

logging.getLogger("alembic").setLevel(logging.WARNING)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "server.db:migrations")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Run every migration that is missing; a new SQLite file is readable by its owner only."""
    if database.is_sqlite and database.url.database:
        os.close(os.open(database.url.database, os.O_RDWR | os.O_CREAT, 0o600))
    with database.writing() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def is_current(database: Database) -> bool:
    """Whether the database has exactly this program's schema."""
    with database.reading() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        wanted = ScriptDirectory.from_config(_config(connection)).get_current_head()
    return present == wanted
