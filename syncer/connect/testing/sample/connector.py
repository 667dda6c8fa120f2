"""The Sample connector: only the asking; what the answers mean stands in `mapping`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from syncer.clock import Clock, SystemClock
from syncer.connect.answers import Answer
from syncer.connect.auth import static_headers
from syncer.connect.http import HttpClient
from syncer.connect.paging import TokenChain
from syncer.connect.protocol import (
    Capabilities,
    Container,
    Fetched,
    HookReply,
    HookRequest,
    Identity,
    Page,
)
from syncer.connect.rate import Sleep, their_now
from syncer.connect.testing.sample.config import SampleConfig
from syncer.connect.testing.sample.mapping import Site, read_item
from syncer.connect.testing.sample.webhook import receive
from syncer.connect.walk import Mark, Position, Walk
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, Rejected

_LONGEST_ID: Final = 19
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})


class SampleConnector:
    """Reads one Sample with one account.

    The session belongs to the caller and keeps no cookies; the configuration's secrets have been
    read (`syncer.connect.auth.with_secrets`). `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "sample"
    config_type: ClassVar[type[BaseModel]] = SampleConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True,
        incremental=True,
        reports_deletions=True,
        hierarchy=True,
        links=True,
        history=True,
    )

    def __init__(
        self,
        connection: str,
        config: SampleConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._config = config
        self._clock = clock or SystemClock()
        self._http = HttpClient(
            session, config.url, auth=static_headers(config.auth), clock=self._clock, sleep=sleep
        )
        self._site = Site(connection=connection, url=config.url, statuses=config.statuses)

    async def probe(self) -> Identity:
        """Who the account is, and which of the configured containers it sees."""
        me = (await self._http.get("/api/me")).object()
        told = (await self._http.get("/api/containers")).object()
        containers = (
            Container(
                key=ContainerKey(self._connection, str(one["key"])),
                name=str(one.get("name") or one["key"]),
                id=str(one.get("id") or ""),
            )
            for one in _objects(told, "containers")
            if self._config.selects(str(one.get("key")))
        )
        return Identity(
            account=str(me.get("account") or ""),
            server=self._config.url,
            timezone=str(me.get("timezone") or ""),
            containers=tuple(containers),
        )

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """Items changed since the cursor, oldest change first; a page at a time."""
        walk = Walk(
            mark=Mark.of(since),
            overlap_ms=self._config.overlap_minutes * 60_000,
            overlap_items=self._config.overlap_items,
        )
        chain = TokenChain(label=f"The list of {container}")
        while True:
            answer = await self._list(container, walk.position)
            raw, token = _objects(answer.object(), "items"), _token(answer)
            records, unreadable = self._mapped(raw)
            updated = [round(r.item.updated_at.timestamp() * 1000) for r in records]
            mark = self._take(walk, updated, token=token, answer=answer)
            yield Page(records=records, unreadable=unreadable, cursor=mark.cursor())
            if mark.position is None:
                return
            chain.take(f"{mark.position}", empty=not raw)

    def _take(
        self, walk: Walk, updated: Sequence[int], *, token: str | None, answer: Answer
    ) -> Mark:
        """Note a page; the present is the tracker's own, as its answers tell it."""
        horizon = their_now(answer.headers, self._clock.now())
        return walk.take(updated, token=token, horizon_ms=round(horizon.timestamp() * 1000))

    async def _list(self, container: ContainerKey, position: Position) -> Answer:
        """One page of items in order of change; `Rejected` where the container is closed to us."""
        asked = {"container": container.key, "size": str(self._config.page_size)}
        if position.from_ms is not None:
            asked["changed_from"] = str(position.from_ms // 1000)
        if position.token is not None:
            asked["page"] = position.token
        return await self._http.get("/api/items", asked, local=True)

    def _mapped(
        self, raw: Sequence[object]
    ) -> tuple[tuple[ItemRecord, ...], tuple[Unreadable, ...]]:
        read = [read_item(one, self._site) for one in raw]
        records = tuple(one for one in read if isinstance(one, ItemRecord))
        return records, tuple(one for one in read if isinstance(one, Unreadable))

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """Single items: 410 says that one is deleted, 404 only that we do not see it."""
        raw: list[object] = []
        gone: list[ItemRef] = []
        hidden: list[ItemRef] = []
        for ref in refs:
            if not _is_id(ref.id):
                hidden.append(ref)
                continue
            try:
                raw.append((await self._http.get(f"/api/items/{ref.id}", local=True)).object())
            except Rejected as refused:
                if refused.status == HTTPStatus.GONE:
                    gone.append(ref)
                elif refused.status in _ABSENT:
                    hidden.append(ref)
                else:
                    raise
        records, unreadable = self._mapped(raw)
        return Fetched(
            records=records, unreadable=unreadable, gone=tuple(gone), hidden=tuple(hidden)
        )

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every item of the container by id, in the order of ids."""
        chain, token = TokenChain(label=f"The census of {container}"), None
        while True:
            asked = {"container": container.key, **({"page": token} if token else {})}
            answer = await self._http.get("/api/ids", asked, local=True)
            told = _objects(answer.object(), "ids")
            for one in told:
                yield ItemRef(self._connection, str(one["id"]), str(one.get("key") or ""))
            token = chain.take(_token(answer), empty=not told)
            if token is None:
                return

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify and read one webhook (see `webhook`)."""
        return receive(self._connection, request, secrets)


def _objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects that was promised; `BadPayload` without it, never an empty one."""
    told = body.get(name)
    if not isinstance(told, list):
        raise BadPayload(f"Sample answered without {name!r}.")
    return told


def _token(answer: Answer) -> str | None:
    token = answer.object().get("next")
    return None if token is None else str(token)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
