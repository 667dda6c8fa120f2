"""The configuration of one Sample connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig
from syncer.connect.origin import Origin
from syncer.domain.item import StatusCategory
from syncer.errors import ConfigError


class SampleConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `sample`; `statuses` adds to what is known by name."""

    kind: Literal["sample"] = "sample"
    url: str
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    page_size: int = Field(default=100, ge=1, le=1000)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            return Origin.of(url).base
        except ConfigError as error:
            raise ValueError(error.message) from None
