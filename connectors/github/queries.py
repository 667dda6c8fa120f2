"""The one GraphQL query that completes a page of issues, and the one that asks what we may ask.

Fields and types: docs.github.com/en/graphql/reference/objects#issue, …#projectv2item,
…/reference/unions#issuetimelineitems. Issues are asked for by number under an alias of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_OTHER: Final = "number fullDatabaseId repository { nameWithOwner }"
_ACTOR: Final = "createdAt actor { __typename login }"
_ASSIGNED: Final = f"{_ACTOR} assignee {{ __typename ... on Actor {{ login }} }}"
_EVENTS: Final = {
    "CLOSED_EVENT": f"ClosedEvent {{ {_ACTOR} stateReason }}",
    "REOPENED_EVENT": f"ReopenedEvent {{ {_ACTOR} }}",
    "LABELED_EVENT": f"LabeledEvent {{ {_ACTOR} label {{ name }} }}",
    "UNLABELED_EVENT": f"UnlabeledEvent {{ {_ACTOR} label {{ name }} }}",
    "ASSIGNED_EVENT": f"AssignedEvent {{ {_ASSIGNED} }}",
    "UNASSIGNED_EVENT": f"UnassignedEvent {{ {_ASSIGNED} }}",
    "MILESTONED_EVENT": f"MilestonedEvent {{ {_ACTOR} milestoneTitle }}",
    "DEMILESTONED_EVENT": f"DemilestonedEvent {{ {_ACTOR} milestoneTitle }}",
    "RENAMED_TITLE_EVENT": f"RenamedTitleEvent {{ {_ACTOR} previousTitle currentTitle }}",
    "TRANSFERRED_EVENT": f"TransferredEvent {{ {_ACTOR} fromRepository {{ nameWithOwner }} }}",
    "ISSUE_COMMENT": "IssueComment { fullDatabaseId createdAt author { __typename login } }",
    "MARKED_AS_DUPLICATE_EVENT": (
        f"MarkedAsDuplicateEvent {{ {_ACTOR} canonical {{ ... on Issue {{ {_OTHER} }} }} }}"
    ),
    "UNMARKED_AS_DUPLICATE_EVENT": (
        f"UnmarkedAsDuplicateEvent {{ {_ACTOR} canonical {{ ... on Issue {{ {_OTHER} }} }} }}"
    ),
    "PARENT_ISSUE_ADDED_EVENT": f"ParentIssueAddedEvent {{ {_ACTOR} parent {{ {_OTHER} }} }}",
    "PARENT_ISSUE_REMOVED_EVENT": f"ParentIssueRemovedEvent {{ {_ACTOR} parent {{ {_OTHER} }} }}",
    "BLOCKED_BY_ADDED_EVENT": f"BlockedByAddedEvent {{ {_ACTOR} blockingIssue {{ {_OTHER} }} }}",
    "BLOCKED_BY_REMOVED_EVENT": (
        f"BlockedByRemovedEvent {{ {_ACTOR} blockingIssue {{ {_OTHER} }} }}"
    ),
    "BLOCKING_ADDED_EVENT": f"BlockingAddedEvent {{ {_ACTOR} blockedIssue {{ {_OTHER} }} }}",
    "BLOCKING_REMOVED_EVENT": f"BlockingRemovedEvent {{ {_ACTOR} blockedIssue {{ {_OTHER} }} }}",
}
_STATUS_EVENTS: Final = {
    "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT": (
        f"ProjectV2ItemStatusChangedEvent {{ {_ACTOR} previousStatus status project {{ title }} }}"
    ),
}
_FIELD: Final = "field { ... on ProjectV2FieldCommon { name } }"
_PROJECTS: Final = f"""
  projectItems(first: 10, includeArchived: false) {{ nodes {{
    project {{ title }}
    fieldValues(first: 30) {{ nodes {{
      ... on ProjectV2ItemFieldSingleSelectValue {{ name {_FIELD} }}
      ... on ProjectV2ItemFieldTextValue {{ text {_FIELD} }}
      ... on ProjectV2ItemFieldNumberValue {{ number {_FIELD} }}
      ... on ProjectV2ItemFieldDateValue {{ date {_FIELD} }}
      ... on ProjectV2ItemFieldIterationValue {{ title startDate duration {_FIELD} }}
    }} }}
  }} }}"""

PROJECTS: Final = """query($owner: String!, $name: String!) {
  viewer { login }
  repository(owner: $owner, name: $name) { projectsV2(first: 10) { nodes {
    title
    fields(first: 50) { nodes { ... on ProjectV2SingleSelectField { name options { name } } } }
  } } }
}"""
"""Whether queries are answered, whether they may be about projects, and the statuses of those."""

STATUS_UPDATES: Final = """query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    projectsV2(first: 10, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes {
      title resourcePath
      statusUpdates(first: 10, orderBy: {field: CREATED_AT, direction: DESC}) { nodes {
        id body status startDate targetDate createdAt creator { __typename login }
      } }
    } }
  }
}"""
"""The newest reports on the projects that a repository is linked to.

Fields: docs.github.com/en/graphql/reference/objects#projectv2statusupdate. Servers before
3.14 know no such thing and refuse the query whole.
"""


def details(numbers: Iterable[int], *, projects: bool) -> str:
    """The query for the details of these issues; with `projects` also their places in projects.

    Variables: `owner` and `name` of the repository. The issue of a number is under `i<number>`.
    """
    events = {**_EVENTS, **(_STATUS_EVENTS if projects else {})}
    aliases = " ".join(f"i{number}: issue(number: {number}) {{ ...Detail }}" for number in numbers)
    return f"""query($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name) {{ {aliases} }}
}}
fragment Detail on Issue {{
  number
  parent {{ {_OTHER} }}
  blockedBy(first: 50) {{ nodes {{ {_OTHER} }} pageInfo {{ hasNextPage }} }}
  blocking(first: 50) {{ nodes {{ {_OTHER} }} pageInfo {{ hasNextPage }} }}
  subIssues(first: 50) {{ nodes {{ subIssuesSummary {{ total }} }} }}{_PROJECTS if projects else ""}
  timelineItems(first: 100, itemTypes: [{", ".join(events)}]) {{
    pageInfo {{ hasNextPage }}
    nodes {{ __typename {" ".join(f"... on {selection}" for selection in events.values())} }}
  }}
}}"""
