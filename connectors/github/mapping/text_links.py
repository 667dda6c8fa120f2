"""Dependencies that people write into a description, since GitHub cannot link other trackers.

A line that begins with words such as "Blocked by", and the list below a heading of such words, may
name issues as `#12`, `owner/name#12` or by the address of a page of any tracker. Such links are
resolved by address wherever the other end is known; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from connectors.github.mapping.detail import Neighbour
from connectors.github.mapping.site import Site
from connectors.github.rules import Phrase
from syncer.domain.addresses import by_address
from syncer.domain.link import Link, LinkOrigin

_MOST_LINKS: Final = 100
_MOST_LINES: Final = 5000
_LONGEST_LINE: Final = 2000
_MARKUP: Final = re.compile(r"[\s>*_+#-]{0,40}(?:\[[ xX]\]\s{0,5})?[*_]{0,3}")
_ITEM: Final = re.compile(r"\s{0,20}(?:[*+-]|\d{1,3}[.)])\s")
_PLACE: Final = re.compile(
    r"(?P<url>https?://[^\s<>()\[\]\"'`,;]{1,500})"
    r"|(?<![\w/#.-])(?P<repository>[A-Za-z0-9-]{1,39}/[A-Za-z0-9_.-]{1,100})?#(?P<number>[1-9]\d{0,9})\b"
)
_PULL: Final = re.compile(r"/pulls?/\d+$")


def text_links(body: str, *, repository: str, site: Site) -> tuple[Link, ...]:
    """The links that the lines of a description make, each once."""
    phrases = site.rules.phrases
    if not phrases or not body:
        return ()
    found: dict[tuple[str, str, bool], Link] = {}
    for phrase, text in _spoken(body.splitlines()[:_MOST_LINES], phrases):
        for url, shown in _addresses(text, repository, site):
            link = _link(phrase, url, shown)
            found.setdefault((link.kind, link.to.id, link.inward), link)
        if len(found) >= _MOST_LINKS:
            break
    return tuple(found.values())[:_MOST_LINKS]


def _spoken(lines: Sequence[str], phrases: tuple[Phrase, ...]) -> Iterator[tuple[Phrase, str]]:
    """What follows each phrase: on its line, or in the list below a line that holds only it."""
    listed: Phrase | None = None
    for long in lines:
        line = long[:_LONGEST_LINE]
        heard = _phrase_of(line, phrases)
        if heard is not None:
            phrase, rest = heard
            listed = None if rest.strip(" :*_") else phrase
            yield phrase, rest
        elif listed is not None and _ITEM.match(line):
            yield listed, line
        elif line.strip():
            listed = None


def _phrase_of(line: str, phrases: tuple[Phrase, ...]) -> tuple[Phrase, str] | None:
    start = _MARKUP.match(line)
    rest = line[start.end() :] if start else line
    found = _spoken_words(phrases).match(rest)
    if found is None:
        return None
    words = " ".join(found[1].casefold().split())
    phrase = next((one for one in phrases if one.words == words), None)
    return None if phrase is None else (phrase, rest[found.end() :])


@lru_cache(maxsize=64)
def _spoken_words(phrases: tuple[Phrase, ...]) -> re.Pattern[str]:
    words = "|".join(r"\s{1,3}".join(map(re.escape, one.words.split())) for one in phrases)
    return re.compile(rf"({words})(?=[\s:*_]|$)[*_]{{0,3}}\s{{0,3}}:?[*_]{{0,3}}", re.IGNORECASE)


def _addresses(text: str, repository: str, site: Site) -> Iterator[tuple[str, str]]:
    """The addresses in a text with what people see of each; pull requests are no items."""
    for found in _PLACE.finditer(text):
        if found["url"]:
            url = found["url"].rstrip(".:!?*_")
            plain = url.partition("#")[0].partition("?")[0].rstrip("/")
            if not (plain.startswith(f"{site.web_url}/") and _PULL.search(plain)):
                yield plain, ""
        else:
            other = Neighbour(found["repository"] or repository, int(found["number"]))
            yield site.url(other), other.locator


def _link(phrase: Phrase, url: str, shown: str) -> Link:
    return Link(
        kind=phrase.kind,
        to=by_address(url),
        to_key=shown,
        inward=phrase.inward,
        native_type=phrase.words,
        origin=LinkOrigin.TEXT,
    )
