"""Title, body and labels made into tokens: what a reader would take in, and no more.

Tracker text is data, never an instruction: it is only counted. Code blocks, addresses and
quoted mail are removed, and the body is cut, so that a verdict costs the same for any input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from syncer.classify.portfolio import PortfolioItem

_TITLE_READ, _BODY_READ, _BODY_KEPT, _LABELS_READ = 500, 8000, 3000, 30
_LABEL_READ = 100
_MOST_GROWTH = 2  # of a text that is normalised: one character may stand for eighteen
_FENCE = re.compile(r"```|~~~|\{(?:code|noformat|quote)[^}\n]{0,40}\}")
_INLINE_CODE = re.compile(r"`[^`\n]{1,200}`")
_ADDRESS = re.compile(r"(?:https?|ftp|mailto):\S+|www\.\S+|\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]+")
_QUOTED = re.compile(r"^[ \t]{0,3}(?:>.*|On [^\n]{1,120} wrote:)$", re.MULTILINE)
_COMMENT = re.compile(r"<!--|-->")
_TOKEN = re.compile(r"[^\W_]+|[.!?;:\n|]")
_ENDS = frozenset(".!?;:\n|")
STOP = "."
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemText:
    """Tokens of the three parts; `STOP` marks where a sentence ends.

    `wide_title` and `wide_body` hold text with Japanese or Chinese, which is written without
    spaces; else they are empty.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]
    labels: tuple[str, ...]
    wide_title: str
    wide_body: str
    question: bool


def read_text(item: PortfolioItem) -> ItemText:
    """Normalise and cut one item's text."""
    title = _normal(item.title[:_TITLE_READ])
    body = _normal(_prose(item.body[:_BODY_READ])[:_BODY_KEPT]) if item.body else ""
    labels = _normal("\n".join(name[:_LABEL_READ] for name in item.labels[:_LABELS_READ]))
    return ItemText(
        title=_tokens(title),
        body=_tokens(body),
        labels=_tokens(labels),
        wide_title=_wide(title),
        wide_body=_wide(body),
        question=title.rstrip().endswith("?"),
    )


def _normal(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", text).casefold()[: _MOST_GROWTH * len(text)]


def _prose(body: str) -> str:
    """The body without code, comments, addresses and quoted mail."""
    text = "\n".join(_FENCE.split(body)[::2])
    text = "\n".join(_outside_comments(text))
    for pattern in (_INLINE_CODE, _ADDRESS, _QUOTED):
        text = pattern.sub(" ", text)
    return text


def _outside_comments(text: str) -> list[str]:
    """Template comments are instructions to the writer, not the writer's words."""
    parts = _COMMENT.split(text)
    return parts[::2] if "<!--" in text else parts


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(STOP if token in _ENDS else token for token in _TOKEN.findall(text))


def _wide(text: str) -> str:
    return text if not text.isascii() and _WIDE.search(text) else ""


def label_with(shown: str, labels: Sequence[str]) -> str:
    """The first label in which these words stand, as it is written; the words where none has."""
    for name in labels[:_LABELS_READ]:
        if f" {shown} " in f" {' '.join(_tokens(_normal(name[:_LABEL_READ])))} ":
            return name
    return shown


def words(tokens: tuple[str, ...]) -> list[str]:
    """The tokens without sentence ends."""
    return [token for token in tokens if token != STOP]
