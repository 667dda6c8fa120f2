"""Editions on time: what is due is published once, and what is published is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncer.service.core import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An edition that has just been published; `late` after it was due. `dispatches` go out."""

    audience: str
    edition: str
    late: timedelta
    dispatches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of one attempt: `state` is the dispatch's now, `error` why it was not sent."""

    audience: str
    edition: str
    channel: str
    recipient: str
    state: str
    error: str = ""


class Publisher:
    """Publishes and delivers for one service; any number of replicas may do so at once.

    `owner` names this process among the replicas, such as `serve host (pid 4711)`.
    """

    def __init__(self, service: Service, *, owner: str) -> None:
        self._service = service
        self._owner = owner

    async def publish_due(self) -> Sequence[Published]:
        """Take the snapshots and publish the editions that are due and that nobody has made."""
        raise NotImplementedError

    async def deliver_due(self) -> Sequence[Delivered]:
        """Deliver what is due to go out, one attempt each."""
        raise NotImplementedError

    def next_due(self) -> datetime | None:
        """When `publish_due` will next have something to do, UTC; None without any schedule."""
        raise NotImplementedError
