"""The configuration of one Linear connection."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from connectors.linear.queries import USUAL_PAGE
from connectors.linear.rules import Rules, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.paths import shipped

PUBLIC: Final = "https://linear.app"
API: Final = "https://api.linear.app"
_PATTERN: Final = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,100}")


class LinearConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `linear`.

    `containers` are keys of teams, and the key of the workspace (as in its addresses) for projects
    and initiatives. `url` is where people see Linear, `api_url` where it is asked. The lists and
    tables add to the shipped meanings in `config/status/linear.toml`.
    """

    kind: Literal["linear"] = "linear"
    url: SiteUrl = PUBLIC
    api_url: SiteUrl = API
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    must_have_labels: tuple[str, ...] = ()
    customer_labels: tuple[str, ...] = ()
    text_links: bool = True
    projects: bool = True
    page_size: int = Field(default=USUAL_PAGE, ge=1, le=250)
    details_a_query: int = Field(default=25, ge=1, le=100)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=5, ge=0)

    @field_validator("url", "api_url")
    @classmethod
    def _is_above_the_api(cls, url: str) -> str:
        return url.removesuffix("/graphql")

    @field_validator("containers", "exclude")
    @classmethod
    def _are_keys(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                raise ValueError(
                    f"{pattern!r} is no key: write that of a team (ENG), or of the workspace"
                )
        return patterns

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        labels = dict(meant["labels"])
        must = labels.pop("must_have")
        return Rules(
            own={fold(name): category for name, category in self.statuses.items()},
            waiting=folded(meant["statuses"]["waiting"]),
            labels={fold(name): ItemKind(kind) for kind, names in labels.items() for name in names},
            must_labels=folded([*must, *self.must_have_labels]),
            customer_labels=tuple(map(str.casefold, self.customer_labels)),
            phrases=shipped_phrases(),
            reads_text=self.text_links,
        )


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/linear.toml`."""
    path = shipped("config") / "status" / "linear.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
