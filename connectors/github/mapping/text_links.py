"""Dependencies that people write into a description, since GitHub cannot link other trackers.

As in all descriptions (`syncer.connect.text_links`); besides, issues may be named as `#12` and
`owner/name#12`. Such links are resolved by address wherever the other end is known; nothing is
fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from connectors.github.mapping.detail import Neighbour
from connectors.github.mapping.site import Site
from syncer.connect.text_links import MOST_LINKS, plain_address, spoken, text_link
from syncer.domain.addresses import by_address, by_key
from syncer.domain.link import Link
from syncer.domain.ref import ItemRef

_PLACE: Final = re.compile(
    r"(?P<url>https?://[^\s<>()\[\]\"'`,;]{1,500})"
    r"|(?<![\w/#.-])(?P<repository>[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100})?#(?P<number>[1-9]\d{0,9})\b"
    r"|(?<![\w/#.-])(?P<key>[A-Z][A-Z0-9_]{1,19}-[1-9]\d{0,8})(?![\w#/-]|\]\()"
)
_PULL: Final = re.compile(r"/pulls?/\d+$")


def text_links(body: str, *, repository: str, site: Site) -> tuple[Link, ...]:
    """The links that the lines of a description make, each once."""
    found: dict[tuple[str, str, bool], Link] = {}
    for phrase, text in spoken(body, site.rules.phrases):
        for to, shown in _ends(text, repository, site):
            link = text_link(phrase, to, shown)
            found.setdefault((link.kind, link.to.uid, link.inward), link)
        if len(found) >= MOST_LINKS:
            break
    return tuple(found.values())[:MOST_LINKS]


def _ends(text: str, repository: str, site: Site) -> Iterator[tuple[ItemRef, str]]:
    """What a text names, with what people see of each; pull requests are no items."""
    for found in _PLACE.finditer(text):
        if found["url"]:
            plain = plain_address(found["url"])
            if not (plain.startswith(f"{site.web_url}/") and _PULL.search(plain)):
                yield by_address(plain), ""
        elif found["key"]:
            yield by_key(found["key"]), found["key"]
        else:
            other = Neighbour(found["repository"] or repository, int(found["number"]))
            yield by_address(site.url(other)), other.locator
