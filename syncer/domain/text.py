"""Text from trackers, made harmless without changing what it says.

Titles and bodies are hostile data (reliability.md F20): a newline ends a mail header, U+2028 ends
a line in JavaScript, NUL ends a database's patience, and marks that turn the direction of writing
let a title say one thing and show another. Everything else, in whatever language, stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

TITLE_LIMIT: Final = 500
"""Characters of a title that are kept."""

BODY_LIMIT: Final = 20_000
"""Characters of a body that are kept."""

_CUT: Final = "…"

_BREAKS: Final = "\x85\u2028\u2029"
_CONTROLS: Final = "\x00-\x1f\x7f-\x9f"
# Overrides, embeddings, isolates and implicit marks of direction; zero-width space, word joiner,
# byte order mark, soft hyphen, Mongolian vowel separator; the invisible operators; tag characters.
_MARKS: Final = (
    "\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u200b\u2060-\u2064\ufeff\u00ad\u180e"
    "\U000e0000-\U000e007f"
)
_INVISIBLE: Final = re.compile(f"[{_MARKS}]")
# Joiners are spelling in Persian, the Indic scripts and emoji, and a disguise beside ASCII.
_JOINERS: Final = re.compile("[\u200c\u200d]+")
_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_ONE_LINE: Final = re.compile(f"[{_CONTROLS}{_BREAKS}]")
_KEPT_OUT: Final = "\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f"
_ONE_BLOCK: Final = re.compile(f"[{_KEPT_OUT}]")
_LINE_ENDS: Final = re.compile(f"\r\n?|[{_BREAKS}]")
_SPACES: Final = re.compile(r" {2,}")
# All that cleaning changes, beside spaces: most texts hold none of it, and one look at each is much
# cheaper than several substitutions that change nothing.
_ANY_MARK: Final = f"{_MARKS}\u200c\u200d\ud800-\udfff"
_NOT_ON_A_LINE: Final = re.compile(f"[{_CONTROLS}{_BREAKS}{_ANY_MARK}]")
_NOT_IN_A_BLOCK: Final = re.compile(f"[{_KEPT_OUT}{_BREAKS}{_ANY_MARK}]")


def clean_line(text: str, *, limit: int = TITLE_LIMIT) -> str:
    """The text as one line of at most `limit` characters.

    Line breaks and control characters become a space, runs of spaces one space; marks of
    direction and zero-width marks go.
    """
    visible = text
    if not (text.isascii() and text.isprintable()) and _NOT_ON_A_LINE.search(text):
        visible = _without_marks(_ONE_LINE.sub(" ", text))
    if "  " in visible:
        visible = _SPACES.sub(" ", visible)
    return _capped(visible.strip(), limit)


def clean_block(text: str, *, limit: int = BODY_LIMIT) -> str:
    """The text as lines separated by newlines, of at most `limit` characters in all.

    Line ends of every kind become a newline, other control characters a space (tabs stay); marks
    of direction and zero-width marks go.
    """
    begun = text[: limit * 2]
    if _NOT_IN_A_BLOCK.search(begun):
        begun = _without_marks(_ONE_BLOCK.sub(" ", _LINE_ENDS.sub("\n", begun)))
    return _capped(begun.strip(), limit)


def _without_marks(text: str) -> str:
    whole = _LONE_SURROGATES.sub("\ufffd", text)
    return _JOINERS.sub(_if_it_joins, _INVISIBLE.sub("", whole))


def _if_it_joins(run: re.Match[str]) -> str:
    """The joiners between two letters that are not ASCII, else nothing.

    A function, since a pattern that looks around would try every part of a long run again.
    """
    before, after = run.string[run.start() - 1 : run.start()], run.string[run.end() : run.end() + 1]
    joins = before and after and not (before.isascii() or after.isascii())
    return run.group() if joins else ""


def _capped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _CUT
