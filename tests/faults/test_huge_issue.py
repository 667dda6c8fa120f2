"""An issue beyond all measure: F16. Its text is cut and says so; its neighbours are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from syncer.domain.ref import ContainerKey
from syncer.domain.text import BODY_LIMIT, TITLE_LIMIT
from syncer.store.engine import Store
from syncer.store.items import load_records
from syncer.store.quarantine import load_quarantine
from syncer.sync.connection import pull_connection
from tests.connectors.jira import small_jira
from tests.faults.line import NOW
from tests.unit.connect.servers import SleepingClock

TEXT = 5_000_000
COMMENTS = 10_000
CHANGES = 50_000


def _huge() -> Any:
    words = {"type": "text", "text": "a word " * (TEXT // 7)}
    paragraph = {"type": "paragraph", "content": [words]}
    raw = small_jira.issue(1, summary="x" * TEXT, labels=["a" * 10_000])
    raw["fields"]["description"] = {"type": "doc", "content": [paragraph]}
    raw["fields"]["comment"] = {"comments": [{"id": str(n)} for n in range(COMMENTS)]}
    raw["changelog"]["total"] = CHANGES
    return raw


def _history() -> list[Any]:
    ways = [small_jira.moved("To Do", "In Progress"), small_jira.moved("In Progress", "To Do")]
    begin, step = small_jira.START, timedelta(seconds=1)
    return [
        small_jira.history(number, ways[number % 2], at=begin + number * step)
        for number in range(CHANGES)
    ]


async def test_f16_a_huge_issue_is_cut_and_marked_and_holds_up_no_other(sqlite_url: str) -> None:
    others = [small_jira.issue(number) for number in range(2, 6)]
    jira = small_jira.SmallJira(issues=[_huge(), *others], changelogs={"10001": _history()})
    async with small_jira.running(jira) as connector, Store(sqlite_url) as store:
        clock = SleepingClock(NOW)
        done = await pull_connection(store, connector, connection="jira", clock=clock)
        async with store.read() as session:
            records = {one.item.ref.id: one for one in await load_records(session)}
            kept = await load_quarantine(session, container=ContainerKey("jira", "NET"))

    assert done.ok, done
    assert (sorted(records), kept) == (["10001", "10002", "10003", "10004", "10005"], [])
    huge = records["10001"]
    assert (len(huge.item.title), huge.item.title[-1]) == (TITLE_LIMIT, "…")
    assert BODY_LIMIT - 10 < len(huge.item.body) <= BODY_LIMIT
    assert huge.item.body[-1] == "…"
    assert len(huge.changes) == CHANGES or not huge.item.history_complete
