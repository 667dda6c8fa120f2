"""Guards for trackers that hand out pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from syncer.errors import BadPayload

_MOST_PAGES: Final = 100_000
_MOST_EMPTY: Final = 10
_LINK: Final = re.compile(r"<([^<>]*)>([^<>]*)")
_LONGEST_HEADER: Final = 8192
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([\w-]+))", re.IGNORECASE)


def linked(headers: Mapping[str, str], rel: str = "next") -> str | None:
    """The address that a `Link` header tells for a relation (RFC 8288), None if it tells none.

    It may lead anywhere: only `HttpClient`, which follows none to another origin, may ask it.
    """
    told = headers.get("Link", "")[:_LONGEST_HEADER]
    for found in _LINK.finditer(told):
        named = _REL.search(found[2])
        if named and rel in (named[1] or named[2] or "").casefold().split():
            return found[1]
    return None


@dataclass(slots=True, kw_only=True)
class TokenChain:
    """Follows page tokens, and refuses to be led in circles.

    A missing token is the only end: "is last" flags lie (trackers.md 1.2). `BadPayload` for a
    token that came before, for more than `most_empty` empty pages in a row and for more than
    `most_pages` pages.
    """

    label: str
    most_pages: int = _MOST_PAGES
    most_empty: int = _MOST_EMPTY
    _seen: set[str] = field(default_factory=set)
    _pages: int = 0
    _empty: int = 0

    def take(self, token: str | None, *, empty: bool) -> str | None:
        """Note one page and its token, and give the token back."""
        self._pages += 1
        self._empty = self._empty + 1 if empty else 0
        if token is None:
            return None
        if token in self._seen:
            raise BadPayload(f"{self.label} gave the same page token twice.")
        if self._empty > self.most_empty:
            raise BadPayload(f"{self.label} gave {self._empty} empty pages in a row.")
        if self._pages >= self.most_pages:
            raise BadPayload(f"{self.label} gave {self._pages} pages without an end.")
        self._seen.add(token)
        return token
