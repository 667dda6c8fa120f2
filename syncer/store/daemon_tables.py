"""The tables of a daemon at work: what comes in by webhook, what falls due, what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from syncer.store.rows import Row
from syncer.store.types import UtcDateTime

_CLAIMED: Final = text("claimed_by != ''")


class EndpointRow(Row, table=True):
    """The address at which a connection's webhooks come in, and how that goes.

    `refused` counts deliveries with a wrong signature since the last genuine one.
    """

    __tablename__ = "endpoints"

    connection: str = Field(primary_key=True)
    endpoint_id: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_delivery_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_event: str = ""
    refused: int = 0
    refused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class InboxRow(Row, table=True):
    """A genuine delivery of a webhook, kept as it came in; `state` is one of `InboxState`.

    A delivery is known again by its id and by its body, since only the body is signed. `claimed_by`
    works on it until `claimed_until` by the database's clock.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("connection", "delivery_id"),
        UniqueConstraint("connection", "body_sha256"),
        Index(None, "state", "connection", "next_try_at"),
        # Only of what is being worked on: among thousands that wait, that is found at once.
        Index(None, "claimed_by", postgresql_where=_CLAIMED, sqlite_where=_CLAIMED),
    )

    id: int | None = Field(default=None, primary_key=True)
    connection: str
    delivery_id: str
    body_sha256: str
    event: str = ""
    received_at: datetime = Field(sa_type=UtcDateTime)
    headers: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    body: bytes = Field(sa_type=LargeBinary)
    refs: list[Any] = Field(default_factory=list, sa_type=JSON)
    deleted: list[Any] = Field(default_factory=list, sa_type=JSON)
    containers: list[Any] = Field(default_factory=list, sa_type=JSON)
    state: str
    note: str = Field(default="", sa_type=Text)
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    claimed_by: str = ""
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PeriodRow(Row, table=True):
    """One civil period of one schedule: the unique row that decides who acts, once.

    `state` is published, or skipped where a later period came due before anyone could act.
    """

    __tablename__ = "periods"

    schedule: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime = Field(sa_type=UtcDateTime)
    state: str
    note: str = Field(default="", sa_type=Text)


class DispatchRow(Row, table=True):
    """One edition on its way to one recipient through one channel.

    `state` is one of `DispatchState`. `owner` works on it until `lease_until` by the database's
    clock; `attempt` fences off an earlier owner and only grows. `tries` counts the attempts since
    it was put on its way, at first or by a person. `in_doubt` counts the attempts of which nobody
    knows whether the message went out.
    """

    __tablename__ = "dispatches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["audience", "edition", "version"],
            ["editions.audience", "editions.edition", "editions.version"],
        ),
        UniqueConstraint("audience", "edition", "version", "channel", "recipient"),
        Index(None, "state", "next_try_at"),
    )

    id: str = Field(primary_key=True)
    audience: str
    edition: str
    version: int
    channel: str
    recipient: str
    message_id: str
    state: str
    attempt: int = 0
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    in_doubt: int = 0
    owner: str = ""
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", sa_type=Text)


class SelectionRow(Row, table=True):
    """What a tracker last found for a query that the configuration selects by.

    `error` says why the last attempt failed; the items found before it stay.
    """

    __tablename__ = "selections"

    connection: str = Field(primary_key=True)
    query: str = Field(primary_key=True, sa_type=Text)
    uids: list[Any] = Field(default_factory=list, sa_type=JSON)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", sa_type=Text)


class TrackerStatusRow(Row, table=True):
    """What somebody reported at a tracker on a tracker's project, once for each container of it."""

    __tablename__ = "tracker_statuses"

    connection: str = Field(primary_key=True)
    container: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    payload: dict[str, Any] = Field(sa_type=JSON)


class ConfigurationRow(Row, table=True):
    """What a configuration said about the work, by its hash, for comparing a new one with it.

    `content` holds no connection, no address and no secret.
    """

    __tablename__ = "configurations"

    config_hash: str = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    first_used_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime = Field(sa_type=UtcDateTime)
