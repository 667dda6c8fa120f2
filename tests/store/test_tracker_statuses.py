"""What is kept of the reports on trackers' projects, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from syncer.domain.item import Account
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import OwnerWord, TrackerStatus
from syncer.store import sources
from syncer.store.engine import Store
from syncer.store.tracker_statuses import load_statuses, save_statuses
from tests.store.samples import NET, NOON

OUT = ContainerKey("jira", "OUT")


def status(id_: str = "1", **more: Any) -> TrackerStatus:
    values: dict[str, Any] = {
        "id": id_,
        "container": NET,
        "subject": "Roadmap",
        "url": "https://example.com/projects/1",
        "author": Account(connection="jira", id="mo", name="Mo"),
        "at": NOON,
        "value": OwnerWord.AT_RISK,
        "text": "Late.",
        "start": NOON.date(),
    }
    return TrackerStatus(**(values | more))


async def _keep(store: Store, *told: TrackerStatus, whole: bool = True) -> None:
    async with store.write() as session:
        await save_statuses(session, told[0].container if told else NET, told, whole=whole)


async def _kept(store: Store) -> list[TrackerStatus]:
    async with store.read() as session:
        return await load_statuses(session)


async def test_reports_come_back_as_they_were_oldest_first(store: Store) -> None:
    older = status("2", at=NOON - timedelta(days=7), author=None, value=None, start=None)
    await _keep(store, status(), older)
    assert await _kept(store) == [older, status()]


async def test_the_newest_answer_stands_and_a_whole_one_forgets_the_rest(store: Store) -> None:
    await _keep(store, status(), status("2"))
    await _keep(store, status("2", text="Later."), whole=False)
    assert [one.text for one in await _kept(store)] == ["Late.", "Later."]
    await _keep(store, status("2", text="Later."))
    assert [one.id for one in await _kept(store)] == ["2"]
    await _keep(store)
    assert await _kept(store) == []


async def test_one_report_may_come_from_two_containers_and_each_forgets_its_own(
    store: Store,
) -> None:
    there = replace(status(), container=OUT)
    await _keep(store, status())
    await _keep(store, there)
    await _keep(store)
    assert await _kept(store) == [there]


async def test_a_report_told_twice_and_text_that_databases_refuse_do_no_harm(store: Store) -> None:
    await _keep(store, status(), status(text="a\0b\ud800", subject="\0"))
    (kept,) = await _kept(store)
    assert (kept.text, kept.subject) == ("a\ufffdb\ufffd", "\ufffd")


async def test_a_detail_is_missing_until_it_is_told_and_others_stay(store: Store) -> None:
    async def missing() -> tuple[str, ...]:
        async with store.read() as session:
            return (await sources.load_sources(session))[0].missing_detail

    async with store.write() as session:
        await sources.ensure_container(session, NET)
        await sources.finish_pass(session, NET, started_at=NOON, missing=["votes"])
        await sources.note_detail(session, NET, "reports", missing=True)
        await sources.note_detail(session, NET, "reports", missing=True)
    assert await missing() == ("reports", "votes")
    async with store.write() as session:
        await sources.note_detail(session, NET, "reports", missing=False)
        await sources.note_detail(session, OUT, "reports", missing=True)
    assert await missing() == ("votes",)
