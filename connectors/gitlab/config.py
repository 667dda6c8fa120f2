"""The configuration of one GitLab connection."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from connectors.gitlab.rules import Rules, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.paths import shipped

PUBLIC: Final = "https://gitlab.com"
_GLOB: Final = "*?["
_PATTERN: Final = re.compile(r"[A-Za-z0-9_.*?\[\]!-]{1,255}(?:/[A-Za-z0-9_.*?\[\]!-]{1,255}){0,20}")
_API: Final = ("/api/v4", "/api/graphql")
_CATEGORIES: Final = {
    "todo": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "waiting": StatusCategory.WAITING,
    "backlog": StatusCategory.TODO,
    "finished": StatusCategory.IN_PROGRESS,
}


class GitLabConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `gitlab`.

    `url` is where people see GitLab: `https://gitlab.com`, or a site of one's own, with its path
    where it lives below one. `containers` are full paths of projects and, for their epics, of
    groups. The lists and tables add to the shipped meanings in `config/status/gitlab.toml`.
    """

    kind: Literal["gitlab"] = "gitlab"
    url: SiteUrl = PUBLIC
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    types: dict[str, ItemKind] = Field(default_factory=dict)
    must_have_labels: tuple[str, ...] = ()
    customer_labels: tuple[str, ...] = ()
    text_links: bool = True
    epics: bool = True
    history: bool = True
    graphql: bool = True
    page_size: int = Field(default=100, ge=1, le=100)
    details_a_query: int = Field(default=25, ge=1, le=100)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)

    @field_validator("url")
    @classmethod
    def _is_that_of_people(cls, url: str) -> str:
        for ending in _API:
            url = url.removesuffix(ending)
        return url

    @field_validator("containers", "exclude")
    @classmethod
    def _are_paths(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not _PATTERN.fullmatch(pattern):
                raise ValueError(f"{pattern!r} is no path: write group/project, or group for epics")
        return patterns

    @property
    def exact_containers(self) -> tuple[str, ...]:
        """The configured paths that are no globs."""
        return tuple(key for key in self.containers if not set(key) & set(_GLOB))

    def selects(self, container_key: str) -> bool:
        """Whether the configuration asks for this path; GitLab ignores case in paths."""
        key = container_key.casefold()
        wanted = any(fnmatchcase(key, pattern.casefold()) for pattern in self.containers)
        return wanted and not self.excludes(container_key)

    def excludes(self, path: str) -> bool:
        """Whether the configuration leaves this path out, in whatever case it is written."""
        key = path.casefold()
        return any(fnmatchcase(key, pattern.casefold()) for pattern in self.exclude)

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        statuses, labels = dict(meant["statuses"]), dict(meant["labels"])
        must, ended = labels.pop("must_have"), statuses.pop("not_delivered")
        return Rules(
            own={fold(name): category for name, category in self.statuses.items()},
            statuses=_categories(statuses),
            backlog=folded(statuses["backlog"]),
            finished=folded(statuses["finished"]),
            not_delivered=folded(ended),
            scopes={what: folded(names) for what, names in meant["scopes"].items()},
            types=_kinds(meant["types"]) | {fold(n): kind for n, kind in self.types.items()},
            labels=_kinds(labels),
            priorities={
                fold(name): int(rank)
                for rank, names in meant["priorities"].items()
                for name in names
            },
            must_labels=folded([*must, *self.must_have_labels]),
            customer_labels=tuple(map(str.casefold, self.customer_labels)),
            phrases=shipped_phrases() if self.text_links else (),
        )


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/gitlab.toml`."""
    path = shipped("config") / "status" / "gitlab.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _categories(names: Mapping[str, list[str]]) -> dict[str, StatusCategory]:
    return {fold(name): _CATEGORIES[word] for word, every in names.items() for name in every}


def _kinds(names: Mapping[str, list[str]]) -> dict[str, ItemKind]:
    return {fold(name): ItemKind(kind) for kind, every in names.items() for name in every}
