"""The GraphQL API of a simulated Linear: the part of its schema that a connector reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.linear.mapping.site import Kind
from connectors.linear.simulator_gql import Answering, Refused, invalid
from connectors.linear.simulator_hooks import Hooks
from connectors.linear.simulator_index import Row
from connectors.linear.simulator_site import WORKSPACE, Site
from syncer.connect.testing.graphql import Schema

Json = dict[str, Any]
Lister = Callable[[Json], list[Json]]

_UPDATES: Final = {"lastUpdate": "Update"}
_DATES: Final = "targetDate targetDateResolution createdAt updatedAt startedAt completedAt trashed"
_CHANGES: Final = (
    "id createdAt actorId fromStateId toStateId fromAssigneeId toAssigneeId fromDueDate toDueDate "
    "fromEstimate toEstimate fromPriority toPriority fromTitle toTitle fromParentId toParentId "
    "fromProjectId toProjectId fromCycleId toCycleId fromTeamId toTeamId addedLabelIds "
    "removedLabelIds updatedDescription archived trashed"
)


def _fields(scalars: str, **others: str) -> dict[str, str]:
    return {**dict.fromkeys(scalars.split(), ""), **others}


SCHEMA: Final[Schema] = {
    "Query": {
        "viewer": "User", "organization": "Organization", "teams": "Team*", "issues": "Issue*",
        "projects": "Project*", "initiatives": "Initiative*", "users": "User*",
        "workflowStates": "State*", "issueLabels": "Label*", "webhooks": "Webhook*",
    },
    "Mutation": {"webhookCreate": "WebhookPayload", "webhookUpdate": "WebhookPayload"},
    "WebhookPayload": _fields("success"),
    "Webhook": _fields("id url enabled allPublicTeams resourceTypes", team="Team"),
    "PageInfo": _fields("hasNextPage endCursor"),
    "User": _fields("id name displayName app"),
    "Organization": _fields("id urlKey name fiscalYearStartMonth"),
    "Team": _fields("id key name timezone visibility"),
    "State": _fields("id name type"),
    "Label": _fields("id name"),
    "Issue": _fields(
        "id identifier title description url priority estimate dueDate createdAt updatedAt "
        "completedAt trashed",
        state="State", team="Team", assignee="User", creator="User", parent="Issue",
        project="Project", projectMilestone="Milestone", cycle="Cycle", labels="Label*",
        relations="Relation*", inverseRelations="Relation*", attachments="Attachment*",
        comments="Comment*", history="History*",
    ),
    "Milestone": _fields("id name targetDate status"),
    "Cycle": _fields("id number name endsAt completedAt"),
    "Relation": _fields("id type createdAt", issue="Issue", relatedIssue="Issue"),
    "Attachment": _fields("id title url"),
    "Comment": _fields("id createdAt", user="User"),
    "History": _fields(_CHANGES),
    "Project": _fields(
        f"id slugId name description content url priority startDate startDateResolution {_DATES}",
        status="State", lead="User", creator="User", labels="Label*", initiatives="Initiative*",
        projectMilestones="Milestone*", relations="ProjectRelation*",
        inverseRelations="ProjectRelation*", **_UPDATES,
    ),
    "ProjectRelation": _fields(
        "id type anchorType relatedAnchorType createdAt",
        project="Project", relatedProject="Project",
    ),
    "Initiative": _fields(
        f"id slugId name description content url status {_DATES}",
        owner="User", creator="User", parentInitiative="Initiative", subInitiatives="Initiative*",
        **_UPDATES,
    ),
    "Update": _fields("id body health createdAt", user="User"),
}  # fmt: skip

_ROWS: Final = {
    "issues": Kind.ISSUE, "projects": Kind.PROJECT, "initiatives": Kind.INITIATIVE,
}  # fmt: skip


def answering(
    site: Site,
    variables: Mapping[str, Any],
    *,
    account: str = "",
    earliest_first: bool = False,
    ignores_times: bool = False,
    hooks: Hooks | None = None,
) -> Answering:
    """Who answers a query with these variables."""
    book = hooks or Hooks()
    rows = {
        field: _lister(site, kind, earliest_first=earliest_first, ignores_times=ignores_times)
        for field, kind in _ROWS.items()
    }
    return Answering(
        schema=SCHEMA,
        root={
            "viewer": lambda _: site.user(account),
            "organization": lambda _: {
                "id": "workspace-1",
                "urlKey": WORKSPACE,
                "name": "Acme",
                "fiscalYearStartMonth": 0,
            },
            "teams": lambda wanted: _named(site.teams(), wanted),
            "users": lambda wanted: _named(site.users(), wanted),
            "workflowStates": lambda wanted: _named(site.states(), wanted),
            "issueLabels": lambda wanted: _named(site.labels(), wanted),
            "webhooks": lambda _: book.listed(),
            "webhookCreate": lambda told: book.add(told, site.teams()),
            "webhookUpdate": book.change,
            **rows,
        },
        variables=variables,
    )


def _lister(site: Site, kind: Kind, *, earliest_first: bool, ignores_times: bool) -> Lister:
    def rows(wanted: Json) -> list[Json]:
        filter_ = dict(wanted.get("filter") or {})
        if ignores_times:
            filter_.pop("updatedAt", None)
        found = [row for row in site.index.of_kind(kind) if _fits(row, filter_)]
        if not wanted.get("includeArchived"):
            found = [row for row in found if not row.trashed]
        by_update = wanted.get("orderBy") == "updatedAt"
        found.sort(
            key=lambda row: (row.updated if by_update else row.created, row.id),
            reverse=not earliest_first,
        )
        return [site.node(row) for row in found]

    return rows


def _fits(row: Row, wanted: Json | None) -> bool:
    """Whether a row fits a filter; a filter that is not known here is refused."""
    for name, how in (wanted or {}).items():
        if name == "id":
            fits = row.id in _members(how)
        elif name == "team" and row.kind is Kind.ISSUE:
            fits = row.state.container in _members(how.get("key", {}))
        elif name == "updatedAt":
            fits = _lies_within(row.updated, how)
        else:
            raise invalid(f'Field "{name}" is not defined by type "{row.kind.title()}Filter".')
        if not fits:
            return False
    return True


def _lies_within(at: datetime, how: Json) -> bool:
    if not how or set(how) - {"gte", "lte"}:
        raise invalid("Unknown comparison of dates.")
    told = {name: datetime.fromisoformat(value) for name, value in how.items()}
    return told.get("gte", at) <= at <= told.get("lte", at)


def _named(rows: Sequence[Json], wanted: Json) -> list[Json]:
    """Rows that a filter by id or key picks."""
    found = list(rows)
    for name, how in (wanted.get("filter") or {}).items():
        if name not in ("id", "key"):
            raise invalid(f'Field "{name}" is not defined by the filter.')
        found = [row for row in found if row.get(name) in _members(how)]
    return found


def _members(how: Json) -> list[str]:
    if set(how) == {"eq"}:
        return [how["eq"]]
    if set(how) == {"in"}:
        return list(how["in"])
    raise Refused("INPUT_ERROR", "Argument Validation Error")
