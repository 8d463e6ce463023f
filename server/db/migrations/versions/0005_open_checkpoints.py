"""An index of the checkpoint taps that are not sealed yet, so that no night reads those that are.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OPEN_CHECKPOINT = "role = 'checkpoint' AND body IS NOT NULL"


def upgrade() -> None:
    """Make it."""
    where = sa.text(OPEN_CHECKPOINT)
    columns = ["community_id", "at"]
    op.create_index(
        "ix_events_open_checkpoints", "events", columns, sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_events_open_checkpoints", table_name="events")
