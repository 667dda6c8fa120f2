"""The configuration of one GitHub connection."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from connectors.github.rules import FieldRole, Rules, StartedWhen, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.paths import shipped

PUBLIC: Final = "https://api.github.com"
_ENTERPRISE_PATH: Final = "/api/v3"
_GLOB: Final = "*?["
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.*?\[\]!-]{1,100}/[A-Za-z0-9_.*?\[\]!-]{1,100}|\*")
_CATEGORIES: Final = {
    "todo": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "waiting": StatusCategory.WAITING,
    "backlog": StatusCategory.TODO,
    "finished": StatusCategory.IN_PROGRESS,
}


class GitHubConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `github`.

    `url` is the address of the API: `https://api.github.com`, or `https://<host>/api/v3` of a
    GitHub Enterprise Server. `containers` are repositories, `owner/name`, in any case. The lists
    and tables add to the shipped meanings in `config/status/github.toml`.
    """

    kind: Literal["github"] = "github"
    url: SiteUrl = PUBLIC
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    types: dict[str, ItemKind] = Field(default_factory=dict)
    fields: dict[FieldRole, str] = Field(default_factory=dict)
    custom_fields: dict[str, str] = Field(default_factory=dict)
    project: str = ""
    in_progress_when: tuple[StartedWhen, ...] = ()
    must_have_labels: tuple[str, ...] = ()
    customer_labels: tuple[str, ...] = ()
    text_links: bool = True
    graphql: bool = True
    page_size: int = Field(default=100, ge=1, le=100)
    details_a_query: int = Field(default=50, ge=1, le=100)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)

    @field_validator("containers", "exclude")
    @classmethod
    def _are_repositories(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not _REPOSITORY.fullmatch(pattern):
                raise ValueError(f"{pattern!r} is no repository: write owner/name, or owner/*")
        return patterns

    @field_validator("custom_fields", mode="before")
    @classmethod
    def _list_means_same_names(cls, value: object) -> object:
        return {str(name): name for name in value} if isinstance(value, list | tuple) else value

    @property
    def graphql_url(self) -> str:
        """The address of the GraphQL API, which lies beside the REST API."""
        return f"{self.url.removesuffix('/v3')}/graphql"

    @property
    def web_url(self) -> str:
        """Where people see issues: the address without what belongs to the API."""
        if self.url == PUBLIC:
            return "https://github.com"
        parts = urlsplit(self.url)
        host = (
            parts.netloc.removeprefix("api.") if _is_data_residency(parts.netloc) else parts.netloc
        )
        return f"{parts.scheme}://{host}{parts.path.removesuffix(_ENTERPRISE_PATH)}".rstrip("/")

    @property
    def exact_containers(self) -> tuple[str, ...]:
        """The configured repositories that are no globs."""
        return tuple(key for key in self.containers if not set(key) & set(_GLOB))

    def selects(self, container_key: str) -> bool:
        """Whether the configuration asks for this repository; GitHub ignores case in names."""
        key = container_key.casefold()
        lowered = self.model_copy(
            update={
                "containers": tuple(map(str.casefold, self.containers)),
                "exclude": tuple(map(str.casefold, self.exclude)),
            }
        )
        return ConnectionConfig.selects(lowered, key)

    def excludes(self, repository: str) -> bool:
        """Whether the configuration leaves this repository out, in whatever case it is written."""
        key = repository.casefold()
        return any(fnmatchcase(key, pattern.casefold()) for pattern in self.exclude)

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        statuses, labels = meant["statuses"], dict(meant["labels"])
        must = labels.pop("must_have")
        return Rules(
            statuses=_categories(statuses)
            | {fold(name): category for name, category in self.statuses.items()},
            backlog=folded(statuses["backlog"]),
            finished=folded(statuses["finished"]),
            prefixes={what: folded(names) for what, names in meant["prefixes"].items()},
            types=_kinds(meant["types"]) | {fold(n): kind for n, kind in self.types.items()},
            labels=_kinds(labels),
            priorities=_priorities(meant["priorities"]),
            fields=_fields(meant["fields"]) | {fold(n): role for role, n in self.fields.items()},
            custom_fields={fold(field): name for name, field in self.custom_fields.items()},
            phrases=shipped_phrases() if self.text_links else (),
            must_labels=folded([*must, *self.must_have_labels]),
            customer_labels=tuple(map(str.casefold, self.customer_labels)),
            project=fold(self.project),
            started_when=frozenset(self.in_progress_when),
        )


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/github.toml`."""
    path = shipped("config") / "status" / "github.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _is_data_residency(host: str) -> bool:
    """Whether the API is at `api.SUBDOMAIN.ghe.com`, and the pages at the same without `api.`.

    Source: docs.github.com/en/enterprise-cloud@latest/admin/data-residency.
    """
    return host.startswith("api.") and host.endswith(".ghe.com")


def _categories(names: Mapping[str, list[str]]) -> dict[str, StatusCategory]:
    return {fold(name): _CATEGORIES[word] for word, every in names.items() for name in every}


def _kinds(names: Mapping[str, list[str]]) -> dict[str, ItemKind]:
    return {fold(name): ItemKind(kind) for kind, every in names.items() for name in every}


def _priorities(names: Mapping[str, list[str]]) -> dict[str, int]:
    return {fold(name): int(rank) for rank, every in names.items() for name in every}


def _fields(names: Mapping[str, list[str]]) -> dict[str, FieldRole]:
    return {fold(name): FieldRole(role) for role, every in names.items() for name in every}
