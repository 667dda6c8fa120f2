"""What makes a single issue unreadable."""

from __future__ import annotations


class Unmappable(ValueError):
    """A value of one issue cannot be read; the issue goes to quarantine, the page goes on."""
