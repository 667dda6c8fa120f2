from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import pytest

from syncer.clock import FixedClock
from syncer.connect.protocol import Finding, Page
from syncer.domain.cursor import Cursor
from syncer.domain.item import Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import SourceState
from syncer.errors import (
    AuthFailed,
    Busy,
    CursorExpired,
    RateLimited,
    Rejected,
    SyncerError,
    Unreachable,
)
from syncer.store.engine import Store
from syncer.store.items import count_items, load_items
from syncer.store.leases import Holder, acquire, current_holder
from syncer.store.sources import load_sources
from syncer.sync.connection import ConnectionResult, Wanted, pull_connection
from syncer.sync.lease import container_lease, held, this_process
from syncer.sync.pull import Errand, PullResult, pull_container
from tests.store.samples import NET, NOON, record
from tests.sync.tracker import MemoryConnector, Shelf

OUT = ContainerKey("jira", "OUT")
PHN = ContainerKey("jira", "PHN1")
LATER = NOON + timedelta(days=1)


def _shelf(count: int, container: ContainerKey = NET, first: int = 0) -> Shelf:
    shelf = Shelf()
    shelf.put(*(record(n, container=container) for n in range(first, first + count)))
    return shelf


async def _pull(store: Store, connector: MemoryConnector, *, full: bool = False) -> PullResult:
    errand = Errand(full=full)
    return await pull_container(store, connector, NET, clock=FixedClock(NOON), errand=errand)


async def _sync(
    store: Store,
    connector: MemoryConnector,
    *,
    wanted: Wanted | None = None,
    at: datetime = NOON,
    full: bool = False,
) -> ConnectionResult:
    return await pull_connection(
        store,
        connector,
        connection="jira",
        clock=FixedClock(at),
        wanted=wanted,
        errand=Errand(full=full),
    )


async def _sources(store: Store) -> dict[str, SourceState]:
    async with store.read() as session:
        return {source.container: source for source in await load_sources(session)}


async def _count(store: Store) -> int:
    async with store.read() as session:
        return await count_items(session)


async def test_the_first_pull_stores_everything_and_the_second_fetches_nothing(
    store: Store,
) -> None:
    shelf = _shelf(250)
    connector = MemoryConnector({NET: shelf})

    first = await _pull(store, connector)
    second = await _pull(store, connector)

    assert (first.items_seen, first.stored, first.pages, first.error) == (250, 250, 3, "")
    assert (second.items_seen, second.pages, second.error) == (0, 0, "")
    assert await _count(store) == 250


async def test_after_a_failure_the_pull_goes_on_at_the_last_page(store: Store) -> None:
    shelf = _shelf(250)
    shelf.fail_at_page, shelf.error = 2, Unreachable("timed out")
    connector = MemoryConnector({NET: shelf})

    failed = await _pull(store, connector)
    source = (await _sources(store))["NET"]
    shelf.fail_at_page = shelf.error = None
    again = await _pull(store, connector)

    assert (failed.items_seen, failed.error) == (200, "timed out")
    assert (source.last_success_at, source.error) == (None, "timed out")
    assert (again.items_seen, again.error, shelf.sent) == (50, "", 250)
    assert (await _sources(store))["NET"].last_success_at == NOON


async def test_a_full_pull_begins_anew_and_loses_nothing(store: Store) -> None:
    shelf = _shelf(120)
    connector = MemoryConnector({NET: shelf})
    await _pull(store, connector)
    shelf.records.pop(record(0).item.uid)

    full = await _pull(store, connector, full=True)

    assert shelf.asked[-1] is None
    assert (full.items_seen, full.stored) == (119, 0)
    assert await _count(store) == 120


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("503"),
        Rejected("410", status=410),
        RateLimited("429", retry_at=LATER),
        AuthFailed("401"),
        KeyError("a fault of the connector"),
    ],
)
async def test_what_could_not_be_read_is_an_error_and_never_nothing(
    store: Store, error: Exception
) -> None:
    shelf = Shelf(error=error)

    result = await _pull(store, MemoryConnector({NET: shelf}))

    source = (await _sources(store))["NET"]
    assert isinstance(result.failure, SyncerError)
    assert source.error == result.error != ""
    assert source.last_success_at is None


async def test_a_container_that_suddenly_shows_nothing_is_an_error(store: Store) -> None:
    shelf = _shelf(3)
    connector = MemoryConnector({NET: shelf})
    await _pull(store, connector)
    shelf.records.clear()

    result = await _pull(store, connector, full=True)

    assert "3 are stored" in result.error
    assert await _count(store) == 3


async def test_an_empty_container_is_a_success(store: Store) -> None:
    result = await _pull(store, MemoryConnector({NET: Shelf()}))

    assert result.error == ""
    assert (await _sources(store))["NET"].last_success_at == NOON


async def test_an_expired_cursor_begins_anew_once(store: Store) -> None:
    class Expiring(MemoryConnector):
        expired = False

        async def changes(
            self, container: ContainerKey, since: Cursor | None
        ) -> AsyncGenerator[Page]:
            if since is not None and self.expired:
                self.expired = False
                raise CursorExpired("too old")
            async for page in super().changes(container, since):
                yield page

    connector = Expiring({NET: _shelf(150)})
    await _pull(store, connector)
    connector.expired = True

    result = await _pull(store, connector)

    assert (result.items_seen, result.stored, result.error) == (150, 0, "")


async def test_missing_detail_is_kept_until_details_are_asked_again(store: Store) -> None:
    shelf = _shelf(1)
    shelf.missing = ("remote links",)
    connector = MemoryConnector({NET: shelf})

    await _pull(store, connector)
    await _pull(store, connector)
    assert (await _sources(store))["NET"].missing_detail == ("remote links",)

    shelf.missing = ()
    shelf.put(record(9))
    await _pull(store, connector)
    assert (await _sources(store))["NET"].missing_detail == ()


async def test_unreadable_items_are_counted_with_the_source(store: Store) -> None:
    shelf = _shelf(5)
    bad = Unreadable(ref=ItemRef("jira", "66"), key="NET-66", reason="no id", raw="{}")
    shelf.unreadable = (bad,)

    result = await _pull(store, MemoryConnector({NET: shelf}))

    assert (result.items_seen, result.stored, result.unreadable) == (6, 5, 1)
    assert (await _sources(store))["NET"].quarantined == 1


async def test_progress_is_told_of_every_page(store: Store) -> None:
    told: list[object] = []

    class Recorder:
        def started(self, container: ContainerKey, total: int | None) -> None:
            told.append(("started", container.key, total))

        def advanced(self, container: ContainerKey, seen: int, total: int | None) -> None:
            told.append((container.key, seen, total))

        def finished(self, container: ContainerKey, error: str) -> None:
            told.append(("finished", container.key, error))

    connector = MemoryConnector({NET: _shelf(250)})
    await pull_container(store, connector, NET, clock=FixedClock(NOON), progress=Recorder())

    assert told == [
        ("started", "NET", None),
        ("NET", 100, 250),
        ("NET", 200, 250),
        ("NET", 250, 250),
        ("finished", "NET", ""),
    ]


async def test_a_container_that_another_process_syncs_is_refused_by_name(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(3)})
    async with held(store, container_lease(NET), this_process("serve")):
        result = await _pull(store, connector)

    assert isinstance(result.failure, Busy)
    assert result.error.startswith(f"jira:NET is being synced by {this_process('serve').owner}")
    assert connector.shelves[NET].asked == []
    assert (await _pull(store, connector)).error == ""


async def test_a_lease_that_is_lost_on_the_way_stops_the_writing(store: Store) -> None:
    rival = Holder(owner="serve (pid 1)", host="elsewhere", pid=1)

    class Thief(MemoryConnector):
        async def changes(
            self, container: ContainerKey, since: Cursor | None
        ) -> AsyncGenerator[Page]:
            async for page in super().changes(container, since):
                if self.shelves[container].sent == 200:
                    async with store.write() as session:
                        name = container_lease(container)
                        await acquire(session, name, rival, is_dead=lambda _: True)
                yield page

    result = await _pull(store, Thief({NET: _shelf(300)}))

    assert "was lost" in result.error
    assert (result.items_seen, await _count(store)) == (100, 100)
    async with store.read() as session:
        assert await current_holder(session, container_lease(NET)) == rival


async def test_one_container_that_fails_hides_no_other(store: Store) -> None:
    bad = Shelf(error=Unreachable("503"))
    connector = MemoryConnector({NET: _shelf(3), OUT: bad, PHN: _shelf(2, PHN, first=9)})

    result = await _sync(store, connector)

    assert {r.container.key: (r.stored, r.error) for r in result.containers} == {
        "NET": (3, ""),
        "OUT": (0, "503"),
        "PHN1": (2, ""),
    }
    assert not result.ok
    assert result.error == ""
    states = await _sources(store)
    assert [states[k].last_success_at for k in ("NET", "OUT", "PHN1")] == [NOON, None, NOON]


async def test_a_connection_that_cannot_be_used_marks_all_that_is_known_of_it(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(3), OUT: _shelf(1, OUT, first=9)})
    await _sync(store, connector)
    connector.probes = [AuthFailed("401", fix="Renew the token.")]

    result = await _sync(store, connector, at=LATER)

    assert (result.error, result.identity) == ("401 Renew the token.", None)
    for source in (await _sources(store)).values():
        assert (source.error, source.last_success_at) == ("401 Renew the token.", NOON)


async def test_a_fault_of_the_connector_in_its_probe_is_an_error_of_the_connection(
    store: Store,
) -> None:
    connector = MemoryConnector({})
    connector.probes = [KeyError("x")]

    assert "fault of the connector" in (await _sync(store, connector)).error


async def test_refused_credentials_stop_the_connection_once(store: Store) -> None:
    keys = [ContainerKey("jira", f"P{n:02}") for n in range(20)]
    connector = MemoryConnector({key: Shelf(error=AuthFailed("401")) for key in keys})

    result = await _sync(store, connector)

    asked = sum(len(shelf.asked) for shelf in connector.shelves.values())
    assert asked <= 4
    assert isinstance(result.failure, AuthFailed)
    assert all(r.error == "401" for r in result.containers)
    assert all(source.error == "401" for source in (await _sources(store)).values())


async def test_a_fatal_finding_is_a_failure(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(3)})
    connector.findings = (Finding(message="No scope to read.", fix="Add it.", fatal=True),)

    result = await _sync(store, connector)

    assert result.error == "No scope to read. Add it."
    assert await _count(store) == 0


async def test_only_wanted_containers_are_read(store: Store) -> None:
    shelves = {NET: _shelf(1), OUT: _shelf(1, OUT, first=9), PHN: _shelf(1, PHN, first=19)}
    connector = MemoryConnector(shelves)

    result = await _sync(store, connector, wanted=Wanted(include=["NET", "P*"], exclude=["PHN?"]))

    assert [r.container for r in result.containers] == [NET]
    assert list(await _sources(store)) == ["NET"]


async def test_a_container_that_is_no_longer_wanted_is_no_longer_shown(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(1), OUT: _shelf(1, OUT, first=9)})
    await _sync(store, connector)
    await _sync(store, connector, wanted=Wanted(include=["OUT"]))

    assert list(await _sources(store)) == ["OUT"]
    await _sync(store, connector)
    assert list(await _sources(store)) == ["NET", "OUT"]


async def test_a_container_that_is_named_and_not_seen_is_an_error(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(1)})

    result = await _sync(store, connector, wanted=Wanted(include=["NET", "TYPO", "Z*"]))

    assert {r.container.key: bool(r.error) for r in result.containers} == {
        "NET": False,
        "TYPO": True,
    }


async def test_a_container_that_vanishes_is_an_error_and_keeps_its_items(store: Store) -> None:
    connector = MemoryConnector({NET: _shelf(2), OUT: _shelf(1, OUT, first=9)})
    await _sync(store, connector)
    connector.shelves.pop(NET)

    result = await _sync(store, connector, at=LATER)

    assert [r.container for r in result.containers if r.error] == [NET]
    assert (await _sources(store))["NET"].last_success_at == NOON
    async with store.read() as session:
        assert len(await load_items(session, container=NET)) == 2


async def test_an_idle_container_costs_nothing_only_when_that_is_safe(store: Store) -> None:
    shelf = _shelf(3)
    shelf.last_change_at = NOON - timedelta(days=9)
    connector = MemoryConnector({NET: shelf})

    passes = []
    for hours in (0, 0.5, 2, 3):
        at = NOON + timedelta(hours=hours)
        [result] = (await _sync(store, connector, at=at)).containers
        passes.append(result.skipped)
    # The first two passes began too soon after the change was first heard of.
    assert passes == [False, False, False, True]
    assert (await _sources(store))["NET"].last_success_at == NOON + timedelta(hours=3)

    shelf.last_change_at = NOON - timedelta(days=8)
    [changed] = (await _sync(store, connector, at=NOON + timedelta(hours=9))).containers
    assert not changed.skipped


async def test_an_idle_container_is_read_when_asked_in_full(store: Store) -> None:
    shelf = _shelf(3)
    shelf.last_change_at = NOON
    connector = MemoryConnector({NET: shelf})
    for hours in (0, 2):
        await _sync(store, connector, at=NOON + timedelta(hours=hours))

    [result] = (await _sync(store, connector, at=LATER, full=True)).containers

    assert (result.skipped, result.items_seen) == (False, 3)


@pytest.mark.parametrize(
    ("include", "exclude", "is_wanted"),
    [
        ((), (), True),
        (("Acme/*",), (), True),
        ((), ("acme/SECRET",), False),
        (("acme/*",), ("ACME/sec*",), False),
        (("other/*",), (), False),
    ],
)
def test_a63_what_is_excluded_stays_out_in_whatever_case(
    include: tuple[str, ...], exclude: tuple[str, ...], is_wanted: bool
) -> None:
    key = ContainerKey("github", "acme/secret")
    assert Wanted(include=include, exclude=exclude).has(key) is is_wanted
