"""The migrations make exactly the tables that the program describes."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from server.db.migrate import is_current
from server.db.session import Database
from server.db.tables import Base


def test_tables_and_migrations_agree(database: Database) -> None:
    def ours(_object, name, kind, _reflected, _other) -> bool:
        return not (kind == "table" and name.startswith("events_"))

    with database.reading() as connection:
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


def test_a_database_without_tables_is_not_current(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert not is_current(database)
    database.dispose()


def test_events_are_partitioned_by_community_on_postgresql(database: Database) -> None:
    with database.reading() as connection:
        parts = [name for name in inspect(connection).get_table_names() if name.startswith("events_")]
        expected = 8 if connection.dialect.name == "postgresql" else 0
        assert len(parts) == expected
        assert connection.execute(text("SELECT count(*) FROM events")).scalar_one() == 0
