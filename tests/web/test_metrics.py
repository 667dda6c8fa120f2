from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from aiohttp import web

from syncer.clock import FixedClock
from syncer.store.inbox import InboxState
from syncer.web.metrics import MOST_WORDS, Metrics
from syncer.web.server import Listener
from tests.web.door import exchange, request, until

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def metrics() -> Metrics:
    return Metrics(["github", "jira"], clock=FixedClock(NOON))


def lines(told: Metrics, name: str) -> list[str]:
    return [line for line in told.text().decode().splitlines() if line.startswith(name)]


async def test_prometheus_reads_what_was_counted() -> None:
    told = metrics()
    told.delivery("github", "accepted")
    told.delivery("", "refused")
    told.sync("jira", "done")
    told.succeeded("jira", NOON - timedelta(minutes=5))
    told.dispatch("sent")
    told.tick()
    told.items("jira", 26)
    told.inbox({InboxState.PENDING: 3}, oldest=NOON - timedelta(seconds=40))
    app = web.Application()
    app.router.add_get("/metrics", told.answer)
    async with Listener(app, "127.0.0.1:0") as listener:
        answer = await exchange(listener.port, request("/metrics", method="GET"))

    assert answer.header("content-type").startswith("text/plain; version=")
    for line in (
        'syncer_deliveries_total{connection="github",outcome="accepted"} 1.0',
        'syncer_deliveries_total{connection="none",outcome="refused"} 1.0',
        'syncer_syncs_total{connection="jira",outcome="done"} 1.0',
        'syncer_last_success_age_seconds{connection="jira"} 300.0',
        'syncer_last_success_age_seconds{connection="github"} NaN',
        'syncer_dispatches_total{state="sent"} 1.0',
        "syncer_ticks_total 1.0",
        'syncer_items{connection="jira"} 26.0',
        'syncer_inbox_deliveries{state="pending"} 3.0',
        "syncer_inbox_oldest_seconds 40.0",
    ):
        assert line in answer.body.decode().splitlines()


def test_an_empty_inbox_has_no_age() -> None:
    told = metrics()
    told.inbox({InboxState.PENDING: 1}, oldest=NOON - timedelta(hours=1))
    told.inbox({InboxState.PENDING: 0}, oldest=None)

    assert lines(told, "syncer_inbox_oldest_seconds ") == ["syncer_inbox_oldest_seconds 0.0"]


def test_a70_nobody_outside_can_multiply_the_labels() -> None:
    told = metrics()
    for number in range(10_000):
        name = f"path/{number}"
        told.delivery(name, name)
        told.sync(name, name)
        told.dispatch(name)
        told.items(name, 1)
        told.inbox({name: 1}, oldest=None)
        told.succeeded(name, NOON)

    assert len(told.text().splitlines()) < 12 * MOST_WORDS
    assert all("path" not in line for line in lines(told, "syncer_items"))
    assert all('connection="other"' in line for line in lines(told, "syncer_deliveries_total"))


def test_two_services_in_one_process_count_apart() -> None:
    one, other = metrics(), metrics()
    one.tick()

    assert lines(other, "syncer_ticks_total") == ["syncer_ticks_total 0.0"]


def test_a_changed_configuration_brings_other_names() -> None:
    told = metrics()
    told.know(["gitlab"])
    told.sync("gitlab", "done")
    told.sync("jira", "done")

    counted = lines(told, "syncer_syncs_total")
    assert 'syncer_syncs_total{connection="gitlab",outcome="done"} 1.0' in counted
    assert 'syncer_syncs_total{connection="other",outcome="done"} 1.0' in counted


async def test_the_lag_of_the_loop_is_measured() -> None:
    told = metrics()
    watching = asyncio.create_task(told.watch_loop(seconds=0.001))
    none = ["syncer_loop_lag_seconds_count 0.0"]
    await until(lambda: lines(told, "syncer_loop_lag_seconds_count") != none)
    watching.cancel()
    await asyncio.wait({watching})
