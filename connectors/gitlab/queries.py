"""The GraphQL queries, made so that an older server or a smaller edition can answer them too.

Fields and types: docs.gitlab.com/api/graphql/reference, `Project.workItems`, `Group.workItems`,
`Query.workItem` and the objects that implement `WorkItemWidget`. What came late, or exists in some
editions only, is a part by itself, to be left out for a server that does not know it. GitLab
charges a query by its complexity and allows 250: every field costs 1, and a connection multiplies
what is in it by 1 % for each row asked for (app/graphql/types/base_field.rb); hence few fields for
many items, and many for few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

_PERSON: Final = "{ username name bot }"
_ITERATION: Final = "{ id title state startDate dueDate }"
_OTHER: Final = "{ id iid webUrl }"

PARTS: Final = {
    "status": ("WorkItemWidgetStatus", "status { name category }"),
    "health": ("WorkItemWidgetHealthStatus", "healthStatus"),
    "iteration": ("WorkItemWidgetIteration", f"iteration {_ITERATION}"),
    "weight": ("WorkItemWidgetWeight", "weight"),
    "dates": ("WorkItemWidgetStartAndDueDate", "startDate dueDate"),
    "fixed dates": ("WorkItemWidgetStartAndDueDate", "isFixed rollUp"),
    "children": (
        "WorkItemWidgetHierarchy",
        "rolledUpCountsByType { workItemType { name } countsByState { all } }",
    ),
    "parent": ("WorkItemWidgetHierarchy", f"parent {_OTHER}"),
    "links": (
        "WorkItemWidgetLinkedItems",
        f"linkedItems(first: 50) {{ nodes {{ linkType linkCreatedAt workItem {_OTHER} }} }}",
    ),
}
"""Widgets that not every server has: the type and what is asked of it."""

FIELDS: Final = {
    "moved": "movedToWorkItemUrl",
    "duplicate": "duplicatedToWorkItemUrl",
    "promoted": "promotedToEpicUrl",
}
"""Fields of an item that not every server has."""

_DETAILS: Final = frozenset({"links"})
_PLAIN: Final = f"""
  ... on WorkItemWidgetAssignees {{ assignees(first: 20) {{ nodes {_PERSON} }} }}
  ... on WorkItemWidgetLabels {{ labels(first: 50) {{ nodes {{ id title }} }} }}
  ... on WorkItemWidgetMilestone {{ milestone {{ id iid title state dueDate }} }}"""
_NOTE: Final = f"id body createdAt author {_PERSON}"
_ACTIVITY: Final = (
    "discussions(filter: ONLY_ACTIVITY, first: 100{after}) "
    "{{ pageInfo {{ hasNextPage endCursor }} "
    "nodes {{ notes(first: 5) {{ nodes {{ {note} }} }} }} }}"
)
_COMMENTS: Final = (
    "comments: discussions(filter: ONLY_COMMENTS, first: 20) "
    "{ nodes { notes(first: 5) { nodes { id createdAt author { username bot } } } } }"
)


def pages(kind: str, left_out: Collection[str]) -> str:
    """A page of items changed since an instant; `kind` is `project` or `group`.

    Variables: `path`, `size`, `since` and `after`, both of which may be null.
    """
    return f"""query($path: ID!, $size: Int!, $since: Time, $after: String) {{
  {kind}(fullPath: $path) {{
    workItems(first: $size, after: $after, updatedAfter: $since, sort: UPDATED_ASC) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_item(left_out)} }}
    }}
  }}
}}"""


def ids(kind: str, left_out: Collection[str]) -> str:
    """A page of ids in the order in which items were made. Variables: `path`, `after`."""
    moved = "" if "moved" in left_out else FIELDS["moved"]
    return f"""query($path: ID!, $after: String) {{
  {kind}(fullPath: $path) {{
    workItems(first: 100, after: $after, sort: CREATED_ASC) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ id iid webUrl {moved} }}
    }}
  }}
}}"""


def numbered(kind: str, count: int, left_out: Collection[str]) -> str:
    """The items of a container with some numbers. Variables: `path`, and `iids` as texts."""
    return f"""query($path: ID!, $iids: [String!]) {{
  {kind}(fullPath: $path) {{
    workItems(iids: $iids, first: {count}) {{ nodes {{ {_item(left_out)} }} }}
  }}
}}"""


def single(ids_: Iterable[str], left_out: Collection[str]) -> str:
    """Single items by the ids of their work items, each under `i<id>`."""
    aliases = "\n".join(
        f'i{one}: workItem(id: "gid://gitlab/WorkItem/{one}") {{ ...Item }}' for one in ids_
    )
    return f"query {{ {aliases} }}\nfragment Item on WorkItem {{ {_item(left_out)} }}"


def details(kind: str, count: int, left_out: Collection[str], *, history: bool) -> str:
    """Links and history of items. Variables: `path`, and `iids` as texts."""
    return f"""query($path: ID!, $iids: [String!]) {{
  {kind}(fullPath: $path) {{
    workItems(iids: $iids, first: {count}) {{ nodes {{ {_detail(left_out, history)} }} }}
  }}
}}"""


def healths(kind: str, left_out: Collection[str]) -> str:
    """A page of epics with their health. Variables: `path`, `after`."""
    parts = [name for name in ("health", "dates") if name not in left_out]
    return f"""query($path: ID!, $after: String) {{
  {kind}(fullPath: $path) {{
    workItems(first: 100, after: $after, types: [EPIC], sort: CREATED_ASC) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ id iid title state createdAt webUrl author {_PERSON} namespace {{ fullPath }}
        widgets {{ {_widgets(parts, left_out)} }} }}
    }}
  }}
}}"""


def more_activity(id_: str) -> str:
    """The history of one item from a place on. Variable: `after`."""
    activity = _ACTIVITY.format(after=", after: $after", note=_NOTE)
    return f"""query($after: String) {{
  workItem(id: "gid://gitlab/WorkItem/{id_}") {{
    id iid widgets {{ ... on WorkItemWidgetNotes {{ {activity} }} }}
  }}
}}"""


def _item(left_out: Collection[str]) -> str:
    fields = " ".join(text for name, text in FIELDS.items() if name not in left_out)
    parts = [name for name in PARTS if name not in _DETAILS]
    return f"""id iid title description state createdAt updatedAt closedAt webUrl confidential
  author {_PERSON} namespace {{ fullPath }} workItemType {{ name }} {fields}
  widgets {{ {_PLAIN}{_widgets(parts, left_out)} }}"""


def _detail(left_out: Collection[str], history: bool) -> str:  # noqa: FBT001  one of two
    activity = _ACTIVITY.format(after="", note=_NOTE)
    told = f"... on WorkItemWidgetNotes {{ {activity} {_COMMENTS} }}" if history else ""
    labels = "... on WorkItemWidgetLabels { labels(first: 50) { nodes { id title } } }"
    milestone = "... on WorkItemWidgetMilestone { milestone { iid title } }"
    return f"id iid widgets {{ {told} {labels} {milestone}{_widgets(sorted(_DETAILS), left_out)} }}"


def _widgets(names: Sequence[str], left_out: Collection[str]) -> str:
    wanted = (PARTS[name] for name in names if name not in left_out)
    return "".join(f"\n  ... on {type_} {{ {fields} }}" for type_, fields in wanted)
