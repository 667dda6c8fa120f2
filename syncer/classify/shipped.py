"""The classifier's settings as they are shipped, read once.

The files under `config/classification` are part of the program like its code: constants that
people and scripts can read. This is the only module of the package that touches a file.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache

from syncer.classify.config import ClassifierConfig, StructureConfig, TextWeights, WordConfig
from syncer.paths import shipped


def _read(name: str) -> dict[str, object]:
    return tomllib.loads((shipped("config") / "classification" / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def shipped_words() -> WordConfig:
    """The shipped `words.toml`."""
    return WordConfig.model_validate(_read("words.toml"))


@lru_cache(maxsize=1)
def shipped_config() -> ClassifierConfig:
    """The shipped settings; `FileNotFoundError` where the installation lacks them."""
    return ClassifierConfig(
        structure=StructureConfig.model_validate(_read("structure.toml")),
        words=shipped_words(),
        text=TextWeights.model_validate(_read("text.toml")),
    )
