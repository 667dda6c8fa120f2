"""Asks trackers for the items that the configuration selects by query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from syncer.connect.protocol import Connector, SelectsByQuery
from syncer.domain.selector import InQuery
from syncer.errors import ConfigError, SyncerError
from syncer.log import get_logger
from syncer.store.engine import Store
from syncer.store.selections import fail_answer, save_answer

_log: Final = get_logger(__name__)


async def answer_queries(
    store: Store, connector: Connector, queries: Sequence[InQuery], *, at: datetime
) -> list[SyncerError]:
    """Keep what the connection's tracker finds for each query; returns why some were not answered.

    What a query found before stays in force until it is answered again.
    """
    faults: list[SyncerError] = []
    for query in queries:
        try:
            await _answer(store, connector, query, at=at)
        except SyncerError as error:
            _log.warning("a query was not answered", connection=query.connection, error=str(error))
            faults.append(error)
            async with store.write() as session:
                await fail_answer(session, query, error=str(error))
    return faults


async def _answer(store: Store, connector: Connector, query: InQuery, *, at: datetime) -> None:
    if not isinstance(connector, SelectsByQuery):
        raise ConfigError(
            f"Trackers of kind {connector.kind!r} cannot be asked by query.",
            fix="Select by container, label, field or version.",
        )
    uids = [ref.uid async for ref in connector.select(query.query)]
    async with store.write() as session:
        await save_answer(session, query, uids, at=at)
