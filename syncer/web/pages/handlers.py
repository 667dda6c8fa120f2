"""One handler a page: read, look up, render off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from syncer.domain.portfolio import Product, Program
from syncer.domain.report import GroupResult
from syncer.publish.digest.changes import changes
from syncer.publish.digest.decisions import needed
from syncer.publish.digest.gates import gates
from syncer.publish.digest.headline import headline
from syncer.publish.digest.risks import top_risks
from syncer.publish.digest.status import status_rows
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.words import disagreements
from syncer.publish.progress import progress_line
from syncer.publish.reasons import backtest_line, inputs, lever_lines, next_rules, rule_line
from syncer.publish.render.html import render_html
from syncer.rollup.past.scope_ledger import ScopeLedger
from syncer.store.editions import PublishedEdition
from syncer.web.pages import (
    board,
    capacity,
    gaps,
    group,
    items,
    product,
    record,
    scope,
    sources,
    why,
)
from syncer.web.pages.context import Link, PageContext, scope_href
from syncer.web.pages.frozen import policy, with_way_back
from syncer.web.pages.reader import Reader
from syncer.web.pages.render import render
from syncer.web.pages.risks import risk_log
from syncer.web.security import NAMED

READER: Final = web.AppKey("reader", Reader)
"""Where an application keeps its reader."""
_MOST_URGENT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a page of a scope is asked: the choice of risks, by whom, and the scope of its projects.

    `reader` is the name that a proxy gave, empty where none did.
    """

    chosen: str
    reader: str
    ledgers: Mapping[str, ScopeLedger | None]


class Pages:
    """The handlers of all pages over one reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def home(self, request: web.Request) -> web.Response:
        """Where everything stands, and the digests of every audience."""
        page = await self._page()
        audiences = await self._reader.audiences()
        newest: dict[str, PublishedEdition] = {}
        for one in await self._reader.editions():
            newest.setdefault(one.audience, one)
        live = request.query.get("live") == "1"
        return await _html(lambda: _home(page, audiences=audiences, newest=newest, live=live))

    async def editions(self, _request: web.Request) -> web.Response:
        """Every published edition, newest first."""
        page, found = await self._page(), await self._reader.editions()
        names = {one.key: one.name for one in await self._reader.audiences()}
        return await _html(lambda: render("editions", c=page, editions=found, names=names))

    async def edition(self, request: web.Request) -> web.Response:
        """A published edition as it was sent."""
        given = request.match_info
        version = int(given["version"]) if "version" in given else None
        found = await self._reader.edition(given["audience"], given["edition"], version)
        html = found.contents.get("html") if found else None
        if found is None or html is None:
            raise web.HTTPNotFound
        note = f"Published edition {found.edition}, version {found.version}, as it was sent."
        return _document(html, note=note, links=_versions(found))

    async def preview(self, request: web.Request) -> web.Response:
        """What an audience's next edition would say now."""
        digest = await self._reader.draft(request.match_info["audience"])
        if digest is None:
            raise web.HTTPNotFound
        html = await asyncio.to_thread(render_html, digest)
        note = "Draft: what the next edition would say now. Nobody has been sent this."
        return _document(html, note=note, links=[("Overview", "/"), ("Editions", "/editions")])

    async def program(self, request: web.Request) -> web.Response:
        """Everything about one program."""
        return await self._group(f"prog:{request.match_info['key']}", request)

    async def product(self, request: web.Request) -> web.Response:
        """Everything about one product."""
        return await self._group(f"prod:{request.match_info['key']}", request)

    async def _group(self, scope: str, request: web.Request) -> web.Response:
        page = await self._page()
        found = page.current.pair.current.group(scope)
        if found is None:
            raise web.HTTPNotFound
        asked = await self._asked(request, found.projects)
        return await _html(lambda: _group(found, page, asked))

    async def project(self, request: web.Request) -> web.Response:
        """One project: why, forecast, its items."""
        page = await self._page()
        key = request.match_info["key"]
        if page.current.pair.current.project(key) is None:
            raise web.HTTPNotFound
        asked = await self._asked(request, (key,))
        return await _html(lambda: _project(key, page, asked))

    async def _asked(self, request: web.Request, projects: Sequence[str]) -> _Asked:
        return _Asked(
            chosen=request.query.get("risks", ""),
            reader=request.get(NAMED, ""),
            ledgers={key: await self._reader.scope_ledger(key) for key in projects},
        )

    async def why(self, request: web.Request) -> web.Response:
        """How every figure of a program, product or project came about."""
        page, scope = await self._page(), request.match_info["scope"]
        found = why.entry_of(scope, page)
        if found is None:
            raise web.HTTPNotFound
        parts = {"scope": found.scope, "name": clean(found.name, 80)}
        return await _html(lambda: render("why", c=page, figures=why.shown(found, page), **parts))

    async def items(self, request: web.Request) -> web.Response:
        """The items, by level, project and status, a page at a time."""
        page, query = await self._page(), items.query_of(request.query)
        return await _html(
            lambda: render("items", c=page, found=items.item_list(query, page), filters=items)
        )

    async def item(self, request: web.Request) -> web.Response:
        """One item; one that may not be shown is as unknown as one that is not there."""
        page, uid = await self._page(), request.match_info["uid"]
        item = page.items.get(uid)
        if item is None:
            raise web.HTTPNotFound
        changes = await self._reader.history(uid)
        return await _html(
            lambda: render("item", c=page, one=items.item_page(item, changes, page), item=item)
        )

    async def sources(self, request: web.Request) -> web.Response:
        """How fresh and complete the data is."""
        page, ledger = await self._page(), await self._reader.ledger()
        live = request.query.get("live") == "1"
        return await _html(
            lambda: render(
                "sources",
                c=page,
                ledger=ledger,
                live=live,
                advice=sources.advice(ledger, page),
                rows=sources.rows,
                lanes=sources.LANES,
            )
        )

    async def colours(self, _request: web.Request) -> web.Response:
        """What the colours mean, with the thresholds in force."""
        page = await self._page()
        return await _html(lambda: render("colours", c=page, rules=page.current.rules))

    async def _page(self) -> PageContext:
        return PageContext(await self._reader.current())


async def _html(make: Callable[[], str]) -> web.Response:
    """The page, made in a thread of its own so that nobody else waits for it."""
    return web.Response(text=await asyncio.to_thread(make), content_type="text/html")


def _document(html: str, *, note: str, links: list[tuple[str, str]]) -> web.Response:
    headers = {"Content-Security-Policy": policy(html)}
    text = with_way_back(html, note=note, links=links)
    return web.Response(text=text, content_type="text/html", headers=headers)


def _versions(found: PublishedEdition) -> list[tuple[str, str]]:
    here = f"/editions/{found.audience}/{found.edition}"
    others = [(f"Version {n}", f"{here}/v{n}") for n in range(1, found.version)]
    return [("Overview", "/"), ("Editions", "/editions"), *others]


def _home(page: PageContext, **parts: object) -> str:
    context = page.brief
    rows, decisions = status_rows(context), needed(context)
    risks = top_risks(context, decisions)
    return render(
        "home",
        c=page,
        headline=headline(context, decisions, rows),
        rows=rows,
        disagreements=disagreements(context),
        decisions=decisions,
        changes=changes(context, frozenset(risk.id for risk in risks)),
        risks=risks,
        gates=gates(context),
        sparks={row.scope: group.sparkline(row.scope, page) for row in rows},
        **parts,
    )


def _group(found: GroupResult, page: PageContext, asked: _Asked) -> str:
    projects = [row.project for row in group.members(found, page)]
    keys = tuple(project.key for project in projects)
    scopes = frozenset({found.scope, *(project.scope for project in projects)})
    declared = _declared(found, page)
    return render(
        "group",
        c=page,
        group=found,
        declared=declared,
        said=group.said(found.scope, page),
        rows=group.members(found, page),
        points=group.history(found.scope, page),
        chart=group.chart(found.scope, page),
        moves=group.target_moves(projects),
        inputs=list(inputs(found.facts)),
        whys={one.key: list(map(rule_line, next_rules(one, page.current.rules)))
              for one in projects},
        levers={one.key: list(lever_lines(one.levers)) for one in projects},
        board=board.board(keys, page),
        waits=board.waits(keys, page),
        cycles=board.cycles(keys, page),
        unseen=board.unseen_ends(keys, page),
        log=risk_log(found.scope, keys, page, chosen=asked.chosen),
        gates=group.gates_of(scopes, page),
        loads=list(capacity.loads(projects, page)),
        teams=capacity.teams(keys, page),
        people=capacity.people(keys, page, reader=asked.reader),
        scope=[scope.scope_row(one, asked.ledgers.get(one), page) for one in keys],
        fixes=gaps.fixes(projects, page),
        gaps=gaps.work_lists(keys, page),
        product=product.product_part(found.product, page) if found.product else None,
        decided=record.decisions(found, page),
        overrides=list(record.overrides(found, page)),
        unclaimed=[page.item(one) for one in page.digest.unclaimed],
        context=page.of(found.scope),
    )  # fmt: skip


def _declared(found: GroupResult, page: PageContext) -> Program | Product | None:
    """What the configuration says of a program or product."""
    every: Sequence[Program | Product] = (
        *page.current.portfolio.programs,
        *page.current.portfolio.products,
    )
    return next((one for one in every if one.scope == found.scope), None)


def _project(key: str, page: PageContext, asked: _Asked) -> str:
    row = next(
        group.project_row(one, page) for one in page.current.pair.current.projects if one.key == key
    )
    query = items.Query(of=f"proj:{key}", status="open")
    return render(
        "project",
        c=page,
        row=row,
        project=row.project,
        points=group.history(row.project.scope, page),
        chart=group.chart(row.project.scope, page),
        inputs=list(inputs(row.project.facts)),
        next_rules=list(map(rule_line, next_rules(row.project, page.current.rules))),
        levers=list(lever_lines(row.project.levers)),
        backtest=backtest_line(row.project.backtest),
        weighed=progress_line(row.project, page.text),
        moves=group.target_moves([row.project]),
        board=board.board((key,), page),
        cycles=board.cycles((key,), page),
        unseen=board.unseen_ends((key,), page),
        log=risk_log(row.project.scope, (key,), page, chosen=asked.chosen),
        teams=capacity.teams((key,), page),
        scope=[scope.scope_row(key, asked.ledgers.get(key), page)],
        fixes=gaps.fixes([row.project], page),
        gates=group.gates_of(frozenset({row.project.scope}), page),
        gaps=gaps.work_lists((key,), page),
        found=items.urgent(query, page, most=_MOST_URGENT),
        groups=[
            Link(label=clean(one.name, 80), href=scope_href(one.scope))
            for one in (*page.current.pair.current.programs, *page.current.pair.current.products)
            if key in one.projects
        ],
        name=clean(row.project.name, 80),
    )
