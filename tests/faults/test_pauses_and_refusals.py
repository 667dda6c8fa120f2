"""A tracker that limits, fails, refuses connections or refuses us: F1, F2, F3, F45."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import pytest

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient
from syncer.connect.testing.proxy import End, Fate
from syncer.connect.testing.server import Fault, RecordedRequest, answer, rate_limited
from syncer.errors import AuthFailed, RateLimited, SyncerError, Unreachable
from syncer.store.engine import Store
from syncer.store.sources import load_sources
from syncer.sync.connection import ConnectionResult
from tests.faults.line import NOW, line
from tests.unit.connect.servers import SleepingClock

SORTS = [JiraSimulator, JiraDataCenterSimulator]
SEARCH = "*/search*"
FORMS: dict[str, tuple[Callable[[datetime], Fault], float]] = {
    "seconds": (lambda _: rate_limited(7), 7),
    "a date": (lambda now: rate_limited(now + timedelta(seconds=40)), 40),
    "nothing": (lambda _: rate_limited(None), 0.001),
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("form", FORMS)
async def test_f1_nothing_is_asked_before_the_pause_is_over(
    sqlite_url: str, form: str, sort: type[JiraSimulator]
) -> None:
    fault, pause = FORMS[form]
    async with Store(sqlite_url) as store, line(sort=sort) as one:
        one.jira.server.fail(fault(NOW))
        done = await one.pull(store)

        assert done.ok, done
        assert len(await one.stored(store)) == 20
    first, *others = one.asked_at
    assert first == NOW
    assert min(others) >= NOW + timedelta(seconds=pause)


async def test_f1_a_pause_without_end_is_capped_and_holds_up_no_other_source(
    sqlite_url: str,
) -> None:
    async with Store(sqlite_url) as store, line(name="a") as limited, line(name="b") as other:
        limited.jira.server.fail(rate_limited(10**9), path=SEARCH)
        results = [await limited.pull(store), await other.pull(store)]
        asked = len(limited.asked_at)
        limits = _failures(results[0])

        assert results[1].ok
        assert len(await other.stored(store)) == 20
        assert [type(one) for one in limits] == [RateLimited]
        assert isinstance(limits[0], RateLimited)
        assert limits[0].retry_at <= NOW + timedelta(minutes=16)

        assert not (await limited.pull(store)).ok
        assert len(limited.asked_at) == asked  # not before it is due
        limited.clock.instant = limits[0].retry_at + timedelta(seconds=1)
        assert (await limited.pull(store)).ok
        assert len(await limited.stored(store)) == 20


def _failures(result: ConnectionResult) -> list[SyncerError]:
    failures = [result.failure, *(one.failure for one in result.containers)]
    return [failure for failure in failures if failure is not None]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_f2_a_burst_of_errors_is_tried_again_and_costs_nothing(
    sqlite_url: str, status: int
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        one.jira.server.fail(answer(status), times=3, path=SEARCH)
        done = await one.pull(store)

        assert done.ok, done
        assert len(await one.stored(store)) == 20


async def test_f2_lasting_errors_are_asked_for_no_more_often_than_the_budget(
    sqlite_url: str,
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        assert (await one.pull(store)).ok
        one.jira.server.fail(answer(503), times=None)
        before = len(one.asked_at)
        done = await one.pull(store)

        assert isinstance(done.failure, Unreachable)
        assert len(one.asked_at) - before <= Limits().attempts
        [source] = await _sources(store)
        assert "503" in source
        assert len(await one.stored(store)) == 20  # never "0 issues"


async def _sources(store: Store) -> list[str]:
    async with store.read() as session:
        return [one.error for one in await load_sources(session)]


async def test_f3_a_tracker_that_refuses_connections_is_unreachable_and_comes_back(
    sqlite_url: str,
) -> None:
    async with Store(sqlite_url) as store, line() as one:
        one.proxy.refuse()
        done = await one.pull(store)
        assert isinstance(done.failure, Unreachable)

        one.clock.instant += timedelta(hours=1)
        await one.proxy.start()
        assert (await one.pull(store)).ok
        assert len(await one.stored(store)) == 20


async def test_f3_connections_that_are_reset_are_made_anew(sqlite_url: str) -> None:
    async with Store(sqlite_url) as store, line() as one:
        one.proxy.next(*[Fate(end=End.RESET)] * 3)
        assert (await one.pull(store)).ok
        assert one.proxy.counts[End.RESET] == 3
        assert len(await one.stored(store)) == 20


async def test_f3_a_name_that_is_not_known_is_unreachable() -> None:
    clock = SleepingClock(NOW)
    async with aiohttp.ClientSession() as session:
        client = HttpClient(
            session, "http://no-such-host.invalid", auth=dict, clock=clock, sleep=clock.sleep
        )
        with pytest.raises(Unreachable, match="no such host"):
            await client.get("/x")


async def test_f45_a_refused_token_is_shown_once_in_five_minutes(sqlite_url: str) -> None:
    """At the site and at the gateway, where tokens with scopes are good."""
    async with Store(sqlite_url) as store, line() as one:
        assert (await one.pull(store)).ok
        one.jira.server.fail(answer(401), times=None, when=_shows_a_token)
        one.jira.server.forget_requests()
        for _ in range(60):
            done = await one.pull(store)
            assert isinstance(done.failure, AuthFailed)
            one.clock.instant += timedelta(seconds=10)

        assert len(await one.stored(store)) == 20
        shown = [asked.path for asked in one.jira.server.requests if _shows_a_token(asked)]
        assert sum(path.startswith("/ex/") for path in shown) <= 2
        assert 1 <= sum(not path.startswith("/ex/") for path in shown) <= 2

        one.jira.server.recover()
        one.clock.instant += timedelta(minutes=5)
        assert (await one.pull(store)).ok


def _shows_a_token(request: RecordedRequest) -> bool:
    return "authorization" in request.headers
