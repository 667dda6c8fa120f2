"""What Linear's GraphQL API sends, as far as we use it.

Types: the schema at github.com/linear/linear, packages/sdk/src/schema.graphql. These shapes read
only what the mapping needs, ignore the rest, and take null wherever nothing depends on a value.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

LONGEST_ID: Final = 64

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]


class Wire(msgspec.Struct, gc=False, rename="camel"):
    """Tolerant in what it ignores, strict in what it reads."""


class User(Wire):
    """A person, or an app."""

    id: str | None = None
    name: str | None = None
    display_name: str | None = None
    app: bool | None = None


class State(Wire):
    """A status; `type` says what it means."""

    id: str | None = None
    name: str | None = None
    type: str | None = None


class Team(Wire):
    """A team; `key` begins the identifiers of its issues, `timezone` is where its cycles end."""

    id: str | None = None
    key: str | None = None
    name: str | None = None
    timezone: str | None = None
    visibility: str | None = None


class Label(Wire):
    """A label."""

    id: str | None = None
    name: str | None = None


class PageInfo(Wire):
    """Where a connection goes on."""

    has_next_page: bool | None = None
    end_cursor: str | None = None


class Labels(Wire):
    """A page of labels."""

    page_info: PageInfo | None = None
    nodes: list[Label | None] | None = None


class Other(Wire):
    """Another issue, as parents and relations name it."""

    id: Id
    identifier: str | None = None


class Slug(Wire):
    """A project or initiative, as others name it."""

    id: Id
    slug_id: str | None = None


class Slugs(Wire):
    """Several of them."""

    nodes: list[Slug | None] | None = None


class Milestone(Wire):
    """A milestone of a project; `status` is done, next, overdue or unstarted."""

    id: str | None = None
    name: str | None = None
    target_date: str | None = None
    status: str | None = None


class Cycle(Wire):
    """A cycle; it has a number and perhaps a name."""

    id: str | None = None
    number: float | None = None
    name: str | None = None
    ends_at: str | None = None
    completed_at: str | None = None


class Relation(Wire):
    """What one issue is to another. `relatedIssue` in relations, `issue` in inverse ones."""

    id: str | None = None
    type: str | None = None
    created_at: str | None = None
    issue: Other | None = None
    related_issue: Other | None = None


class Relations(Wire):
    """A page of relations."""

    page_info: PageInfo | None = None
    nodes: list[Relation | None] | None = None


class Attachment(Wire):
    """A link to something outside."""

    title: str | None = None
    url: str | None = None


class Attachments(Wire):
    """A page of attachments."""

    nodes: list[Attachment | None] | None = None


class Comment(Wire):
    """That somebody commented; what was said is not asked for."""

    id: str | None = None
    created_at: str | None = None
    user: User | None = None


class Comments(Wire):
    """The latest comments."""

    nodes: list[Comment | None] | None = None


class History(Wire):
    """What changed at one time, by ids: names cost as much as objects."""

    id: Id
    created_at: str | None = None
    actor_id: str | None = None
    from_state_id: str | None = None
    to_state_id: str | None = None
    from_assignee_id: str | None = None
    to_assignee_id: str | None = None
    from_due_date: str | None = None
    to_due_date: str | None = None
    from_estimate: float | None = None
    to_estimate: float | None = None
    from_priority: float | None = None
    to_priority: float | None = None
    from_title: str | None = None
    to_title: str | None = None
    from_parent_id: str | None = None
    to_parent_id: str | None = None
    from_project_id: str | None = None
    to_project_id: str | None = None
    from_cycle_id: str | None = None
    to_cycle_id: str | None = None
    from_team_id: str | None = None
    to_team_id: str | None = None
    added_label_ids: list[str] | None = None
    removed_label_ids: list[str] | None = None
    updated_description: bool | None = None
    archived: bool | None = None
    trashed: bool | None = None


class HistoryPage(Wire):
    """A page of history."""

    page_info: PageInfo | None = None
    nodes: list[History | None] | None = None


class Issue(Wire):
    """An issue."""

    id: Id
    identifier: str
    title: str | None = None
    description: str | None = None
    url: str | None = None
    priority: float | None = None
    estimate: float | None = None
    due_date: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    completed_at: str | None = None
    trashed: bool | None = None
    state: State | None = None
    team: Team | None = None
    assignee: User | None = None
    creator: User | None = None
    parent: Other | None = None
    project: Slug | None = None
    project_milestone: Milestone | None = None
    cycle: Cycle | None = None
    labels: Labels | None = None
    relations: Relations | None = None
    inverse_relations: Relations | None = None
    attachments: Attachments | None = None
    comments: Comments | None = None
    history: HistoryPage | None = None


class ProjectRelation(Wire):
    """What one project waits for of another; anchors are `start`, `end` or `milestone`."""

    type: str | None = None
    anchor_type: str | None = None
    related_anchor_type: str | None = None
    created_at: str | None = None
    project: Slug | None = None
    related_project: Slug | None = None


class ProjectRelations(Wire):
    """A page of them."""

    nodes: list[ProjectRelation | None] | None = None


class Milestones(Wire):
    """The milestones of a project."""

    nodes: list[Milestone | None] | None = None


class Update(Wire):
    """A report on a project or initiative: health and words."""

    id: Id
    body: str | None = None
    health: str | None = None
    created_at: str | None = None
    user: User | None = None


class Project(Wire):
    """A project, or as far as it has the same an initiative."""

    id: Id
    slug_id: str
    name: str | None = None
    description: str | None = None
    content: str | None = None
    url: str | None = None
    priority: float | None = None
    start_date: str | None = None
    start_date_resolution: str | None = None
    target_date: str | None = None
    target_date_resolution: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    trashed: bool | None = None
    creator: User | None = None
    lead: User | None = None
    owner: User | None = None
    status: State | str | None = None
    labels: Labels | None = None
    initiatives: Slugs | None = None
    parent_initiative: Slug | None = None
    sub_initiatives: Slugs | None = None
    project_milestones: Milestones | None = None
    relations: ProjectRelations | None = None
    inverse_relations: ProjectRelations | None = None
    last_update: Update | None = None


class Organization(Wire):
    """The workspace; `urlKey` begins its addresses."""

    id: str | None = None
    url_key: str | None = None
    name: str | None = None
    fiscal_year_start_month: float | None = None
