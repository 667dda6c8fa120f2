"""What each lane brought, what a tracker granted and refused, and how often a dispatch was tried.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_lanes()
    _create_traffic()
    # The version before inserts rows without it: it runs on this schema too, for one release.
    op.add_column(
        "dispatches", sa.Column("tries", sa.Integer(), nullable=False, server_default="0")
    )
    _create_gaps()
    _add_since()
    _index_inbox()


def _create_lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("lag_seconds", sa.Float(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "container", "lane", name="pk_lanes"),
    )


def _create_traffic() -> None:
    op.create_table(
        "traffic",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("resets_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "reason", name="pk_traffic"),
    )


def _create_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_gaps"),
    )


def _index_inbox() -> None:
    op.drop_index("ix_inbox_state_next_try_at", "inbox")
    op.create_index(
        "ix_inbox_state_connection_next_try_at", "inbox", ["state", "connection", "next_try_at"]
    )
    claimed = sa.text("claimed_by != ''")
    op.create_index(
        "ix_inbox_claimed_by",
        "inbox",
        ["claimed_by"],
        postgresql_where=claimed,
        sqlite_where=claimed,
    )


def _add_since() -> None:
    """Since when something is amiss, and by what id the tracker knows a container."""
    with op.batch_alter_table("connections") as connections:
        connections.add_column(
            sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True)
        )
    with op.batch_alter_table("containers") as containers:
        for name in ("failing_since", "lost_since"):
            containers.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        for name in ("native_id", "renamed_to"):
            containers.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_index("ix_inbox_claimed_by", "inbox")
    op.drop_index("ix_inbox_state_connection_next_try_at", "inbox")
    op.create_index("ix_inbox_state_next_try_at", "inbox", ["state", "next_try_at"])
    with op.batch_alter_table("containers") as containers:
        for name in ("renamed_to", "native_id", "lost_since", "failing_since"):
            containers.drop_column(name)
    with op.batch_alter_table("connections") as connections:
        connections.drop_column("failing_since")
    op.drop_table("gaps")
    op.drop_column("dispatches", "tries")
    op.drop_table("traffic")
    op.drop_table("lanes")
