"""The connector of whatever can send signed JSON: nobody is asked, all is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

import aiohttp
from pydantic import BaseModel, SecretStr

from connectors.push.config import PushConfig
from connectors.push.reading import Reading, read
from connectors.push.webhook import receive
from syncer.connect.phrases import shipped_phrases
from syncer.connect.protocol import (
    Capabilities,
    Carried,
    Fetched,
    HookReply,
    HookRequest,
    Identity,
    Page,
)
from syncer.connect.signing import standard_fault
from syncer.domain.cursor import Cursor
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import Rejected


class PushConnector:
    """Takes items that a sender signs; a `CarriesItems`.

    The session is not used: there is nobody to ask.
    """

    kind: ClassVar[str] = "push"
    config_type: ClassVar[type[BaseModel]] = PushConfig
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=True, reports_deletions=True, hierarchy=True, links=True, history=True
    )

    def __init__(
        self,
        connection: str,
        config: PushConfig,
        session: aiohttp.ClientSession,  # noqa: ARG002  part of the protocol
    ) -> None:
        self._connection = connection
        self._config = config
        self._phrases = shipped_phrases() if config.text_links else ()

    async def probe(self) -> Identity:
        """Nobody is there to be asked: an identity without server and containers."""
        return Identity(account="", server="", timezone="UTC", containers=())

    async def changes(self, container: ContainerKey, since: Cursor | None) -> AsyncIterator[Page]:  # noqa: ARG002  part of the protocol
        """`Rejected`: what changed is pushed."""
        for _ in ():  # an asynchronous generator, as callers expect
            yield _
        raise _nobody(str(container))

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """`Rejected`, but for no refs at all: items come only when their sender pushes them."""
        if refs:
            raise _nobody(refs[0].uid)
        return Fetched()

    async def inventory(self, container: ContainerKey) -> AsyncIterator[ItemRef]:
        """`Rejected`: an inventory is pushed with `complete`."""
        for _ in ():  # an asynchronous generator, as callers expect
            yield _
        raise _nobody(str(container))

    def receive(self, request: HookRequest, secrets: Sequence[SecretStr]) -> HookReply:
        """Verify a delivery and tell its sender what can be read of it."""
        return receive(request, secrets, read=self._read, takes=self._config.selects)

    def carried(self, request: HookRequest) -> Carried:
        """What a genuine delivery holds; `BadPayload` where it cannot be read as a whole."""
        return self._read(request).carried

    def _read(self, request: HookRequest) -> Reading:
        return read(self._connection, request, self._phrases)

    def hook_steps(self) -> Sequence[str]:
        """What a person does."""
        return (
            "Give the address and the secret to whoever sends.",
            "The format, and an example in Python, are in connectors/push/README.md.",
        )

    @staticmethod
    def secret_fault(secret: SecretStr) -> str:
        """Why the secret cannot be used; empty for a good one."""
        return standard_fault(secret)


def _nobody(subject: str) -> Rejected:
    return Rejected(
        f"Nobody can be asked for {subject}: its connection is pushed to.",
        fix="Have its sender push it again.",
    )
