"""Everything that the first slice keeps.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "connections",
    "containers",
    "items",
    "item_aliases",
    "changes",
    "verdicts",
    "overrides",
    "quarantine",
    "leases",
    "audit",
    "statements",
    "snapshots",
    "editions",
    "edition_contents",
)


def upgrade() -> None:
    create_connections()
    create_containers()
    create_items()
    create_item_aliases()
    create_changes()
    create_verdicts()
    create_overrides()
    create_quarantine()
    create_leases()
    create_audit()
    create_statements()
    create_snapshots()
    create_editions()
    create_edition_contents()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_connections"),
    )


def create_containers() -> None:
    op.create_table(
        "containers",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("selected", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_detail", sa.JSON(), nullable=False),
        sa.Column("found_by_reconcile", sa.Integer(), nullable=False),
        sa.Column("change_mark", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_mark_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_containers"),
    )


def create_items() -> None:
    op.create_table(
        "items",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("native_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("status_category", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hierarchy_level", sa.Integer(), nullable=False),
        sa.Column("parent_uid", sa.String(), nullable=True),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_items"),
    )
    op.create_index("ix_items_connection_container", "items", ["connection", "container"])
    op.create_index("ix_items_connection_key", "items", ["connection", "key"])
    op.create_index("ix_items_parent_uid", "items", ["parent_uid"])


def create_item_aliases() -> None:
    op.create_table(
        "item_aliases",
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("item_uid", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_uid"], ["items.uid"], name="fk_item_aliases_item_uid_items"),
        sa.PrimaryKeyConstraint("connection", "sort", "alias", "item_uid", name="pk_item_aliases"),
    )
    op.create_index("ix_item_aliases_item_uid", "item_aliases", ["item_uid"])


def create_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("item_uid", sa.String(), nullable=False),
        sa.Column("change_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("before_text", sa.Text(), nullable=False),
        sa.Column("after_text", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("by_bot", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_uid"], ["items.uid"], name="fk_changes_item_uid_items"),
        sa.PrimaryKeyConstraint("item_uid", "change_id", "field", name="pk_changes"),
        sqlite_with_rowid=False,
    )


def create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("item_uid", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("leaning", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending_level", sa.String(), nullable=True),
        sa.Column("pending_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_uid"], ["items.uid"], name="fk_verdicts_item_uid_items"),
        sa.PrimaryKeyConstraint("item_uid", name="pk_verdicts"),
    )


def create_overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("item_uid", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("children", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_overrides"),
    )
    op.create_index("ix_overrides_item_uid", "overrides", ["item_uid"])


def create_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("native_id", sa.String(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_connection_container", "quarantine", ["connection", "container"])


def create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])


def create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sort", "id", name="pk_statements"),
    )
    op.create_index("ix_statements_sort_scope", "statements", ["sort", "scope"])


def create_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("config_hash", sa.String(), nullable=False),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index("ix_snapshots_as_of_sort", "snapshots", ["as_of", "sort"])


def create_editions() -> None:
    op.create_table(
        "editions",
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("previous_snapshot_id", sa.String(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["previous_snapshot_id"],
            ["snapshots.id"],
            name="fk_editions_previous_snapshot_id_snapshots",
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["snapshots.id"], name="fk_editions_snapshot_id_snapshots"
        ),
        sa.PrimaryKeyConstraint("audience", "edition", "version", name="pk_editions"),
    )
    op.create_index("ix_editions_published_at", "editions", ["published_at"])


def create_edition_contents() -> None:
    op.create_table(
        "edition_contents",
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience", "edition", "version"],
            ["editions.audience", "editions.edition", "editions.version"],
            name="fk_edition_contents_audience_edition_version_editions",
        ),
        sa.PrimaryKeyConstraint(
            "audience", "edition", "version", "format", name="pk_edition_contents"
        ),
    )
