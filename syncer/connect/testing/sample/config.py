"""The configuration of one Sample connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.domain.item import StatusCategory


class SampleConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `sample`; `statuses` adds to what is known by name."""

    kind: Literal["sample"] = "sample"
    url: SiteUrl
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    page_size: int = Field(default=100, ge=1, le=1000)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)
