"""The HTML digest in a real browser: narrow and wide, light and dark, and with hostile titles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, ViewportSize, sync_playwright

from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.render.html import render_html
from syncer.publish.render.mail import render_mail
from tests.unit.publish.builders import (
    EXECUTIVE,
    PRODUCT_VIEW,
    PROGRAM_VIEW,
    snapshot,
    source,
)
from tests.unit.publish.portfolios import (
    EXAMPLE_CHANGES,
    example,
    example_before,
    large,
)
from tests.unit.publish.test_hostile_and_lens import HOSTILE, hostile

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]

_CONTRAST = """
() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  };
  const back = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length && (colour.length < 4 || colour[3] > 0)) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    seen += 1;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(back(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim()}`);
  }
  return { seen, poor };
}
"""


def _chromium() -> str:
    """The browser to use; none found is a skip, or a failure where one is required."""
    found = os.environ.get("SYNCER_TEST_CHROMIUM") or shutil.which("chromium") or ""
    if found and Path(found).exists():
        return found
    message = "no Chromium: install one, or name it in SYNCER_TEST_CHROMIUM"
    if os.environ.get("SYNCER_REQUIRE_BROWSER") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = _chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def _example() -> Digest:
    return compose(example(), example_before(), EXAMPLE_CHANGES, audience=EXECUTIVE)


def _unknown() -> Digest:
    never = source("jira", "NET", last_success_at=None)
    return compose(snapshot(sources=(never,)), None, (), audience=EXECUTIVE, version=2)


DIGESTS: dict[str, Callable[[], Digest]] = {
    "example": _example,
    "large": lambda: compose(large(), large(), (), audience=EXECUTIVE),
    "program lens": lambda: compose(example(), example_before(), (), audience=PROGRAM_VIEW),
    "product lens": lambda: compose(example(), example_before(), (), audience=PRODUCT_VIEW),
    "nothing synced": _unknown,
    "correction": lambda: replace(_example(), version=2, correction="a wrong date"),
    "hostile": lambda: compose(hostile(HOSTILE[-1]), None, (), audience=EXECUTIVE),
}


Render = Callable[[Digest], str]
FORMS: dict[str, Render] = {"page": render_html, "mail": render_mail}


def _open(
    browser: Browser,
    digest: Digest,
    folder: Path,
    *,
    width: int = 360,
    scheme: Scheme = "light",
    render: Render = render_html,
) -> Page:
    path = folder / "digest.html"
    path.write_text(render(digest), encoding="utf-8")
    viewport = ViewportSize(width=width, height=800)
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_no_width_scrolls_sideways_and_all_text_is_legible(
    browser: Browser, tmp_path: Path, name: str, form: str
) -> None:
    page = _open(browser, DIGESTS[name](), tmp_path, render=FORMS[form])
    for width in (320, 360, 560, 768, 1200):
        page.set_viewport_size(ViewportSize(width=width, height=800))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            contrast = page.evaluate(_CONTRAST)
            assert contrast["seen"] > 5
            assert contrast["poor"] == []
    page.close()


def test_light_and_dark_differ(browser: Browser, tmp_path: Path) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page = _open(browser, _example(), tmp_path, scheme=scheme)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(colours) == 2


@pytest.mark.parametrize("width", [360, 1200])
def test_the_decision_is_read_before_the_table_and_the_table_stays_a_table(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    page = _open(browser, _example(), tmp_path, width=width)
    assert page.get_by_role("heading").all_inner_texts()[1].lower() == "decision needed"
    table = page.get_by_role("table")
    assert table.count() == 1
    assert table.get_by_role("columnheader").count() == 4
    assert table.get_by_role("row").count() == 6
    first = table.get_by_role("row").nth(1)
    assert first.get_by_role("rowheader").inner_text().startswith("5G Infrastructure")
    assert "RED" in first.get_by_role("cell").first.inner_text()
    page.close()


def test_every_figure_leads_to_its_evidence(browser: Browser, tmp_path: Path) -> None:
    page = _open(browser, _example(), tmp_path)
    links = page.locator("a[href^='#']").evaluate_all("all => all.map(a => a.hash)")
    missing = page.evaluate("all => all.filter(hash => !document.querySelector(hash))", links)
    assert len(links) > 20
    assert missing == []
    page.close()


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("text", HOSTILE, ids=[text[:24] for text in HOSTILE])
def test_a35_a38_hostile_titles_do_nothing_in_a_browser(
    browser: Browser, tmp_path: Path, text: str, form: str
) -> None:
    path = tmp_path / "digest.html"
    path.write_text(FORMS[form](compose(hostile(text), None, (), audience=EXECUTIVE)), "utf-8")
    page = browser.new_page(viewport=ViewportSize(width=360, height=800))
    happened: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    def note_request(request: Request) -> None:
        happened.append(request.url)

    page.on("dialog", note_dialog)
    page.on("request", note_request)
    page.goto(path.as_uri())
    assert happened == [path.as_uri()]
    assert page.locator("script, img, iframe, form, base").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()
