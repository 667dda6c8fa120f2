"""A tracker's clock that differs from ours, in either direction: F8."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.connect.testing.server import rate_limited
from syncer.store.engine import Store
from tests.faults.line import NOW, line

SKEWS = [timedelta(hours=hours) for hours in (-24, -1, 1, 24)] + [timedelta(minutes=7)]


@pytest.mark.parametrize("sort", [JiraSimulator, JiraDataCenterSimulator])
@pytest.mark.parametrize("skew", SKEWS, ids=str)
async def test_f8_nothing_is_missed_whatever_the_trackers_clock_shows(
    sqlite_url: str, skew: timedelta, sort: type[JiraSimulator]
) -> None:
    async with Store(sqlite_url) as store, line(skew=skew, sort=sort) as one:
        assert (await one.pull(store)).ok
        for minutes in (1, 10, 200):
            one.edit("20003", f"after {minutes}")
            one.clock.instant += timedelta(minutes=minutes)
            one.edit("20004", f"just before {minutes}")
            assert (await one.pull(store)).ok
            assert await one.is_equal(store)


async def test_f8_a_clock_that_differs_is_told(sqlite_url: str) -> None:
    async with Store(sqlite_url) as store, line(skew=timedelta(minutes=-7)) as one:
        result = await one.pull(store)
    assert result.identity is not None
    assert [finding.message for finding in result.identity.findings if "7 min" in finding.message]


@pytest.mark.parametrize("skew", SKEWS, ids=str)
async def test_f8_a_pause_until_a_date_is_one_by_the_trackers_clock(
    sqlite_url: str, skew: timedelta
) -> None:
    async with Store(sqlite_url) as store, line(skew=skew) as one:
        one.jira.server.fail(rate_limited(NOW + skew + timedelta(seconds=30)))
        assert (await one.pull(store)).ok
        assert NOW + timedelta(seconds=30) <= one.clock.now() < NOW + timedelta(minutes=1)
