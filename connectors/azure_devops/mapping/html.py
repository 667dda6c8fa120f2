"""HTML of rich text fields as plain text: total, whatever it holds.

Blocks become lines, list items get a dash, cells stand beside each other; images keep what they
stand for, links that say something else than their address keep it behind them. What scripts and
styles hold is not shown to people, and left out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_LINES: Final = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody",
    "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_UNSEEN: Final = frozenset({"script", "style"})
_CELLS: Final = frozenset({"td", "th"})
_WEB: Final = re.compile(r"https?://\S{1,2000}")
_BLANKS: Final = re.compile(r"[ \t\r\f\v\xa0]+")
_ANY_MARKUP: Final = re.compile(r"[<&]")
LONGEST: Final = 400_000
"""Characters of markup that are looked at."""


def plain_text(markup: str) -> str:
    """The text that people read in a piece of HTML, one block a line; never raises."""
    begun = markup[:LONGEST]
    if not _ANY_MARKUP.search(begun):
        return begun
    reader = _Reader()
    reader.feed(begun)
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in reader.text().split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Gathers what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._unseen = 0
        self._kept = 0
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _LINES:
            self._parts.append("\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag in _CELLS:
            self._parts.append(" | ")
        elif tag == "img":
            self._parts.append(f" {_told(attrs, 'alt') or _told(attrs, 'title')} ")
        elif tag == "a":
            self._links.append((_told(attrs, "href"), len(self._parts)))
        self._kept += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag in _LINES or tag == "li":
            self._parts.append("\n")
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        self._kept -= tag == "pre" and self._kept > 0

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._parts.append(data if self._kept else data.replace("\n", " "))

    def unknown_decl(self, data: str) -> None:
        """What stands in a CDATA section is shown as a comment by browsers: not at all."""

    def _end_link(self, address: str, begin: int) -> None:
        """The address of a link behind its text, where that does not show it."""
        shown = "".join(self._parts[begin:])
        if _WEB.fullmatch(address) and address.rstrip("/") not in shown:
            self._parts.append(f" ({address})")


def _told(attrs: list[tuple[str, str | None]], name: str) -> str:
    return next((value or "" for key, value in attrs if key == name), "")
