"""Names from trackers made safe and short enough to stand inside a reason."""

from __future__ import annotations

import unicodedata

_LONGEST = 40


def printable(text: str, longest: int = _LONGEST) -> str:
    """One line without control, format or bidirectional characters, cut with an ellipsis."""
    start = text[: longest * 4]
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in start)
    flat = " ".join(kept.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"
