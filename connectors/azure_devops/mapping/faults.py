"""What makes a single item unreadable."""

from __future__ import annotations


class Unmappable(ValueError):
    """A value of one item cannot be read; the item goes to quarantine, the page goes on."""
