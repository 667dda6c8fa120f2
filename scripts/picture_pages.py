"""Take the documentation's pictures of the pages: a program, the sources and one item of the demo.

    python scripts/picture_pages.py http://127.0.0.1:8081 docs/images

The pages of a running `syncer demo`; needs a Chromium: SYNCER_TEST_CHROMIUM, else
/usr/bin/chromium.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from scripts.picture_digest import CHROMIUM, FLAGS

SHOTS: Final = {"program": ("/programs/5g", 1200, 1000), "sources": ("/sources", 1200, 760)}
ITEM: Final = ("item", 1200, 900)
ITEM_KEY: Final = "NET-87"


def photograph(browser: Browser, url: str, size: tuple[int, int], *, path: Path) -> None:
    """The first screen of a page, as PNG."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
    page.goto(url)
    page.screenshot(path=path)
    page.close()


def item_address(browser: Browser, site: str) -> str:
    """The page of the demo's item that waits for another tracker's."""
    page = browser.new_page()
    page.goto(f"{site}/programs/5g")
    href = page.locator(f"a:has-text('{ITEM_KEY}')").first.get_attribute("href")
    page.close()
    return f"{site}{href}"


def main() -> None:
    """Read the address and the folder, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("site", help="where the pages are served")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for name, (place, width, height) in SHOTS.items():
            target = given.folder / f"pages-{name}.png"
            photograph(browser, given.site + place, (width, height), path=target)
        name, width, height = ITEM
        target = given.folder / f"pages-{name}.png"
        photograph(browser, item_address(browser, given.site), (width, height), path=target)
        browser.close()


if __name__ == "__main__":
    main()
