"""Issues mapped at a site of our own making."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connectors.jira.mapping.item import Extras, read_issue
from connectors.jira.mapping.site import Site, Tables, site_of
from connectors.jira.shapes import each as _each
from connectors.jira.wire import FieldInfo, IssueType, LinkType, Named, Status
from syncer.domain.change import Change, ChangeField
from syncer.domain.item import ItemRecord
from syncer.domain.ref import ContainerKey
from tests.connectors.jira.small_jira import (
    FIELDS,
    LINK_TYPES,
    PRIORITIES,
    STATUSES,
    TYPES,
    config_for,
    issue,
)

TODO, DOING, DONE = STATUSES
NEW, INDETERMINATE = {"key": "new"}, {"key": "indeterminate"}


def site(*, zone: str = "UTC", **config: Any) -> Site:
    tables = Tables(
        statuses=_each(Status, STATUSES, ""),
        types=_each(IssueType, TYPES, ""),
        fields=_each(FieldInfo, FIELDS, ""),
        link_types=_each(LinkType, LINK_TYPES, ""),
        priorities=_each(Named, PRIORITIES, ""),
    )
    rules = config_for("https://acme.example", **config).rules()
    return site_of(
        tables, connection="jira", url="https://acme.example", zone=ZoneInfo(zone), rules=rules
    )


def record(
    raw: Any, *, ids: Mapping[str, str] | None = None, at: Site | None = None, **config: Any
) -> ItemRecord:
    read = read_issue(
        raw,
        container=ContainerKey("jira", "NET"),
        site=at or site(**config),
        extras=Extras(ids=ids or {}),
    )
    assert isinstance(read, ItemRecord), read
    return read


def with_history(*entries: Any, **fields: Any) -> Any:
    raw = issue(1, **fields)
    raw["changelog"] = {"total": len(entries), "histories": list(entries)}
    return raw


def only(changes: tuple[Change, ...], field: ChangeField) -> list[Change]:
    return [change for change in changes if change.field is field]
