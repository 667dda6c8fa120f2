"""What Jira sends, Cloud and Data Center alike, as far as we use it.

Real answers do not obey the vendor's own schema (trackers.md 4): these models read only what the
mapping needs, ignore the rest, and take null wherever nothing depends on a value.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

LONGEST_NAME: Final = 300
"""Characters of an id or key: a project key has at most 255, a number 19."""

Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
"""An id or key that may be empty."""

OwnName = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
"""The id or key of an issue itself."""


class Wire(msgspec.Struct, gc=False, rename="camel"):
    """Tolerant in what it ignores, strict in what it reads; made by `connectors.jira.shapes`.

    JSON has no cycles, so that no search for garbage needs to look at these.
    """


class StatusCategoryWire(Wire):
    """`key` is new, indeterminate, done or undefined, in every language."""

    key: str | None = None


class Status(Wire):
    """A status, in an issue or in `/status`."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = None
    category: StatusCategoryWire | None = msgspec.field(name="statusCategory", default=None)


class IssueType(Wire):
    """An issue type, in an issue or in `/issuetype`."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = None
    subtask: bool | None = None
    hierarchy_level: int | None = None


class Author(Wire):
    """Who changed or said something; ten and more come with each issue, so nothing else is read."""

    account_id: str | None = None
    account_type: str | None = None
    display_name: str | None = None
    name: str | None = None


class User(Author):
    """A person or an app; Server has `name` and `key` in place of `accountId`."""

    key: str | None = None
    time_zone: str | None = None
    email_address: str | None = None


class Named(Wire):
    """Anything with an id and a name: resolution, priority, component."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = None


class FixVersion(Wire):
    """A version; `releaseDate` is a date."""

    id: str = ""
    name: str | None = None
    release_date: str | None = None
    released: bool | None = None
    archived: bool | None = None


class SprintWire(Wire):
    """One entry of the sprint field; `state` is future, active or closed."""

    id: str | int = ""
    name: str | None = None
    state: str | None = None
    end_date: str | None = None


class Insight(Wire):
    """What `project/search?expand=insight` adds to a project."""

    last_update: str | None = msgspec.field(name="lastIssueUpdateTime", default=None)
    count: int | None = msgspec.field(name="totalIssueCount", default=None)


class Project(Wire):
    """A project, in an issue or in `/project/search`."""

    id: str = ""
    key: str | None = None
    name: str | None = None
    archived: bool | None = None
    insight: Insight | None = None


class IssueRef(Wire):
    """Another issue, as parents and links name it."""

    id: Name = ""
    key: Name | None = None


class LinkType(Wire):
    """A link type, in a link or in `/issueLinkType`."""

    id: str = ""
    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class IssueLink(Wire):
    """A link; exactly one of the two issues is there and is the other end."""

    type: LinkType | None = None
    inward_issue: IssueRef | None = None
    outward_issue: IssueRef | None = None


class Comment(Wire):
    """When somebody commented; what was said is not read."""

    id: str = ""
    author: Author | None = None
    created: str | None = None


class Comments(Wire):
    """The comments that came with an issue, perhaps not all."""

    comments: list[Comment | None] | None = None


class ChangeItem(Wire, rename={"name": "field", "before": "from", "after": "to"}):
    """One field of one history entry: raw ids before and after, what people saw as texts."""

    name: str | None = None
    field_id: str | None = msgspec.field(name="fieldId", default=None)
    before: str | None = None
    before_text: str | None = msgspec.field(name="fromString", default=None)
    after: str | None = None
    after_text: str | None = msgspec.field(name="toString", default=None)


class History(Wire):
    """One entry of a changelog; the bulk endpoint sends `created` as a number."""

    id: str = ""
    author: Author | None = None
    created: str | int | None = None
    items: list[ChangeItem | None] | None = None


class Changelog(Wire):
    """The changelog that came with an issue, at most its latest entries."""

    total: int | None = None
    histories: list[History] | None = None


class Fields(Wire):
    """The system fields of an issue."""

    project: Project | None = None
    summary: str | None = None
    description: Any = None
    issuetype: IssueType | None = None
    status: Status | None = None
    resolution: Named | None = None
    resolutiondate: str | None = None
    priority: Named | None = None
    labels: list[str | None] | None = None
    components: list[Named | None] | None = None
    fix_versions: list[FixVersion | None] | None = None
    assignee: User | None = None
    reporter: User | None = None
    parent: IssueRef | None = None
    issuelinks: list[IssueLink | None] | None = None
    duedate: str | None = None
    created: str | None = None
    updated: str | None = None
    timeoriginalestimate: float | None = None
    security: Named | None = None
    issuerestriction: dict[str, Any] | None = None
    comment: Comments | None = None


class Issue(Wire):
    """An issue, but for its custom fields: those are read by their ids, from what was sent."""

    id: OwnName
    key: OwnName
    fields: Fields
    changelog: Changelog | None = None


class FieldSchema(Wire):
    """`custom` is the key of a custom field's type."""

    type: str | None = None
    custom: str | None = None


class FieldInfo(Wire):
    """One entry of `/field`."""

    id: str
    name: str | None = None
    untranslated_name: str | None = None
    schema_: FieldSchema | None = msgspec.field(name="schema", default=None)


class ServerInfo(Wire):
    """An answer of `/serverInfo`; `deploymentType` is Cloud or, for everything else, Server."""

    deployment: str | None = msgspec.field(name="deploymentType", default=None)
    version: str | None = None
    numbers: list[int] | None = msgspec.field(name="versionNumbers", default=None)
