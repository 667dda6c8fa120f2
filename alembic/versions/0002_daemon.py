"""What a daemon keeps: what comes in, falls due and goes out, and what trackers answer besides.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "endpoints",
    "inbox",
    "periods",
    "dispatches",
    "selections",
    "tracker_statuses",
    "configurations",
)


def upgrade() -> None:
    create_endpoints()
    create_inbox()
    create_periods()
    create_dispatches()
    create_selections()
    create_tracker_statuses()
    create_configurations()
    add_census()


def downgrade() -> None:
    with op.batch_alter_table("containers") as containers:
        containers.drop_column("census_note")
        containers.drop_column("census_items")
        containers.drop_column("census_at")
    for table in reversed(TABLES):
        op.drop_table(table)


def create_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_delivery_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_event", sa.String(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("connection", name="pk_endpoints"),
        sa.UniqueConstraint("endpoint_id", name="uq_endpoints_endpoint_id"),
    )


def create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("deleted", sa.JSON(), nullable=False),
        sa.Column("containers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("connection", "body_sha256", name="uq_inbox_connection_body_sha256"),
        sa.UniqueConstraint("connection", "delivery_id", name="uq_inbox_connection_delivery_id"),
    )
    op.create_index("ix_inbox_state_next_try_at", "inbox", ["state", "next_try_at"])


def create_periods() -> None:
    op.create_table(
        "periods",
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "period", name="pk_periods"),
    )


def create_dispatches() -> None:
    op.create_table(
        "dispatches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("in_doubt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience", "edition", "version"],
            ["editions.audience", "editions.edition", "editions.version"],
            name="fk_dispatches_audience_edition_version_editions",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dispatches"),
        sa.UniqueConstraint(
            "audience",
            "edition",
            "version",
            "channel",
            "recipient",
            name="uq_dispatches_audience_edition_version_channel_recipient",
        ),
    )
    op.create_index("ix_dispatches_state_next_try_at", "dispatches", ["state", "next_try_at"])


def create_selections() -> None:
    op.create_table(
        "selections",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("uids", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "query", name="pk_selections"),
    )


def create_tracker_statuses() -> None:
    op.create_table(
        "tracker_statuses",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "container", "id", name="pk_tracker_statuses"),
    )


def create_configurations() -> None:
    op.create_table(
        "configurations",
        sa.Column("config_hash", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("config_hash", name="pk_configurations"),
    )


def add_census() -> None:
    """`server_default` fills the rows that are there, and those that older code writes."""
    with op.batch_alter_table("containers") as containers:
        containers.add_column(sa.Column("census_at", sa.DateTime(timezone=True), nullable=True))
        containers.add_column(sa.Column("census_items", sa.Integer(), nullable=True))
        containers.add_column(
            sa.Column("census_note", sa.Text(), nullable=False, server_default="")
        )
