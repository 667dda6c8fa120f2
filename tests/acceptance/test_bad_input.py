"""Bad input at the command line: a clear error with its fix, the right exit code, nothing lost."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.acceptance.process import Done, Syncer, connection
from tests.connectors.jira.small_jira import START, SmallJira, history, issue, jira_time, moved

TOKEN = "canary-b4d1-4f7e"
BASIC = base64.b64encode(f"bot@example.com:{TOKEN}".encode()).decode()
LITERAL = "canary-pasted-into-the-file"
PROJECTS = [
    {"id": "10", "key": "NET", "name": "Network"},
    {"id": "11", "key": "OUT", "name": "Out"},
]
PAGE = "<!DOCTYPE html><title>Log in</title><form action=/login>"


def _issues() -> list[Any]:
    return [issue(1), issue(2), issue(3, project="OUT")]


def _jira(**answers: Any) -> SmallJira:
    """Two projects with three issues; `answers` are given instead from `break_it` on."""
    return SmallJira(issues=_issues(), projects=list(PROJECTS), **answers)


@asynccontextmanager
async def _serving(jira: SmallJira) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", jira.handle)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def syncer(tmp_path: Path) -> Iterator[Syncer]:
    """Whatever a test does: no output and no row holds a secret, and nobody sees a traceback."""
    made = Syncer(tmp_path, {"JIRA_TOKEN": TOKEN})
    yield made
    assert made.told
    for done in made.told:
        assert "Traceback" not in done.said
        assert done.code in {0, 1, 2}
        _assert_no_secret(done.said)
    _assert_no_secret(made.database().decode("latin-1"))


def _assert_no_secret(text: str) -> None:
    for secret in (TOKEN, BASIC, LITERAL):
        assert secret not in text


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class TestConfiguration:
    """Exit code 2, and on standard error the file, the line and what to write instead."""

    async def test_an_unknown_key_names_file_line_and_the_nearest(self, syncer: Syncer) -> None:
        syncer.configure('[service]\ntimezone = "UTC"\nhistory_day = 40\n')
        for command in ("check", "sync", "digest"):
            done = await syncer(command)
            assert (done.code, done.out) == (2, "")
            assert "syncer.toml:3: service.history_day: unknown key." in done.err
            assert 'Did you mean "history_days"?' in done.err

    async def test_a_missing_secret_names_the_variable(self, syncer: Syncer) -> None:
        syncer.environment.clear()
        syncer.configure(connection("jira", "https://acme.example"))
        for command in ("check", "sync"):
            done = await syncer(command)
            assert done.code == 2
            assert "syncer.toml:2" in done.said
            assert "JIRA_TOKEN" in done.said

    @pytest.mark.parametrize("key", ["token", "password"])
    async def test_a_literal_secret_is_refused_with_the_reason(
        self, syncer: Syncer, key: str
    ) -> None:
        table = connection("jira", "https://acme.example")
        syncer.configure(table.replace('token_env = "JIRA_TOKEN"', f'{key} = "{LITERAL}"'))
        done = await syncer("check")
        assert (done.code, done.out) == (2, "")
        assert "syncer.toml:" in done.err
        assert f"{key}_env" in done.err
        assert f"{key}_file" in done.err

    async def test_no_toml_at_all(self, syncer: Syncer) -> None:
        syncer.configure(f'[service\ntoken = "{LITERAL}"')
        done = await syncer("check")
        assert (done.code, "syncer.toml:1" in done.err) == (2, True)

    async def test_what_the_system_refuses_is_told_in_one_line(self, syncer: Syncer) -> None:
        """No tracker is to blame, so nobody foresaw it: still no traceback."""
        syncer.configure("[service]\n")
        done = await syncer("digest", "--out", "syncer.toml/digest.md")
        assert done.code == 1
        assert len(done.err.splitlines()) == 1
        assert "syncer.toml" in done.err


def _answer(status: int, body: str = "", content_type: str = "application/json") -> Any:
    return lambda _: web.Response(status=status, text=body, content_type=content_type)


def _limited(_: web.Request) -> web.StreamResponse:
    return web.json_response({}, status=429, headers={"Retry-After": "3600"})


ECHO = json.dumps({"errorMessages": [f"The token {TOKEN} of Basic {BASIC} is refused."]})
FAULTS: dict[str, tuple[str, Any, str, str]] = {
    # connection: path, answer, what is said, what to do
    "page": ("myself", _answer(200, PAGE, "text/html"), "web page", "Check the address"),
    "s401": ("myself", _answer(401, ECHO), "401", "token"),
    "s403": ("myself", _answer(403, ECHO), "403", "token"),
    "s404": ("myself", _answer(404, "no", "text/plain"), "no Jira Cloud", "Correct `url`"),
    "s410": ("myself", _answer(410, "no", "text/plain"), "no Jira Cloud", "Correct `url`"),
    "odd": ("myself", _answer(200, "[]"), "object", "check the address"),
    "none": ("project/search", _answer(200, '{"values": []}'), "no project", "Browse Projects"),
    "far": ("search/jql", _limited, "asked for a pause until 20", "Sync again"),
    "half": ("search/jql", _answer(200, '{"issues": [{"id'), "no JSON", "administrator"),
    "null": ("search/jql", _answer(200, '{"issues": null}'), "shape", "report it"),
    "gone": ("search/jql", _answer(410, ECHO), "410", "newer syncer"),
    "shut": ("search/jql", _answer(403, ECHO), "403", "permission"),
    "lost": ("search/jql", _answer(404, "{}"), "404", "may not see"),
    "empty": ("search/jql", _answer(200, '{"issues": []}'), "shows no items", "may see"),
}


@dataclass
class Outage:
    """One configuration with a tracker for every fault: first all are well, then all but one."""

    syncer: Syncer
    before: Done
    synced: Done
    checked: Done
    status: Done
    table: Done
    digests: dict[str, Done]
    items: Done
    told: list[Done] = field(default_factory=list)


async def _outage(folder: Path) -> Outage:
    syncer = Syncer(folder, {"JIRA_TOKEN": TOKEN})
    trackers = {"good": _jira(), "closed": _jira(), **{name: _jira() for name in FAULTS}}
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(_serving(jira)) for name, jira in trackers.items()
        }
        syncer.configure("".join(connection(name, url) for name, url in urls.items()))
        before = await syncer("sync")
        for name, (path, answer, _, _) in FAULTS.items():
            trackers[name].answers[path] = answer
        closed = f"http://127.0.0.1:{_closed_port()}"
        syncer.configure(
            "".join(connection(n, closed if n == "closed" else url) for n, url in urls.items())
        )
        synced, checked = await syncer("sync", "--full"), await syncer("check")
    return Outage(
        syncer=syncer,
        before=before,
        synced=synced,
        checked=checked,
        status=await syncer("status", "--format", "json"),
        table=await syncer("status", "--sources"),
        digests={form: await syncer("digest", "--format", form) for form in ("text", "json")},
        items=await syncer("items", "--format", "jsonl"),
        told=syncer.told,
    )


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Outage:
    return asyncio.run(_outage(tmp_path_factory.mktemp("outage")))


class TestOutage:
    """What cannot be read is an error of its own, and never "0 issues"."""

    def test_it_was_well_before(self, outage: Outage) -> None:
        assert outage.before.code == 0
        assert outage.before.out.count("2 of 2 containers read, 3 items seen") == len(FAULTS) + 2

    def test_a_failure_hides_no_other_result(self, outage: Outage) -> None:
        assert outage.synced.code == 1
        assert "good: 2 of 2 containers read" in outage.synced.out
        assert "good: signed in" not in outage.synced.out

    @pytest.mark.parametrize("name", [*FAULTS, "closed"])
    def test_every_fault_is_named_with_what_to_do(self, outage: Outage, name: str) -> None:
        said, fix = FAULTS[name][2:] if name in FAULTS else ("gave no usable answer", "address")
        lines = outage.synced.out.splitlines()
        faults = [line for line in lines if line.startswith(f"  {name}:")]
        assert faults, outage.synced.out
        assert all(said in line and fix in line for line in faults)
        assert not any(f"{name}: 2 of 2 containers read" in line for line in lines)

    def test_check_says_the_same_of_connections(self, outage: Outage) -> None:
        assert outage.checked.code == 2
        assert "good (jira): signed in" in outage.checked.out
        for name in ("page", "s401", "s403", "s404", "s410", "odd", "closed"):
            assert f"{name} (jira): failed: " in outage.checked.out

    def test_status_shows_every_container_that_was_not_read(self, outage: Outage) -> None:
        assert outage.status.code == 0
        sources = outage.status.json["sources"]
        broken = {source["connection"] for source in sources if source["error"]}
        assert broken == {*FAULTS, "closed"}
        assert all(source["last_success_at"] for source in sources)
        assert "asked for a pause" in outage.table.out

    def test_everything_that_was_read_before_is_kept(self, outage: Outage) -> None:
        rows = outage.items.rows
        assert len(rows) == 3 * (len(FAULTS) + 2)
        assert {row["ref"]["connection"] for row in rows} == {*FAULTS, "good", "closed"}
        assert all(project["total"] for project in outage.status.json["projects"])

    def test_the_digest_says_that_sources_are_not_current(self, outage: Outage) -> None:
        for form, done in outage.digests.items():
            assert done.code == 0, form
            assert "Not current: " in done.out or "Partial data" in done.out
            assert "all 16 trackers current" not in done.out

    def test_nobody_sees_a_secret_or_a_traceback(self, outage: Outage) -> None:
        for done in outage.told:
            assert "Traceback" not in done.said
            _assert_no_secret(done.said)
        _assert_no_secret(outage.syncer.database().decode("latin-1"))


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        pytest.param("myself", _answer(200, PAGE, "text/html"), 1, id="login page"),
        pytest.param("myself", _answer(401, ECHO), 1, id="401"),
        pytest.param("myself", _answer(404, "no", "text/plain"), 2, id="404: wrong URL"),
    ],
)
async def test_never_read_is_unknown_and_not_empty(
    syncer: Syncer, path: str, answer: Any, code: int
) -> None:
    async with _serving(_jira(answers={path: answer})) as url:
        syncer.configure(connection("jira", url))
        assert (await syncer("sync")).code == code
    digest = await syncer("digest")
    assert digest.code == 0
    assert "Nothing has been synced yet" in digest.out
    (source,) = (await syncer("status", "--format", "json")).json["sources"]
    assert (source["container"], source["last_success_at"]) == (None, None)
    assert source["error"]


Told = Callable[[datetime], str]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(lambda _: "2", id="seconds"),
        pytest.param(lambda until: format_datetime(until, usegmt=True), id="HTTP date"),
    ],
)
async def test_a_short_pause_is_kept_and_the_sync_goes_on(syncer: Syncer, told: Told) -> None:
    jira = _jira()
    until: datetime | None = None
    limits = 0

    def limited(_: web.Request) -> web.StreamResponse:
        nonlocal until, limits
        now = datetime.now(UTC)
        until = until or now.replace(microsecond=0) + timedelta(seconds=3)
        if now < until - timedelta(seconds=1):
            limits += 1
            return web.json_response({}, status=429, headers={"Retry-After": told(until)})
        return web.json_response(jira.told(*jira.asked[-1]))

    jira.answers["search/jql"] = limited
    async with _serving(jira) as url:
        syncer.configure(connection("jira", url))
        done = await syncer("sync")
    assert (done.code, "3 items seen, 3 new or changed" in done.out) == (0, True), done.said
    assert 1 <= limits <= len(PROJECTS), "each container was told once, and none asked too early"


HOSTILE = {
    "newline": ("one\ntwo\r\nthree", "one two three"),
    "U+2028": ("a\u2028b\u2029c", "a b c"),
    "NUL": ("nul\x00l", "nul l"),
    "right to left": ("pay \u202eecneve\u202c now", "pay ecneve now"),
    "markup": ("<script>alert(1)</script> **b** [x](javascript:1)", None),
    "formula": ('=HYPERLINK("http://evil.example")', None),
    "escape": ("\x1b[31mred\x07", "[31mred"),
}


def _hostile_issues() -> list[Any]:
    """One issue for every oddity that can be borne, and one that cannot be read."""
    titles = [issue(n, summary=raw) for n, (raw, _) in enumerate(HOSTILE.values(), start=1)]
    nameless = issue(21)
    del nameless["fields"]["summary"]
    odd = [
        nameless,
        issue(22, summary=None, description=None, priority=None, assignee=None, labels=[None]),
        issue(23, status={"id": "77", "name": "Limbo", "statusCategory": {"key": "undefined"}}),
        issue(24, issuetype={"id": "88", "name": "Whim"}),
        issue(
            25, issuelinks=[{"type": {"id": "9", "name": "Tickles"}, "outwardIssue": {"id": "5"}}]
        ),
        issue(26, created="2026-01-05T09:00:00.000"),
        issue(27, updated="9999-12-31T23:59:59.999+0000", duedate="9999-12-31"),
        issue(28, labels=["syncer:risk"], summary="Risk \u202e<b>bold</b>\n# of\x00 loss"),
    ]
    odd[1]["changelog"]["histories"] = [
        {"id": "1", "author": None, "created": jira_time(START), "items": None},
        history(2, {**moved("To Do", "In Progress"), "from": None, "fromString": None}),
    ]
    return [*titles, *odd, issue(99, labels="no list")]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    async def travel() -> dict[str, Done]:
        syncer = Syncer(tmp_path_factory.mktemp("hostile"), {"JIRA_TOKEN": TOKEN})
        name = "Net \u202e<img src=x onerror=alert(1)>\n## x"
        project = {"id": "10", "key": "NET", "name": name}
        async with _serving(SmallJira(issues=_hostile_issues(), projects=[project])) as url:
            syncer.configure(connection("jira", url))
            commands = {
                "sync": ("sync",),
                "again": ("sync",),
                "items": ("items", "--format", "jsonl"),
                "csv": ("items", "--format", "csv"),
                "table": ("items",),
                "risks": ("risks",),
                "status": ("status", "--format", "json"),
                **{form: ("digest", "--format", form) for form in ("text", "md", "html", "json")},
            }
            return {name: await syncer(*arguments) for name, arguments in commands.items()}

    return asyncio.run(travel())


class TestHostileIssues:
    def test_all_but_the_unreadable_one_are_stored(self, hostile: dict[str, Done]) -> None:
        assert hostile["sync"].code == 0
        assert "1 unreadable (kept in quarantine)" in hostile["sync"].out
        assert len(hostile["items"].rows) == len(_hostile_issues()) - 1
        assert [s["quarantined"] for s in hostile["status"].json["sources"]] == [1]

    def test_the_quarantined_one_is_tried_again_and_nothing_is_doubled(
        self, hostile: dict[str, Done]
    ) -> None:
        assert hostile["again"].code == 0
        assert ", 0 new or changed" in hostile["again"].out

    def test_titles_become_one_harmless_line(self, hostile: dict[str, Done]) -> None:
        titles = {row["key"]: row["title"] for row in hostile["items"].rows}
        for number, (raw, wanted) in enumerate(HOSTILE.values(), start=1):
            assert titles[f"NET-{number}"] == (raw if wanted is None else wanted)
        assert titles["NET-21"] == titles["NET-22"] == "(no summary)"

    def test_what_is_unknown_stays_unknown(self, hostile: dict[str, Done]) -> None:
        items = {row["key"]: row for row in hostile["items"].rows}
        assert (items["NET-23"]["status"], items["NET-23"]["status_category"]) == (
            "Limbo",
            "UNKNOWN",
        )
        assert (items["NET-24"]["type"], items["NET-24"]["hierarchy_level"]) == ("Whim", 0)
        assert [link["kind"] for link in items["NET-25"]["links"]] == ["relates"]
        assert items["NET-26"]["created_at"] == "2026-01-05T08:00:00Z"
        assert items["NET-27"]["updated_at"] == "9999-12-31T23:59:59Z"
        assert items["NET-22"]["priority"] is None

    @pytest.mark.parametrize("name", ["table", "risks", "text", "md", "html", "csv"])
    def test_no_output_can_drive_the_reader(self, hostile: dict[str, Done], name: str) -> None:
        done = hostile[name]
        assert (done.code, done.err) == (0, "")
        wild = {c for c in done.out if not c.isprintable() and c not in "\r\n\u00a0"}
        assert wild == set()

    def test_markup_is_text(self, hostile: dict[str, Done]) -> None:
        page = hostile["html"].out
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>bold" not in page
        assert "&lt;img src=x" in page
        assert not re.search(r"(?<!\\)<", hostile["md"].out)

    def test_a_spreadsheet_runs_no_formula(self, hostile: dict[str, Done]) -> None:
        rows = list(csv.DictReader(io.StringIO(hostile["csv"].out)))
        assert not [v for row in rows for v in row.values() if v.startswith(("=", "+", "@"))]

    def test_the_digest_says_what_its_totals_leave_out(self, hostile: dict[str, Done]) -> None:
        for form in ("text", "md", "html", "json"):
            assert "Totals exclude 1 unreadable item" in hostile[form].out.replace("\u00a0", " ")

    def test_f20_nothing_crashed_and_nothing_leaked(self, hostile: dict[str, Done]) -> None:
        for done in hostile.values():
            assert done.code == 0
            assert "Traceback" not in done.said
            _assert_no_secret(done.said)
