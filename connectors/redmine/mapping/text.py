"""Textile as plain text; Markdown reads well enough as it is.

Which of the two a Redmine uses is a setting that its API does not tell. So only marks are taken
off that mean nothing in Markdown and would stand in the way of the words; whatever is not known
stays as it is written. Notation: redmine.org/projects/redmine/wiki/RedmineTextFormattingTextile.
Each pattern is bounded, so that no text is looked at more than a few times.
"""

from __future__ import annotations

import re
from typing import Final

from syncer.domain.text import clean_block

LONGEST: Final = 100_000
"""Characters of a description that are looked at."""

_BLOCK: Final = re.compile(r"^(?:h[1-6]|bq|p)(?:[<>=]{1,2}|\([^()\n]{0,80}\))?\. ", re.MULTILINE)
_LINK: Final = re.compile(r"\"([^\"\n]{1,500})\":(https?://[^\s\"<>]{1,1000}[^\s\"<>.,;:!?)\]])")
_TAG: Final = re.compile(r"</?(?:pre|code|notextile|kbd|br ?/?)(?: class=\"[^\"<>\n]{0,80}\")?>")
_STYLED: Final = re.compile(r"%\{[^{}\n]{0,200}\}([^%\n]{1,2000})%")


def plain_text(markup: str | None) -> str:
    """The text with its words in their order."""
    text = (markup or "")[:LONGEST].replace("\r\n", "\n")
    text = _TAG.sub("", text)
    text = _LINK.sub(r"\1 (\2)", text)
    text = _STYLED.sub(r"\1", text)
    return clean_block(_BLOCK.sub("", text))
