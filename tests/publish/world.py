"""A service with audiences and a mail server, at an instant that the test moves."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from syncer.service.core import Service
from syncer.service.publishing import Publisher
from syncer.settings.load import load_settings
from syncer.store.daemon_tables import DispatchRow
from syncer.store.dispatches import Dispatch, load_dispatches
from syncer.store.engine import Store
from syncer.store.rows import table_of
from tests.publish.sink import Sink

SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
"""Monday 07:00 in Berlin, week 48."""

WEEK = timedelta(days=7)
ANCIENT = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that a test sets."""

    instant: datetime = SUNDAY

    def now(self) -> datetime:
        return self.instant


def smtp(sink: Sink, *, tls: str = "none", timeout: float = 0.5, more: str = "") -> str:
    return (
        f'[smtp]\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "{tls}"\n'
        f'from = "Program status <syncer@example.com>"\ntimeout = {timeout}\n{more}\n'
    )


def audience(*addresses: str, key: str = "leadership", more: str = "") -> str:
    to = ", ".join(f'"{address}"' for address in addresses)
    return (
        f'[[audiences]]\nkey = "{key}"\nname = "Senior management"\n'
        f'channels = [{{ kind = "email", to = [{to}] }}]\n{more}\n'
    )


SERVICE = '[service]\ntimezone = "Europe/Berlin"\n'


@asynccontextmanager
async def service_at(
    url: str,
    folder: Path,
    text: str,
    *,
    clock: HandClock,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Service]:
    """A service on a database with the configuration `text`."""
    file = written(folder, text if "[service]" in text else SERVICE + text)
    environ = {"SYNCER_SERVICE__DATABASE_URL": url, **(environment or {})}
    async with Service(load_settings(file, environ), clock=clock) as service:
        yield service


def written(folder: Path, text: str) -> Path:
    """The configuration file with this text."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "syncer.toml"
    file.write_text(text, encoding="utf-8")
    return file


@asynccontextmanager
async def publisher_at(
    url: str, folder: Path, text: str, *, clock: HandClock, owner: str = "serve a"
) -> AsyncGenerator[Publisher]:
    async with service_at(url, folder, text, clock=clock) as service:
        yield Publisher(service, owner=owner)


async def dispatches(store: Store) -> list[Dispatch]:
    async with store.read() as session:
        return await load_dispatches(session)


async def states(store: Store) -> dict[str, str]:
    return {one.recipient: one.state.value for one in await dispatches(store)}


async def let_time_pass(store: Store) -> None:
    """As if every pause and every lease had run out."""
    async with store.write() as session:
        await run_out(session)


async def run_out(session: AsyncSession) -> None:
    """As if every pause and every lease had run out, once the session's work is committed."""
    table = table_of(DispatchRow)
    await session.execute(table.update().values(next_try_at=ANCIENT))
    await session.execute(
        table.update().where(table.c.lease_until.is_not(None)).values(lease_until=ANCIENT)
    )
