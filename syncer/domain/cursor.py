"""How far a container has been read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """The connector's own opaque note of how far it has read (text, JSON by custom)."""

    value: str
