from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from connectors.jira.config import JiraConfig
from connectors.jira.findings import findings_of
from connectors.jira.mapping.site import Site
from connectors.jira.rules import fold
from syncer.connect.protocol import HookRequest, Identity
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import AuthFailed, Rejected
from tests.connectors.jira.small_jira import SmallJira, config_for, history, issue, moved, running

NET = ContainerKey("jira", "NET")


def always(answer: Any, status: int = 200) -> Any:
    return lambda _: web.json_response(answer, status=status)


async def no_wait(_: float) -> None:
    return


async def probe(jira: SmallJira, **config: Any) -> Identity:
    async with running(jira, **config) as connector:
        return await connector.probe()


def messages(identity: Identity) -> str:
    return " ".join(finding.message for finding in identity.findings)


# --- probe ---------------------------------------------------------------------------------------


async def test_a_sound_connection_has_nothing_to_mend() -> None:
    jira = SmallJira(
        projects=[
            {
                "id": "1",
                "key": "NET",
                "name": "Network",
                "insight": {
                    "lastIssueUpdateTime": "2026-11-20T10:00:00.000+0000",
                    "totalIssueCount": 240,
                },
            },
            {"id": "2", "key": "OUT", "name": "Outreach"},
        ]
    )
    identity = await probe(jira)
    assert (identity.account, identity.timezone) == ("Sync bot", "Europe/Berlin")
    assert identity.findings == ()
    first, second = identity.containers
    assert (first.key, first.name, first.item_count) == (NET, "Network", 240)
    assert first.last_change_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (second.last_change_at, second.item_count) == (None, None)


async def test_projects_come_page_by_page_and_as_configured() -> None:
    keys = [f"P{n}" for n in range(120)] + ["NET"]
    jira = SmallJira(projects=[{"id": str(n), "key": k, "name": k} for n, k in enumerate(keys)])
    identity = await probe(jira, containers=["NET", "P11*", "NOPE"], exclude=["P110"])
    assert [c.key.key for c in identity.containers] == ["P11", *keys[111:120], "NET"]
    assert "'NOPE'" in messages(identity)
    assert jira.paths().count("project/search") == 3


async def test_a_site_that_repeats_its_projects_for_ever_is_left() -> None:
    same = always({"values": [{"id": "1", "key": "NET"}], "isLast": False})
    identity = await probe(SmallJira(answers={"project/search": same}))
    assert [c.key for c in identity.containers] == [NET]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_closed_search_for_projects_gives_way_to_the_older_list(status: int) -> None:
    older = [{"id": "1", "key": "NET", "name": "Network"}, {"id": "2", "key": "OUT"}]
    answers = {"project/search": always({}, status=status), "project": always(older)}
    identity = await probe(SmallJira(answers=answers), containers=["NET"])
    assert [(c.key, c.name) for c in identity.containers] == [(NET, "Network")]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_without_any_list_of_projects_the_named_ones_are_read(status: int) -> None:
    closed = always({}, status=status)
    answers = {"project/search": closed, "project": closed}
    identity = await probe(SmallJira(answers=answers), containers=["NET", "P*"])
    assert [c.key for c in identity.containers] == [NET]
    with pytest.raises(Rejected):
        await probe(SmallJira(answers=answers))


async def test_an_account_that_sees_nothing_is_told_so() -> None:
    identity = await probe(SmallJira(projects=[]))
    assert identity.findings[0].fatal
    assert "no project" in identity.findings[0].message
    assert "Browse Projects" in identity.findings[0].fix


@pytest.mark.parametrize(
    ("tables", "config", "told", "fix"),
    [
        pytest.param(
            {"issueLinkType": {"issueLinkTypes": [{"id": "7", "name": "Tickles"}]}},
            {},
            "'Tickles'",
            "link_types",
            id="no link type means a dependency",
        ),
        pytest.param(
            {"status": [{"id": "9", "name": "Limbo", "statusCategory": {"key": "undefined"}}]},
            {},
            "'Limbo'",
            "statuses",
            id="statuses without a category",
        ),
        pytest.param({}, {"custom_fields": ["Progam"]}, "'Progam'", "customfield_", id="no field"),
        pytest.param({}, {"must_have_field": "Must"}, "'Must'", "customfield_", id="no must field"),
    ],
)
async def test_what_does_not_map_is_a_finding_with_its_fix(
    tables: dict[str, Any], config: dict[str, Any], told: str, fix: str
) -> None:
    jira = SmallJira()
    jira.tables |= tables
    identity = await probe(jira, **config)
    assert [told in finding.message for finding in identity.findings] == [True]
    assert fix in identity.findings[0].fix


async def test_what_is_configured_is_no_finding() -> None:
    jira = SmallJira()
    jira.tables["issueLinkType"] = {"issueLinkTypes": [{"id": "7", "name": "Tickles"}]}
    jira.tables["status"] = [{"id": "9", "name": "Limbo", "statusCategory": None}]
    identity = await probe(jira, link_types={"tickles": "blocks"}, statuses={"9": "WAITING"})
    assert identity.findings == ()


async def test_tables_that_are_closed_are_findings() -> None:
    closed = {path: always({}, 403) for path in ("status", "field", "issueLinkType")}
    identity = await probe(SmallJira(answers=closed))
    assert len(identity.findings) == 3
    assert all(finding.fix for finding in identity.findings)


@pytest.mark.parametrize(
    ("url", "count"), [("http://jira.example", 1), ("https://a.example", 0), ("http://[::1]:8", 0)]
)
def test_a_token_in_the_clear_is_a_finding(url: str, count: int) -> None:
    site = Site(connection="jira", url=url, zone=UTC)
    assert len(findings_of(site, config_for(url), ["NET"])) == count


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../../etc/passwd"])
async def test_an_account_without_a_zone_is_told_so(zone: str | None) -> None:
    jira = SmallJira(myself={"accountId": "bot", "displayName": "B", "timeZone": zone})
    assert "time zone" in messages(await probe(jira))


async def test_a_refused_login_says_what_may_be_the_matter() -> None:
    jira = SmallJira(answers={"myself": always({}, 401)})
    async with running(jira) as connector:
        with pytest.raises(AuthFailed) as refused:
            await connector.probe()
    assert "another site" in refused.value.fix
    asked = ["/rest/api/2/serverInfo", "myself", "/_edge/tenant_info"]
    assert jira.paths() == asked, "a refused token must not be tried again: that may lock it"


# --- single items and inventory ------------------------------------------------------------------


async def test_items_are_fetched_by_id_in_bulk() -> None:
    cut = issue(2)
    entries = [history(n, moved("To Do", "In Progress")) for n in (1, 2)]
    cut["changelog"] = {"total": 2, "histories": entries[1:]}
    jira = SmallJira(issues=[issue(1), cut], changelogs={"10002": entries})
    refs = [ItemRef("jira", "10001"), ItemRef("jira", "10002"), ItemRef("jira", "10009")]
    async with running(jira) as connector:
        fetched = await connector.fetch(refs)
    assert [r.item.ref.id for r in fetched.records] == ["10001", "10002"]
    assert len(fetched.records[1].changes) == 2
    assert fetched.hidden == (ItemRef("jira", "10009"),)
    assert (fetched.gone, fetched.moved, fetched.unreadable) == ((), {}, ())


async def test_without_the_bulk_call_items_come_one_by_one() -> None:
    jira = SmallJira(
        answers={
            "issue/bulkfetch": always({}, 404),
            "issue/10001": always(issue(1)),
            "issue/10003": always({}, 403),
        }
    )
    refs = [ItemRef("jira", id_) for id_ in ("10001", "10002", "10003")]
    async with running(jira) as connector:
        fetched = await connector.fetch(refs)
        await connector.fetch(refs[:1])
    assert [r.item.ref.id for r in fetched.records] == ["10001"]
    assert [ref.id for ref in fetched.hidden] == ["10002", "10003"]
    assert jira.paths().count("issue/bulkfetch") == 1


async def test_a_moved_issue_is_its_record_under_the_new_key() -> None:
    jira = SmallJira(issues=[issue(1, project="OUT")])
    async with running(jira) as connector:
        fetched = await connector.fetch([ItemRef("jira", "10001", "NET-1")])
    item = fetched.records[0].item
    assert (item.key, item.container) == ("OUT-1", ContainerKey("jira", "OUT"))


async def test_an_issue_that_the_bulk_call_could_not_give_is_asked_for_by_itself() -> None:
    failed = [{"id": id_, "errorMessage": "?"} for id_ in ("10001", "10002", "10003")]
    jira = SmallJira(
        answers={
            "issue/bulkfetch": always({"issues": [], "issueErrors": failed}),
            "issue/10001": always(issue(1)),
            "issue/10003": lambda _: web.Response(body=b"{", content_type="application/json"),
        }
    )
    refs = [ItemRef("jira", id_) for id_ in ("10001", "10002", "10003")]
    async with running(jira, sleep=no_wait) as connector:
        fetched = await connector.fetch(refs)
    assert [r.item.ref.id for r in fetched.records] == ["10001"]
    assert [ref.id for ref in fetched.hidden] == ["10002"]
    assert [u.ref.id for u in fetched.unreadable] == ["10003"]


@pytest.mark.parametrize(("config", "count"), [({}, 1), ({"exclude": ["NET"]}, 0)])
async def test_what_is_broken_in_a_project_that_nobody_wants_is_not_kept(
    config: dict[str, Any], count: int
) -> None:
    broken = {**issue(1), "fields": "none"}
    jira = SmallJira(answers={"issue/bulkfetch": always({"issues": [broken], "issueErrors": []})})
    async with running(jira, **config) as connector:
        fetched = await connector.fetch([ItemRef("jira", "10001")])
    assert (fetched.records, fetched.hidden, len(fetched.unreadable)) == ((), (), count)


@pytest.mark.parametrize("id_", ["", "../../myself", "NET-1", "1;2", "١٢"])
async def test_an_id_that_is_none_is_never_put_into_an_address(id_: str) -> None:
    jira = SmallJira()
    async with running(jira) as connector:
        fetched = await connector.fetch([ItemRef("jira", id_)])
    assert len(fetched.hidden) == 1
    assert not any(path.startswith("issue/") for path in jira.paths())


async def test_the_inventory_is_every_id_in_large_pages() -> None:
    jira = SmallJira(issues=[issue(n) for n in range(1, 12)] + [issue(50, project="OUT")])
    async with running(jira) as connector:
        refs = [ref async for ref in connector.inventory(NET)]
    assert {ref.id for ref in refs} == {str(10_000 + n) for n in range(1, 12)}
    assert refs[0].locator.startswith("NET-")
    body = next(body for path, body in jira.asked if path == "search/jql")
    assert (body["fields"], body["maxResults"]) == (["id"], 5000)


async def test_webhooks_are_taken_under_the_name_of_the_connection() -> None:
    body = b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "10001"}}'
    signature = hmac.new(b"made-up-secret", body, "sha256").hexdigest()
    headers = {"x-hub-signature": f"sha256={signature}"}
    request = HookRequest(method="POST", url="https://x/hooks/1", headers=headers, body=body)
    async with running(SmallJira()) as connector:
        reply = connector.receive(request, [SecretStr("made-up-secret")])
        assert (reply.status, reply.refs) == (202, (ItemRef("jira", "10001"),))
        assert connector.receive(request, []).status == 401
        assert connector.capabilities.webhooks


# --- configuration -------------------------------------------------------------------------------

TABLE = {
    "name": "jira",
    "kind": "jira",
    "url": "https://acme.atlassian.net/",
    "auth": {"email": "bot@example.com", "token_env": "JIRA_TOKEN"},
}


def test_a_small_table_is_enough() -> None:
    config = JiraConfig.model_validate(TABLE)
    assert config.url == "https://acme.atlassian.net"
    assert config.selects("ANY")


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"url": "acme"}, ("url",)),
        ({"containerz": ["A"]}, ("containerz",)),
        ({"auth": {"email": "a", "token": "x"}}, ("auth",)),
        ({"statuses": {"A": "FINISHED"}}, ("statuses", "A")),
        ({"link_types": {"A": "tickles"}}, ("link_types", "A")),
        ({"page_size": 0}, ("page_size",)),
        ({"kind": "github"}, ("kind",)),
        ({"fields": {"finish": "X"}}, ("fields", "finish")),
    ],
)
def test_faults_name_their_key(keys: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        JiraConfig.model_validate({**TABLE, **keys})
    assert any(fault["loc"][: len(place)] == place for fault in refused.value.errors())


def test_own_words_add_to_the_shipped_ones() -> None:
    config = JiraConfig.model_validate(
        {**TABLE, "not_delivered": ["Ghosted"], "types": {"X": "risk"}}
    )
    rules = config.rules()
    assert {"ghosted", "won't do", "不做"} <= rules.not_delivered
    assert rules.types[fold("x")] == "risk"
    assert rules.types[fold("Risiko")] == "risk"
