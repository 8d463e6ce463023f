"""The issuing desk: orders of cards, open desks, which chip a card is, and which kiosk is a desk.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from server.db import base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns; cards and kiosks before this have nothing in the new ones."""
    op.add_column("cards", sa.Column("chip", sa.Text(), nullable=True))
    op.create_index("ix_cards_chip", "cards", ["community_id", "chip"], unique=False)
    op.add_column("kiosks", sa.Column("desk", sa.BigInteger(), nullable=True))
    op.create_table(
        "card_orders",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handover", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "order_id", name=op.f("pk_card_orders")),
    )
    op.create_index("ix_card_orders_volunteer", "card_orders", ["community_id", "volunteer"], unique=False)
    op.create_index("ix_card_orders_batch", "card_orders", ["community_id", "batch", "state"], unique=False)
    op.create_table(
        "desks",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Text(), nullable=True),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("detail", base.Json(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "kiosk_id", name=op.f("pk_desks")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("desks")
    op.drop_table("card_orders")
    op.drop_column("kiosks", "desk")
    op.drop_index("ix_cards_chip", table_name="cards")
    op.drop_column("cards", "chip")
