"""What a connector is: the only face of a tracker that syncer knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, SecretStr

from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.statement import TrackerStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a connector's tracker can do; a missing capability is said in the trust line."""

    webhooks: bool = False
    incremental: bool = False
    reports_deletions: bool = False
    hierarchy: bool = False
    links: bool = False
    history: bool = False
    write_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that the account sees; `last_change_at` (UTC) lets idle ones cost nothing.

    `id` is the tracker's immutable one, by which a container is known again under a new key; empty
    where the tracker has none.
    """

    key: ContainerKey
    name: str
    last_change_at: datetime | None = None
    item_count: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something an administrator should know: what is wrong and how to mend it."""

    message: str
    fix: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the connection's account is and what it sees."""

    account: str
    server: str
    timezone: str
    containers: tuple[Container, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of changed items.

    Saving `cursor` in the transaction that saves `records` makes the page resumable.
    `total` is the expected number of items of this pass, None where the tracker tells none.
    `missing_detail` names details that the tracker refused (403, 404, 410 beyond the list).
    `gone` are items of which the tracker says, in its list of changes, that they were deleted.
    `asked_at` (UTC, by our clock) is when the tracker was asked for it, where the connector asks
    ahead; None: not before the page before it was taken.
    """

    records: tuple[ItemRecord, ...]
    unreadable: tuple[Unreadable, ...]
    cursor: Cursor
    total: int | None = None
    missing_detail: tuple[str, ...] = ()
    gone: tuple[ItemRef, ...] = ()
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Items fetched by ref, with the three outcomes of an absent one kept apart."""

    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    moved: Mapping[ItemRef, ItemRef] = field(default_factory=dict)
    gone: tuple[ItemRef, ...] = ()
    hidden: tuple[ItemRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """An inbound webhook: configured URL, lower-cased headers, raw body.

    `received_at` (UTC) is when it came in, for signatures that expire; None where nobody knows.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReply:
    """The verdict on a webhook: what to answer and what it touched.

    `status` 401 or 400: refused, and nothing of it is kept. Otherwise the delivery is genuine and
    `event` is the tracker's name for it. `refs` are the items to fetch, `deleted` those of them
    that the tracker says it deleted; `containers` are to be pulled, where the tracker does not name
    the items. `ignored` says why a genuine delivery concerns no work item; `unreadable` what is
    wrong with one that should but cannot be read: it is kept and shown. `offered_secret` is for
    handshakes. `answer`, a JSON text, is told to the sender once the delivery is kept.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery_id: str = ""
    event: str = ""
    refs: tuple[ItemRef, ...] = ()
    deleted: tuple[ItemRef, ...] = ()
    containers: tuple[ContainerKey, ...] = ()
    ignored: str = ""
    unreadable: str = ""
    offered_secret: SecretStr | None = None
    answer: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one delivery itself holds of one container, as its sender knew it at `as_of` (UTC).

    `name` is what people call the container; empty: it tells none. `deleted` are gone by the
    sender's word. With `present` it is an inventory: the container holds these items and no other;
    None: of others nothing is said.
    """

    container: ContainerKey
    as_of: datetime
    name: str = ""
    records: tuple[ItemRecord, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    deleted: tuple[ItemRef, ...] = ()
    present: frozenset[ItemRef] | None = None


class Connector(Protocol):
    """A connector of one kind for one connection.

    Constructed with `(connection, config, session)`: the connection's name, an instance of
    `config_type`, and an `aiohttp.ClientSession` that the caller owns. Errors are the ones of
    `syncer.errors`, named by recovery.
    """

    kind: ClassVar[str]
    config_type: ClassVar[type[BaseModel]]
    capabilities: ClassVar[Capabilities]

    async def probe(self) -> Identity:
        """Who am I, which containers do I see, which scopes or fields are missing."""
        ...

    def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Items changed since the cursor, oldest change first; all of them without one."""
        ...

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of single items."""
        ...

    def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every item that the container holds, by id only."""
        ...

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook: pure, synchronous, no trust in the body's content."""
        ...


@runtime_checkable
class SelectsByQuery(Protocol):
    """What a connector may offer besides: the items that the tracker's own query language finds.

    For selectors such as `{ connection = "jira", jql = "…" }` (contracts.md 1). Ask
    `isinstance(connector, SelectsByQuery)`.
    """

    def select(self, query: str) -> AsyncIterator[ItemRef]:
        """The items that the query finds in the containers of this connection, by id only.

        `ConfigError` for a query that is refused: by us because it orders, or leaves the place
        that was made for it, or by the tracker.
        """
        ...


@runtime_checkable
class ListsVersions(Protocol):
    """What a connector offers besides whose tracker's search lags behind the tracker itself.

    Ask `isinstance(connector, ListsVersions)`.
    """

    def versions(
        self, container: ContainerKey, since: datetime
    ) -> AsyncIterator[tuple[ItemRef, datetime]]:
        """The items that changed since an instant (UTC), each with the time of its last change.

        By id and time alone, in any order, without an upper bound; an item may come twice.
        """
        ...


@runtime_checkable
class ReportsStatus(Protocol):
    """What a connector may offer besides: the reports that people write on a tracker's projects.

    Ask `isinstance(connector, ReportsStatus)`.
    """

    def status_updates(self, container: ContainerKey) -> AsyncIterator[TrackerStatus]:
        """The newest reports on the projects that the tracker ties to a container, in any order.

        To be asked after `changes` of the same container. `Rejected` where the tracker does not
        tell them, or not all of them: what came before it stands.
        """
        ...


@runtime_checkable
class CarriesItems(Protocol):
    """What a connector is whose deliveries hold the items, since there is nobody to ask for them.

    Such a connection is neither pulled nor counted: its data are as fresh as the last delivery, and
    what is gone is told by the sender. Ask `isinstance(connector, CarriesItems)`.
    """

    def carried(self, request: HookRequest) -> Carried:
        """What a delivery holds that was found genuine: pure and synchronous.

        `BadPayload` where it cannot be read as a whole.
        """
        ...


@runtime_checkable
class ChecksSecrets(Protocol):
    """What a connector offers besides that can do nothing with secrets of another form.

    Ask `isinstance(…, ChecksSecrets)` of its class.
    """

    @staticmethod
    def secret_fault(secret: SecretStr) -> str:
        """Why the secret cannot be used, in half a sentence; empty for a good one."""
        ...
