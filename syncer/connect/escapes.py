"""Half characters in JSON: one hostile title must not cost a whole body. Pure."""

from __future__ import annotations

import re
from typing import Final

_ESCAPES: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def without_lone_surrogates(text: bytes) -> bytes:
    """JSON (UTF-8) in which each escaped half of a surrogate pair has become U+FFFD."""
    if b"\\ud" not in text and b"\\uD" not in text:
        return text
    return _ESCAPES.sub(lambda found: b"\\ufffd" if found[1] else found[0], text)
