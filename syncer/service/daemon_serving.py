"""The service in force, which a new configuration exchanges while others still use the old one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from syncer.service.core import Service
from syncer.service.publishing import Publisher


@dataclass(slots=True)
class _Held:
    """A service, what publishes with it, and how many use it; closed when retired and unused."""

    service: Service
    publisher: Publisher
    users: int = 0
    retired: bool = False


class Serving:
    """Hands out the service in force.

    `owner` names this process among the replicas. Services are opened by the caller; they are
    closed here, each once nobody uses it any more.
    """

    def __init__(self, service: Service, *, owner: str) -> None:
        self._owner = owner
        self._held = self._hold(service)

    def _hold(self, service: Service) -> _Held:
        return _Held(service, Publisher(service, owner=self._owner))

    @property
    def current(self) -> Service:
        """The service in force, for a look without a pause; work is done under `use`."""
        return self._held.service

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[Service]:
        """The service in force, kept open meanwhile."""
        async with self._using() as held:
            yield held.service

    @asynccontextmanager
    async def publisher(self) -> AsyncGenerator[Publisher]:
        """What publishes with the service in force, kept open meanwhile."""
        async with self._using() as held:
            yield held.publisher

    @asynccontextmanager
    async def _using(self) -> AsyncGenerator[_Held]:
        held = self._held
        held.users += 1
        try:
            yield held
        finally:
            held.users -= 1
            await _close_if_unused(held)

    async def exchange(self, service: Service) -> None:
        """Put an opened service in force."""
        old, self._held = self._held, self._hold(service)
        await _retire(old)

    async def close(self) -> None:
        """Close the service in force, once nobody uses it."""
        await _retire(self._held)


async def _retire(held: _Held) -> None:
    held.retired = True
    await _close_if_unused(held)


async def _close_if_unused(held: _Held) -> None:
    if held.retired and not held.users:
        await held.service.__aexit__(None, None, None)
