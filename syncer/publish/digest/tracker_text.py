"""Text from trackers made fit to stand in a sentence: one line, visible, contained.

Escaping for a format is the renderer's business; this is about what no format may carry.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from syncer.publish.digest.wording import cut

TITLE_LIMIT: Final = 80
MARK: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where an invisible or direction-changing character was taken out."""

_JOINERS: Final = "\u200c\u200d"
_ASCII_END: Final = 128
_COMBINING_RUN: Final = 4
_WORD: Final = re.compile(r"\w+")
_GREEK_LOOKALIKES: Final = (
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c"
    "\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd"
)
_MIXED: Final = " [mixed alphabets]"


def clean(text: str, limit: int = TITLE_LIMIT) -> str:
    """One line of visible text of at most `limit` characters.

    Line breaks and control characters become spaces. Direction overrides, zero-width and other
    format characters become one visible mark each run; joiners stay where scripts and emoji need
    them. Right-to-left text is isolated, so that it cannot reorder what follows. A word that
    mixes Latin with Cyrillic or Greek letters is called out.
    """
    start = text[: limit * 8]
    if start.isascii() and start.isprintable():  # most texts by far, and nothing to look for
        return cut(" ".join(start.split()), limit)
    flat = " ".join(_visible(start).split())
    shown = cut(flat, limit)
    if any(_mixes_alphabets(word) for word in _WORD.findall(shown)):
        shown = cut(flat, limit - len(_MIXED)) + _MIXED
    return f"\u2068{shown}\u2069" if _runs_right_to_left(shown) else shown


def _visible(text: str) -> str:
    kept: list[str] = []
    combining = 0
    for index, character in enumerate(text):
        category = unicodedata.category(character)
        combining = combining + 1 if category == "Mn" else 0
        if combining > _COMBINING_RUN:
            continue
        shown = _shown(text, index, category)
        if shown != MARK or kept[-1:] != [MARK]:
            kept.append(shown)
    return "".join(kept)


def _shown(text: str, index: int, category: str) -> str:
    character = text[index]
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    if category in {"Cs", "Co"} or ord(character) & 0xFFFE == 0xFFFE:  # noqa: PLR2004 - noncharacters
        return MARK
    if category == "Cf":
        return character if character in _JOINERS and _joins(text, index) else MARK
    return character


def _joins(text: str, index: int) -> bool:
    neighbours = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(neighbours) == 2 and all(ord(c) >= _ASCII_END for c in neighbours)  # noqa: PLR2004 - both sides


def _mixes_alphabets(word: str) -> bool:
    scripts = {unicodedata.name(c, "").split(" ")[0] for c in word if c.isalpha()}
    lookalike = bool(scripts & {"CYRILLIC", "CHEROKEE", "ARMENIAN"}) or any(
        c in _GREEK_LOOKALIKES for c in word
    )
    return "LATIN" in scripts and lookalike


def _runs_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)


def safe_url(url: str, origins: frozenset[str]) -> str:
    """The URL if it is http(s), plain printable ASCII and of an allowed origin, else empty."""
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return ""
    wanted = _origin(parts.scheme, parts.hostname, port)
    return url if wanted in {_normal(origin) for origin in origins} else ""


def _normal(origin: str) -> str:
    parts = urlsplit(origin)
    return _origin(parts.scheme, parts.hostname or "", parts.port)


def _origin(scheme: str, host: str, port: int | None) -> str:
    standard = {"http": 80, "https": 443}.get(scheme)
    return f"{scheme}://{host}:{port or standard}"
