"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from connectors.jira.config import JiraConfig
from connectors.jira.mapping.links import rule_of
from connectors.jira.mapping.site import Site
from connectors.jira.rules import fold
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding
from syncer.domain.item import StatusCategory
from syncer.domain.link import LinkKind

_TABLES = {
    "status": "statuses (their changes stay unknown)",
    "issuetype": "issue types",
    "field": "fields (dates of the plan, sprints, points and flags stay unknown)",
    "issueLinkType": "link types (dependencies of the past stay unknown)",
    "priority": "priorities",
}
_SHOWN = 10


def findings_of(site: Site, config: JiraConfig, project_keys: Sequence[str]) -> tuple[Finding, ...]:
    """Everything amiss that the site's tables and the configuration show."""
    return (
        *unencrypted(config.url),
        *_projects(config, project_keys),
        *_tables(site),
        *_fields(site),
        *_links(site),
        *_statuses(site),
        *_zone(site),
    )


def _projects(config: JiraConfig, keys: Sequence[str]) -> Iterator[Finding]:
    if not keys:
        yield Finding(
            message="The account sees no project.",
            fix="Give it the permission Browse Projects in the projects that matter.",
            fatal=True,
        )
        return
    for pattern in config.containers:
        if not any(fnmatchcase(key, pattern) for key in keys):
            yield Finding(
                message=f"No visible project matches {pattern!r} of `containers`.",
                fix="Correct the name, or give the account Browse Projects there.",
            )


def _tables(site: Site) -> Iterator[Finding]:
    for name in site.unread_tables:
        yield Finding(
            message=f"The account may not read the site's {_TABLES.get(name, name)}.",
            fix="Give the account access to Jira with the permission Browse Projects.",
        )


def _fields(site: Site) -> Iterator[Finding]:
    for name in site.missing_fields:
        yield Finding(
            message=f"There is no field {name!r}, which the configuration names.",
            fix="Name the field by its id (customfield_…) or exactly as Jira shows it.",
        )


def _links(site: Site) -> Iterator[Finding]:
    rules = [rule_of(one, site.rules) for one in site.link_types]
    if site.link_types and not any(rule and rule.kind is LinkKind.BLOCKS for rule in rules):
        names = ", ".join(repr(one.name) for one in site.link_types[:_SHOWN])
        yield Finding(
            message=f"No link type means a dependency; there are {names}.",
            fix='Say which does: link_types = { "<name or id>" = "blocks" }.',
        )


def _statuses(site: Site) -> Iterator[Finding]:
    unknown = [
        id_
        for id_, category in site.categories.items()
        if category is StatusCategory.UNKNOWN
        and fold(id_) not in site.rules.statuses
        and fold(site.status_names.get(id_, "")) not in site.rules.statuses
    ]
    if unknown:
        names = ", ".join(repr(site.status_names.get(id_) or id_) for id_ in unknown[:_SHOWN])
        yield Finding(
            message=f"{len(unknown)} statuses have no category and count as unknown: {names}.",
            fix='Say what they are: statuses = { "<name or id>" = "IN_PROGRESS" }.',
        )


def _zone(site: Site) -> Iterator[Finding]:
    if site.zone is None:
        yield Finding(
            message="Jira does not tell the account's time zone; times without one are not read.",
            fix="Set the time zone in the account's profile.",
        )
