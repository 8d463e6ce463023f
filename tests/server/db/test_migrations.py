"""The migrations make exactly the tables that the program describes."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from server.db.migrate import is_current, upgrade
from server.db.partitions import PARTS, pieces
from server.db.session import Database
from server.db.tables import Base
from server.errors import Conflict, Invalid, NotAllowed
from tests.support.databases import PARTITIONED, Shelf


def test_tables_and_migrations_agree(database: Database) -> None:
    with database.reading() as connection:
        parts = {name for names in pieces(connection).values() for name in names}

        def ours(found, name, kind, _reflected, _other) -> bool:
            """Neither the parts, nor PostgreSQL's own copies of a reference for each part."""
            leads_to_a_part = kind == "foreign_key_constraint" and found.referred_table.name in parts
            return not (leads_to_a_part or (kind == "table" and name in parts))

        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_community_leads_every_key_and_every_unique_rule(database: Database) -> None:
    """So the same schema distributes by community; only logins and kiosks' doors are found without one."""
    for table in Base.metadata.sorted_tables:
        keys = [list(table.primary_key.columns)]
        keys += [list(c.columns) for c in table.constraints if type(c).__name__ == "UniqueConstraint"]
        owned = "community_id" in table.primary_key.columns
        assert not owned or all(key[0].name == "community_id" for key in keys), table.name
        assert not owned or all(next(iter(i.columns)).name == "community_id" for i in table.indexes)


def test_a_database_without_tables_is_not_current(shelf: Shelf) -> None:
    assert not is_current(shelf.open(shelf.empty().app))


def test_communities_lie_in_parts_on_postgresql(database: Database) -> None:
    """Events always; everything that a community owns where the database was made so."""
    with database.reading() as connection:
        found = pieces(connection)
    divided = {name for name, table in Base.metadata.tables.items() if "community_id" in table.primary_key}
    expected = set() if database.is_sqlite else divided if PARTITIONED else {"events"}
    assert found.keys() == expected
    assert {len(names) for names in found.values()} <= {PARTS}


@pytest.mark.one_database("postgresql", "SQLite has no partitions")
def test_a_database_in_parts_takes_no_unique_rule_across_communities(shelf: Shelf) -> None:
    """And stays as it was made: without being asked again, and never half way."""
    database = shelf.open(shelf.empty().owner)
    upgrade(database, partitioned=True)
    upgrade(database)
    with database.writing() as connection:
        assert len(pieces(connection)) > 30
        with pytest.raises(DatabaseError, match="must include all partitioning columns"):
            connection.execute(text("CREATE UNIQUE INDEX one ON volunteers (number)"))
    whole = shelf.open(shelf.empty().owner)
    upgrade(whole)
    with pytest.raises(Conflict, match="without partitions"):
        upgrade(whole, partitioned=True)


@pytest.mark.one_database("sqlite", "SQLite has no partitions")
def test_a_file_is_not_divided(shelf: Shelf) -> None:
    with pytest.raises(Invalid, match="no partitions"):
        upgrade(shelf.open(shelf.empty().app), partitioned=True)


@pytest.mark.one_database("postgresql", "SQLite knows no users")
def test_only_the_owner_migrates(shelf: Shelf) -> None:
    """Whoever serves may find the tables up to date; when they are not, it is told who must act."""
    store = shelf.made()
    upgrade(shelf.open(store.app))
    owner = shelf.open(store.owner)
    with owner.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.commit()
    with pytest.raises(NotAllowed, match="as their owner"):
        upgrade(shelf.open(store.app))
