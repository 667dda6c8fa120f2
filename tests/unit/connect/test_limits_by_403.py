"""Limits that come as 403, as GitHub sends them, and tokens that are renewed between attempts."""

from __future__ import annotations

from email.utils import format_datetime

import pytest

from syncer.connect.exchange import Limits
from syncer.errors import AuthFailed, RateLimited, Rejected
from tests.unit.connect.servers import NOON, Reply, asking, says

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
RESET = str(int(NOON.timestamp()) + 20)
THEIR_NOON = format_datetime(NOON, usegmt=True)


@pytest.mark.parametrize(
    ("limited", "pause"),
    [
        pytest.param(says({"message": "Slow"}, 403, Retry_After="7"), 7, id="retry-after"),
        pytest.param(
            says(
                {"message": "No"},
                403,
                X_RateLimit_Remaining="0",
                X_RateLimit_Reset=RESET,
                Date=THEIR_NOON,
            ),
            20,
            id="nothing left",
        ),
        pytest.param(says(SECONDARY, 403), 60, id="secondary without a header"),
        pytest.param(says(SECONDARY, 429), 60, id="secondary as 429"),
    ],
)
@pytest.mark.parametrize("local", [False, True])
async def test_a_403_that_is_a_limit_is_waited_for(limited: Reply, pause: int, local: bool) -> None:
    async with asking(limited, says({"a": 1})) as (client, script):
        assert (await client.get("/x", local=local)).object() == {"a": 1}
    assert script.clock.slept == [pause]


async def test_a_403_limit_that_lasts_says_when_to_come_back() -> None:
    async with asking(says(SECONDARY, 403), limits=Limits(attempts=2)) as (client, _):
        with pytest.raises(RateLimited) as raised:
            await client.get("/x")
    assert raised.value.retry_at > NOON
    assert "403" in raised.value.message


async def test_a_403_with_something_left_concerns_permissions() -> None:
    denied = says({"message": "Resource not accessible"}, 403, X_RateLimit_Remaining="4999")
    async with asking(denied) as (client, script):
        with pytest.raises(AuthFailed):
            await client.get("/x")
        with pytest.raises(Rejected):
            await client.get("/x", local=True)
    assert script.clock.slept == []


class Counted:
    """A token that is new for every attempt."""

    number = 0

    def __call__(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.number}"}

    async def renew(self) -> None:
        self.number += 1


async def test_the_token_is_looked_after_before_every_attempt() -> None:
    async with asking(says(status=503), says({"a": 1}), auth=Counted()) as (client, script):
        await client.get("/x")
    assert [one.headers["Authorization"] for one in script.asked] == ["Bearer 1", "Bearer 2"]
