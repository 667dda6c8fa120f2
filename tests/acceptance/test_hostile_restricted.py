"""What an issue with a security level says and whom it names changes no byte that readers get.

The same site twice, alike but for the words in one restricted issue: its title, its people, its
version, component, key and the texts of its history. Everything that is printed must be equal.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from syncer.cli.machine import risk_row, status_document
from syncer.cli.status import source_rows, status_rows
from syncer.cli.why import explanation
from syncer.clock import FixedClock
from syncer.publish.render.formats import RENDERERS
from syncer.service.core import Service
from syncer.settings.load import load_settings
from tests.connectors.jira.small_jira import (
    LINK_TYPES,
    START,
    STATUSES,
    SmallJira,
    history,
    issue,
    jira_time,
    moved,
)

NOW = START + timedelta(weeks=16)
HIDDEN = 900
PROJECTS = [{"id": "10", "key": "NET", "name": "Net"}, {"id": "11", "key": "OUT", "name": "O"}]
CONFIGURATION = """
[service]
timezone = "Europe/Berlin"

[[connections]]
name = "jira"
kind = "jira"
url = "{url}"
auth = {{ email = "bot@example.com", token_env = "JIRA_TOKEN" }}

[[projects]]
key = "net"
name = "Network upgrade"
owner = "M. Okafor"
items = ["jira:NET"]
target = 2026-06-30
cost_of_delay_per_week = 10000

[[projects]]
key = "out"
name = "Outreach"
items = ["jira:OUT"]
target = 2026-05-30

[[programs]]
key = "5g"
name = "5G Infrastructure"
projects = ["net"]

[[products]]
key = "phone"
name = "Phone"
projects = ["out"]

[[classification]]
select = [{{ label = "prog:*" }}]
level = "program"

[[audiences]]
key = "executive"
lens = "executive"
{count}

[[audiences]]
key = "program"
lens = "program"
{count}

[[audiences]]
key = "product"
lens = "product"
{count}
"""


@dataclass(frozen=True)
class Words:
    """The words of the restricted issue."""

    title: str
    person: str
    version: str
    key: str


ONE = Words("Acquire the rival company", "Deal Maker", "Project Falcon", f"NET-{HIDDEN}")
TWO = Words("Zebras", "X. Y", "Omega launch of everything that we ever had in mind", "NET-77777")


def _days(count: float) -> str:
    return (NOW + timedelta(days=count)).date().isoformat()


def public_issues() -> list[Any]:
    """Two projects at work for sixteen weeks; OUT-501 waits for the restricted issue."""
    found = []
    for number in range(1, 33):
        done = START + timedelta(days=3 * number)
        one = issue(number, at=done, status=STATUSES[2], resolutiondate=jira_time(done))
        one["changelog"]["histories"] = [
            history(1, moved("To Do", "In Progress"), at=done - timedelta(days=2)),
            history(2, moved("In Progress", "Done"), at=done),
        ]
        found.append(one)
    found += [issue(number, at=NOW - timedelta(days=2)) for number in range(40, 60)]
    for number in range(501, 506):
        due = {"duedate": _days(10), "labels": ["prog:5g"]}
        found.append(issue(number, project="OUT", at=NOW - timedelta(days=2), **due))
    return found


STORY: dict[str, Any] = {"labels": ["prog:5g"], "duedate": _days(20)}
BLOCKED: dict[str, Any] = {
    **STORY,
    "issuelinks": [
        {"type": LINK_TYPES[0], "outwardIssue": {"id": "10501", "key": "OUT-501"}},
        {"type": LINK_TYPES[0], "inwardIssue": {"id": "10040", "key": "NET-40"}},
    ],
}
CASES: Mapping[str, dict[str, Any]] = {
    "A63 unclaimed work": {"labels": ["prog:none"]},
    "A63 overdue": {"duedate": _days(-30), "status": STATUSES[1]},
    "A63 due after the safe date": {"duedate": _days(400), "labels": ["prog:5g"]},
    "A63 dependency": BLOCKED,
    "A63 dependency without date": {**BLOCKED, "duedate": None},
    "A63 dependency in progress": {**BLOCKED, "status": STATUSES[1], "labels": []},
    "A63 risk": {"issuetype": {"id": "20", "name": "Risk"}, "priority": {"id": "1"}},
    "A63 decision": {
        "issuetype": {"id": "21", "name": "Decision"},
        "duedate": _days(3),
        "description": "Options\n- {title}\n- wait",
    },
    "A63 milestone": {"issuetype": {"id": "22", "name": "Milestone"}, "duedate": _days(14)},
    "A66 epic with public children": {
        "issuetype": {"id": "10000", "name": "Epic", "hierarchyLevel": 1},
        "duedate": _days(60),
    },
    "A63 done with an open status": {"resolution": {"id": "1", "name": "Done"}},
    "A63 finished this week": {
        "status": STATUSES[2],
        "resolution": {"id": "1", "name": "Done"},
        "resolutiondate": jira_time(NOW - timedelta(days=1)),
    },
}


def restricted(case: Mapping[str, Any], words: Words) -> Any:
    """The restricted issue of a case in these words."""
    told = {
        "summary": words.title,
        "description": f"{words.title} by {words.person}",
        "assignee": {"accountId": "secret", "displayName": words.person},
        "reporter": {"accountId": "teller", "displayName": words.person},
        "fixVersions": [{"id": "99", "name": words.version, "releaseDate": _days(12)}],
        "components": [{"id": "98", "name": words.version}],
        "security": {"id": "1", "name": words.version},
        **case,
    }
    if "{title}" in str(told["description"]):
        told["description"] = told["description"].format(title=words.title)
    one = issue(HIDDEN, at=NOW - timedelta(days=1), **told)
    one["key"] = words.key
    due = {"field": "duedate", "fieldId": "duedate", "from": _days(5), "to": told.get("duedate")}
    one["changelog"]["histories"] = [
        history(1, due, at=NOW - timedelta(days=2)),
        history(2, {"field": "summary", "toString": words.title}, at=NOW - timedelta(days=1)),
    ]
    for entry in one["changelog"]["histories"]:
        entry["author"]["displayName"] = words.person
    return one


def site(case: str, words: Words | None) -> SmallJira:
    """The site with the restricted issue; in the case of the epic it has public children.

    Without words there is no such issue, and Jira shows no link to it and no parent.
    """
    public = public_issues()
    if words is None:
        return SmallJira(issues=public, projects=PROJECTS)
    for mine in CASES[case].get("issuelinks", ()):
        _link_back(public, mine, words)
    if "children" in case:
        for one in public[32:40]:
            one["fields"]["parent"] = {"id": str(10_000 + HIDDEN), "key": words.key}
    return SmallJira(issues=[*public, restricted(CASES[case], words)], projects=PROJECTS)


def _link_back(public: list[Any], mine: Mapping[str, Any], words: Words) -> None:
    """Jira tells a link at both ends; the history of the public end names the key."""
    side, other = ("inward", "outward") if "outwardIssue" in mine else ("outward", "inward")
    (end,) = (one for one in public if one["id"] == mine[f"{other}Issue"]["id"])
    hidden = {"id": str(10_000 + HIDDEN), "key": words.key}
    end["fields"]["issuelinks"] = [{"type": mine["type"], f"{side}Issue": hidden}]
    text = f"This issue {mine['type'][side]} {words.key}"
    told = {"field": "Link", "to": words.key, "toString": text}
    end["changelog"]["histories"].append(history(7, told, at=NOW - timedelta(days=30)))


async def everything(
    jira: SmallJira, folder: Path, *, count: str = "", text: str = CONFIGURATION
) -> dict[str, str]:
    """What each command and each edition prints, and the snapshot as the pages will read it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", jira.handle)
    async with TestServer(app) as server:
        text = text.format(url=str(server.make_url("")).rstrip("/"), count=count)
        await asyncio.to_thread(folder.mkdir)
        await asyncio.to_thread((folder / "syncer.toml").write_text, text)
        settings = load_settings(folder / "syncer.toml", {"JIRA_TOKEN": "tok-1a2b-secret"})
        async with Service(settings, clock=FixedClock(NOW)) as service:
            results = await service.sync()
            assert all(one.ok for one in results), results
            return await _printed(service)


async def _printed(service: Service) -> dict[str, str]:
    shown: dict[str, str] = {}
    for audience in ("executive", "program", "product"):
        (one,) = await service.audiences(audience)
        digest = (await service.draft(one)).digest
        shown |= {f"{audience}.{name}": render(digest) for name, render in RENDERERS.items()}
    pair = await service.snapshots()
    now = pair.current
    shown["status"] = str(list(status_rows(now)))
    shown["sources"] = str(list(source_rows(now)))
    shown["status.json"] = orjson.dumps(status_document(now, pair.previous)).decode()
    shown["risks.json"] = orjson.dumps([risk_row(risk) for risk in now.risks]).decode()
    for scope in ("portfolio", "prog:5g", "proj:net", "proj:out", "prod:phone"):
        shown[f"why {scope}"] = "\n".join(explanation(scope, now, service.rules))
    return shown


def test_the_sites_differ_in_the_restricted_issue_only() -> None:
    for case in CASES:
        one, two = site(case, ONE), site(case, TWO)
        assert len(one.issues) == len(two.issues)
        assert one.issues[-1] != two.issues[-1]
        assert [i["fields"]["summary"] for i in one.issues[:-1]] == [
            i["fields"]["summary"] for i in two.issues[:-1]
        ]


@pytest.mark.parametrize("case", CASES)
async def test_the_words_of_a_restricted_issue_change_no_byte(case: str, tmp_path: Path) -> None:
    first = await everything(site(case, ONE), tmp_path / "one")
    second = await everything(site(case, TWO), tmp_path / "two")
    for name, shown in first.items():
        assert _without_urls(shown) == _without_urls(second[name]), name
        for trace in ("Acquire", "rival", "Falcon", "Deal Maker", ONE.key):
            assert trace not in shown, name


@pytest.mark.parametrize("case", CASES)
async def test_a63_who_may_not_count_restricted_issues_reads_what_stood_without_them(
    case: str, tmp_path: Path
) -> None:
    silent = "count_restricted = false"
    with_it = await everything(site(case, ONE), tmp_path / "with", count=silent)
    without = await everything(site(case, None), tmp_path / "without", count=silent)
    views = {"executive", "program", "product"}
    compared = [name for name in without if name.partition(".")[0] in views]
    assert {name.partition(".")[0] for name in compared} == views
    for name in compared:
        assert _without_urls(with_it[name]) == _without_urls(without[name]), name
        assert "restricted" not in with_it[name], name


def _without_urls(shown: str) -> str:
    """The simulated sites differ in their port, and with it snapshots in their id."""
    return re.sub(r"S-[0-9a-f]{12}", "S-", re.sub(r"127\.0\.0\.1:\d+", "site", shown))
