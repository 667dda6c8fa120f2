"""What a program manager finds beside colours: money, fixes, teams, people, scope, risks' past."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from syncer.domain.load import QualityFix, TeamLoad
from syncer.domain.mention import ItemMention
from syncer.domain.portfolio import Budget, Portfolio
from syncer.domain.report import Quality, Snapshot
from syncer.domain.statement import Roam
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.past.scope import ScopeChange
from syncer.rollup.past.scope_ledger import ScopeEntry, ScopeLedger, ScopeStep
from syncer.web.pages.app import OPEN_PATHS, pages_app
from syncer.web.pages.reader import PastRisk, PastWeek
from syncer.web.pages.risks import answers
from syncer.web.security import Access, authenticate
from tests.unit.publish.portfolios import example
from tests.web.pages.still_reader import StillReader
from tests.web.pages.test_pages import text_of, words_of

LOADS = (
    TeamLoad(
        team="network", name="Network team", projects=("network",), due=26, likely=19, weeks=4
    ),
    TeamLoad(team="out", name="Outreach team", projects=("outreach",), due=3, likely=0, weeks=4),
)


class WithBudget(StillReader):
    """The same with money for the program."""

    def _portfolio(self) -> Portfolio:
        made, on = super()._portfolio(), date(2026, 10, 31)
        budget = Budget(approved=40_000_000, spent=10_000_000, forecast=42_500_000, as_of=on)
        return replace(made, programs=tuple(replace(one, budget=budget) for one in made.programs))


def mention(key: str, *, restricted: bool = False) -> ItemMention:
    return ItemMention(
        uid=f"jira:{key}",
        key=key,
        title=f"Title of {key}",
        url="",
        project="network",
        level=VerdictLevel.PROGRAM,
        restricted=restricted,
    )


async def test_a_budget_is_shown_where_it_is_given_and_only_there() -> None:
    words = words_of(await text_of(WithBudget(example()), "/programs/5g"))
    assert "Approved 40,000,000 EUR" in words
    assert "Spent 10,000,000 EUR 25 % of what is approved" in words
    assert "Forecast 42,500,000 EUR 2,500,000 above what is approved" in words
    assert "As people reported it on 31 Oct, in the configuration." in words
    assert "Budget" not in words_of(await text_of(StillReader(example()), "/programs/5g"))


async def test_the_load_of_teams_is_that_of_the_rule_and_leads_to_its_evidence() -> None:
    reader = StillReader(replace(example(), loads=LOADS))
    html = await text_of(reader, "/programs/5g")
    words = words_of(html)
    assert "Network team Network 26 19 137 %" in words
    assert "Outreach team Outreach 3 – not known" in words
    assert '/why/proj:network#load"' in html
    why = words_of(await text_of(reader, "/why/proj:network"))
    assert "Load of the team 26 due, 19 likely, load 1.37" in why
    assert "overbooked above 1.2" in why


async def test_the_cheapest_fixes_stand_with_their_points() -> None:
    given = example()
    quality = Quality(
        score=71,
        confidence=given.projects[0].quality.confidence,
        fixes=(QualityFix(text="add owners to 6 items", count=6, points=9, items=("jira:1",)),),
    )
    projects = (replace(given.projects[0], quality=quality), *given.projects[1:])
    reader = StillReader(replace(given, projects=projects))
    for path in ("/programs/5g", "/projects/network"):
        assert "add owners to 6 items: +9" in words_of(await text_of(reader, path))
    assert "add owners to 6 items : +9 points" in words_of(
        await text_of(reader, "/why/proj:network")
    )


# --- scope ---------------------------------------------------------------------------------------


def ledger() -> ScopeLedger:
    at = example().as_of - timedelta(days=3)
    entries = [
        ScopeEntry(item=mention("NET-7"), step=ScopeStep.ADDED, at=at, by="Ada <i>"),
        ScopeEntry(item=mention("SEC-808", restricted=True), step=ScopeStep.ADDED, at=at, by="Spy"),
        ScopeEntry(item=mention("NET-9"), step=ScopeStep.DELETED, at=None, by=""),
    ]
    change = ScopeChange(baseline=226, now=240, added=22, decomposed=8, removed=6, replaced=2)
    return ScopeLedger(
        since=date(2026, 4, 1), origin="the start of the project", change=change, entries=entries
    )


@pytest.mark.parametrize("path", ["/programs/5g", "/projects/network"])
async def test_the_scope_ledger_names_what_came_and_went_and_who_did_it(path: str) -> None:
    html = await text_of(StillReader(example(), ledgers={"network": ledger()}), path)
    words = words_of(html)
    assert "226 items on 1 Apr, the start of the project; 240 now." in words
    assert "Unplanned growth +6.2 %, taken out 2.7 %. 2 gave way to their parts." in words
    assert "2 added 20 Nov: NET-7 Title of NET-7 , by Ada <i>" in words
    assert "1 deleted NET-9 Title of NET-9 , nobody recorded when" in words
    assert "restricted item" in words
    for trace in ("Spy", "SEC-808", "<i>"):
        assert trace not in html


async def test_what_may_not_be_counted_is_in_no_list() -> None:
    reader = StillReader(example(), ledgers={"network": ledger()})
    reader.view = replace(reader.view, count_restricted=False)
    words = words_of(await text_of(reader, "/projects/network"))
    assert "1 added" in words
    assert "restricted item" not in words.partition("Scope")[2].partition("The two ledgers")[0]


# --- risks ---------------------------------------------------------------------------------------


async def test_a_risk_shows_what_the_editions_said_of_it() -> None:
    given = example()
    risk = given.risks[0]
    past = [
        PastWeek(
            snapshot=f"S-{n}",
            as_of=given.as_of - timedelta(weeks=3 - n),
            scopes={},
            risks={risk.id: told} if told else {},
        )
        for n, told in enumerate(
            [
                None,
                PastRisk(score=9, band="medium", roam=Roam.NEW),
                PastRisk(score=16, band="critical", roam=Roam.OWNED),
            ]
        )
    ]
    words = words_of(await text_of(StillReader(given, past=past), "/programs/5g"))
    assert "16 Nov: critical, score 16, owned 9 Nov: medium, score 9, new" in words
    assert "2 Nov: not told" not in words


async def test_a_risk_is_answered_by_commands_to_copy() -> None:
    html = await text_of(StillReader(example()), "/programs/5g")
    risk = example().risks[0]
    given = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<code>(.*?)</code>", html)]
    assert set(answers(risk)) <= {unescape(one) for one in given}
    assert len(answers(risk)) == 3
    assert "<form" not in html
    assert "<button" not in html


@pytest.mark.parametrize("identity", ["R-1; rm -rf /", "R-$(x)", "", "R-1\nx", "-rf"])
def test_nothing_that_a_shell_would_read_stands_in_a_command(identity: str) -> None:
    assert answers(replace(example().risks[0], id=identity)) == []


async def test_cycles_and_ends_that_nobody_sees_are_listed() -> None:
    given = example()
    knot = replace(
        given.risks[0],
        id="R-cycle",
        rule="DEP-4",
        subjects=(mention("NET-1"), mention("NET-2", restricted=True)),
        projects=("network",),
        root=None,
    )
    unseen = replace(knot, id="R-unseen", rule="DEP-7", subjects=(mention("NET-3"),))
    snapshot: Snapshot = replace(given, unmerged=(*given.unmerged, knot, unseen))
    for path in ("/programs/5g", "/projects/network"):
        words = words_of(await text_of(StillReader(snapshot), path))
        assert "None of these 2 can begin : NET-1 Title of NET-1 , restricted item" in words
        assert "NET-3 Title of NET-3 waits for what is not synced" in words


async def test_a_gate_that_moved_shows_its_first_date() -> None:
    given = example()
    gate = replace(given.gates[0], scope="proj:network")
    slipped = replace(gate, baseline=gate.on - timedelta(days=14), slip_days=10)
    html = await text_of(StillReader(replace(given, gates=(slipped,))), "/programs/5g")
    assert "slipped 10 d" in words_of(html)
    still = replace(gate, baseline=gate.on)
    assert "not moved" in words_of(
        await text_of(StillReader(replace(given, gates=(still,))), "/programs/5g")
    )


# --- people --------------------------------------------------------------------------------------


async def people_seen_by(name: str, **of_reader: object) -> str:
    """The program's page as a proxy's reader gets it."""
    reader = StillReader(example(), **of_reader)  # type: ignore[arg-type]  # names of fields
    access = Access(proxy_header="X-User", trusted_proxies=(ip_network("127.0.0.0/8"),))
    guard = authenticate(access, open_paths=OPEN_PATHS)
    app = pages_app(reader, middlewares=[guard])
    async with TestClient[web.Request, web.Application](TestServer(app)) as pages:
        answer = await pages.get("/programs/5g", headers={"X-User": name})
        assert answer.status == 200
        return words_of(await answer.text())


async def test_people_are_shown_to_readers_named_in_the_configuration_alone() -> None:
    shown = await people_seen_by("j.roth", people_for=("j.roth",), words="Ann Worker")
    assert "Person In progress Projects Here Ann Worker 2 1 2 items" in shown
    for name, allowed in (("a.silva", ("j.roth",)), ("j.roth", ()), ("", ())):
        if name:
            assert "by person" not in await people_seen_by(name, people_for=allowed)
    open_to_all = words_of(
        await text_of(StillReader(example(), people_for=("", "j.roth")), "/programs/5g")
    )
    assert "by person" not in open_to_all
