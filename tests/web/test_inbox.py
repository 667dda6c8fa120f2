from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import NotFound
from syncer.store.claims import begin, claim, finish, release, renew, retry_later, set_aside
from syncer.store.daemon_tables import InboxRow
from syncer.store.engine import Store
from syncer.store.inbox import (
    LONGEST_ID,
    Arrival,
    Chosen,
    Delivery,
    InboxState,
    accept,
    count_chosen,
    inbox_counts,
    list_deliveries,
    load_delivery,
    oldest_pending,
    replay,
)
from syncer.store.leases import LEASE, database_now
from syncer.store.rows import table_of

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
INBOX = table_of(InboxRow)


async def keep(
    store: Store,
    delivery_id: str,
    *,
    body: bytes = b"",
    connection: str = "jira",
    item: str = "",
    state: InboxState = InboxState.PENDING,
    at: datetime = AT,
) -> int | None:
    async with store.write() as session:
        [number] = await accept(
            session,
            [
                Arrival(
                    connection=connection,
                    delivery_id=delivery_id,
                    body=body or f"{connection} {delivery_id}".encode(),
                    headers={"content-type": "application/json"},
                    event="issue_updated",
                    refs=[ItemRef(connection, item or f"item of {delivery_id}", "acme/phone#12")],
                    state=state,
                    at=at,
                )
            ],
        )
    return number


async def take(store: Store, owner: str = "one", *, limit: int = 10) -> list[Delivery]:
    async with store.write() as session:
        taken = await claim(session, owner, limit=limit)
        assert await begin(session, [one.id for one in taken], owner=owner)
    return taken


async def counts(store: Store) -> dict[InboxState, int]:
    async with store.read() as session:
        return {state: n for state, n in (await inbox_counts(session)).items() if n}


async def let_claims_run_out(store: Store) -> None:
    async with store.write() as session:
        past = await database_now(session) - timedelta(seconds=1)
        await session.execute(INBOX.update().values(claimed_until=past))


async def test_a_delivery_comes_back_as_it_was_kept(store: Store) -> None:
    refs = (ItemRef("github", "I_1", "acme/phone#12"), ItemRef("github", "I_2"))
    async with store.write() as session:
        [number] = await accept(
            session,
            [
                Arrival(
                    connection="github",
                    delivery_id="guid",
                    body=b"\x00\xff not even JSON",
                    headers={"x-github-event": "issues"},
                    event="issues.transferred",
                    refs=refs,
                    deleted=refs[:1],
                    containers=[ContainerKey("github", "acme/phone")],
                    note="",
                    at=AT,
                )
            ],
        )
    assert number is not None
    async with store.read() as session:
        raw = await load_delivery(session, number)

    assert raw.body == b"\x00\xff not even JSON"
    assert raw.headers == {"x-github-event": "issues"}
    assert raw.delivery == Delivery(
        id=number,
        connection="github",
        delivery_id="guid",
        event="issues.transferred",
        received_at=AT,
        refs=refs,
        deleted=refs[:1],
        containers=(ContainerKey("github", "acme/phone"),),
        state=InboxState.PENDING,
        note="",
        tries=0,
    )
    assert [ref.locator for ref in raw.delivery.refs] == ["acme/phone#12", ""]


async def test_an_unknown_delivery_is_not_found(store: Store) -> None:
    async with store.read() as session:
        with pytest.raises(NotFound, match="no delivery 4711"):
            await load_delivery(session, 4711)


async def test_a9_the_same_delivery_id_is_kept_once(store: Store) -> None:
    first = await keep(store, "guid", body=b"{}")

    assert first is not None
    assert await keep(store, "guid", body=b'{"altered": 1}') is None
    assert await counts(store) == {InboxState.PENDING: 1}


async def test_a10_the_same_body_under_a_new_delivery_id_is_kept_once(store: Store) -> None:
    await keep(store, "guid", body=b"{}")

    assert await keep(store, "another", body=b"{}") is None
    assert await counts(store) == {InboxState.PENDING: 1}


async def test_two_connections_may_have_the_same_id_and_body(store: Store) -> None:
    await keep(store, "guid", body=b"{}", connection="jira")

    assert await keep(store, "guid", body=b"{}", connection="github") is not None


async def test_without_an_id_the_body_is_the_identity(store: Store) -> None:
    number = await keep(store, "", body=b"{}")

    assert number is not None
    assert await keep(store, "", body=b"{}") is None
    assert await keep(store, "", body=b"{ }") is not None
    async with store.read() as session:
        found = await load_delivery(session, number)
    assert found.delivery.delivery_id == "sha256:" + hashlib.sha256(b"{}").hexdigest()


async def test_a_delivery_that_comes_in_at_once_at_two_replicas_is_kept_once(store: Store) -> None:
    kept = await asyncio.gather(*(keep(store, "guid", body=b"{}") for _ in range(6)))

    assert len([one for one in kept if one is not None]) == 1


@pytest.mark.parametrize("hostile", ["a\0b", "\ud800", "x" * 100_000, "ü" * 3000], ids=repr)
async def test_a24_no_text_of_a_delivery_upsets_the_database(store: Store, hostile: str) -> None:
    async with store.write() as session:
        [number] = await accept(
            session,
            [
                Arrival(
                    connection="jira",
                    delivery_id=hostile,
                    body=hostile.encode("utf-8", "surrogatepass"),
                    headers={"x": hostile},
                    event=hostile,
                    refs=[ItemRef("jira", hostile, hostile)],
                    containers=[ContainerKey("jira", hostile)],
                    state=InboxState.QUARANTINED,
                    note=hostile,
                    at=AT,
                )
            ],
        )
    assert number is not None
    async with store.read() as session:
        found = await load_delivery(session, number)
    assert len(found.delivery.delivery_id) <= LONGEST_ID
    assert await keep(store, hostile, body=b"other") is None


async def test_what_is_claimed_belongs_to_one_worker(store: Store) -> None:
    for name in "abc":
        await keep(store, name)

    mine = await take(store, "one", limit=2)
    yours = await take(store, "two", limit=2)

    assert [one.delivery_id for one in mine] == ["a", "b"]
    assert [one.delivery_id for one in yours] == ["c"]
    assert await take(store, "three") == []
    assert {one.tries for one in mine} == {1}


async def test_workers_that_claim_at_once_get_different_deliveries(store: Store) -> None:
    for number in range(20):
        await keep(store, str(number))

    shares = await asyncio.gather(*(take(store, f"worker {n}", limit=5) for n in range(4)))
    claimed = [one.id for share in shares for one in share]

    assert len(claimed) == len(set(claimed))
    assert claimed


async def test_a_claim_runs_out_by_the_database_clock(store: Store) -> None:
    await keep(store, "a")
    await take(store, "dead")
    async with store.read() as session:
        now = await database_now(session)
        until = (await session.execute(INBOX.select())).one().claimed_until
    assert timedelta() < until - now <= LEASE

    await let_claims_run_out(store)

    assert [one.tries for one in await take(store, "alive")] == [2]


async def test_what_was_claimed_and_never_begun_was_no_try(store: Store) -> None:
    await keep(store, "a")
    async with store.write() as session:
        await claim(session, "dead", limit=10)
    await let_claims_run_out(store)

    [again] = await take(store, "alive")
    assert again.tries == 1
    async with store.write() as session:
        assert not await begin(session, [again.id], owner="dead")


async def test_a_worker_may_hold_on_to_what_it_works_on(store: Store) -> None:
    await keep(store, "a")
    await take(store, "slow")
    await let_claims_run_out(store)
    async with store.write() as session:
        assert await renew(session, "slow") == 1

    assert await take(store, "other") == []


async def test_what_is_given_back_is_there_at_once_and_was_no_try(store: Store) -> None:
    await keep(store, "a")
    await keep(store, "b")
    mine = await take(store, "one", limit=1)
    await take(store, "two", limit=1)
    async with store.write() as session:
        begun = [one.id for one in mine]
        assert await release(session, "one", begun=begun) == 1

    assert [(one.delivery_id, one.tries) for one in await take(store, "three")] == [("a", 1)]


async def test_finished_deliveries_are_done(store: Store) -> None:
    await keep(store, "a")
    claimed = await take(store)
    async with store.write() as session:
        assert await finish(session, [one.id for one in claimed], owner="one", at=AT)
        assert await finish(session, [], owner="one", at=AT)

    assert await counts(store) == {InboxState.DONE: 1}
    await let_claims_run_out(store)
    assert await take(store) == []


async def test_a_delivery_that_failed_waits(store: Store) -> None:
    number = await keep(store, "a")
    assert number is not None
    await take(store)
    async with store.write() as session:
        await retry_later(session, [number], note="no answer", after=timedelta(hours=1))

    assert await take(store) == []
    async with store.write() as session:
        await retry_later(session, [number], note="no answer", after=timedelta())
    [again] = await take(store)
    assert (again.note, again.tries) == ("no answer", 2)


async def test_what_is_set_aside_stays_until_it_is_replayed(store: Store) -> None:
    number = await keep(store, "a")
    assert number is not None
    await take(store)
    async with store.write() as session:
        await set_aside(session, [number], note="failed five times", at=AT)

    assert await take(store) == []
    async with store.read() as session:
        [shown] = await list_deliveries(session, state=InboxState.QUARANTINED)
    assert shown.note == "failed five times"

    async with store.write() as session:
        assert await replay(session) == 1
    [again] = await take(store)
    assert (again.tries, again.note) == (1, "")


async def test_deliveries_are_replayed_by_number_or_since_an_instant(store: Store) -> None:
    early = await keep(store, "early", state=InboxState.DONE, at=AT)
    await keep(store, "late", state=InboxState.DONE, at=AT + timedelta(hours=1))
    await keep(store, "ignored", state=InboxState.IGNORED, at=AT + timedelta(hours=2))
    assert early is not None

    async with store.write() as session:
        assert await replay(session, Chosen(ids=[early])) == 1
        assert await replay(session, Chosen(ids=[early])) == 0
        assert await replay(session, Chosen(since=AT + timedelta(minutes=1))) == 2
    assert await counts(store) == {InboxState.PENDING: 3}


async def test_deliveries_are_replayed_by_connection_state_and_span(store: Store) -> None:
    for hour, connection in enumerate(("jira", "jira", "github", "jira")):
        for state in (InboxState.DONE, InboxState.QUARANTINED):
            name = f"{connection} {hour} {state}"
            at = AT + timedelta(hours=hour)
            await keep(store, name, connection=connection, state=state, at=at)
    span = Chosen(since=AT + timedelta(hours=1), until=AT + timedelta(hours=3))
    jira = replace(span, connection="jira")
    chosen = {
        Chosen(): 4,
        Chosen(connection="jira"): 3,
        Chosen(connection="jira", state=InboxState.DONE): 3,
        Chosen(state=InboxState.IGNORED): 0,
        span: 4,
        jira: 2,
        replace(jira, state=InboxState.DONE): 1,
    }

    async with store.read() as session:
        assert {one: await count_chosen(session, one) for one in chosen} == chosen
    async with store.write() as session:
        assert await replay(session, jira) == 2
        assert await replay(session, jira) == 0
        assert await count_chosen(session, Chosen()) == 3


async def test_a71_a_flood_from_one_connection_does_not_hold_up_another(store: Store) -> None:
    for number in range(30):
        await keep(store, str(number), connection="loud")
    await keep(store, "quiet", connection="quiet")

    first = await take(store, limit=4)

    assert "quiet" in {one.connection for one in first}
    assert len(first) <= 4


async def test_the_inbox_tells_how_it_is_doing(store: Store) -> None:
    async with store.read() as session:
        assert await inbox_counts(session) == dict.fromkeys(InboxState, 0)
        assert await oldest_pending(session) is None
    await keep(store, "done", state=InboxState.DONE, at=AT)
    await keep(store, "b", at=AT + timedelta(hours=2))
    await keep(store, "c", at=AT + timedelta(hours=1))

    assert await counts(store) == {InboxState.PENDING: 2, InboxState.DONE: 1}
    async with store.read() as session:
        assert await oldest_pending(session) == AT + timedelta(hours=1)
        newest = await list_deliveries(session, limit=2)
    assert [one.delivery_id for one in newest] == ["c", "b"]
