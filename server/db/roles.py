"""PostgreSQL's roles: what the program may do to each table, and who may erase.

``yika_app`` reads everything and writes what changes; facts and ledger it may only add to, and of an event it
may change only what is derived. ``yika_sealer`` may besides erase an event's salt and bytes: the nightly work
runs under it. Both are groups without a login; who logs in is made a member (deploy/README.md). The tables'
owner migrates, and is used for nothing else.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from server.db.guards import EVENT_ORIGINAL, SEALED, written_once
from server.db.tables import Base

APP, SEALER = "yika_app", "yika_sealer"


def may_migrate(connection: Connection) -> bool:
    """Whether this user owns the tables, or there are none yet."""
    if connection.dialect.name != "postgresql":
        return True
    owner = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('communities')"
    return connection.execute(text(owner)).scalar_one_or_none() is not False


def may_rewrite(connection: Connection) -> bool:
    """Whether only triggers keep this user from changing facts: then it is not the one to serve under."""
    if connection.dialect.name != "postgresql":
        return False
    asked = " OR ".join(f"has_table_privilege('{name}', 'UPDATE, DELETE')" for name in written_once())
    return bool(connection.execute(text(f"SELECT {asked}")).scalar_one())


def grant(connection: Connection) -> bool:
    """Give both roles exactly their rights on every table; False where the roles cannot be made."""
    if not _made(connection):
        return False
    for statement in grant_statements():
        connection.execute(text(statement))
    return True


def grant_statements() -> Iterator[str]:
    """What each role may do, table by table; whatever was granted before is taken back."""
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}, {SEALER}"
    yield f"GRANT SELECT ON alembic_version TO {APP}"
    once = written_once()
    for name, table in sorted(Base.metadata.tables.items()):
        if name in once:
            rights = "SELECT, INSERT"
        elif name == "events":
            derived = [c.name for c in table.columns if c.name not in (*EVENT_ORIGINAL, *SEALED)]
            rights = f"SELECT, INSERT, UPDATE ({_listed(derived)})"
        else:
            rights = "SELECT, INSERT, UPDATE, DELETE"
        yield f"GRANT {rights} ON {name} TO {APP}"
    yield f"GRANT UPDATE ({_listed(SEALED)}) ON events TO {SEALER}"


def _listed(columns: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _made(connection: Connection) -> bool:
    there = "SELECT count(*) FROM pg_roles WHERE rolname IN (:app, :sealer)"
    if connection.execute(text(there), {"app": APP, "sealer": SEALER}).scalar_one() == 2:
        return True
    may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    if not connection.execute(text(may)).scalar_one():
        return False
    for role in (APP, SEALER):
        exists = "SELECT count(*) FROM pg_roles WHERE rolname = :role"
        if not connection.execute(text(exists), {"role": role}).scalar_one():
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
    connection.execute(text(f"GRANT {APP} TO {SEALER}"))
    return True
