"""What the shell offers at the Tab key. It says nothing, changes nothing, and fails in silence."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from syncer.errors import SyncerError

if TYPE_CHECKING:
    from syncer.settings.root import Settings
    from syncer.store.dispatches import Dispatch

_SHORT = 10
_MANY = 50


def _settings(ctx: typer.Context) -> Settings:
    import os
    from pathlib import Path

    from syncer.settings.load import load_settings

    return load_settings(Path(ctx.find_root().params.get("config") or "syncer.toml"), os.environ)


def audience_keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """The configured audiences."""
    with suppress(SyncerError, OSError):
        keys = [one.key for one in _settings(ctx).audiences]
        return [key for key in keys if key.startswith(incomplete)]
    return []


def dispatch_ids(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The beginnings of the ids of dispatches that were not sent, each with what it is."""
    import asyncio

    with suppress(SyncerError, OSError):
        found = asyncio.run(_unsent(_settings(ctx), incomplete))
        return [
            (one.id[: max(_SHORT, len(incomplete))], f"{one.edition} {one.recipient} {one.state}")
            for one in found
        ]
    return []


async def _unsent(settings: Settings, beginning: str) -> list[Dispatch]:
    """From the database as it is: none where it is not there, or was made by another version."""
    from sqlalchemy.exc import SQLAlchemyError

    from syncer.store.dispatches import DispatchState, Wanted, find_dispatches
    from syncer.store.engine import Store

    url = settings.service.database_url.get_secret_value()
    wanted = Wanted(ids=[beginning], states=set(DispatchState) - {DispatchState.SENT})
    async with Store(url, folder=settings.folder) as store:
        if store.file is not None and not store.file.exists():
            return []
        with suppress(SQLAlchemyError):
            async with store.read() as session:
                return await find_dispatches(session, wanted, limit=_MANY)
    return []
