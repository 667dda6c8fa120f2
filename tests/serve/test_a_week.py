"""Two daemons on one PostgreSQL through a whole week in which the clocks change."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.jira.simulator import JiraSimulator
from syncer.clock import TEST_CLOCK, ScaledClock
from syncer.connect.testing.world import uniform_world
from syncer.store.dispatches import DispatchState, load_dispatches
from syncer.store.editions import PublishedEdition, list_editions
from syncer.store.engine import Store
from syncer.store.inbox import InboxState
from tests.publish.sink import running_sink
from tests.serve.site import SECRET, Site, post, until

SPEED = 6000
START = datetime(2027, 3, 22, 8, tzinfo=UTC)
"""The Monday before the clocks change in Berlin, after that Monday's edition."""

END = datetime(2027, 3, 30, 6, tzinfo=UTC)

AUDIENCES = """
    [smtp]
    host = "127.0.0.1"
    port = {port}
    tls = "none"
    from = "Program status <syncer@example.com>"

    [[audiences]]
    key = "board"
    schedule = "Mon 07:00"
    timezone = "Europe/Berlin"
    channels = [{{ kind = "email", to = ["a@example.com", "b@example.com"] }}]

    [[audiences]]
    key = "night"                   # on that Sunday there is no half past two
    schedule = "Sun 02:30"
    timezone = "Europe/Berlin"
    channels = [{{ kind = "email", to = ["c@example.com"] }}]

    [[audiences]]
    key = "crew"
    schedule = "Fri 18:00"
    timezone = "Europe/Berlin"
    channels = [{{ kind = "email", to = ["a@example.com", "d@example.com"] }}]
"""


async def test_every_audience_gets_one_edition_and_every_recipient_one_mail(
    tmp_path: Path, postgres_url: str
) -> None:
    anchor = datetime.now(UTC)
    clock = ScaledClock(START, SPEED, anchor=anchor)
    world = uniform_world(count=20, container="NET")
    async with JiraSimulator(world, clock) as jira, running_sink() as sink:
        place = Site(tmp_path / "site", jira, postgres_url)
        place.environment[TEST_CLOCK] = f"{START.isoformat()} {SPEED} {anchor.isoformat()}"
        place.configure(AUDIENCES.format(port=sink.port))
        async with place.serve() as first, place.serve() as second:
            ready_at = clock.now()
            for number in range(20001, 20007):
                world.edit(str(number), clock.now(), title=f"New {number}")
                delivery = jira.delivery(str(number), "updated", secret=SECRET)
                assert await post(first if number % 2 else second, delivery) == 202
            await asyncio.sleep((END - clock.now()).total_seconds() / SPEED)
            await until(lambda: _all_is_sent(place, count=5))
            codes = await first.end(), await second.end()

        assert ready_at < datetime(2027, 3, 26, 17, tzinfo=UTC), "this machine is too slow"
        assert codes == (0, 0)
        assert Counter((one.audience, one.edition) for one in await _editions(place)) == {
            ("crew", "2027-W12"): 1,
            ("night", "2027-W12"): 1,
            ("board", "2027-W13"): 1,
        }
        assert sink.recipients() == [
            "a@example.com",
            "a@example.com",
            "b@example.com",
            "c@example.com",
            "d@example.com",
        ]
        assert len({mail.message["Message-ID"] for mail in sink.mails}) == len(sink.mails)
        kept = await place.deliveries()
        assert {one.state for one in kept} == {InboxState.DONE}
        assert (await place.items())["20006"].title == "New 20006"
        assert all(one.as_of - START < timedelta(days=9) for one in await _editions(place))


async def _editions(place: Site) -> list[PublishedEdition]:
    async with Store(place.database) as store, store.read() as session:
        return list(await list_editions(session))


async def _all_is_sent(place: Site, *, count: int) -> bool:
    async with Store(place.database) as store, store.read() as session:
        sent = [one.state for one in await load_dispatches(session)]
    return len(sent) >= count and set(sent) == {DispatchState.SENT}
