"""The GraphQL queries, each made to weigh little.

Linear charges a query by what it might bring: 0.1 for a value, 1 for an object, and what is in a
connection as often as `first` says, whatever comes of it (linear.app/developers/rate-limiting).
Hence ids and times alone for the many, details for those that changed, connections within items as
short as most of them need, and the rest of a long one by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.linear.mapping.site import Kind

Json = dict[str, Any]

_USER: Final = "{ id name displayName app }"
_PAGE: Final = "pageInfo { hasNextPage endCursor }"
_RELATION: Final = "id type createdAt"
_HISTORY: Final = """id createdAt actorId fromStateId toStateId fromAssigneeId toAssigneeId
  fromDueDate toDueDate fromEstimate toEstimate fromPriority toPriority fromTitle toTitle
  fromParentId toParentId fromProjectId toProjectId fromCycleId toCycleId fromTeamId toTeamId
  addedLabelIds removedLabelIds updatedDescription archived trashed"""

PARTS: Final[Mapping[str, str]] = {
    "labels": "id name",
    "relations": f"{_RELATION} relatedIssue {{ id identifier }}",
    "inverseRelations": f"{_RELATION} issue {{ id identifier }}",
    "history": _HISTORY,
}
"""The connections of an issue that are read to their ends, and what is asked of them."""

_FIRST: Final = {"labels": 6, "relations": 4, "inverseRelations": 4, "history": 8}
_MORE: Final = 50
USUAL_PAGE: Final = 100
"""Ids that are listed at once, if nothing else is configured."""

_FILTERS: Final = {
    Kind.ISSUE: "IssueFilter",
    Kind.PROJECT: "ProjectFilter",
    Kind.INITIATIVE: "InitiativeFilter",
}
FIELDS: Final = {
    Kind.ISSUE: "issues",
    Kind.PROJECT: "projects",
    Kind.INITIATIVE: "initiatives",
}
"""The fields of `Query` that list them."""

_NAMES: Final = {
    Kind.ISSUE: "id identifier",
    Kind.PROJECT: "id slugId",
    Kind.INITIATIVE: "id slugId",
}
_RELATED: Final = "type anchorType relatedAnchorType createdAt"

_BODIES: Final = {
    Kind.ISSUE: f"""id identifier title description url priority estimate dueDate
  createdAt updatedAt completedAt trashed
  state {{ name type }} team {{ id key timezone }} assignee {_USER} creator {_USER}
  parent {{ id identifier }} project {{ id slugId }}
  projectMilestone {{ id name targetDate status }} cycle {{ id number name endsAt completedAt }}
  attachments(first: 4) {{ nodes {{ title url }} }}
  comments(first: 3) {{ nodes {{ id createdAt user {_USER} }} }}"""
    + "".join(
        f"\n  {name}(first: {_FIRST[name]}) {{ {_PAGE} nodes {{ {fields} }} }}"
        for name, fields in PARTS.items()
    ),
    Kind.PROJECT: f"""id slugId name description content url priority
  startDate startDateResolution targetDate targetDateResolution
  createdAt updatedAt startedAt completedAt trashed
  status {{ name type }} lead {_USER} creator {_USER}
  labels(first: 10) {{ nodes {{ id name }} }} initiatives(first: 5) {{ nodes {{ id slugId }} }}
  projectMilestones(first: 10) {{ nodes {{ id name targetDate status }} }}
  relations(first: 10) {{ nodes {{ {_RELATED} relatedProject {{ id slugId }} }} }}
  inverseRelations(first: 10) {{ nodes {{ {_RELATED} project {{ id slugId }} }} }}""",
    Kind.INITIATIVE: f"""id slugId name description content url status
  targetDate targetDateResolution createdAt updatedAt startedAt completedAt trashed
  owner {_USER} creator {_USER} parentInitiative {{ id slugId }}
  subInitiatives(first: 1) {{ nodes {{ id slugId }} }}""",
}
_UPDATE: Final = f"lastUpdate {{ id body health createdAt user {_USER} }}"
_REPORTED: Final = {
    Kind.PROJECT: "id slugId name url startDate startDateResolution targetDate "
    f"targetDateResolution {_UPDATE}",
    Kind.INITIATIVE: f"id slugId name url targetDate targetDateResolution {_UPDATE}",
}


@dataclass(frozen=True, slots=True)
class Query:
    """A query with its variables."""

    text: str
    variables: Json


def account() -> Query:
    """Who we are, and where."""
    return Query(
        f"query {{ viewer {_USER} organization {{ id urlKey name fiscalYearStartMonth }} }}", {}
    )


def teams(after: str | None, keys: Sequence[str] = ()) -> Query:
    """A page of the teams whose issues the account sees; with `keys` those among them."""
    filter_: Json = {"key": {"in": list(keys)}} if keys else {}
    text = f"""query($filter: TeamFilter!, $after: String) {{
  teams(filter: $filter, first: 100, after: $after) {{
    {_PAGE} nodes {{ id key name visibility }}
  }}
}}"""
    return Query(text, {"filter": filter_, "after": after})


def changed(kind: Kind, *, filter_: Json, owner: str, size: int, after: str | None) -> Query:
    """A page of ids and times of change, and whether what holds them is shown at all."""
    text = f"""query($filter: {_FILTERS[kind]}!, $size: Int!, $after: String{_declared(kind)}) {{
  {_owner(kind)}
  {FIELDS[kind]}(filter: $filter, first: $size, after: $after, includeArchived: true,
    orderBy: updatedAt) {{ {_PAGE} nodes {{ {_NAMES[kind]} updatedAt }} }}
}}"""
    variables = {"filter": filter_, "size": size, "after": after}
    return Query(text, variables | _owned(kind, owner))


def every(kind: Kind, *, owner: str, size: int, after: str | None) -> Query:
    """A page of ids in the order in which they were made, the trash among them."""
    text = f"""query($filter: {_FILTERS[kind]}!, $size: Int!, $after: String{_declared(kind)}) {{
  {_owner(kind)}
  {FIELDS[kind]}(filter: $filter, first: $size, after: $after, includeArchived: true,
    orderBy: createdAt) {{ {_PAGE} nodes {{ {_NAMES[kind]} trashed }} }}
}}"""
    variables = {"filter": within(kind, owner), "size": size, "after": after}
    return Query(text, variables | _owned(kind, owner))


def details(kind: Kind, ids: Sequence[str]) -> Query:
    """All that is read of some items."""
    text = f"""query($filter: {_FILTERS[kind]}!, $size: Int!) {{
  {FIELDS[kind]}(filter: $filter, first: $size, includeArchived: true) {{
    nodes {{ {_BODIES[kind]} }}
  }}
}}"""
    return Query(text, {"filter": {"id": {"in": list(ids)}}, "size": len(ids)})


def more(part: str, id_: str, after: str) -> Query:
    """The next page of one connection of one issue; `part` is of `PARTS`."""
    text = f"""query($filter: IssueFilter!, $after: String!) {{
  issues(filter: $filter, first: 1, includeArchived: true) {{
    nodes {{ id {part}(first: {_MORE}, after: $after) {{ {_PAGE} nodes {{ {PARTS[part]} }} }} }}
  }}
}}"""
    return Query(text, {"filter": {"id": {"in": [id_]}}, "after": after})


def reports(kind: Kind, after: str | None) -> Query:
    """A page of projects or initiatives with the last report on each."""
    text = f"""query($after: String) {{
  {FIELDS[kind]}(first: 50, after: $after) {{ {_PAGE} nodes {{ {_REPORTED[kind]} }} }}
}}"""
    return Query(text, {"after": after})


def webhooks(after: str | None) -> Query:
    """A page of the webhooks of the workspace, without their secrets."""
    text = f"""query($after: String) {{
  webhooks(first: 50, after: $after) {{
    {_PAGE} nodes {{ id url enabled allPublicTeams resourceTypes team {{ id key }} }}
  }}
}}"""
    return Query(text, {"after": after})


def add_webhook(made: Json) -> Query:
    """Register a webhook."""
    text = """mutation($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { success }
}"""
    return Query(text, {"input": made})


def change_webhook(id_: str, changed: Json) -> Query:
    """Change a webhook."""
    text = """mutation($id: String!, $input: WebhookUpdateInput!) {
  webhookUpdate(id: $id, input: $input) { success }
}"""
    return Query(text, {"id": id_, "input": changed})


_DIRECTORY: Final = {
    "users": (
        "UserFilter",
        "users(filter: $users, first: $size, includeArchived: true, includeDisabled: true)",
        _USER,
    ),
    "states": (
        "WorkflowStateFilter",
        "workflowStates(filter: $states, first: $size, includeArchived: true)",
        "{ id name type }",
    ),
    "labels": (
        "IssueLabelFilter",
        "issueLabels(filter: $labels, first: $size, includeArchived: true)",
        "{ id name }",
    ),
    "teams": (
        "TeamFilter",
        "teams(filter: $teams, first: $size, includeArchived: true)",
        "{ id key }",
    ),
}


def names(wanted: Mapping[str, Sequence[str]]) -> Query:
    """What ids in histories are called: `users`, `states`, `labels`, `teams`."""
    asked = {what: list(ids) for what, ids in sorted(wanted.items()) if ids}
    declared = "".join(f", ${what}: {_DIRECTORY[what][0]}!" for what in asked)
    fields = "\n  ".join(
        f"{what}: {_DIRECTORY[what][1]} {{ nodes {_DIRECTORY[what][2]} }}" for what in asked
    )
    size = max((len(ids) for ids in asked.values()), default=1)
    filters = {what: {"id": {"in": ids}} for what, ids in asked.items()}
    return Query(f"query($size: Int!{declared}) {{\n  {fields}\n}}", {"size": size, **filters})


def within(kind: Kind, owner: str) -> Json:
    """The filter for what a container holds: issues of a team, or all of a workspace."""
    return {"team": {"key": {"eq": owner}}} if kind is Kind.ISSUE else {}


def _declared(kind: Kind) -> str:
    return ", $owner: TeamFilter!" if kind is Kind.ISSUE else ""


def _owned(kind: Kind, owner: str) -> Json:
    return {"owner": {"key": {"eq": owner}}} if kind is Kind.ISSUE else {}


def _owner(kind: Kind) -> str:
    if kind is Kind.ISSUE:
        return "teams(filter: $owner, first: 1) { nodes { id key } }"
    return "organization { id urlKey fiscalYearStartMonth }"
