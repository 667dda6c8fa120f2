"""Links that people write into a description, since most trackers cannot link each other's items.

A line that begins with words such as "Blocked by", and the list below a heading of such words, may
name items by the address of a page of any tracker, or by a key such as `NET-7`. They are resolved
once the other end is stored; nothing is ever asked for. Text is weaker evidence than a tracker's
own link, so such links bear the origin `text`. Pure, and bounded whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from syncer.domain.addresses import by_address, by_key
from syncer.domain.link import Link, LinkKind, LinkOrigin
from syncer.domain.ref import ItemRef

MOST_LINKS: Final = 100
"""Links that the text of one item makes at most."""

_MOST_LINES: Final = 5000
_LONGEST_LINE: Final = 2000
_MARKUP: Final = re.compile(r"[\s>*_+#-]{0,40}(?:\[[ xX]\]\s{0,5})?[*_]{0,3}")
_ITEM: Final = re.compile(r"\s{0,20}(?:[*+-]|\d{1,3}[.)])\s")
_PLACE: Final = re.compile(
    r"(?P<url>https?://[^\s<>()\[\]\"'`,;|]{1,500})"
    r"|(?<![\w/#.-])(?P<key>[A-Z][A-Z0-9_]{1,19}-[1-9]\d{0,8})(?![\w-]|\]\(|\|http)"
)

_NUMBER: Final = re.compile("-[1-9]")
"""What every key holds. To look for this, and for an address, is a fortieth of the work of looking
for places, and most texts hold neither."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words before an address or key in a description, and the link that they make.

    The words are in lower case, with single blanks.
    """

    words: str
    kind: LinkKind
    inward: bool


def text_links(body: str, phrases: tuple[Phrase, ...]) -> tuple[Link, ...]:
    """The links that the lines of a description make, each once; `phrases` the longest first."""
    if "://" not in body and _NUMBER.search(body) is None:
        return ()
    if _PLACE.search(body) is None:
        return ()
    found: dict[tuple[LinkKind, str, bool], Link] = {}
    for phrase, text in spoken(body, phrases):
        for to, shown in _ends(text):
            link = text_link(phrase, to, shown)
            found.setdefault((link.kind, link.to.uid, link.inward), link)
        if len(found) >= MOST_LINKS:
            break
    return tuple(found.values())[:MOST_LINKS]


def text_link(phrase: Phrase, to: ItemRef, shown: str) -> Link:
    """The link that a phrase makes to one end, which people see as `shown`."""
    return Link(
        kind=phrase.kind,
        to=to,
        to_key=shown,
        inward=phrase.inward,
        native_type=phrase.words,
        origin=LinkOrigin.TEXT,
    )


def spoken(body: str, phrases: tuple[Phrase, ...]) -> Iterator[tuple[Phrase, str]]:
    """What follows each phrase: on its line, or in the list below a line that holds only it."""
    listed: Phrase | None = None
    for long in body.splitlines()[:_MOST_LINES] if phrases and body else ():
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


def plain_address(url: str) -> str:
    """A web address as it stands in a text, without what ends a sentence or leads into a page."""
    bare = url.rstrip(".:!?*_")
    return bare.partition("#")[0].partition("?")[0].rstrip("/")


def _ends(text: str) -> Iterator[tuple[ItemRef, str]]:
    for found in _PLACE.finditer(text):
        if found["url"]:
            yield by_address(plain_address(found["url"])), ""
        else:
            yield by_key(found["key"]), found["key"]


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
def _spoken_words(phrases: Sequence[Phrase]) -> re.Pattern[str]:
    words = "|".join(r"\s{1,3}".join(map(re.escape, one.words.split())) for one in phrases)
    return re.compile(rf"({words})(?=[\s:*_]|$)[*_]{{0,3}}\s{{0,3}}:?[*_]{{0,3}}", re.IGNORECASE)
