"""Which card an ordered one replaces, and the community's picture on its cards.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; orders before this replace what they always did."""
    op.add_column("card_orders", sa.Column("replaces", sa.Text(), nullable=True))
    op.create_table(
        "logos",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_logos")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("logos")
    op.drop_column("card_orders", "replaces")
