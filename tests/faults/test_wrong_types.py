"""Valid JSON that is not what was promised: F7. An item is set aside, its page goes on."""

from __future__ import annotations

import copy
import os
import random
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncer.connect.protocol import Connector
from syncer.domain.ref import ContainerKey
from syncer.store.engine import Store
from syncer.store.quarantine import load_quarantine
from syncer.sync.connection import pull_connection
from tests.connectors.github import small_github
from tests.connectors.jira import small_jira
from tests.faults.line import NOW
from tests.unit.connect.servers import SleepingClock

ROUNDS = int(os.environ.get("SYNCER_TEST_ROUNDS", "2"))
A_ROUND = 1_000
NET = ContainerKey("jira", "NET")
JUNK: list[Any] = [
    None, "", "x", "x" * 5_000, "\x00", "\u202e", "½", "2026-13-45T99:99:99.000+0000", "9999-12-31",
    0, -1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308, True, False,
    [], [None], [[]], [0, "x"], {}, {"id": None}, {"id": 7, "name": []}, {"key": {"key": "x"}},
    [{"name": {"name": "x"}}], {"content": [{"type": 3, "content": "x"}]},
]  # fmt: skip


def _rich(number: int) -> Any:
    """An issue that uses every sort of field."""
    person = {"accountId": "a-1", "displayName": "R. Meyer", "accountType": "atlassian"}
    version = {"id": "7", "name": "2.0", "releaseDate": "2026-12-04", "released": False}
    link = {
        "id": str(number), "type": small_jira.LINK_TYPES[0],
        "outwardIssue": {"id": "10002", "key": "NET-2", "fields": {"summary": "x"}},
    }  # fmt: skip
    text = {"type": "text", "text": "words"}
    raw = small_jira.issue(
        number,
        description={"type": "doc", "content": [{"type": "paragraph", "content": [text]}]},
        labels=["a", "b"], components=[{"id": "1", "name": "RAN"}], fixVersions=[version],
        priority=small_jira.PRIORITIES[1], assignee=person, reporter=person,
        duedate="2026-12-01", resolution={"id": "1", "name": "Done"}, issuelinks=[link],
        parent={"id": "10003", "key": "NET-3", "fields": {"issuetype": small_jira.TYPES[1]}},
        customfield_10015="2026-11-01", customfield_10016=3.0, customfield_10021=[{"value": "x"}],
        customfield_10020=[{"id": 7, "name": "Sprint 7", "state": "active"}],
        customfield_10100={"value": "5G"},
    )  # fmt: skip
    raw["changelog"]["histories"] = [small_jira.history(1, small_jira.moved("To Do", "Done"))]
    raw["changelog"]["total"] = 1
    return raw


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value within, the outermost left out."""
    inner = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list)
        else ()
    )  # fmt: skip
    return [way for key, one in inner for way in ((*here, key), *_places(one, (*here, key)))]


def _spoilt(raw: Any, way: tuple[Any, ...], junk: Any) -> Any:
    told = copy.deepcopy(raw)
    at = told
    for key in way[:-1]:
        at = at[key]
    at[way[-1]] = junk
    return told


class SpoiltJira(small_jira.SmallJira):
    """Gives every issue out with one value of another type, always the same one."""

    def spoilt(self, raw: Any) -> Any:
        if len(raw) <= 2:
            return raw  # an id and a key
        chance = random.Random(raw["id"])
        ways = [way for way in _places(raw) if way not in {("id",), ("fields", "updated")}]
        return _spoilt(raw, chance.choice(ways), chance.choice(JUNK))

    def _search(self, body: dict[str, Any]) -> Any:
        told = super()._search(body)
        return {**told, "issues": [self.spoilt(one) for one in told["issues"]]}

    def _bulk_issues(self, body: dict[str, Any]) -> Any:
        told = super()._bulk_issues(body)
        return {**told, "issues": [self.spoilt(one) for one in told["issues"]]}


class OneSpoiltJira(SpoiltJira):
    """Gives its last issue out with junk for all its fields."""

    def __init__(self, issues: list[Any], junk: Any) -> None:
        super().__init__(issues=issues)
        self.junk = junk

    def spoilt(self, raw: Any) -> Any:
        return {**raw, "fields": self.junk} if raw["id"] == self.issues[-1]["id"] else raw


async def _counted(connector: Connector, container: ContainerKey) -> tuple[int, int]:
    """How many different items were read and how many were not."""
    read, unread = set(), set()
    async for page in connector.changes(container, None):
        read |= {record.item.ref.id for record in page.records}
        unread |= {one.ref.id for one in page.unreadable}
    return len(read - unread), len(unread)


async def test_f7_thousands_of_wrong_values_cost_no_item_and_no_page() -> None:
    """Ten rounds are ten thousand values: `SYNCER_TEST_ROUNDS=10`."""
    cases, unread = ROUNDS * A_ROUND, 0
    for first in range(1, cases, A_ROUND):
        jira = SpoiltJira(issues=[_rich(first + number) for number in range(A_ROUND)])
        async with small_jira.running(jira) as connector:
            read, not_read = await _counted(connector, NET)
        assert read + not_read == A_ROUND
        unread += not_read

    assert cases / 100 < unread < cases * 0.9


@pytest.mark.parametrize("junk", [None, 7, "", "x" * 5_000, [], {}])
async def test_f7_an_issue_without_a_usable_id_is_set_aside_with_its_reason(
    store: Store, junk: Any
) -> None:
    jira = OneSpoiltJira([small_jira.issue(n) for n in range(1, 6)], junk)
    async with small_jira.running(jira) as connector:
        clock = SleepingClock(NOW)
        done = await pull_connection(store, connector, connection="jira", clock=clock)
    [result] = done.containers
    async with store.read() as session:
        kept = await load_quarantine(session, container=NET)

    assert result.failure is None, result.failure
    assert (result.items_seen, result.unreadable) == (5, 1)
    assert [bool(one.unreadable.reason) for one in kept] == [True]


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_ISSUE = small_github.issue(
    1, milestone=small_github.milestone(7, "2.0", "2026-12-01"), labels=[{"name": "a"}],
    assignees=[{"login": "octo", "type": "User"}], type={"name": "Bug"}, body="words",
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.sampled_from(_places(_ISSUE)), _JSON), min_size=1, max_size=3))
async def test_f7_whatever_github_sends_the_other_issues_are_read(
    places: list[tuple[tuple[Any, ...], Any]],
) -> None:
    spoilt = _ISSUE
    for way, junk in places:
        try:
            spoilt = _spoilt(spoilt, way, junk)
        except (KeyError, IndexError, TypeError):
            continue  # what was there is spoilt already
    github = small_github.SmallGitHub()
    sound = [small_github.issue(number) for number in range(2, 5)]

    async def told(_: Any) -> Any:
        return web.json_response([*sound, spoilt])

    github.server.fail(lambda request, _: told(request), times=None, path="*/acme/ran/issues")
    async with small_github.running(github) as connector:
        read = [page async for page in connector.changes(small_github.RAN, None)]

    keys = {record.item.key for page in read for record in page.records}
    assert {"acme/ran#2", "acme/ran#3", "acme/ran#4"} <= keys
