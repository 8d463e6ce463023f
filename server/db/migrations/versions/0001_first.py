"""Everything the first release needs; guards and rights follow after the last migration (migrate.py)."""

import sqlalchemy as sa
from alembic import op

from server.db import base
from server.db.guards import drop_guard_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EVENT_PARTITIONS = 8
"""On PostgreSQL: a community's events lie together in one of these."""


def upgrade() -> None:
    """Create all tables."""
    _create_tables()
    if op.get_bind().dialect.name == "postgresql":
        for part in range(EVENT_PARTITIONS):
            values = f"WITH (MODULUS {EVENT_PARTITIONS}, REMAINDER {part})"
            op.execute(f"CREATE TABLE events_{part} PARTITION OF events FOR VALUES {values}")


def downgrade() -> None:
    """Drop the guards, then all tables."""
    for statement in drop_guard_statements(op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("ledger_lines")
    op.drop_table("volunteers")
    op.drop_table("users")
    op.drop_table("tokens")
    op.drop_table("teams")
    op.drop_table("team_members")
    op.drop_table("sites")
    op.drop_table("shifts")
    op.drop_table("roster_snapshots")
    op.drop_table("projections")
    op.drop_table("policies")
    op.drop_table("plans")
    op.drop_table("plan_versions")
    op.drop_table("plan_members")
    op.drop_table("ledger_transactions")
    op.drop_table("last_seen")
    op.drop_table("kiosks")
    op.drop_table("kiosk_sessions")
    op.drop_table("kiosk_nonces")
    op.drop_table("kiosk_directory")
    op.drop_table("journals")
    op.drop_table("facts")
    op.drop_table("exports")
    op.drop_table("events")
    op.drop_table("event_members")
    op.drop_table("enrolment_codes")
    op.drop_table("decisions")
    op.drop_table("consents")
    op.drop_table("communities")
    op.drop_table("clock_samples")
    op.drop_table("chain_heads")
    op.drop_table("cards")
    op.drop_table("calendar")
    op.drop_table("balances")
    op.drop_table("activities")


def _create_tables() -> None:
    op.create_table(
        "activities",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("least_proof", sa.Text(), nullable=False),
        sa.Column("training", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("checkpoints", base.Json(), nullable=False),
        sa.Column("active", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "activity_id", name=op.f("pk_activities")),
    )
    op.create_table(
        "balances",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "account", "book", "grade", name=op.f("pk_balances")),
    )
    op.create_table(
        "calendar",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("working", sa.Boolean(create_constraint=True), nullable=True),
        sa.Column("school", sa.Boolean(create_constraint=True), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "day", name=op.f("pk_calendar")),
    )
    op.create_table(
        "cards",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("lookup", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "card_id", name=op.f("pk_cards")),
    )
    op.create_index("ix_cards_lookup", "cards", ["community_id", "lookup"], unique=False)
    op.create_index("ix_cards_volunteer", "cards", ["community_id", "volunteer"], unique=False)
    op.create_table(
        "chain_heads",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "chain", name=op.f("pk_chain_heads")),
    )
    op.create_table(
        "clock_samples",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("uptime_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("server_time", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "community_id", "kiosk_id", "journal_id", "fact_seq", name=op.f("pk_clock_samples")
        ),
    )
    op.create_table(
        "communities",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("roster_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_communities")),
    )
    op.create_table(
        "consents",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "number", "purpose", name=op.f("pk_consents")),
    )
    op.create_table(
        "decisions",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("volunteer", sa.Text(), nullable=True),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("activity_id", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "decision_id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_event", "decisions", ["community_id", "event_id"], unique=False)
    op.create_index("ix_decisions_shift", "decisions", ["community_id", "shift_id"], unique=False)
    op.create_index("ix_decisions_volunteer", "decisions", ["community_id", "volunteer"], unique=False)
    op.create_table(
        "enrolment_codes",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolment_codes")),
    )
    op.create_table(
        "event_members",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "volunteer", "event_id", name=op.f("pk_event_members")),
    )
    op.create_table(
        "events",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("inner", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("uptime_ms", sa.BigInteger(), nullable=False),
        sa.Column("wall", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("uncertainty", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=True),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=True),
        sa.Column("activity_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("members", base.Json(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("standing_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("community_id", "event_id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "community_id", "kiosk_id", "journal_id", "seq", "hash", name="uq_events_place_in_journal"
        ),
        postgresql_partition_by="HASH (community_id)",
    )
    op.create_index("ix_events_at", "events", ["community_id", "at"], unique=False)
    op.create_index("ix_events_batch", "events", ["community_id", "batch_seq"], unique=False)
    op.create_index("ix_events_card", "events", ["community_id", "card_id"], unique=False)
    op.create_index("ix_events_target", "events", ["community_id", "target"], unique=False)
    op.create_index("ix_events_volunteer", "events", ["community_id", "volunteer", "at"], unique=False)
    op.create_table(
        "exports",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("export_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", base.Json(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "export_id", name=op.f("pk_exports")),
    )
    op.create_table(
        "facts",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("holds_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "seq", name=op.f("pk_facts")),
    )
    op.create_index("ix_facts_subject", "facts", ["community_id", "kind", "subject", "seq"], unique=False)
    op.create_table(
        "journals",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("prior_journal", sa.Text(), nullable=True),
        sa.Column("prior_head", sa.Text(), nullable=True),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column("fork_seq", sa.BigInteger(), nullable=True),
        sa.Column("first_received", sa.BigInteger(), nullable=False),
        sa.Column("last_received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "kiosk_id", "journal_id", name=op.f("pk_journals")),
    )
    op.create_table(
        "kiosk_directory",
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk_id", name=op.f("pk_kiosk_directory")),
    )
    op.create_table(
        "kiosk_nonces",
        sa.Column("nonce_hash", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("nonce_hash", name=op.f("pk_kiosk_nonces")),
    )
    op.create_table(
        "kiosk_sessions",
        sa.Column("session_hash", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_kiosk_sessions")),
    )
    op.create_table(
        "kiosks",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "kiosk_id", name=op.f("pk_kiosks")),
    )
    op.create_table(
        "last_seen",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("roster_version", sa.BigInteger(), nullable=True),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("community_id", "kiosk_id", name=op.f("pk_last_seen")),
    )
    op.create_table(
        "ledger_transactions",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("posted_by", sa.Text(), nullable=False),
        sa.Column("body", base.Json(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "seq", name=op.f("pk_ledger_transactions")),
    )
    op.create_index(
        "ix_ledger_transactions_subject", "ledger_transactions", ["community_id", "subject"], unique=False
    )
    op.create_table(
        "plan_members",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(create_constraint=True), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "plan_id", "volunteer", name=op.f("pk_plan_members")),
    )
    op.create_index("ix_plan_members_volunteer", "plan_members", ["community_id", "volunteer"], unique=False)
    op.create_table(
        "plan_versions",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("need", sa.BigInteger(), nullable=False),
        sa.Column("members", base.Json(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("cancelled", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("holds_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "plan_id", "fact_seq", name=op.f("pk_plan_versions")),
    )
    op.create_table(
        "plans",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("need", sa.BigInteger(), nullable=False),
        sa.Column("members", base.Json(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("cancelled", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("holds_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "plan_id", name=op.f("pk_plans")),
    )
    op.create_index("ix_plans_start", "plans", ["community_id", "start"], unique=False)
    op.create_table(
        "policies",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", base.Json(), nullable=False),
        sa.Column("holds_from", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "name", "fact_seq", name=op.f("pk_policies")),
    )
    op.create_table(
        "projections",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "volunteer", name=op.f("pk_projections")),
    )
    op.create_table(
        "roster_snapshots",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("kiosk_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "kiosk_id", "version", name=op.f("pk_roster_snapshots")),
    )
    op.create_table(
        "shifts",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("activity_id", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("proposed_end", sa.BigInteger(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("flags", base.Json(), nullable=False),
        sa.Column("events", base.Json(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "shift_id", name=op.f("pk_shifts")),
    )
    op.create_index("ix_shifts_day", "shifts", ["community_id", "day"], unique=False)
    op.create_index("ix_shifts_state", "shifts", ["community_id", "state"], unique=False)
    op.create_index(
        "ix_shifts_volunteer", "shifts", ["community_id", "volunteer", "started_at"], unique=False
    )
    op.create_table(
        "sites",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("default_activity", sa.Text(), nullable=True),
        sa.Column("activities", base.Json(), nullable=False),
        sa.Column("place", base.Json(), nullable=False),
        sa.Column("active", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "site_id", name=op.f("pk_sites")),
    )
    op.create_table(
        "team_members",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=False),
        sa.Column("leader", sa.Boolean(create_constraint=True), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "team_id", "volunteer", name=op.f("pk_team_members")),
    )
    op.create_index("ix_team_members_volunteer", "team_members", ["community_id", "volunteer"], unique=False)
    op.create_table(
        "teams",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("fact_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "team_id", name=op.f("pk_teams")),
    )
    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tokens")),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("volunteer", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(create_constraint=True), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_table(
        "volunteers",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pinyin", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("skills", base.Json(), nullable=False),
        sa.Column("name_display", sa.Text(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=False),
        sa.Column("guardian", base.Json(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("national_no", sa.Text(), nullable=True),
        sa.Column("joined_on", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("trained", base.Json(), nullable=False),
        sa.Column("guardian_consent", sa.Boolean(create_constraint=True), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "number", name=op.f("pk_volunteers")),
    )
    op.create_index("ix_volunteers_initials", "volunteers", ["community_id", "initials"], unique=False)
    op.create_index("ix_volunteers_phone", "volunteers", ["community_id", "phone"], unique=False)
    op.create_index("ix_volunteers_team", "volunteers", ["community_id", "team_id"], unique=False)
    op.create_table(
        "ledger_lines",
        sa.Column("community_id", sa.Text(), nullable=False),
        sa.Column("tx_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id", "tx_seq"],
            ["ledger_transactions.community_id", "ledger_transactions.seq"],
            name=op.f("fk_ledger_lines_ledger_transactions"),
        ),
        sa.PrimaryKeyConstraint("community_id", "tx_seq", "line", name=op.f("pk_ledger_lines")),
    )
    op.create_index(
        "ix_ledger_lines_account", "ledger_lines", ["community_id", "account", "book", "day"], unique=False
    )
