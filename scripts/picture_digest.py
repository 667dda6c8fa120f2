"""Take the README's picture of a digest: one phone in light colours beside one in dark.

    python scripts/picture_digest.py DIGEST.html docs/images/digest.png

Needs a Chromium: SYNCER_TEST_CHROMIUM, else /usr/bin/chromium.
"""

from __future__ import annotations

import argparse
import os
from base64 import b64encode
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

WIDTH: Final = 360
HEIGHT: Final = 1380
CHROMIUM: Final = os.environ.get("SYNCER_TEST_CHROMIUM", "/usr/bin/chromium")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PAGE: Final = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 32px; display: inline-flex; gap: 32px; background: #dfe3e8 }}
img {{ display: block; width: 360px; border-radius: 18px; box-shadow: 0 6px 24px #0004 }}
</style>{images}"""


def photograph(browser: Browser, digest: Path, scheme: Literal["light", "dark"]) -> bytes:
    """The first screens of the digest on a phone, as PNG."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, device_scale_factor=2
    )
    page.goto(digest.resolve().as_uri())
    return page.screenshot()


def side_by_side(browser: Browser, pictures: list[bytes]) -> bytes:
    """The pictures beside each other on a plain ground, as PNG."""
    images = "".join(
        f'<img alt="" src="data:image/png;base64,{b64encode(picture).decode()}">'
        for picture in pictures
    )
    page = browser.new_page(viewport={"width": 2 * WIDTH + 96, "height": HEIGHT + 64})
    page.set_content(PAGE.format(images=images))
    return page.locator("body").screenshot()


def main() -> None:
    """Read the two paths and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("digest", type=Path, help="the HTML form of a digest")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    paths = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        phones = [photograph(browser, paths.digest, scheme) for scheme in ("light", "dark")]
        paths.picture.parent.mkdir(parents=True, exist_ok=True)
        paths.picture.write_bytes(side_by_side(browser, phones))
        browser.close()


if __name__ == "__main__":
    main()
