"""The whole schema: importing this module declares every table."""

from __future__ import annotations

from syncer.store import daemon_tables, lane_tables, tables
from syncer.store.rows import METADATA

__all__ = ["METADATA", "daemon_tables", "lane_tables", "tables"]
