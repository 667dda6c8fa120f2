"""The configuration of one Azure DevOps connection."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connectors.azure_devops.rules import Rules, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.paths import shipped

_OWN_HOST: Final = ".visualstudio.com"
_SHARED_HOST: Final = "dev.azure.com"
_CATEGORIES: Final = {
    "todo": StatusCategory.TODO,
    "in_progress": StatusCategory.IN_PROGRESS,
    "done": StatusCategory.DONE,
    "cancelled": StatusCategory.CANCELLED,
    "backlog": StatusCategory.TODO,
    "waiting": StatusCategory.WAITING,
}


class AzureDevOpsConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `azuredevops`.

    `url` is the organisation's address: `https://dev.azure.com/acme`, or for Azure DevOps Server
    that of a collection. The organisation is the one container; `projects` and `exclude_projects`
    are globs over the names of its projects. `timezone` is the zone in which people set dates. The
    other lists and tables add to the shipped meanings in `config/status/azuredevops.toml`.
    """

    kind: Literal["azuredevops"] = "azuredevops"
    url: SiteUrl
    auth: AnyAuth
    projects: tuple[str, ...] = ("*",)
    exclude_projects: tuple[str, ...] = ()
    timezone: str | None = None
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    types: dict[str, ItemKind] = Field(default_factory=dict)
    skip_types: tuple[str, ...] = ()
    not_delivered: tuple[str, ...] = ()
    must_have_labels: tuple[str, ...] = ()
    customer_labels: tuple[str, ...] = ()
    custom_fields: dict[str, str] = Field(default_factory=dict)
    text_links: bool = True
    history: bool = True
    history_days: int = Field(default=400, ge=1)
    page_size: int = Field(default=200, ge=1, le=1000)
    batch_size: int = Field(default=200, ge=1, le=200)
    census_page: int = Field(default=10_000, ge=1, le=20_000)
    api_version: str = Field(default="7.1", pattern=r"^[0-9]+\.[0-9]+(-preview(\.[0-9]+)?)?$")

    @field_validator("url")
    @classmethod
    def _names_an_organisation(cls, url: str) -> str:
        if not _organisation(url):
            raise ValueError("the address lacks the organisation: write https://dev.azure.com/acme")
        return url

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        try:
            _ = name and ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone, such as Europe/Berlin") from None
        return name

    @property
    def organisation(self) -> str:
        """The organisation's name, or that of the collection: the key of the container."""
        return _organisation(self.url)

    def takes(self, project: str) -> bool:
        """Whether items of this project are wanted; names are compared without regard to case."""
        name = project.casefold()
        wanted = any(fnmatchcase(name, one.casefold()) for one in self.projects)
        return wanted and not any(fnmatchcase(name, x.casefold()) for x in self.exclude_projects)

    @property
    def takes_all(self) -> bool:
        """Whether no project is left out."""
        return "*" in self.projects and not self.exclude_projects

    def skipped_types(self) -> tuple[str, ...]:
        """The names of the types that are no work, as they are written."""
        own = folded(self.types)
        every = [*shipped_meanings()["types"]["skipped"], *self.skip_types]
        return tuple(sorted({name for name in every if fold(name) not in own}))

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        meant = shipped_meanings()
        types, labels = dict(meant["types"]), dict(meant["labels"])
        del types["skipped"]
        must = labels.pop("must_have")
        return Rules(
            own={fold(name): category for name, category in self.statuses.items()},
            statuses=_categories(meant["statuses"]),
            backlog=folded(meant["statuses"]["backlog"]),
            not_delivered=folded([*meant["reasons"]["not_delivered"], *self.not_delivered]),
            types=_kinds(types) | {fold(n): kind for n, kind in self.types.items()},
            skipped=folded(self.skipped_types()),
            labels=_kinds(labels),
            must_labels=folded([*must, *self.must_have_labels]),
            customer_labels=tuple(map(str.casefold, self.customer_labels)),
            phrases=shipped_phrases(),
            reads_text=self.text_links,
            custom=dict(self.custom_fields),
        )


def _organisation(base: str) -> str:
    """The last part of the path; the first of the host for an address of the old sort."""
    parts = urlsplit(base)
    path = [unquote(one) for one in parts.path.split("/") if one]
    host = (parts.hostname or "").casefold()
    if host.endswith(_OWN_HOST):
        return host.removesuffix(_OWN_HOST)
    if host == _SHARED_HOST and len(path) != 1:
        return ""
    return path[-1] if path else ""


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/azuredevops.toml`."""
    path = shipped("config") / "status" / "azuredevops.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _categories(names: Mapping[str, list[str]]) -> dict[str, StatusCategory]:
    return {fold(name): _CATEGORIES[word] for word, every in names.items() for name in every}


def _kinds(names: Mapping[str, list[str]]) -> dict[str, ItemKind]:
    return {fold(name): ItemKind(kind) for kind, every in names.items() for name in every}
