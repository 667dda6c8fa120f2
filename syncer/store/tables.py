"""The tables of what syncer knows and has said.

Only repositories of this package touch rows; everyone else gets domain values. What is filtered on
is a typed column; the whole value lies beside it as JSON, so that a new field of a domain value
needs no migration.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, Index, Text
from sqlmodel import Field

from syncer.store.rows import Row
from syncer.store.types import UtcDateTime


class ConnectionRow(Row, table=True):
    """One configured account, as the last probe found it."""

    __tablename__ = "connections"

    name: str = Field(primary_key=True)
    kind: str
    account: str = ""
    server: str = ""
    timezone: str = ""
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", sa_type=Text)
    error_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    findings: list[Any] = Field(default_factory=list, sa_type=JSON)


class ContainerRow(Row, table=True):
    """One container: how far it has been read, and how that went.

    `cursor` is the connector's own. `change_mark` is the tracker's word on the last change in the
    container, `change_mark_at` when we first heard it, `last_success_at` the start of the last
    complete pass: together they tell whether an idle container may be passed over. `selected` is
    false once the configuration no longer wants the container. `census_at` is the start of the last
    complete census, `census_items` what it counted, `census_note` what a person must decide.
    It fails since `failing_since`; our account does not see it since `lost_since`. `native_id` is
    the tracker's immutable id, `renamed_to` the key under which the tracker shows it now.
    """

    __tablename__ = "containers"

    connection: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str = ""
    selected: bool = True
    cursor: str | None = Field(default=None, sa_type=Text)
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", sa_type=Text)
    error_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    missing_detail: list[Any] = Field(default_factory=list, sa_type=JSON)
    found_by_reconcile: int = 0
    change_mark: datetime | None = Field(default=None, sa_type=UtcDateTime)
    change_mark_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    census_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    census_items: int | None = None
    census_note: str = Field(default="", sa_type=Text)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lost_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    native_id: str = ""
    renamed_to: str = ""


class ItemRow(Row, table=True):
    """A work item's current state and its history.

    `digest` covers the item and the changes that came with it. `history` holds all changes of which
    any reading told, oldest first, as JSON of lists of the values of `Change`: one text, since
    it is read and written as a whole (docs/decisions/0035).
    """

    __tablename__ = "items"
    __table_args__ = (
        Index(None, "connection", "container"),
        Index(None, "connection", "key"),
    )

    uid: str = Field(primary_key=True)
    connection: str
    native_id: str
    key: str
    container: str
    state: str
    status_category: str
    kind: str
    hierarchy_level: int
    parent_uid: str | None = Field(default=None, index=True)
    restricted: bool = False
    due_date: date | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stored_at: datetime = Field(sa_type=UtcDateTime)
    digest: str
    payload: dict[str, Any] = Field(sa_type=JSON)
    history: str | None = Field(default=None, sa_type=Text)


class AliasRow(Row, table=True):
    """A name under which an item is or was known: its human key, or an id of the tracker.

    `until` None: the name is in use.
    """

    __tablename__ = "item_aliases"
    __table_args__ = (Index(None, "item_uid"),)

    connection: str = Field(primary_key=True)
    sort: str = Field(primary_key=True)
    alias: str = Field(primary_key=True)
    item_uid: str = Field(primary_key=True, foreign_key="items.uid")
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChangeRow(Row, table=True):
    """One property of one item changed at one instant, as the version before kept it.

    Nobody reads this any more. It stays for one release, in which replicas of the version before
    may run beside ours; then it goes.
    """

    __tablename__ = "changes"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy reads it so

    item_uid: str = Field(primary_key=True, foreign_key="items.uid")
    change_id: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    before_text: str = Field(default="", sa_type=Text)
    after_text: str = Field(default="", sa_type=Text)
    actor: str = ""
    by_bot: bool = False
    reason: str = Field(default="", sa_type=Text)


class VerdictRow(Row, table=True):
    """The verdict in force on an item, and the other level that evidence has begun to point to."""

    __tablename__ = "verdicts"

    item_uid: str = Field(primary_key=True, foreign_key="items.uid")
    level: str
    leaning: str
    confidence: float
    decided_by: str
    reasons: list[Any] = Field(default_factory=list, sa_type=JSON)
    since: datetime = Field(sa_type=UtcDateTime)
    pending_level: str | None = None
    pending_since: datetime | None = Field(default=None, sa_type=UtcDateTime)


class QuarantineRow(Row, table=True):
    """What a tracker sent and we could not read; it leaves when the item can be read."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "connection", "container"),)

    uid: str = Field(primary_key=True)
    connection: str
    native_id: str
    container: str
    key: str
    reason: str = Field(sa_type=Text)
    raw: str = Field(sa_type=Text)
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 1


class LeaseRow(Row, table=True):
    """Who works on what, until when by the database's clock; `attempt` fences an earlier holder."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    owner: str
    host: str
    pid: int
    attempt: int
    expires_at: datetime = Field(sa_type=UtcDateTime)


class AuditRow(Row, table=True):
    """Who changed what, when and why. Append-only."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    who: str
    what: str
    subject: str
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    why: str = Field(default="", sa_type=Text)


class StatementRow(Row, table=True):
    """Something a person said by command, or a date that the configuration moved.

    `sort` is one of `syncer.store.statements.Sort`; `payload` the whole domain value.
    """

    __tablename__ = "statements"
    __table_args__ = (Index(None, "sort", "scope"),)

    sort: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    scope: str
    author: str
    at: datetime = Field(sa_type=UtcDateTime)
    door: str
    source: str = Field(default="", sa_type=Text)
    payload: dict[str, Any] = Field(sa_type=JSON)


class OverrideRow(Row, table=True):
    """A person's correction of a verdict; undone ones stay."""

    __tablename__ = "overrides"

    id: str = Field(primary_key=True)
    item_uid: str = Field(index=True)
    level: str
    children: bool
    reason: str = Field(default="", sa_type=Text)
    undone: bool = False
    author: str
    at: datetime = Field(sa_type=UtcDateTime)
    door: str
    source: str = Field(default="", sa_type=Text)


class SnapshotRow(Row, table=True):
    """A roll-up of everything at one instant; never changed once written."""

    __tablename__ = "snapshots"
    __table_args__ = (Index(None, "as_of", "sort"),)

    id: str = Field(primary_key=True)
    as_of: datetime = Field(sa_type=UtcDateTime)
    sort: str
    config_hash: str
    engine_version: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    payload: dict[str, Any] = Field(sa_type=JSON)


class EditionRow(Row, table=True):
    """A published digest; a correction is a new version, never an edit."""

    __tablename__ = "editions"

    audience: str = Field(primary_key=True)
    edition: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    as_of: datetime = Field(sa_type=UtcDateTime)
    snapshot_id: str = Field(foreign_key="snapshots.id")
    previous_snapshot_id: str | None = Field(default=None, foreign_key="snapshots.id")
    subject: str = Field(default="", sa_type=Text)
    correction: str = Field(default="", sa_type=Text)
    published_at: datetime = Field(sa_type=UtcDateTime, index=True)


class EditionContentRow(Row, table=True):
    """An edition's bytes in one format, frozen when it was published."""

    __tablename__ = "edition_contents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["audience", "edition", "version"],
            ["editions.audience", "editions.edition", "editions.version"],
        ),
    )

    audience: str = Field(primary_key=True)
    edition: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    format: str = Field(primary_key=True)
    sha256: str
    content: str = Field(sa_type=Text)
