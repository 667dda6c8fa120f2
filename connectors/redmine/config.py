"""The configuration of one Redmine connection."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from connectors.redmine.rules import Rules, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.paths import shipped

_PATTERN: Final = re.compile(r"[a-z0-9_*?\[\]!-]{1,100}")
_CATEGORIES: Final = {
    "todo": StatusCategory.TODO,
    "backlog": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "finished": StatusCategory.IN_PROGRESS,
    "waiting": StatusCategory.WAITING,
}


class RedmineConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `redmine`.

    `url` is where people see Redmine, with its path where it lives below one. `containers` are
    identifiers of projects, each without its subprojects, or globs over them. The lists and tables
    add to the shipped meanings in `config/status/redmine.toml`.
    """

    kind: Literal["redmine"] = "redmine"
    url: SiteUrl
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    types: dict[str, ItemKind] = Field(default_factory=dict)
    not_delivered: tuple[str, ...] = ()
    must_have_labels: tuple[str, ...] = ()
    label_fields: tuple[str, ...] = ()
    customer_fields: tuple[str, ...] = ()
    custom_fields: dict[str, str] = Field(default_factory=dict)
    text_links: bool = True
    history: bool = True
    derived_dates: bool = True
    page_size: int = Field(default=100, ge=2, le=100)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)

    @field_validator("containers", "exclude")
    @classmethod
    def _are_identifiers(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                raise ValueError(
                    f"{pattern!r} is no identifier: write what follows /projects/ in an address"
                )
        return patterns

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        statuses, labels = dict(meant["statuses"]), dict(meant["labels"])
        must, ended = labels.pop("must_have"), statuses.pop("not_delivered")
        return Rules(
            own={fold(name): category for name, category in self.statuses.items()},
            statuses={fold(n): _CATEGORIES[word] for word, ns in statuses.items() for n in ns},
            backlog=folded(statuses["backlog"]),
            not_delivered=folded([*ended, *self.not_delivered]),
            types=_kinds(meant["types"]) | {fold(n): kind for n, kind in self.types.items()},
            labels=_kinds(labels),
            priorities={
                fold(name): int(rank)
                for rank, names in meant["priorities"].items()
                for name in names
            },
            must_labels=folded([*must, *self.must_have_labels]),
            label_fields=folded(self.label_fields),
            customer_fields=folded(self.customer_fields),
            custom={name: fold(told) for name, told in self.custom_fields.items()},
            derives_dates=self.derived_dates,
            phrases=shipped_phrases() if self.text_links else (),
        )


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/redmine.toml`."""
    path = shipped("config") / "status" / "redmine.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _kinds(names: Mapping[str, list[str]]) -> dict[str, ItemKind]:
    return {fold(name): ItemKind(kind) for kind, every in names.items() for name in every}
