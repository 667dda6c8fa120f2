"""Jira's wiki markup as plain text: total, in linear time, and no word is lost.

Data Center writes texts in it. Notation: "Text Formatting Notation Help", which every Jira serves
at `/secure/WikiRendererHelpAction.jspa`. What the notation does not know stays as it is written;
so do emoticons such as `(/)` and `:)`, which read well enough.

Every pattern excludes its own opening mark from what it spans and is bounded, so that no text,
however hostile, is looked at more than a few times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 100_000
"""Characters; Jira itself allows 32,767 unless its administrator raised that."""

# Without one of these a line holds nothing that is marked up, but for how it begins; addresses stay
# as they are in any case.
_MARKUP: Final = re.compile(r"[\\{\[!|*_+]|\?\?")
# A text is read line by line only if it holds something of that, or a line that begins like a list,
# a rule, a heading or a quotation: most texts do not.
_ANY_MARKUP: Final = re.compile(rf"{_MARKUP.pattern}|^[^\S\n]*(?:[#-]|h[1-6]\.|bq\.)", re.MULTILINE)
_VERBATIM: Final = re.compile(r"\{(code|noformat)(?::([^{}\n]{0,500}))?\}")
_INLINE: Final = re.compile(
    r"(?P<newline>\\\\)"
    r"|\\(?P<escaped>[^\sA-Za-z0-9])"
    r"|\{\{(?P<mono>[^{}\n]{1,2000})\}\}"
    r"|\{(?P<macro>[a-z]{1,20})(?::(?P<options>[^{}\n]{0,500}))?\}"
    r"|(?P<forced>\{[*_+?^~-]{1,2}\})"
    r"|\[(?P<link>[^\[\]\n]{1,4000})\]"
    r"|!(?P<image>[^\s!|]{1,1000})(?:\|[^!\n]{0,300})?!"
    r"|(?P<url>https?://[^\s|\[\]{}<>\"]+)"
)
_MACROS: Final = frozenset({
    "quote", "panel", "color", "anchor", "toc", "expand", "info", "tip", "note", "warning",
    "section", "column", "align", "code", "noformat", "html", "center",
})  # fmt: skip
_TITLE: Final = re.compile(r"(?:^|\|)\s*title=([^|]*)")
_HEADING: Final = re.compile(r"\s{0,20}(?:h[1-6]|bq)\.\s+")
_LIST: Final = re.compile(r"\s{0,200}[*#-]{1,20}\s+(?=\S)")
_OPENINGS: Final = frozenset("hb*#-")
"""How a heading, a quotation, a list item or a rule may begin."""

_RULE: Final = re.compile(r"\s*-{4,}\s*")
_EFFECTS: Final = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?=[^\s{mark}])([^{mark}\n]*)(?<=\S){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", r"\+")
)
_QUOTED: Final = re.compile(r"\?\?(?=[^\s?])([^?\n]*)(?<=\S)\?\?")
_CELL: Final = re.compile(r"\|+")
_FILE: Final = re.compile(r"[^/]{1,300}\.[A-Za-z0-9]{1,8}")
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_TARGET: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:|[#^~/]|www\.")
_KEPT: Final = "\0"
"""Stands for a piece that is finished; texts hold none themselves."""


def plain_text(markup: object) -> str:
    """The text of wiki markup, one block a line, list items with a dash; never raises.

    Of a link the text and, for the web, the address stay; of a mention the name; of an image its
    file; of a panel its title. What is no text at all is empty. Of a text longer than `LONGEST`,
    far beyond what an item keeps, the beginning is read.
    """
    if not isinstance(markup, str):
        return ""
    text = markup[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").replace(_KEPT, "")
    pieces = _pieces(text) if _ANY_MARKUP.search(text) else (text,)
    lines = [line.rstrip() for piece in pieces for line in piece.split("\n")]
    return "\n".join(filter(None, lines))


def _pieces(text: str) -> Iterator[str]:
    """The text with code taken over as it is and everything else read as markup."""
    if "{" not in text:
        yield _marked_up(text)
        return
    position = 0
    open_ended: set[str] = set()
    for found in _VERBATIM.finditer(text):
        name = found[1]
        if found.start() < position or name in open_ended:
            continue
        end = text.find(f"{{{name}}}", found.end())
        if end < 0:
            open_ended.add(name)
            continue
        yield _marked_up(text[position : found.start()])
        yield _title(found[2])
        yield text[found.end() : end]
        position = end + len(name) + 2
    yield _marked_up(text[position:])


def _title(options: str | None) -> str:
    found = _TITLE.search(options or "")
    return found[1].strip() if found else ""


def _marked_up(text: str) -> str:
    return "\n".join([_line(line) for line in text.split("\n")])


def _line(line: str) -> str:
    if line.lstrip()[:1] not in _OPENINGS:
        return _without_markup(line) if _MARKUP.search(line) else line
    if _RULE.fullmatch(line):
        return ""
    item = _LIST.match(line)
    begin = item or _HEADING.match(line)
    rest = line[begin.end() :] if begin else line
    if _MARKUP.search(rest):
        rest = _without_markup(rest)
    return "- " + rest if item else rest


def _without_markup(line: str) -> str:
    kept = _Kept()
    rest = _INLINE.sub(kept.replace, line)
    if rest.lstrip().startswith("|"):
        rest = _CELL.sub(" ", rest).strip()
    for effect in (*_EFFECTS, _QUOTED):
        rest = effect.sub(r"\1", rest)
    return kept.put_back(rest)


@dataclass(slots=True)
class _Kept:
    """The finished pieces of one line, which no later step may read as markup."""

    pieces: list[str] = field(default_factory=list)

    def replace(self, found: re.Match[str]) -> str:
        """Take a piece out of the line."""
        self.pieces.append(_READERS[found.lastgroup or "url"](found))
        return _KEPT

    def put_back(self, line: str) -> str:
        """The line with its pieces in their places; each place is still there."""
        pieces = iter(self.pieces)
        return re.sub(_KEPT, lambda _: next(pieces), line)


def _macro(found: re.Match[str]) -> str:
    if found["macro"] not in _MACROS:
        return found[0]
    title = _title(found["options"])
    return f"{title}\n" if title else ""


def _link(found: re.Match[str]) -> str:
    told, *targets = found["link"].split("|")
    target = targets[0].strip() if targets else told.strip()
    if not _TARGET.match(target):
        return found[0]
    shown = told.strip() if targets else ""
    if target.startswith("~"):
        return shown or f"@{target[1:].removeprefix('accountid:')}"
    if not _WEB.match(target):
        return shown or target.lstrip("#^").removeprefix("mailto:")
    return f"{shown} ({target})" if shown and shown != target else target


def _image(found: re.Match[str]) -> str:
    name = found["image"]
    is_one = _FILE.fullmatch(name) or _WEB.match(name)
    return name if is_one else found[0]


_READERS: Final[dict[str, Callable[[re.Match[str]], str]]] = {
    "newline": lambda _: "\n",
    "escaped": lambda found: found["escaped"],
    "mono": lambda found: found["mono"],
    "macro": _macro,
    "options": _macro,
    "forced": lambda _: "",
    "link": _link,
    "image": _image,
    "url": lambda found: found["url"],
}
