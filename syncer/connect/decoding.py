"""How the text of an answer becomes values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from syncer.connect.escapes import without_lone_surrogates

Decode = Callable[[bytes], Any]
"""Reads JSON in UTF-8; `ValueError` where it is none."""


def loaded(text: bytes) -> Any:  # noqa: ANN401  JSON is any value
    """The JSON; cleaned of half characters only where it is refused, since looking takes time.

    `ValueError` where it is no JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        cleaned = without_lone_surrogates(text)
        if cleaned is text:
            raise ValueError(error.msg) from None
    try:
        return orjson.loads(cleaned)
    except orjson.JSONDecodeError as error:
        raise ValueError(error.msg) from None
