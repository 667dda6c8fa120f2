"""The feeds, the census and the recycle bin: what is asked, what is found, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.azure_devops.cursor import Mark
from syncer.connect.testing.script import (
    Event,
    ItemState,
    Phase,
    ScriptedItem,
    ScriptedLink,
    Sprint,
    Status,
)
from syncer.connect.testing.server import RecordedRequest, answer, with_headers
from syncer.connect.testing.world import World, uniform_world
from syncer.domain.cursor import Cursor
from syncer.domain.link import LinkKind
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, CursorExpired, RateLimited, Rejected
from tests.connectors.azure_devops.small_ado import (
    ACME,
    BEGIN,
    NOW,
    Still,
    made,
    read,
    records,
    ref,
    running,
    small_world,
)

HOUR = timedelta(hours=1)
REVISIONS = "*/reporting/workitemrevisions"
LINKS = "*/reporting/workitemlinks"


def related(world: World, one: str, other: str) -> None:
    """The item `other` is edited: it gets the link, and a revision by it."""
    world.link(
        ScriptedLink(
            id=f"r{one}-{other}", kind=LinkKind.RELATES, source=one, target=other, created_at=NOW
        )
    )


async def test_the_organisation_is_read_as_one_and_then_only_what_changed() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (ado, connector):
        first = await read(connector)
        assert set(records(first)) == {"1", "2", "3", "4", "5", "6"}
        paths = {request.path for request in ado.server.requests}
        assert not [x for x in paths if "/reporting/" in x and not x.startswith("/acme/_apis/")]
        clock.instant += HOUR
        world.edit("4", clock.instant, title="Changed")
        ado.server.forget_requests()
        second = await read(connector, first[-1].cursor)
    assert list(records(second)) == ["4"]
    asked = [dict(one.query) for one in ado.server.requests if one.path.endswith("revisions")]
    assert [one["includeDeleted"] for one in asked] == ["true"]
    assert asked[0]["continuationToken"]


async def test_a_link_brings_its_far_end_which_has_no_revision_of_it() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        first = await read(connector)
        related(world, "1", "4")
        clock.instant += HOUR
        second = await read(connector, first[-1].cursor)
        assert [[r.item.ref.id for r in page.records] for page in second] == [["4"], ["1"]]
        assert [link.to for link in records(second)["1"].item.links] == [ref(4)]
        third = await read(connector, second[-1].cursor)
    assert records(third) == {}


async def test_without_the_feed_of_links_the_rest_is_read_and_that_is_said() -> None:
    async with running(small_world()) as (ado, connector):
        ado.quirks.refused = ("/reporting/workitemlinks",)
        pages = await read(connector)
    assert len(records(pages)) == 6
    assert {name for page in pages for name in page.missing_detail} == {"links feed"}


@pytest.mark.parametrize(
    ("refused", "missing"),
    [
        ("/updates", "history"),
        ("/workitemtypes", "state categories"),
        ("/classificationnodes", "iterations"),
    ],
)
async def test_a_detail_that_is_refused_costs_only_itself(refused: str, missing: str) -> None:
    async with running(small_world()) as (ado, connector):
        ado.quirks.refused = (refused,)
        pages = await read(connector)
    assert len(records(pages)) == 6
    assert {name for page in pages for name in page.missing_detail} == {missing}
    item = records(pages)["4"].item
    assert item.history_complete is (missing != "history")
    assert item.status_category == "TODO"  # by its name, which is a usual one


async def test_long_histories_are_read_to_the_end() -> None:
    world = small_world()
    events = tuple(
        Event(at=BEGIN + timedelta(minutes=n), changes={"title": f"Title {n}"})
        for n in range(1, 450)
    )
    initial = ItemState(container="Network", key="Network-9", title="Title 0")
    world.create(
        ScriptedItem(id="9", created_at=BEGIN, reporter="", initial=initial, events=events)
    )
    async with running(world) as (ado, connector):
        (record,) = (await connector.fetch([ref(9)])).records
        asked = ado.server.count("*/workItems/9/updates")
    assert [change.after for change in record.changes][-1] == "Title 449"
    assert (len(record.changes), asked) == (449, 3)


def too_long_for(most: int, count: Callable[[RecordedRequest], int]) -> dict[str, Any]:
    """A fault for requests that ask for more than so many at once."""
    return {
        "fault": answer(200, body=b" " * (33 * 1024 * 1024)),
        "times": None,
        "when": lambda request: count(request) > most,
    }


async def test_what_is_too_much_for_one_answer_is_asked_for_in_parts() -> None:
    world = uniform_world(count=20)
    async with running(world, history=False) as (ado, connector):
        ado.server.fail(**too_long_for(8, lambda one: one.body.count(b",") - 1), path="*batch")
        assert len(records(await read(connector))) == 20
    async with running(small_world()) as (ado, connector):
        tops = lambda one: int(one.query.get("$top", 0))  # noqa: E731  as short as it gets
        ado.server.fail(**too_long_for(30, tops), path="*/workItems/3/updates")
        record = records(await read(connector))["3"]
        assert record.item.history_complete
        ado.server.fail(**too_long_for(0, tops), path="*/workItems/4/updates")
        pages = await read(connector)
    assert not records(pages)["4"].item.history_complete
    assert {name for page in pages for name in page.missing_detail} == {"history"}


async def test_a_history_in_another_shape_costs_only_itself() -> None:
    async with running(small_world()) as (ado, connector):
        body = b'{"value": [{"id": "x"}, 7, null]}'
        ado.server.fail(answer(200, body=body), path="*/workItems/3/updates")
        found = records(await read(connector))
    assert [id_ for id_, one in found.items() if not one.item.history_complete] == ["3"]


# --- cursors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "7", '{"v":1}', '{"v":2,"whole":true}', '{"v":1,"whole":"yes"}',
     '{"v":1,"whole":true,"revisions":7,"links":null,"links_from":null}'],
)  # fmt: skip
async def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CursorExpired):
        Mark.of(Cursor(text))


async def test_another_container_is_refused() -> None:
    async with running(small_world()) as (ado, connector):
        with pytest.raises(Rejected, match="acme"):
            _ = [x async for x in connector.changes(ContainerKey("ado", "Network"), None)]
        assert ado.server.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"values": [], "isLastBatch": false}',
        b'{"values": [], "isLastBatch": false, "continuationToken": "w1"}',
        b'{"isLastBatch": true, "continuationToken": "w1"}',
        b'{"values": {}, "isLastBatch": true}',
    ],
)
async def test_a_feed_that_leads_nowhere_or_in_circles_is_an_error(body: bytes) -> None:
    async with running(small_world()) as (ado, connector):
        ado.server.fail(answer(200, body=body), times=None, path=REVISIONS)
        with pytest.raises(BadPayload):
            await read(connector)


async def test_many_batches_may_be_empty_before_the_next_row() -> None:
    world = small_world()
    empty = [
        answer(200, body=f'{{"values": [], "isLastBatch": false, "continuationToken": "e{n}"}}')
        for n in range(40)
    ]
    async with running(world) as (ado, connector):
        for batch in empty:
            ado.server.fail(batch, path=REVISIONS)
        last = b'{"values": [{"id": 3}], "isLastBatch": true, "continuationToken": "w9"}'
        ado.server.fail(answer(200, body=last), path=REVISIONS)
        assert list(records(await read(connector))) == ["3"]


@pytest.mark.parametrize("path", [REVISIONS, LINKS])
async def test_a_token_that_is_not_known_any_more_has_expired(path: str) -> None:
    async with running(small_world()) as (ado, connector):
        first = await read(connector)
        ado.server.fail(answer(400, body='{"message": "The token is not valid"}'), path=path)
        with pytest.raises(CursorExpired):
            await read(connector, first[-1].cursor)
        ado.server.fail(answer(400, body='{"message": "no"}'), path=REVISIONS)
        with pytest.raises(Rejected):
            await read(connector)


async def test_a_state_or_iteration_that_was_just_made_is_asked_about() -> None:
    world = small_world()
    async with running(world) as (ado, connector):
        await read(connector)
        world.statuses = (*world.statuses, Status(name="Quantum", phase=Phase.PROGRESS))
        end = NOW + timedelta(days=20)
        world.add_sprint(Sprint(id="8", name="Sprint 8", start=NOW, end=end))
        world.edit("3", NOW, status="Quantum", sprint="8")
        (record,) = (await connector.fetch([ref(3)])).records
        assert record.item.status_category == "IN_PROGRESS"
        assert [sprint.end for sprint in record.item.sprints] == [end.date()]
        ado.server.forget_requests()
        for _ in range(3):
            world.edit("3", NOW, status="Unheard of")
            (record,) = (await connector.fetch([ref(3)])).records
        assert record.item.status_category == "UNKNOWN"
        assert ado.server.count("*/workitemtypes") == 1


async def test_a_token_is_found_in_the_address_of_the_next_batch() -> None:
    body = b'{"values": [], "isLastBatch": true, "nextLink": "https://evil.example/?continuationToken=9"}'
    async with running(small_world()) as (ado, connector):
        ado.server.fail(answer(200, body=body), path=REVISIONS)
        pages = await read(connector)
        assert Mark.of(pages[-1].cursor).revisions == "9"
        assert all(one.headers["host"].startswith("127.0.0.1") for one in ado.server.requests)


# --- what is not there ----------------------------------------------------------------------------


async def test_what_lies_in_the_recycle_bin_is_gone_and_what_was_destroyed_is_out_of_sight() -> (
    None
):
    world = small_world()
    for number in ("3", "4"):
        world.delete(number, NOW)
    world.hide("5", NOW)
    async with running(world) as (ado, connector):
        ado.destroyed.add("4")
        fetched = await connector.fetch([ref(n) for n in (3, 4, 5, 6)])
        assert (fetched.gone, fetched.hidden) == ((ref(3),), (ref(4), ref(5)))
        assert [r.item.ref for r in fetched.records] == [ref(6)]
        ado.quirks.refused = ("/recyclebin",)
        blind = await connector.fetch([ref(3)])
    assert (blind.gone, blind.hidden) == ((), (ref(3),))


async def test_a_restored_item_comes_back() -> None:
    world, clock = small_world(), Still()
    async with running(world, clock=clock) as (_, connector):
        first = await read(connector)
        world.delete("3", NOW)
        clock.instant += HOUR
        second = await read(connector, first[-1].cursor)
        assert (records(second), [page.gone for page in second if page.gone]) == ({}, [(ref(3),)])
        world.edit("3", clock.instant, deleted=False)
        clock.instant += HOUR
        third = await read(connector, second[-1].cursor)
    assert list(records(third)) == ["3"]


async def test_ids_that_are_none_are_never_asked_for() -> None:
    odd = ["", "0", "-1", "012", "1e3", "99999999999", "٣", "x", "1,2", "2147483648"]
    async with running(small_world()) as (ado, connector):
        fetched = await connector.fetch([ItemRef("ado", text) for text in odd])
        assert len(fetched.hidden) == len(odd)
        assert ado.server.count("*/workitemsbatch") == 0


async def test_many_are_asked_for_in_batches_of_two_hundred() -> None:
    world = uniform_world(count=450)
    async with running(world, history=False, page_size=1000) as (ado, connector):
        pages = await read(connector)
        assert len(records(pages)) == 450
        assert ado.server.count("*/workitemsbatch") == 3


# --- census ---------------------------------------------------------------------------------------


async def census(connector: Any) -> list[str]:
    return [one.id async for one in connector.inventory(ACME)]


async def test_a_census_goes_beyond_the_ceiling_of_a_query() -> None:
    world = uniform_world(count=25)
    async with running(world, census_page=10) as (ado, connector):
        ado.quirks.ceiling = 10
        assert len(await census(connector)) == 25
        assert ado.server.count("*/wiql") == 4


async def test_what_is_no_work_is_left_out_everywhere() -> None:
    world = small_world()
    made(world, 8, type="Test Case")
    made(world, 9, type="Chore")
    async with running(world, skip_types=["chore"]) as (ado, connector):
        assert set(records(await read(connector))) == {"1", "2", "3", "4", "5", "6"}
        assert await census(connector) == ["1", "2", "3", "4", "5", "6", "9"]  # "chore" is "Chore"
        assert (await connector.fetch([ref(8)])).hidden == (ref(8),)
        ado.quirks.no_type_names = True
        assert await census(connector) == ["1", "2", "3", "4", "5", "6", "8", "9"]
    async with running(world, types={"Test Case": "item"}) as (_, connector):
        assert {"8", "9"} < set(records(await read(connector)))


async def test_projects_can_be_chosen_and_left_out() -> None:
    chosen: list[dict[str, Any]] = [{"projects": ["smart*"]}, {"exclude_projects": ["Network"]}]
    for config in chosen:
        async with running(small_world(), **config) as (_, connector):
            assert set(records(await read(connector))) == {"6"}
            assert await census(connector) == ["6"]
            assert (await connector.fetch([ref(3), ref(6)])).hidden == (ref(3),)


async def test_a_census_that_runs_backwards_is_refused() -> None:
    async with running(small_world()) as (ado, connector):
        body = b'{"workItems": [{"id": 5}, {"id": 4}]}'
        ado.server.fail(answer(200, body=body), times=None, path="*/wiql")
        with pytest.raises(BadPayload):
            await census(connector)


# --- limits ---------------------------------------------------------------------------------------


async def test_a_wish_to_slow_down_with_a_good_answer_is_heard() -> None:
    clock = Still()
    async with running(small_world(), clock=clock) as (ado, connector):
        ado.server.fail(with_headers({"Retry-After": "20", "X-RateLimit-Delay": "3.1"}))
        assert len(records(await read(connector))) == 6
    assert 20 <= sum(clock.slept) < 25


async def test_a_block_is_told_with_its_end() -> None:
    async with running(small_world()) as (ado, connector):
        ado.limits.limit = 3
        with pytest.raises(RateLimited) as limited:
            await read(connector)
    assert limited.value.retry_at >= NOW + timedelta(minutes=5)
