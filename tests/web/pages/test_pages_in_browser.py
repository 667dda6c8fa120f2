"""Every page of the demo in a real browser: narrow and wide, light and dark, and what it loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Response, ViewportSize

from tests.unit.publish.test_hostile_and_lens import HOSTILE, hostile
from tests.web.pages.site import served
from tests.web.pages.still_reader import ORIGIN, StillReader

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/editions",
    "/editions/leadership/2026-W48",
    "/preview/leadership",
    "/programs/5g",
    "/products/phone",
    "/projects/network",
    "/items",
    "/items?level=program&status=open",
    "/sources",
    "/how-colours-work",
    "/nowhere",
)
_AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_GRAVE = {"serious", "critical"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # The browser's own inspection (axe) needs a script where the pages allow none.
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def item_path(page: Page, site: str) -> str:
    page.goto(f"{site}/items?level=program&status=open")
    return page.locator("tbody th a").first.get_attribute("href") or ""


def grave_findings(page: Page) -> list[str]:
    page.evaluate(_AXE)
    found: dict[str, Any] = page.evaluate(
        "axe.run(document, { resultTypes: ['violations'], preload: false })"
    )
    assert found["passes"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in _GRAVE
    ]


def test_every_page_fits_every_width_and_axe_finds_nothing_grave(page: Page, site: str) -> None:
    """Each page is inspected once, the first narrow and dark, the next wide and light."""
    for number, path in enumerate((*PATHS, item_path(page, site))):
        widths = (1200, 360) if number % 2 else (360, 1200)
        page.emulate_media(color_scheme="light" if number % 2 else "dark")
        for width in widths:
            page.set_viewport_size(ViewportSize(width=width, height=900))
            page.goto(site + path)
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            if width == widths[0]:
                assert grave_findings(page) == [], (path, width)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1200, "dark")])
def test_the_other_scheme_reads_as_well(page: Page, site: str, width: int, scheme: Any) -> None:
    page.set_viewport_size(ViewportSize(width=width, height=900))
    page.emulate_media(color_scheme=scheme)
    for path in ("/", "/programs/5g"):
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert grave_findings(page) == []


def test_labels_of_narrow_tables_do_not_lie_on_each_other(page: Page, site: str) -> None:
    page.set_viewport_size(ViewportSize(width=360, height=900))
    page.goto(f"{site}/programs/5g")
    heights = page.locator(".cards td").evaluate_all(
        """all => all.map(td => [td.getBoundingClientRect().height,
            parseFloat(getComputedStyle(td, '::before').height) || 0])"""
    )
    assert len(heights) > 50
    assert [one for one in heights if one[0] < one[1]] == []


def test_what_is_tapped_is_large_enough(page: Page, site: str) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, but for links inside of sentences."""
    page.set_viewport_size(ViewportSize(width=360, height=900))
    for path in ("/", "/programs/5g", "/items", "/sources"):
        page.goto(site + path)
        small = page.locator("nav a, .filters a, .button, summary").evaluate_all(
            """all => all.filter(one => one.checkVisibility()
                && one.getBoundingClientRect().height < 24).map(one => one.textContent)"""
        )
        assert small == [], path


def test_a60_every_link_leads_somewhere_under_a_strict_policy(browser: Browser, site: str) -> None:
    page = browser.new_page()
    told: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.add(request.url))
    waiting, seen = [site + "/"], set[str]()
    while waiting:
        url = waiting.pop()
        response = page.goto(url)
        assert isinstance(response, Response)
        assert response.status == 200, url
        assert response.headers["content-security-policy"].startswith("default-src 'none'"), url
        hrefs = page.locator("a").evaluate_all("all => all.map(a => a.href)")
        for href in hrefs:
            bare = href.partition("#")[0]
            sort = bare.partition("?")[0].rpartition("/")[0]
            crowded = "/items" in bare and sum("/items" in one for one in seen) > 25
            if bare.startswith(site) and bare not in seen and sort and not crowded:
                seen.add(bare)
                waiting.append(bare)
    page.close()
    assert len(seen) > 25
    assert told == []
    assert not [url for url in asked if not url.startswith(site)]


def test_anchors_inside_a_page_lead_somewhere(page: Page, site: str) -> None:
    for path in ("/programs/5g", "/products/phone", "/projects/network"):
        page.goto(site + path)
        links = page.locator("a[href^='#']").evaluate_all("all => all.map(a => a.hash)")
        missing = page.evaluate("all => all.filter(hash => !document.querySelector(hash))", links)
        assert len(links) >= 1
        assert missing == []


def test_the_keyboard_finds_its_way_and_shows_where_it_is(page: Page, site: str) -> None:
    page.goto(site + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_table_stays_a_table_on_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size(ViewportSize(width=360, height=900))
    page.goto(site + "/")
    table = page.get_by_role("table").first
    assert table.get_by_role("columnheader").count() == 5
    assert table.get_by_role("rowheader").first.inner_text().startswith("5G Infrastructure")


@pytest.mark.parametrize("words", HOSTILE[:3], ids=["script", "svg", "base"])
def test_a35_hostile_words_do_nothing_in_a_browser(browser: Browser, words: str) -> None:
    async def opened(_stack: AsyncExitStack) -> StillReader:
        return StillReader(snapshot=hostile(words), words=words)

    happened: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    with served(opened) as site:
        page = browser.new_page(viewport=ViewportSize(width=360, height=900))
        page.on("dialog", note_dialog)
        page.on("request", lambda request: happened.append(request.url))
        for path in ("/", "/programs/5g", "/items/jira:1", "/sources"):
            page.goto(site + path)
            assert page.locator("script, img, iframe, form, base").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            outside = page.locator("a").evaluate_all("all => all.map(a => a.href)")
            assert all(one.startswith((site, f"{ORIGIN}/")) for one in outside if one)
        page.close()
    assert happened
    assert not [one for one in happened if not one.startswith(f"{site}/")]
