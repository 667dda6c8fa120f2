"""The lanes on which items come in."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Why a tracker is asked. Lanes that stand earlier here go first where a budget is short."""

    LIVE = "live"
    """A webhook named the items; they are fetched by id."""
    INCREMENTAL = "incremental"
    """What changed since the last pass, by the connector's cursor."""
    LOOK_BACK = "look_back"
    """What a search that lags behind its tracker left out of earlier passes."""
    CENSUS = "census"
    """Every item by id, to find what was deleted, moved or hidden."""
    BACKFILL = "backfill"
    """A container's first reading, or one from the start anew."""
