"""From every figure of a page one link leads to its evidence, and nothing restricted is there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from syncer.clock import FixedClock
from syncer.demo.clock import AS_OF
from syncer.domain.health import Health
from syncer.domain.override import OverrideState
from syncer.domain.progress import EstimateProgress
from syncer.domain.report import Evidence
from syncer.domain.statement import ColourOverride
from syncer.publish.audience import Lens
from syncer.service.core import Service
from syncer.settings.load import load_settings
from tests.unit.publish.portfolios import PERMIT, example, example_before
from tests.unit.publish.test_every_figure import claims, figures, missing
from tests.web.pages.still_reader import StillReader
from tests.web.pages.test_pages import client, text_of, words_of

PAGES = ("/", "/programs/5g", "/products/phone", "/projects/network", "/projects/outreach")
WHY = re.compile(r'href="(/why/[^"#]+)#([^"]+)"')
FIGURE = re.compile(r"(?<![\w-])\d")
VOID = frozenset({"meta", "link", "br", "circle", "path", "line", "rect"})


class Figures(HTMLParser):
    """Cells with a figure from which nothing leads on, nor from the section that holds them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cell: str | None = None
        self.leads = False
        self.cells: list[str] = []
        self.lacking: list[list[str]] = [[]]
        self.explained: list[bool] = [False]
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "section":
            self.lacking.append([])
            self.explained.append(False)
        elif tag in {"dd", "td"}:
            self.cell, self.leads = "", False
        elif tag in {"a", "details"}:
            self.leads = True
            self.explained[-1] = self.explained[-1] or tag == "details"

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not {"small", "svg"} & set(self.open):
            self.cell += data

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        self.open.pop()
        if tag in {"dd", "td"} and self.cell is not None:
            if FIGURE.search(self.cell):
                self.cells.append(self.cell)
                self.lacking[-1] += [] if self.leads else [self.cell]
            self.cell = None
        elif tag == "section":
            lacking, explained = self.lacking.pop(), self.explained.pop()
            self.found += [] if explained else lacking


@pytest.mark.parametrize("path", PAGES)
async def test_every_figure_of_a_page_leads_to_its_evidence(path: str) -> None:
    found = Figures(await text_of(StillReader(example(), example_before()), path))
    assert len(found.cells) > 5
    assert found.found + found.lacking[0] == []


def test_the_walk_finds_a_figure_that_leads_nowhere() -> None:
    found = Figures("<section><table><tr><td>30 %</td><td><a>4</a></td></tr></table></section>")
    assert found.found == ["30 %"]


async def test_every_link_to_evidence_finds_it() -> None:
    reader, seen = StillReader(example(), example_before()), 0
    for path in PAGES:
        links = set(WHY.findall(await text_of(reader, path)))
        for address, key in links:
            assert f'id="{key}"' in await text_of(reader, address), (path, address, key)
        seen += len(links)
    assert seen > 20


async def test_the_evidence_tells_rule_formula_inputs_thresholds_and_items() -> None:
    words = words_of(await text_of(StillReader(example(), example_before()), "/why/proj:network"))
    assert "R2: as it is Rule R2: the chance of the target is too low" in words
    assert "A chance of the target below this is Red: 50 % (colour.red_below)" in words
    assert "82 open; items a week, oldest first: 5, 6, 4, 7, 3, 5, 6, 4, 2, 5, 4, 5" in words
    assert "computed 0.3017; target 2027-03-19" in words
    assert "2027-02-19 → 2027-03-19 on 1 Sep by unknown" in words


async def test_progress_by_estimate_says_what_it_is_a_share_of() -> None:
    given, unit = example(), "<b>points"
    found = EstimateProgress(unit=unit, done=34.0, total=85.0, estimated=200, countable=240)
    network = replace(given.projects[0], progress=0.4, by_estimate=found, baseline_progress=0.5)
    reader = StillReader(replace(given, projects=(network, *given.projects[1:])))
    page = await text_of(reader, "/projects/network")
    assert unit not in page
    said = "40 % of the estimated <b>points done, 34 of 85; 40 of 240 items are not estimated in"
    assert said in words_of(page)
    assert "50 % of the baseline, by items" in words_of(page)
    evidence = words_of(await text_of(reader, "/why/proj:network"))
    assert "158 of 240, 82 open; 40 % of the estimated <b>points" in evidence
    assert "estimated" not in words_of(await text_of(StillReader(given), "/projects/network"))


async def test_nobody_finds_evidence_of_what_is_not_there() -> None:
    async with client(StillReader(example())) as pages:
        for path in ("/why/", "/why/proj:none", "/why/prog:none", "/why/portfolio", "/why/5g"):
            assert (await pages.get(path)).status == 404, path


async def test_a63_a_restricted_item_is_withheld_from_the_evidence_too() -> None:
    secret = replace(PERMIT, title="Acquire the rival", key="SEC-9", uid="jira:99", restricted=True)
    given = example()
    edges = tuple(
        replace(edge, root=secret, predecessor=secret)
        for project in given.projects[:1]
        for edge in project.dependencies
    )
    told = Evidence(label="Waits for SEC-9", value="Acquire the rival", items=("jira:99",))
    risk = replace(given.risks[0], evidence=(told,), subjects=(secret,))
    projects = (replace(given.projects[0], dependencies=edges), *given.projects[1:])
    snapshot = replace(given, projects=projects, risks=(risk, *given.risks[1:]), cited=(secret,))
    html = await text_of(StillReader(snapshot), "/why/proj:network")
    assert "restricted item" in html
    for trace in ("Acquire", "rival", "SEC-9", "jira:99"):
        assert trace not in html


@pytest.mark.parametrize("lens", list(Lens))
async def test_every_figure_of_the_demos_edition_stands_in_its_evidence(
    demo: Path, lens: Lens
) -> None:
    async with Service(load_settings(demo, {}), clock=FixedClock(AS_OF)) as service:
        (audience,) = await service.audiences()
        view = replace(audience.view, lens=lens)
        digest = (await service.draft(replace(audience, view=view))).digest
    every = list(claims(digest))
    assert sum(len(figures(text)) for text, _ in every) > 30
    lacking = {text: missing((text, backing)) for text, backing in every}
    assert {text: found for text, found in lacking.items() if found} == {}


async def test_a_program_shows_its_decisions_and_overrides_with_their_end() -> None:
    given = example()
    made = ColourOverride(
        id="C-1",
        scope="proj:network",
        colour=Health.AMBER,
        computed=Health.RED,
        target=None,
        reason="The supplier has <confirmed> the parts",
        since=date(2026, 11, 20),
        expires=date(2026, 12, 4),
        approver="A. Silva",
        provenance=given.owner_statuses[0].provenance,
    )
    state = OverrideState(override=made, own=given.projects[0].computed)
    projects = (replace(given.projects[0], override=state), *given.projects[1:])
    html = await text_of(StillReader(replace(given, projects=projects)), "/programs/5g")
    words = words_of(html)
    assert "Which date for Network upgrade? Network CTO 26 Nov open" in words
    assert "Network : AMBER is shown until 4 Dec, computed ◆ RED by R2." in words
    assert "The supplier has <confirmed> the parts ”, approved by A. Silva" in words
    assert "<confirmed>" not in html
