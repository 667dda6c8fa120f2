"""What GitHub's REST API sends, as far as we use it.

Shapes: docs.github.com/en/rest/issues. Real answers differ between versions and servers: these
models read only what the mapping needs, ignore the rest, and take null wherever nothing depends on
a value. Labels may be missing or null (trackers.md 4); deleted users come as null or `ghost`.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

LONGEST_NAME: Final = 300
"""Characters of an id or login; a repository's full name has at most 140."""


class Wire(BaseModel):
    """Tolerant in what it ignores, strict in what it reads."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, defer_build=True)


class User(Wire):
    """A person, an app or nobody any more; `type` is User, Bot, Organization or Mannequin."""

    login: str | None = Field(default=None, max_length=LONGEST_NAME)
    type: str | None = None


class Label(Wire):
    """A label; the listing sends objects, old answers bare names."""

    name: str | None = None


class IssueType(Wire):
    """An organisation's issue type."""

    name: str | None = None


class Milestone(Wire):
    """A milestone. `due_on` is an instant that means a date, see `mapping.times.civil_date`."""

    number: int | None = None
    title: str | None = None
    state: str | None = None
    due_on: str | None = None
    updated_at: str | None = None


class SubIssues(Wire):
    """How many sub-issues there are."""

    total: int | None = None


class Dependencies(Wire):
    """How many issues block this one and are blocked by it; `total_…` counts closed ones too."""

    blocked_by: int | None = None
    blocking: int | None = None
    total_blocked_by: int | None = None
    total_blocking: int | None = None


class Issue(Wire):
    """An issue or, with `pull_request`, a pull request."""

    id: str = Field(min_length=1, max_length=LONGEST_NAME)
    number: int = Field(gt=0)
    title: str | None = None
    body: str | None = None
    state: str | None = None
    state_reason: str | None = None
    labels: list[Label | str | None] | None = None
    assignees: list[User | None] | None = None
    assignee: User | None = None
    user: User | None = None
    milestone: Milestone | None = None
    type: IssueType | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    repository_url: str | None = None
    parent_issue_url: str | None = None
    sub_issues_summary: SubIssues | None = None
    issue_dependencies_summary: Dependencies | None = None
    pull_request: Any = None


class Repository(Wire):
    """A repository; its id stays when it gets another name or owner."""

    id: int | None = None
    full_name: str | None = Field(default=None, max_length=LONGEST_NAME)
    name: str | None = None
    has_issues: bool | None = None
    archived: bool | None = None
    disabled: bool | None = None
    open_issues_count: int | None = None


class Other(Wire):
    """Another issue, as details and events of the timeline name it."""

    id: str | None = Field(default=None, max_length=LONGEST_NAME)
    number: int | None = None
    repository_url: str | None = None
    repository: Repository | None = None
    pull_request: Any = None
    sub_issues_summary: SubIssues | None = None


class Rename(Wire):
    """A title before and after."""

    before: str | None = Field(default=None, alias="from")
    after: str | None = Field(default=None, alias="to")


class Event(Wire):
    """One entry of the timeline: docs.github.com/en/rest/using-the-rest-api/issue-event-types."""

    event: str | None = None
    id: str | None = None
    actor: User | None = None
    user: User | None = None
    created_at: str | None = None
    label: Label | None = None
    assignee: User | None = None
    milestone: Milestone | None = None
    rename: Rename | None = None
    state_reason: str | None = None
    parent_issue: Other | None = None
    sub_issue: Other | None = None
    blocking_issue: Other | None = None
    blocked_issue: Other | None = None
    dependency: Other | None = None
    issue_type: IssueType | None = None
