"""Webhooks as a simulated tracker sends them: signed, with a fresh delivery id, ready to post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
from pydantic import SecretStr

from syncer.connect.signing import hmac_sha256

HookAction = Literal["created", "updated", "deleted"]
"""What happened to an item; each tracker has names of its own for it."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook: its headers and raw body."""

    headers: Mapping[str, str]
    body: bytes


def signature(secret: SecretStr, body: bytes) -> str:
    """The header value `sha256=<hex>` that signs a raw body."""
    return f"sha256={hmac_sha256(secret, body).hex()}"


async def post_delivery(session: aiohttp.ClientSession, url: str, delivery: Delivery) -> int:
    """Post a webhook to an endpoint and return the status that it answers with.

    Raises:
        aiohttp.ClientError: if nothing answers.
        TimeoutError: if the answer takes more than ten seconds, which is when GitHub gives up.
    """
    async with session.post(
        url, data=delivery.body, headers=delivery.headers, timeout=_TIMEOUT, allow_redirects=False
    ) as answer:
        return answer.status
