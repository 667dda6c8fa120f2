"""Handing dispatches over: through which channel, and to whom it may still go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from syncer.errors import DispatchFailed
from syncer.publish.audiences import Audience
from syncer.publish.channels.file import stem, write_edition
from syncer.publish.channels.outcome import Finish
from syncer.publish.outbox import Outbox, Timing
from syncer.publish.recipients import EMAIL, FILE
from syncer.service.core import Service
from syncer.service.mailing import Mailing
from syncer.store.dispatches import Dispatch, DispatchState, InDoubt, load_dispatches
from syncer.store.editions import PublishedEdition, load_edition


class Delivering:
    """The channels of one configuration, for a service with these `audiences`."""

    def __init__(self, service: Service, audiences: Sequence[Audience]) -> None:
        self._clock = service.clock
        self._settings = service.settings
        self._store = service.store
        self._audiences = audiences
        self._mailing = Mailing(service.settings)

    def outbox(self, owner: str, timing: Timing | None = None) -> Outbox:
        """What delivers dispatches for the process `owner`.

        The time that the mail server has for its answer is the configuration's.
        """
        answer = timedelta(seconds=self._settings.smtp.timeout)
        return Outbox(
            store=self._store,
            clock=self._clock,
            owner=owner,
            prepare=self._prepare,
            refused=self._refused,
            in_doubt=InDoubt(self._settings.smtp.in_doubt),
            timing=replace(timing or Timing(), answer=answer),
        )

    async def probe_mail(self) -> str:
        """Ask the mail server whether it would take mail; empty where none is configured."""
        return await self._mailing.probe()

    def _refused(self, one: Dispatch) -> str:
        """Why the dispatch may not go out any more: the list of recipients was changed."""
        audience = next((a for a in self._audiences if a.view.key == one.audience), None)
        if audience is None:
            return f"There is no audience {one.audience!r} any more."
        listed = ((to.channel, to.address) for to in audience.recipients if not to.problem)
        if (one.channel, one.recipient) not in listed:
            return "The recipient was taken off the audience before it went out."
        return ""

    @asynccontextmanager
    async def _prepare(self, one: Dispatch) -> AsyncGenerator[Finish]:
        async with self._store.read() as session:
            edition = await load_edition(session, one.audience, one.edition, version=one.version)
            first = await self._first_message(one)
        async with self._through(one, edition, first) as finish:
            yield finish

    async def _first_message(self, one: Dispatch) -> str:
        """The Message-ID under which the recipient got the first version; empty for none."""
        if one.version == 1:
            return ""
        async with self._store.read() as session:
            before = await load_dispatches(
                session, audience=one.audience, edition=one.edition, version=1
            )
        same = (d for d in before if (d.channel, d.recipient) == (one.channel, one.recipient))
        return next((d.message_id for d in same if d.state is DispatchState.SENT), "")

    def _through(
        self, one: Dispatch, edition: PublishedEdition, first: str
    ) -> AbstractAsyncContextManager[Finish]:
        match one.channel:
            case _ if one.channel == EMAIL:
                audience = next(a for a in self._audiences if a.view.key == one.audience)
                return self._mailing.prepared(one, edition, audience=audience, references=first)
            case _ if one.channel == FILE:
                return self._written(one, edition)
            case _:
                raise DispatchFailed(f"There is no channel {one.channel!r}.", permanent=True)

    @asynccontextmanager
    async def _written(self, one: Dispatch, edition: PublishedEdition) -> AsyncGenerator[Finish]:
        folder = self._settings.path(one.recipient)

        async def finish() -> None:
            await asyncio.to_thread(
                write_edition, edition.contents, name=stem(edition), folder=folder
            )

        yield finish
