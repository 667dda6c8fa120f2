"""HTML, as Sample keeps descriptions, as plain text. Pure."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset(
    {"p", "div", "br", "ul", "ol", "tr", "table", "pre", "blockquote", "h1", "h2", "h3", "h4"}
)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.pieces.append("\n- " if tag == "li" else "\n" if tag in _BLOCKS else "")
        self.pieces.append(" " if tag in ("td", "th") else "")
        self.pieces.append(told.get("alt") or "" if tag == "img" else "")

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append("\n" if tag in _BLOCKS else "")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def plain_text(html: str) -> str:
    """The words of a piece of HTML, one block a line, list items with a dash; never raises."""
    words = _Words()
    words.feed(html)
    words.close()
    lines = (line.strip() for line in "".join(words.pieces).splitlines())
    return "\n".join(line for line in lines if line)
