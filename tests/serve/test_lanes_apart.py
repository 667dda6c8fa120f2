"""A daemon whose containers are of unlike sorts: what one does, no other feels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from syncer.connect.testing.script import Container, ItemState
from syncer.connect.testing.server import RecordedRequest, hang
from syncer.connect.testing.world import World, uniform_world
from tests.serve.site import Site, site, until


def two_containers() -> World:
    """Twenty issues in NET and one in BIG."""
    world = uniform_world(count=20, container="NET")
    world.add_container(Container(id="10901", key="BIG", name="Big"))
    like = world.item("20001")
    state = ItemState(container="BIG", key="BIG-1", title="the only one", assignee="person-1")
    world.create(
        type(like)(id="30001", created_at=like.created_at, reporter="person-1", initial=state)
    )
    return world


def reads_big(request: RecordedRequest) -> bool:
    return b"BIG" in request.body and b"changelog" in request.body


async def is_titled(place: Site, item: str, title: str) -> bool:
    return await place.title(item) == title


async def test_a_container_that_hangs_delays_no_pull_of_another(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with site(tmp_path / "serve", sqlite_url, two_containers()) as place:
        place.settings = "reconcile_minutes = 0.02"
        place.configure()
        place.jira.server.fail(hang(), path="*/search/jql", times=None, when=reads_big)
        async with place.serve():
            await until(lambda: _has(place, 20))
            for title in ("told by no webhook", "told by none again"):
                place.rename("20001", title)
                await until(partial(is_titled, place, "20001", title))
            assert await place.title("30001") == ""  # or nothing hung
            place.jira.server.recover()
            await until(lambda: is_titled(place, "30001", "the only one"))


async def _has(place: Site, count: int) -> bool:
    return len(await place.items()) >= count
