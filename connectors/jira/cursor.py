"""How far a project has been read: the kit's walk by time of change fits Jira as it is."""

from __future__ import annotations

from syncer.connect.walk import Mark, Position, Walk

__all__ = ["Mark", "Position", "Walk"]
