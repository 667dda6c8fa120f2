"""The configuration of one Jira connection."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import Field, field_validator

from connectors.jira.rules import FieldRole, LinkRule, Rules, fold, folded
from syncer.connect.auth import AnyAuth
from syncer.connect.config import ConnectionConfig, SiteUrl
from syncer.connect.phrases import shipped_phrases
from syncer.domain.item import ItemKind, StatusCategory
from syncer.domain.link import LinkKind
from syncer.paths import shipped

_SWAPPED = {"blocked_by": LinkKind.BLOCKS, "required_by": LinkKind.REQUIRES}
_KIND_LABELS = ("risk", "decision", "milestone")


LinkWord = LinkKind | Literal["blocked_by", "required_by"]
"""What a link type means outward: one of our kinds, or one of two inverses."""


class JiraConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `jira`.

    The lists and tables add to the shipped meanings in `config/status/jira.toml`. Statuses,
    resolutions, link types and fields may be named by id or by name. `overlap_minutes` and
    `overlap_items` bound how far an incremental pass looks back: the nearer of the two.
    """

    kind: Literal["jira"] = "jira"
    url: SiteUrl
    auth: AnyAuth
    statuses: dict[str, StatusCategory] = Field(default_factory=dict)
    not_delivered: tuple[str, ...] = ()
    types: dict[str, ItemKind] = Field(default_factory=dict)
    link_types: dict[str, LinkWord] = Field(default_factory=dict)
    fields: dict[FieldRole, str] = Field(default_factory=dict)
    custom_fields: dict[str, str] = Field(default_factory=dict)
    must_have_labels: tuple[str, ...] = ()
    must_have_field: str = ""
    customer_labels: tuple[str, ...] = ()
    customer_fields: tuple[str, ...] = ()
    text_links: bool = True
    page_size: int = Field(default=100, ge=1, le=1000)
    overlap_minutes: int = Field(default=5, ge=0, le=1440)
    overlap_items: int = Field(default=50, ge=0)

    @field_validator("custom_fields", mode="before")
    @classmethod
    def _list_means_same_names(cls, value: object) -> object:
        return {str(name): name for name in value} if isinstance(value, list | tuple) else value

    def rules(self) -> Rules:
        """The shipped meanings with this connection's own added to them."""
        shipped_rules = shipped_meanings()
        statuses, labels = shipped_rules["statuses"], shipped_rules["labels"]
        return Rules(
            statuses={fold(name): category for name, category in self.statuses.items()},
            waiting=folded(statuses["waiting"]),
            backlog=folded(statuses["backlog"]),
            not_delivered=folded(
                [
                    *shipped_rules["resolutions"]["not_delivered"],
                    *self.not_delivered,
                ]
            ),
            types=_kinds(shipped_rules["types"]) | {fold(n): k for n, k in self.types.items()},
            labels=_kinds({name: labels[name] for name in _KIND_LABELS}),
            links={fold(name): _link_rule(kind) for name, kind in self.link_types.items()},
            link_texts=_link_texts(shipped_rules["links"]),
            fields=_field_names(shipped_rules["fields"], self.fields),
            must_labels=folded([*labels["must_have"], *self.must_have_labels]),
            must_field=self.must_have_field,
            customer_labels=tuple(map(fold, self.customer_labels)),
            customer_fields=self.customer_fields,
            custom_fields=self.custom_fields,
            phrases=shipped_phrases() if self.text_links else (),
        )


@cache
def shipped_meanings() -> Mapping[str, Any]:
    """The content of `config/status/jira.toml`."""
    path = shipped("config") / "status" / "jira.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _kinds(names: Mapping[str, list[str]]) -> dict[str, ItemKind]:
    return {fold(name): ItemKind(kind) for kind, every in names.items() for name in every}


def _link_rule(kind: str) -> LinkRule:
    return LinkRule(_SWAPPED.get(kind) or LinkKind(kind), swapped=kind in _SWAPPED)


def _link_texts(links: list[Mapping[str, Any]]) -> dict[str, LinkRule]:
    """Outward and inward texts alike tell the kind of a type; its direction is Jira's own."""
    return {
        fold(text): LinkRule(LinkKind(link["kind"]))
        for link in links
        for text in (*link["outward"], *link["inward"])
    }


def _field_names(
    names: Mapping[str, list[str]], own: Mapping[FieldRole, str]
) -> dict[FieldRole, tuple[str, ...]]:
    every = {FieldRole(role): tuple(listed) for role, listed in names.items()}
    return every | {role: (name, *every.get(role, ())) for role, name in own.items()}
