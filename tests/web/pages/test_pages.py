"""The pages without a browser: figures, what is withheld, hostile words, headers, errors."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from pydantic import SecretStr

from syncer.errors import SyncerError
from syncer.web.pages.app import HEADERS, OPEN_PATHS, pages_app
from syncer.web.pages.reader import Current
from syncer.web.security import Access, authenticate
from tests.unit.publish.portfolios import example, example_before
from tests.unit.publish.test_hostile_and_lens import HOSTILE, hostile
from tests.web.pages.still_reader import ORIGIN, StillReader

ALL = (
    "/",
    "/editions",
    "/editions/board/2026-W48",
    "/editions/board/2026-W48/v1",
    "/preview/board",
    "/programs/5g",
    "/products/phone",
    "/projects/network",
    "/items",
    "/items/jira:1",
    "/items/jira:2",
    "/sources",
    "/how-colours-work",
)


def client(reader: StillReader) -> TestClient[web.Request, web.Application]:
    return TestClient(TestServer(pages_app(reader)))


async def text_of(reader: StillReader, path: str) -> str:
    async with client(reader) as pages:
        answer = await pages.get(path)
        assert answer.status == 200, path
        return await answer.text()


def words_of(html: str) -> str:
    """The text of a page as one line, without mark-up."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ").split())


class Parts(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


async def test_the_program_page_shows_the_figures_of_the_snapshot() -> None:
    snapshot = example()
    reader = StillReader(snapshot=snapshot, previous=example_before())
    words = words_of(await text_of(reader, "/programs/5g"))
    group = snapshot.group("prog:5g")
    assert group is not None
    assert f"{group.done} of {group.total}" in words
    assert "Chance of target 30 %" in words
    assert "Target 19 Mar" in words
    assert "Likely (50 %) 26 Mar" in words
    assert "Safe (85 %) 13 Apr" in words
    for key in group.projects:
        project = snapshot.project(key)
        assert project is not None
        assert f"{project.done} of {project.total}" in words
        assert f"{project.shown.rule}, {project.shown.reason}" in words
        assert f"{project.remaining} open" in words
    assert "9 working days" in words


async def test_the_first_page_answers_with_the_digests_own_sentence() -> None:
    reader = StillReader(snapshot=example(), previous=example_before())
    words = words_of(await text_of(reader, "/"))
    assert "5G Infrastructure is Red: 30 % chance of 19 March, safe by 13 April." in words
    assert "Which date for Network upgrade?" in words
    assert "How far to trust this" in words


async def test_a_reading_that_is_too_old_gives_no_colour() -> None:
    fresh = StillReader(snapshot=example())
    stale = replace(fresh, late=timedelta(hours=25), fault="the database is gone")
    assert 'class="chip green"' in await text_of(fresh, "/programs/5g")
    for path in ("/", "/programs/5g", "/projects/regulatory"):
        html = await text_of(stale, path)
        assert 'class="chip green"' not in html
        assert 'class="chip red"' not in html
        assert "no colour can be given" in html
        assert "the database is gone" in words_of(html)


async def test_refreshing_by_itself_is_chosen_and_can_be_stopped() -> None:
    reader = StillReader(snapshot=example())
    for path in ("/", "/sources"):
        assert "http-equiv" not in await text_of(reader, path)
        live = await text_of(reader, f"{path}?live=1")
        assert '<meta http-equiv="refresh" content="60">' in live
        assert f'<a href="{path}">Stop</a>' in live


@pytest.mark.parametrize("words", HOSTILE, ids=[text[:24] for text in HOSTILE])
async def test_a33_a35_a36_a37_a38_a45_hostile_words_are_only_text(words: str) -> None:
    reader = StillReader(snapshot=hostile(words), words=words)
    async with client(reader) as pages:
        for path in ALL:
            answer = await pages.get(path)
            assert answer.status == 200, path
            html = await answer.text()
            parts = Parts(html)
            assert not parts.tags & {"script", "img", "iframe", "object", "form", "base", "input"}
            names = {name for name, _ in parts.attributes}
            assert not [name for name in names if name.startswith("on") or name in {"style", "src"}]
            links = [value for name, value in parts.attributes if name == "href"]
            outside = [one for one in links if not one.startswith(("/", "#"))]
            assert all(one.startswith(f"{ORIGIN}/") for one in outside), outside
            assert not [one for one in links if one.startswith("//")]
            assert not re.search("[\u202e\u2028\x00]", html)


async def test_a47_no_name_leads_out_of_our_own_files() -> None:
    async with client(StillReader(snapshot=example())) as pages:
        for name in (
            "/static/../app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e%2fapp.py",
            "/static/..%5capp.py",
            "/static/%00",
            "/static/pages.css%00.html",
            "/editions/..%2f..%2fetc/passwd",
            "/programs/..%2f..%2fetc%2fpasswd",
            "/items/..%2f..%2fetc%2fpasswd",
            "/projects/nothing",
            "/editions/board/2026-W48/v2",
            "/editions/board/2026-W48/v0",
            "/preview/nobody",
            "/items/jira:404",
        ):
            answer = await pages.get(name)
            assert answer.status == 404, name
            assert "There is no such page" in await answer.text()


async def test_a60_every_answer_carries_the_headers_and_none_changes_anything() -> None:
    async with client(StillReader(snapshot=example())) as pages:
        for path in (*ALL, "/static/pages.css", "/static/icon.svg", "/favicon.ico", "/nowhere"):
            answer = await pages.get(path, allow_redirects=False)
            for name in set(HEADERS) - {"Content-Security-Policy", "Cache-Control"}:
                assert answer.headers[name] == HEADERS[name], (path, name)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; style-src '")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            head = await pages.head(path, allow_redirects=False)
            assert head.status == answer.status
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                refused = await pages.request(method, path, allow_redirects=False)
                assert refused.status in {404, 405}
                assert "Content-Security-Policy" in refused.headers


async def test_an_edition_is_served_as_it_was_sent_but_for_the_way_back() -> None:
    reader = StillReader(snapshot=example())
    edition = await reader.edition("board", "2026-W48", None)
    assert edition is not None
    html = await text_of(reader, "/editions/board/2026-W48")
    before, _, after = html.partition('\n<nav class="page"')
    assert before + after.partition("</nav>")[2] == edition.contents["html"]


class Broken(StillReader):
    """A reader that cannot read."""

    error: Exception = SyncerError("No answer from postgresql://syncer:***@db.internal/syncer.")

    async def current(self) -> Current:
        raise self.error


async def test_errors_are_told_in_plain_words_without_the_inside() -> None:
    async with client(Broken(snapshot=example())) as pages:
        answer = await pages.get("/")
        assert answer.status == 503
        html = await answer.text()
        assert "The database does not answer" in html
        assert "db.internal" not in html
    broken = Broken(snapshot=example())
    broken.error = ValueError("secret inside")
    async with client(broken) as pages:
        answer = await pages.get("/")
        html = await answer.text()
        assert answer.status == 500
        assert "secret inside" not in html
        assert "Traceback" not in html
        assert "Something went wrong here" in html


async def test_a_refused_reader_is_told_in_the_pages_own_style() -> None:
    @web.middleware
    async def nobody(request: web.Request, handler: Handler) -> web.StreamResponse:
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})

    app = pages_app(StillReader(snapshot=example()), middlewares=[nobody])
    async with TestClient(TestServer(app)) as pages:
        answer = await pages.get("/programs/5g")
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "Please sign in" in await answer.text()
        assert "5G" not in await answer.text()


async def test_who_tells_no_token_gets_a_page_with_its_style_and_nothing_else() -> None:
    access = Access(token=SecretStr("a-token-of-many-letters"))
    door = authenticate(access, open_paths=OPEN_PATHS)
    app = pages_app(StillReader(snapshot=example()), middlewares=[door])
    async with TestClient(TestServer(app)) as pages:
        for path in ALL:
            answer = await pages.get(path)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
            assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
            told = await answer.text()
            assert "Please sign in" in told
            assert "5G" not in told
        assert (await pages.get("/static/pages.css")).status == 200
        assert (await pages.get("/static/app.py")).status == 401


async def test_the_filters_of_items_are_links_and_nonsense_asks_for_nothing() -> None:
    reader = StillReader(snapshot=example())
    both = words_of(await text_of(reader, "/items"))
    assert "2 items" in both
    assert "1 restricted withheld" in both
    for query in ("level=program", "of=proj:network", "status=in_progress", "status=open"):
        assert "2 items" in words_of(await text_of(reader, f"/items?{query}"))
    for query in ("level=product", "of=proj:other", "status=done", "late=1"):
        assert "No item fits." in words_of(await text_of(reader, f"/items?{query}"))
    for query in ("level=%27%20OR%201=1", "status=x", "page=-1", "page=99999999", "page=1e9"):
        assert "2 items" in words_of(await text_of(reader, f"/items?{query}"))


async def test_risks_are_chosen_by_plain_links() -> None:
    reader = StillReader(snapshot=example(), previous=example_before())
    every = await text_of(reader, "/programs/5g")
    unowned = await text_of(reader, "/programs/5g?risks=unowned")
    assert every.count('class="risk"') > unowned.count('class="risk"')
    assert every == await text_of(reader, "/programs/5g?risks=nonsense")


async def test_sources_tell_what_is_wrong_and_what_to_do() -> None:
    words = words_of(await text_of(StillReader(snapshot=example(), words="Boom"), "/sources"))
    assert "The changed configuration was not taken: Boom" in words
    assert "2 deliveries refused for a wrong signature" in words
    assert "syncer check" in words
    assert "2 pending" in words
    assert "1 message is held: it is not known whether the recipient has it." in words
    assert "2 messages could not be delivered." in words
    assert "12 sent, 1 held, 2 failed" in words
    assert "tried 3 times" in words
