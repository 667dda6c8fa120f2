"""The connector of spreadsheets that are kept as CSV."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Final

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.csv_file.config import CsvConfig, base_of
from connectors.csv_file.mapping import Row, id_of, read_row, refused
from connectors.csv_file.memory import Memory, Seen
from connectors.csv_file.rules import fold
from connectors.csv_file.source import FileSource, Source, WebSource
from connectors.csv_file.table import Line, Sheet, read_sheet
from syncer.clock import Clock, SystemClock
from syncer.connect.auth import static_headers
from syncer.connect.http import HttpClient
from syncer.connect.protocol import (
    Capabilities,
    Container,
    Fetched,
    Finding,
    HookReply,
    HookRequest,
    Identity,
    Page,
)
from syncer.connect.rate import Sleep
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import Rejected

PAGE: Final = 2000
"""Rows between two cursors; each cursor holds what was seen of every row so far."""

_NAMES_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class _Read:
    """The sheet as it is now, and a digest of it and of how it is read."""

    sheet: Sheet
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Found:
    """What goes into one page."""

    records: list[ItemRecord] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class CsvConnector:
    """Reads one sheet; every row below its header is an item.

    The session belongs to the caller. `clock` and `sleep` are for tests.
    """

    kind: ClassVar[str] = "csv"
    config_type: ClassVar[type[BaseModel]] = CsvConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        incremental=True, reports_deletions=True, hierarchy=True, links=True
    )

    def __init__(
        self,
        connection: str,
        config: CsvConfig,
        session: aiohttp.ClientSession,
        *,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._clock = clock or SystemClock()
        self._config = config
        self._rules = config.rules()
        self._container = ContainerKey(connection, config.container)
        self._source = self._new_source(session, sleep)
        self._rules_digest = _digest(repr(self._rules).encode(errors="replace"))
        self._memory = Memory()

    def _new_source(self, session: aiohttp.ClientSession, sleep: Sleep) -> Source:
        config = self._config
        if config.path:
            return FileSource(Path(config.path), encoding=config.encoding)
        auth = static_headers(config.auth) if config.auth else dict
        client = HttpClient(session, base_of(config.url), auth=auth, clock=self._clock, sleep=sleep)
        return WebSource(client, config.url)

    async def _read(self) -> _Read:
        at = self._clock.now()
        data = await self._source.read()
        return await asyncio.to_thread(self._parsed, data, at)

    def _parsed(self, data: bytes, at: datetime) -> _Read:
        sheet = read_sheet(
            data,
            rules=self._rules,
            encoding=self._source.encoding,
            delimiter=self._config.delimiter,
        )
        return _Read(sheet, _digest(data + self._rules_digest.encode()), at)

    async def probe(self) -> Identity:
        """What the sheet holds, and what is amiss in it; errors as in `changes`."""
        read = await self._read()
        return Identity(
            account="a file" if self._config.path else "an address",
            server=self._rules.place,
            timezone=self._config.timezone,
            containers=(
                Container(
                    key=self._container,
                    name=self._rules.place,
                    item_count=len(read.sheet.lines),
                ),
            ),
            findings=tuple(self._findings(read)),
        )

    def _findings(self, read: _Read) -> Iterator[Finding]:
        sheet = read.sheet
        for name in sheet.missing:
            yield Finding(
                message=f"{self._rules.place} has no column {name!r}.",
                fix="Correct the name in `columns` or `custom_fields`, or put the column back.",
            )
        unknown = Counter(
            status
            for line in sheet.lines
            if (status := sheet.cell(line, "status")) and fold(status) not in self._rules.statuses
        )
        if unknown:
            shown = ", ".join(repr(name[:40]) for name, _ in unknown.most_common(_NAMES_SHOWN))
            yield Finding(
                message=f"{unknown.total()} rows have a status that means nothing yet: {shown}.",
                fix='Give each a meaning: statuses = { "…" = "IN_PROGRESS" }.',
            )
        if "done" not in sheet.places and "updated" not in sheet.places:
            yield Finding(
                message="No column tells when an item was done: the pace shows from now on.",
                fix="Add a column with the day on which each item was done.",
            )
        broken = [one for one in self._rows(read, {}) if isinstance(one, Unreadable)]
        for one in broken[:_NAMES_SHOWN]:
            yield Finding(message=f"{one.key or 'A row'} cannot be read: {one.reason}.")

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:
        """The rows that say something else than at the cursor, in the order of the sheet.

        Nothing where the sheet is the same to the byte. `Unreachable` where it is not there,
        `BadPayload` where it cannot be read as a whole, `Rejected` for another container,
        `CursorExpired` for a cursor that is none of this connector's.
        """
        self._require(container)
        before = Memory.of(since)
        read = await self._read()
        self._memory = before
        if since is not None and before.file_digest == read.digest:
            return
        for page in self._pages(read, before):
            yield page

    def _pages(self, read: _Read, before: Memory) -> Iterator[Page]:
        """Pages of changed rows; the last one's cursor alone knows the file as a whole."""
        seen: dict[str, Seen] = dict(before.rows)
        found = _Found()
        same_rules = before.rules_digest == self._rules_digest
        for one in self._rows(read, before.rows):
            if isinstance(one, Unreadable):
                found.unreadable.append(one)
                continue
            id_ = one.record.item.ref.id
            known = seen.get(id_)
            if same_rules and known is not None and known.digest == one.seen.digest:
                continue
            found.records.append(one.record)
            seen[id_] = one.seen
            if len(found.records) >= PAGE:
                # Under other rules every row is told again if this is the last page that arrives.
                so_far = Memory(rows=dict(seen), rules_digest=before.rules_digest)
                yield self._page(read, found, so_far)
                found = _Found()
        present = {id_of(read.sheet, line) for line in read.sheet.lines}
        self._memory = Memory(
            file_digest=read.digest,
            rules_digest=self._rules_digest,
            rows={id_: one for id_, one in seen.items() if id_ in present},
        )
        yield self._page(read, found, self._memory)

    def _rows(self, read: _Read, before: Mapping[str, Seen]) -> Iterator[Row | Unreadable]:
        """Each row as an item, or why it cannot be read.

        Of rows with the same id nobody knows which one is meant: none of them is taken.
        """
        sheet, rules = read.sheet, self._rules
        by_id: dict[str, list[Line]] = defaultdict(list)
        for line in sheet.lines:
            by_id[id_of(sheet, line) or f"\0{line.number}"].append(line)
        for id_, lines in by_id.items():
            if len(lines) > 1:
                places = ", ".join(str(line.number) for line in lines[1:_NAMES_SHOWN])
                reason = f"the same id stands in line {places}"
                yield refused(sheet, lines[0], rules=rules, reason=reason)
            else:
                yield read_row(sheet, lines[0], rules=rules, seen=before.get(id_), at=read.at)

    def _page(self, read: _Read, found: _Found, memory: Memory) -> Page:
        return Page(
            records=tuple(found.records),
            unreadable=tuple(found.unreadable),
            cursor=memory.cursor(),
            total=len(read.sheet.lines),
            missing_detail=tuple(f"column {name}" for name in read.sheet.missing),
            asked_at=read.at,
        )

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The rows of single items; whatever the sheet, read as a whole, does not hold is gone."""
        read = await self._read()
        wanted = {ref.id: ref for ref in refs}
        rows = [one for one in self._rows(read, self._memory.rows) if _ref(one).id in wanted]
        found = {_ref(one).id for one in rows}
        return Fetched(
            records=tuple(one.record for one in rows if isinstance(one, Row)),
            unreadable=tuple(one for one in rows if isinstance(one, Unreadable)),
            gone=tuple(ref for id_, ref in wanted.items() if id_ not in found),
        )

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """Every row that has an id, readable or not."""
        self._require(container)
        read = await self._read()
        for id_ in dict.fromkeys(id_of(read.sheet, line) for line in read.sheet.lines):
            if id_:
                yield ItemRef(self._connection, id_)

    def receive(
        self,
        request: HookRequest,  # noqa: ARG002  part of the protocol
        secrets: Sequence[SecretStr],  # noqa: ARG002  part of the protocol
    ) -> HookReply:
        """A sheet sends no webhooks: everything is refused."""
        return HookReply(status=401)

    def _require(self, container: ContainerKey) -> None:
        if container != self._container:
            raise Rejected(
                f"{container} is not the sheet of this connection, which is {self._container}.",
                fix="Correct `container`, or the selectors that name it.",
            )


def _ref(one: Row | Unreadable) -> ItemRef:
    return one.ref if isinstance(one, Unreadable) else one.record.item.ref


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
