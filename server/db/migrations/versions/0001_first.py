"""Everything the first release needs, with the guards that keep what is written once."""

from alembic import op

from server.db.guards import drop_guard_statements, guard_statements
from server.db.tables import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables, then the guards."""
    Base.metadata.create_all(op.get_bind())
    for statement in guard_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Drop the guards, then all tables."""
    for statement in drop_guard_statements(op.get_bind().dialect.name):
        op.execute(statement)
    Base.metadata.drop_all(op.get_bind())
