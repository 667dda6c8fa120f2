from __future__ import annotations

from datetime import timedelta

from syncer.domain.completeness import Completeness
from syncer.domain.cursor import Cursor
from syncer.domain.item import ItemState, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import SourceState
from syncer.store import sources
from syncer.store.codec import encode
from syncer.store.engine import Store
from syncer.store.items import save_records
from syncer.store.quarantine import clear, load_quarantine, quarantine
from tests.store.samples import NET, NOON, record

LATER = NOON + timedelta(hours=1)


def _unreadable(number: int, raw: str = "{}") -> Unreadable:
    return Unreadable(ref=ItemRef("jira", str(number)), key=f"NET-{number}", reason="no", raw=raw)


async def test_a_failure_keeps_the_last_success(store: Store) -> None:
    async with store.write() as session:
        await sources.ensure_container(session, NET, name="Network")
        await sources.finish_pass(session, NET, started_at=NOON, missing=["votes", "votes"])
        await sources.fail_container(session, NET, error="timed out", at=LATER)

    async with store.read() as session:
        [found] = await sources.load_sources(session)

    assert found == SourceState(
        connection="jira",
        container="NET",
        last_success_at=NOON,
        error="timed out",
        missing_detail=("votes",),
        detail=Completeness(items=0, unmapped=0, failing_since=LATER),
    )


async def test_a_failed_connection_marks_all_its_containers_and_no_other(store: Store) -> None:
    other = ContainerKey("ado", "CORP")
    async with store.write() as session:
        for key in (NET, other):
            await sources.ensure_container(session, key)
            await sources.finish_pass(session, key, started_at=NOON, missing=())
        await sources.fail_connection(session, "jira", kind="jira", error="no login", at=LATER)

    async with store.read() as session:
        found = {
            s.connection: (s.error, s.last_success_at) for s in await sources.load_sources(session)
        }

    assert found == {"jira": ("no login", NOON), "ado": ("", NOON)}


async def test_a_connection_that_never_answered_is_shown_and_not_forgotten(store: Store) -> None:
    async with store.write() as session:
        await sources.fail_connection(session, "jira", kind="jira", error="no login", at=NOON)

    async with store.read() as session:
        [found] = await sources.load_sources(session)

    assert (found.container, found.error, found.last_success_at) == ("", "no login", None)


async def test_a_success_after_a_failure_clears_the_error(store: Store) -> None:
    async with store.write() as session:
        await sources.ensure_container(session, NET)
        await sources.fail_connection(session, "jira", kind="jira", error="no login", at=NOON)
        await sources.save_connection(
            session, "jira", kind="jira", at=LATER, account="bot", findings=["f"]
        )
        await sources.finish_pass(session, NET, started_at=LATER, missing=())

    async with store.read() as session:
        [found] = await sources.load_sources(session)

    assert (found.error, found.last_success_at) == ("", LATER)


async def test_a_cursor_is_kept_and_a_new_name_leaves_it_alone(store: Store) -> None:
    async with store.write() as session:
        await sources.ensure_container(session, NET, name="Network")
        await sources.save_cursor(session, NET, Cursor("page 7"))
        await sources.ensure_container(session, NET, name="Networks")
        await sources.ensure_container(session, NET)
        state = await sources.container_state(session, NET)
        names = await sources.container_names(session)

    assert state is not None
    assert (state.cursor, names) == (Cursor("page 7"), {NET: "Networks"})


async def test_a_change_mark_keeps_the_time_when_it_was_first_heard(store: Store) -> None:
    async with store.write() as session:
        await sources.ensure_container(session, NET)
        await sources.note_change_mark(session, NET, NOON, at=NOON)
        await sources.note_change_mark(session, NET, NOON, at=LATER)
        state = await sources.container_state(session, NET)

    assert state is not None
    assert (state.change_mark, state.change_mark_at) == (NOON, NOON)


async def test_quarantine_counts_tries_and_lets_out(store: Store) -> None:
    async with store.write() as session:
        await sources.ensure_container(session, NET)
        await quarantine(session, [_unreadable(1), _unreadable(2)], container=NET, at=NOON)
        await quarantine(session, [_unreadable(1, raw="\0new")], container=NET, at=LATER)
        [again, once] = sorted(await load_quarantine(session), key=lambda q: q.unreadable.key)
        [source] = await sources.load_sources(session)
        cleared = await clear(session, [_unreadable(1).ref.uid, "jira:unheard of"])
        left = await load_quarantine(session, container=NET)

    assert (again.tries, again.first_seen_at, again.last_seen_at) == (2, NOON, LATER)
    assert again.unreadable.raw == "\ufffdnew"
    assert (once.tries, source.quarantined, cleared, left) == (1, 2, 1, [once])


async def test_hidden_items_are_counted(store: Store) -> None:
    hidden = encode(record(1, state=ItemState.HIDDEN))
    async with store.write() as session:
        await sources.ensure_container(session, NET)
        await save_records(session, [hidden, encode(record(2))], known={}, at=NOON)
        [source] = await sources.load_sources(session)

    assert source.hidden == 1


async def test_a_connection_is_read_up_to_its_oldest_container(store: Store) -> None:
    out, new = ContainerKey("jira", "OUT"), ContainerKey("github", "acme/phone")
    async with store.write() as session:
        for key in (NET, out, new):
            await sources.ensure_container(session, key)
        await sources.finish_pass(session, NET, started_at=LATER)
        await sources.finish_pass(session, out, started_at=NOON)
        assert await sources.read_up_to(session) == {"jira": NOON}

        await sources.finish_pass(session, new, started_at=LATER)
        assert await sources.read_up_to(session) == {"jira": NOON, "github": LATER}
