"""Public keys of phones that show a changing code.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no card before this was a phone."""
    op.add_column("cards", sa.Column("public", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("cards", "public")
