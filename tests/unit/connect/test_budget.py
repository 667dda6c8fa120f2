"""What a connection may ask and when: through real servers, on a clock that only moves in sleep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from syncer.connect.budget import Traffic
from syncer.connect.exchange import Limits
from syncer.connect.http import HttpClient
from syncer.connect.limiter import Limiter
from syncer.connect.passage import on_lane
from syncer.connect.sharing import Shared
from syncer.domain.lane import Lane
from syncer.domain.traffic import UNREACHABLE, TrafficNote
from syncer.errors import AuthFailed, RateLimited, Unreachable
from tests.unit.connect.servers import NOON, Reply, Script, SleepingClock, asking, says

ONCE = Limits(attempts=1)


@dataclass
class Board:
    """What replicas tell each other, in memory."""

    notes: dict[str, TrafficNote] = field(default_factory=dict)
    looks: int = 0

    async def load(self) -> Sequence[TrafficNote]:
        self.looks += 1
        return list(self.notes.values())

    async def keep(self, note: TrafficNote) -> None:
        self.notes[note.reason] = note

    async def claim(self, note: TrafficNote) -> bool:
        known = self.notes.get(note.reason)
        if known is None or known.tries != note.tries - 1:
            return False
        self.notes[note.reason] = replace(known, tries=note.tries, paused_until=note.paused_until)
        return True

    async def forget(self, reason: str) -> None:
        self.notes.pop(reason, None)


def traffic_on(clock: SleepingClock, board: Board | None = None, **options: Any) -> Traffic:
    settings = {"limiter": Limiter(), "jitter": lambda: 0.0, **options}
    return Traffic(clock=clock, sleep=clock.sleep, shared=Shared(board), **settings)


@asynccontextmanager
async def trafficked(
    *replies: Reply, board: Board | None = None, limits: Limits | None = None, **options: Any
) -> AsyncIterator[tuple[HttpClient, Script, Traffic]]:
    async with asking(*replies, limits=limits) as (client, script):
        yield client, script, traffic_on(script.clock, board, **options)


async def ask(
    client: HttpClient, traffic: Traffic, path: str, *, lane: Lane = Lane.INCREMENTAL, at: str = ""
) -> Any:
    with on_lane(lane, container=at, traffic=traffic):
        return (await client.get(path)).data


# --- lanes ----------------------------------------------------------------------------------------


class SlowServer:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.arrived = asyncio.Condition()

    async def reply(self, request: web.Request) -> web.StreamResponse:
        gate = self.gates.setdefault(request.path, asyncio.Event())
        async with self.arrived:
            self.came.append(request.path)
            self.arrived.notify_all()
        await gate.wait()
        return web.json_response({})

    async def has_seen(self, count: int) -> None:
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.came) >= count), 20)

    def answer(self, path: str) -> None:
        self.gates.setdefault(path, asyncio.Event()).set()


async def test_live_overtakes_a_backfill_that_waits() -> None:
    server = SlowServer()
    async with (
        trafficked(server.reply, limiter=Limiter(most=1)) as (client, _, traffic),
        asyncio.TaskGroup() as group,
    ):
        group.create_task(ask(client, traffic, "/0", lane=Lane.BACKFILL))
        await server.has_seen(1)
        for number in range(1, 4):
            group.create_task(ask(client, traffic, f"/{number}", lane=Lane.BACKFILL))
        await asyncio.sleep(0)
        group.create_task(ask(client, traffic, "/live", lane=Lane.LIVE))
        await server.has_seen(2)
        assert server.came == ["/0", "/live"]
        for path in ("/0", "/live", "/1", "/2", "/3"):
            server.answer(path)
    assert server.came == ["/0", "/live", "/1", "/2", "/3"]


async def test_no_more_calls_are_under_way_than_the_width() -> None:
    server = SlowServer()
    async with (
        trafficked(server.reply, limiter=Limiter(most=3, first=3)) as (client, _, traffic),
        asyncio.TaskGroup() as group,
    ):
        for number in range(9):
            group.create_task(ask(client, traffic, f"/{number}"))
        await server.has_seen(3)
        assert traffic.limiter is not None
        assert (traffic.limiter.active, traffic.limiter.waiting) == (3, 6)
        for number in range(9):
            server.answer(f"/{number}")
    assert len(server.came) == 9


@pytest.mark.parametrize("status", [429, 503])
async def test_the_width_falls_when_the_tracker_is_overcharged(status: int) -> None:
    limiter = Limiter(most=8, first=8)
    replies = [says(status=status), says()]
    async with trafficked(*replies, limiter=limiter) as (client, _, traffic):
        await ask(client, traffic, "/x")
    assert limiter.width == 4


async def test_the_width_falls_when_answers_take_too_long() -> None:
    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    limiter, limits = Limiter(most=8, first=8), Limits(total=0.3, sock_read=0.15, attempts=2)
    replies = [silent, says()]
    async with trafficked(*replies, limiter=limiter, limits=limits) as (client, _, traffic):
        await ask(client, traffic, "/x")
    assert limiter.width == 4


# --- quotas ---------------------------------------------------------------------------------------


def left(remaining: int, *, reset: int = 30, resource: str = "") -> Reply:
    return says(
        X_RateLimit_Limit="100",
        X_RateLimit_Remaining=str(remaining),
        X_RateLimit_Reset=str(reset),
        X_RateLimit_Resource=resource,
    )


@pytest.mark.parametrize("lane", [Lane.BACKFILL, Lane.CENSUS, Lane.LOOK_BACK])
async def test_what_can_wait_waits_for_the_reset_when_little_is_left(lane: Lane) -> None:
    async with trafficked(left(9), left(99)) as (client, script, traffic):
        await ask(client, traffic, "/first")
        await ask(client, traffic, "/later", lane=lane)
        assert script.at == [NOON, NOON + timedelta(seconds=30)]


@pytest.mark.parametrize("lane", [Lane.LIVE, Lane.INCREMENTAL])
async def test_news_go_on_with_what_is_left(lane: Lane) -> None:
    async with trafficked(left(9), left(1)) as (client, script, traffic):
        await ask(client, traffic, "/first")
        for number in range(3):
            await ask(client, traffic, f"/news{number}", lane=lane)
        assert script.clock.slept == []


async def test_live_passes_while_a_backfill_waits() -> None:
    clock_moves = asyncio.Event()
    async with trafficked(left(5)) as (client, script, traffic):
        await ask(client, traffic, "/first")
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await clock_moves.wait()
            await script.clock.sleep(seconds)

        waiting = Traffic(clock=script.clock, sleep=sleep, limiter=Limiter(), jitter=lambda: 0.0)
        await ask(client, waiting, "/first")
        backfill = asyncio.create_task(ask(client, waiting, "/backfill", lane=Lane.BACKFILL))
        await ask(client, waiting, "/live", lane=Lane.LIVE)
        assert [one.path for one in script.asked][-1] == "/live"
        assert slept
        clock_moves.set()
        await backfill
        assert [one.path for one in script.asked][-1] == "/backfill"


async def test_a_reset_far_away_is_not_waited_for_within_a_call() -> None:
    async with trafficked(left(9, reset=1800)) as (client, script, traffic):
        await ask(client, traffic, "/first")
        with pytest.raises(RateLimited, match="kept for news") as held:
            await ask(client, traffic, "/later", lane=Lane.BACKFILL)
        assert held.value.retry_at == NOON + timedelta(seconds=1800)
        await ask(client, traffic, "/live", lane=Lane.LIVE)
        assert len(script.asked) == 2


async def test_a_quota_of_one_resource_holds_back_no_other() -> None:
    low = left(3, resource="graphql")
    full = left(99, resource="core")
    async with trafficked(low, full) as (client, script, traffic):
        with on_lane(Lane.BACKFILL, traffic=traffic):
            await client.post("/graphql", {})
            await client.get("/repos/acme/phone/issues")
            assert script.clock.slept == []
            await client.post("/graphql", {})
        assert script.clock.slept == [30.0]


async def test_a_new_window_lets_the_others_go_on_at_once() -> None:
    async with trafficked(left(3, reset=900), left(99, reset=900)) as (client, script, traffic):
        await ask(client, traffic, "/first")
        await ask(client, traffic, "/live", lane=Lane.LIVE)
        await ask(client, traffic, "/backfill", lane=Lane.BACKFILL)
        assert script.clock.slept == []


# --- pauses and what they are on ------------------------------------------------------------------


async def test_a_limit_that_does_not_say_on_what_it_is_holds_for_all() -> None:
    async with trafficked(says(status=429, Retry_After="30"), says()) as (client, script, traffic):
        await asyncio.gather(*(ask(client, traffic, f"/{at}", at=at) for at in "AB"))
        later = [at for at in script.at if at > NOON]
        assert later
        assert all(at >= NOON + timedelta(seconds=30) for at in later)


async def test_a_container_limited_again_while_others_go_on_is_limited_alone() -> None:
    def reply(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/A"):
            return web.json_response({}, status=429, headers={"Retry-After": "600"})
        return web.json_response({})

    async with trafficked(reply, limits=ONCE) as (client, script, traffic):
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/A/1", at="A")
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/B/1", at="B")
        assert len(script.asked) == 1
        script.clock.instant += timedelta(seconds=600)
        await ask(client, traffic, "/B/2", at="B")
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/A/2", at="A")
        await ask(client, traffic, "/B/3", at="B")  # nobody waits for A any more
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/A/3", at="A")
        paths = [one.path for one in script.asked]
    assert paths == ["/A/1", "/B/2", "/A/2", "/B/3"]


async def test_a_limit_on_one_endpoint_holds_back_no_other() -> None:
    burst = says(status=429, Retry_After="600", RateLimit_Reason="jira-burst-based")
    async with trafficked(burst, says(), limits=ONCE) as (client, script, traffic):
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/rest/api/3/issue/10001/changelog")
        with pytest.raises(RateLimited):
            await ask(client, traffic, "/rest/api/3/issue/10002/changelog")
        await ask(client, traffic, "/rest/api/3/myself")
        assert len(script.asked) == 2


async def test_a_limit_of_the_whole_tenant_holds_back_everything() -> None:
    quota = says(status=429, Retry_After="600", RateLimit_Reason="jira-quota-tenant-based")
    async with trafficked(quota, says(), limits=ONCE) as (client, script, traffic):
        for path in ("/rest/api/3/search/jql", "/rest/api/3/myself"):
            with pytest.raises(RateLimited):
                await ask(client, traffic, path)
        assert len(script.asked) == 1


# --- replicas -------------------------------------------------------------------------------------


async def test_a_pause_of_one_replica_is_kept_by_another() -> None:
    board = Board()
    async with trafficked(says(status=429, Retry_After="600"), says(), limits=ONCE) as (
        client,
        script,
        _,
    ):
        mine, theirs = (traffic_on(script.clock, board) for _ in range(2))
        with pytest.raises(RateLimited):
            await ask(client, mine, "/x")
        with pytest.raises(RateLimited) as held:
            await ask(client, theirs, "/y")
        assert held.value.retry_at == NOON + timedelta(seconds=600)
        script.clock.instant = held.value.retry_at
        await ask(client, theirs, "/y")
        assert len(script.asked) == 2


async def test_a_pause_of_less_than_a_second_is_not_worth_telling() -> None:
    board = Board()
    replies = [says(status=429, Retry_After="0.5"), says()]
    async with trafficked(*replies, board=board) as (client, _, traffic):
        await ask(client, traffic, "/x")
    assert board.notes == {}


async def test_it_is_looked_every_few_seconds_and_not_at_every_call() -> None:
    board = Board()
    async with trafficked(says(), board=board) as (client, script, traffic):
        for _ in range(10):
            await ask(client, traffic, "/x")
        assert board.looks == 1
        script.clock.instant += timedelta(seconds=5)
        await ask(client, traffic, "/x")
        assert board.looks == 2


# --- outages --------------------------------------------------------------------------------------


async def fail(client: HttpClient, traffic: Traffic, times: int, at: str = "") -> None:
    for _ in range(times):
        with pytest.raises(Unreachable):
            await ask(client, traffic, "/x", at=at)


async def test_f2_a_tracker_that_does_not_answer_is_left_alone_and_looked_at_now_and_then() -> None:
    async with trafficked(says(status=503), limits=Limits(attempts=5)) as (client, script, traffic):
        await fail(client, traffic, 3)
        assert len(script.asked) == 15
        began = script.at[0]
        with pytest.raises(Unreachable, match="has not answered since"):
            await ask(client, traffic, "/x")
        assert len(script.asked) == 15
        rests = []
        for _ in range(6):
            assert traffic.outage is not None
            assert traffic.outage.since > began - timedelta(seconds=1)
            rests.append(traffic.outage.next_at - script.clock.now())
            script.clock.instant = traffic.outage.next_at
            await fail(client, traffic, 3)
        assert len(script.asked) == 15 + 6  # one call each time, without further attempts
        assert [round(rest.total_seconds() / 60) for rest in rests] == [1, 2, 4, 8, 15, 15]


async def test_f2_the_first_answer_ends_the_outage() -> None:
    board = Board()
    replies = [*[says(status=500)] * 3, says()]
    async with trafficked(*replies, board=board, limits=ONCE) as (client, script, traffic):
        await fail(client, traffic, 3)
        assert board.notes[UNREACHABLE].paused_until == NOON + timedelta(minutes=1)
        script.clock.instant += timedelta(minutes=1)
        await asyncio.gather(
            *(ask(client, traffic, f"/{n}") for n in range(4)), return_exceptions=True
        )
        await ask(client, traffic, "/x")
        assert traffic.outage is None
        assert board.notes == {}


async def test_f2_one_replica_looks_for_all() -> None:
    board = Board()
    async with trafficked(says(status=500), limits=ONCE) as (client, script, _):
        replicas = [traffic_on(script.clock, board) for _ in range(3)]
        await fail(client, replicas[0], 3)
        for replica in replicas:
            await fail(client, replica, 1)
        assert len(script.asked) == 3
        script.clock.instant += timedelta(minutes=1)
        for replica in replicas:
            await fail(client, replica, 1)
        assert len(script.asked) == 4


async def test_a_command_looks_at_once_whether_a_tracker_answers_again() -> None:
    board = Board()
    replies = [*[says(status=500)] * 3, says()]
    async with trafficked(*replies, limits=ONCE) as (client, script, _):
        await fail(client, traffic_on(script.clock, board), 3)
        await ask(client, traffic_on(script.clock, board, eager=True), "/x")
        assert board.notes == {}


async def test_one_container_that_fails_leaves_the_others_alone() -> None:
    async with trafficked(says(status=500), limits=ONCE) as (client, script, traffic):
        await fail(client, traffic, 10, at="A")
        assert traffic.outage is None
        assert len(script.asked) == 10


# --- refused credentials --------------------------------------------------------------------------


async def test_f45_refused_credentials_stay_refused_when_the_client_is_made_anew() -> None:
    async with trafficked(says(status=401)) as (client, script, traffic):
        anew = HttpClient(
            client._exchange._session,
            client.origin.base,
            auth=client._auth,
            clock=script.clock,
        )
        for one in (client, anew):
            with pytest.raises(AuthFailed):
                await ask(one, traffic, "/x")
        assert len(script.asked) == 1
        script.clock.instant += timedelta(minutes=5)
        with pytest.raises(AuthFailed):
            await ask(anew, traffic, "/x")
        assert len(script.asked) == 2


async def test_f45_other_credentials_are_tried_at_once() -> None:
    async with trafficked(says(status=401)) as (client, script, traffic):
        other = HttpClient(
            client._exchange._session,
            client.origin.base,
            auth=lambda: {"Authorization": "Bearer renewed"},
            clock=script.clock,
        )
        for one in (client, other):
            with pytest.raises(AuthFailed):
                await ask(one, traffic, "/x")
        assert len(script.asked) == 2
