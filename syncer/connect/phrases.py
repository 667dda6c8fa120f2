"""The shipped phrases before addresses and keys in descriptions: `config/phrases.toml`."""

from __future__ import annotations

import tomllib
from functools import cache

from syncer.connect.text_links import Phrase
from syncer.domain.link import LinkKind
from syncer.paths import shipped


@cache
def shipped_phrases() -> tuple[Phrase, ...]:
    """The longest first, so that "is blocked by" is not taken for something shorter."""
    path = shipped("config") / "phrases.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["phrases"]
    every = [
        Phrase(words, LinkKind(table["kind"]), table["inward"])
        for table in tables
        for words in table["words"]
    ]
    return tuple(sorted(every, key=lambda phrase: (-len(phrase.words), phrase.words)))
