"""Indexes that keep the cost of a push the same however long the history is.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNSETTLED = "state IN ('open', 'end_missing', 'held') OR state = 'void' AND ended_at IS NULL"


def upgrade() -> None:
    """Touches are few, so only they are in the index of targets; unsettled shifts get one of their own."""
    op.drop_index("ix_events_target", table_name="events")
    _partial("ix_events_target", "events", ["community_id", "target"], "target IS NOT NULL")
    _partial("ix_events_naming", "events", ["community_id", "at"], "members <> '[]'")
    _partial("ix_shifts_unsettled", "shifts", ["community_id", "volunteer"], UNSETTLED)
    journal = ["community_id", "kiosk_id", "journal_id"]
    op.create_index(
        "ix_clock_samples_place", "clock_samples", [*journal, "last_seq", "fact_seq"], unique=False
    )
    op.create_index("ix_clock_samples_boot", "clock_samples", [*journal, "boot_id", "fact_seq"], unique=False)
    op.create_index("ix_plan_versions_start", "plan_versions", ["community_id", "start"], unique=False)


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=False, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_plan_versions_start", table_name="plan_versions")
    op.drop_index("ix_clock_samples_boot", table_name="clock_samples")
    op.drop_index("ix_clock_samples_place", table_name="clock_samples")
    op.drop_index("ix_shifts_unsettled", table_name="shifts")
    op.drop_index("ix_events_naming", table_name="events")
    op.drop_index("ix_events_target", table_name="events")
    op.create_index("ix_events_target", "events", ["community_id", "target"], unique=False)
