"""What GitLab sends over GraphQL and REST, as far as we use it.

Shapes: docs.gitlab.com/api/graphql/reference (WorkItem and the types that implement
WorkItemWidget), docs.gitlab.com/api/issues, …/api/epics, …/api/issue_links. Editions and versions
differ: these shapes read only what the mapping needs, ignore the rest, and take null wherever
nothing depends on a value.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

LONGEST_NAME: Final = 300
"""Characters of an id; a full path has at most 255."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


class Wire(msgspec.Struct, gc=False, rename="camel"):
    """Tolerant in what it ignores, strict in what it reads. Of GraphQL: names in camel case."""


class User(Wire):
    """A person or an app."""

    username: str | None = None
    name: str | None = None
    bot: bool | None = None


class Users(Wire):
    """The people of a connection."""

    nodes: list[User | None] | None = None


class Label(Wire):
    """A label; `id` ends with the number by which system notes call it."""

    id: str | int | None = None
    title: str | None = None


class Labels(Wire):
    """The labels of a connection."""

    nodes: list[Label | None] | None = None


class Milestone(Wire):
    """A milestone of a project or group; dates are civil dates."""

    id: str | int | None = None
    iid: str | int | None = None
    title: str | None = None
    state: str | None = None
    due_date: str | None = None


class Iteration(Wire):
    """An iteration; `state` is upcoming, current or closed."""

    id: str | int | None = None
    title: str | None = None
    state: str | int | None = None
    start_date: str | None = None
    due_date: str | None = None


class Status(Wire):
    """A status; `category` is triage, to_do, in_progress, done or canceled."""

    name: str | None = None
    category: str | None = None


class Namespace(Wire):
    """The project or group that holds an item."""

    full_path: str | None = None


class Type(Wire):
    """A work item type."""

    name: str | None = None


class Other(Wire):
    """Another work item, as parents and links name it."""

    id: Id
    iid: str | int | None = None
    web_url: str | None = None
    reference: str | None = None
    namespace: Namespace | None = None


class Linked(Wire):
    """A link as the item that carries it sees it: `linkType` says what this item does to that."""

    link_type: str | None = None
    link_created_at: str | None = None
    work_item: Other | None = None


class LinkedItems(Wire):
    """The links of a connection."""

    nodes: list[Linked | None] | None = None


class Counts(Wire):
    """How many there are."""

    all: int | None = None


class ChildCount(Wire):
    """How many descendants of one type there are."""

    work_item_type: Type | None = None
    counts_by_state: Counts | None = None


class PageInfo(Wire):
    """Where a connection goes on."""

    has_next_page: bool | None = None
    end_cursor: str | None = None


class Note(Wire):
    """A note; a system note says in `body` what changed."""

    id: str | int | None = None
    body: str | None = None
    created_at: str | None = None
    author: User | None = None


class Notes(Wire):
    """The notes of a connection."""

    nodes: list[Note | None] | None = None


class Discussion(Wire):
    """A thread; one of activity holds one system note."""

    notes: Notes | None = None


class Discussions(Wire):
    """The threads of a connection."""

    page_info: PageInfo | None = None
    nodes: list[Discussion | None] | None = None


class Widget(Wire):
    """Any widget: each type of widget fills its own few of these."""

    start_date: str | None = None
    due_date: str | None = None
    is_fixed: bool | None = None
    roll_up: bool | None = None
    assignees: Users | None = None
    labels: Labels | None = None
    milestone: Milestone | None = None
    iteration: Iteration | None = None
    weight: float | None = None
    health_status: str | None = None
    status: Status | None = None
    parent: Other | None = None
    rolled_up_counts_by_type: list[ChildCount | None] | None = None
    linked_items: LinkedItems | None = None
    discussions: Discussions | None = None
    comments: Discussions | None = None


class Node(Wire):
    """A work item."""

    id: Id
    iid: str | int
    title: str | None = None
    description: str | None = None
    state: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    web_url: str | None = None
    confidential: bool | None = None
    reference: str | None = None
    author: User | None = None
    namespace: Namespace | None = None
    work_item_type: Type | None = None
    moved_to_work_item_url: str | None = None
    duplicated_to_work_item_url: str | None = None
    promoted_to_epic_url: str | None = None
    widgets: list[Widget | None] | None = None


# --- REST -----------------------------------------------------------------------------------------


class Rest(msgspec.Struct, gc=False):
    """The same of REST: names in snake case."""


class RestUser(Rest):
    """A person or an app."""

    username: str | None = None
    name: str | None = None
    bot: bool | None = None


class RestMilestone(Rest):
    """A milestone."""

    id: int | None = None
    iid: int | None = None
    title: str | None = None
    state: str | None = None
    due_date: str | None = None


class RestIteration(Rest):
    """An iteration; `state` 3 is closed."""

    id: int | None = None
    title: str | None = None
    state: int | None = None
    start_date: str | None = None
    due_date: str | None = None


class RestEpic(Rest):
    """The epic of an issue. `id` is the epic's own, which is not that of its work item."""

    id: int | None = None
    iid: int | None = None
    url: str | None = None


class References(Rest):
    """`full` is like `group/project#12` or `group&3`."""

    full: str | None = None


class RestLabel(Rest):
    """A label, where the answer gives details."""

    id: int | None = None
    name: str | None = None


class RestItem(Rest):
    """An issue, or an epic, which has `group_id`, dates of its own and perhaps `work_item_id`."""

    id: Annotated[int, msgspec.Meta(gt=0)]
    iid: Annotated[int, msgspec.Meta(gt=0)]
    project_id: int | None = None
    group_id: int | None = None
    work_item_id: int | None = None
    title: str | None = None
    description: str | None = None
    state: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    web_url: str | None = None
    confidential: bool | None = None
    author: RestUser | None = None
    assignees: list[RestUser | None] | None = None
    labels: list[str | RestLabel | None] | None = None
    milestone: RestMilestone | None = None
    iteration: RestIteration | None = None
    weight: float | None = None
    health_status: str | None = None
    issue_type: str | None = None
    start_date: str | None = None
    due_date: str | None = None
    start_date_is_fixed: bool | None = None
    due_date_is_fixed: bool | None = None
    epic: RestEpic | None = None
    parent_iid: int | None = None
    moved_to_id: int | None = None
    references: References | None = None


class RestLink(Rest):
    """Another item with the link to it."""

    id: int | None = None
    iid: int | None = None
    work_item_id: int | None = None
    group_id: int | None = None
    web_url: str | None = None
    link_type: str | None = None
    link_created_at: str | None = None
    references: References | None = None


class RestEvent(Rest):
    """A resource event: `state`, or `action` with what was added or removed."""

    id: int | None = None
    user: RestUser | None = None
    created_at: str | None = None
    state: str | None = None
    action: str | None = None
    label: RestLabel | None = None
    milestone: RestMilestone | None = None
    iteration: RestIteration | None = None


class RestNote(Rest):
    """A note."""

    id: int | None = None
    body: str | None = None
    system: bool | None = None
    created_at: str | None = None
    author: RestUser | None = None


class Project(Rest):
    """A project; what the account may do lies in `permissions`."""

    id: int | None = None
    path_with_namespace: str | None = None
    name: str | None = None
    name_with_namespace: str | None = None
    archived: bool | None = None
    issues_access_level: str | None = None
    last_activity_at: str | None = None


class Group(Rest):
    """A group."""

    id: int | None = None
    full_path: str | None = None
    full_name: str | None = None


class Account(Rest):
    """The account itself."""

    username: str | None = None


class Token(Rest):
    """What a personal access token tells of itself."""

    scopes: list[str] | None = None
    expires_at: str | None = None
