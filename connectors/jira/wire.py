"""What Jira sends, Cloud and Data Center alike, as far as we use it.

Real answers do not obey the vendor's own schema (trackers.md 4): these models read only what the
mapping needs, ignore the rest, and take null wherever nothing depends on a value.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

LONGEST_NAME = 300
"""Characters of an id or key: a project key has at most 255, a number 19."""


class Wire(BaseModel):
    """Tolerant in what it ignores, strict in what it reads."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, defer_build=True)


class StatusCategoryWire(Wire):
    """`key` is new, indeterminate, done or undefined, in every language."""

    key: str | None = None


class Status(Wire):
    """A status, in an issue or in `/status`."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = Field(default=None, alias="untranslatedName")
    category: StatusCategoryWire | None = Field(default=None, alias="statusCategory")


class IssueType(Wire):
    """An issue type, in an issue or in `/issuetype`."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = Field(default=None, alias="untranslatedName")
    subtask: bool | None = None
    hierarchy_level: int | None = Field(default=None, alias="hierarchyLevel")


class User(Wire):
    """A person or an app; Server has `name` and `key` in place of `accountId`."""

    account_id: str | None = Field(default=None, alias="accountId")
    account_type: str | None = Field(default=None, alias="accountType")
    display_name: str | None = Field(default=None, alias="displayName")
    name: str | None = None
    key: str | None = None
    time_zone: str | None = Field(default=None, alias="timeZone")


class Named(Wire):
    """Anything with an id and a name: resolution, priority, component."""

    id: str = ""
    name: str | None = None
    untranslated_name: str | None = Field(default=None, alias="untranslatedName")


class FixVersion(Wire):
    """A version; `releaseDate` is a date."""

    id: str = ""
    name: str | None = None
    release_date: str | None = Field(default=None, alias="releaseDate")
    released: bool | None = None
    archived: bool | None = None


class SprintWire(Wire):
    """One entry of the sprint field; `state` is future, active or closed."""

    id: str = ""
    name: str | None = None
    state: str | None = None
    end_date: str | None = Field(default=None, alias="endDate")


class Insight(Wire):
    """What `project/search?expand=insight` adds to a project."""

    last_update: str | None = Field(default=None, alias="lastIssueUpdateTime")
    count: int | None = Field(default=None, alias="totalIssueCount")


class Project(Wire):
    """A project, in an issue or in `/project/search`."""

    id: str = ""
    key: str | None = None
    name: str | None = None
    archived: bool | None = None
    insight: Insight | None = None


class IssueRef(Wire):
    """Another issue, as parents and links name it."""

    id: str = Field(default="", max_length=LONGEST_NAME)
    key: str | None = Field(default=None, max_length=LONGEST_NAME)


class LinkType(Wire):
    """A link type, in a link or in `/issueLinkType`."""

    id: str = ""
    name: str | None = None
    inward: str | None = None
    outward: str | None = None


class IssueLink(Wire):
    """A link; exactly one of the two issues is there and is the other end."""

    type: LinkType | None = None
    inward_issue: IssueRef | None = Field(default=None, alias="inwardIssue")
    outward_issue: IssueRef | None = Field(default=None, alias="outwardIssue")


# A changelog has dozens of entries: plain dictionaries are checked as strictly, and cost a quarter
# of objects. They bear the names that Jira sends, and what was not sent is not in them.


class Author(TypedDict, total=False):
    """Who made a change or a comment, see `User`."""

    accountId: str | None
    accountType: str | None
    displayName: str | None
    name: str | None


class Comment(TypedDict, total=False):
    """When somebody commented; what was said is not read."""

    id: str
    author: Author | None
    created: str | None


class Comments(Wire):
    """The comments that came with an issue, perhaps not all."""

    comments: list[Comment | None] | None = None


ChangeItem = TypedDict(
    "ChangeItem",
    {
        "field": str | None,
        "fieldId": str | None,
        "from": str | None,
        "fromString": str | None,
        "to": str | None,
        "toString": str | None,
    },
    total=False,
)
"""One field of one history entry: raw ids in `from` and `to`, what people saw in the others."""


class History(TypedDict, total=False):
    """One entry of a changelog; the bulk endpoint sends `created` as a number."""

    id: str
    author: Author | None
    created: str | int | None
    items: list[ChangeItem | None] | None


class Changelog(TypedDict, total=False):
    """The changelog that came with an issue, at most its latest entries."""

    total: int | None
    histories: list[History] | None


class Issue(Wire):
    """An issue; `fields` stays raw, since custom fields are read by their ids."""

    id: str = Field(min_length=1, max_length=LONGEST_NAME)
    key: str = Field(min_length=1, max_length=LONGEST_NAME)
    fields: dict[str, Any]
    changelog: Changelog | None = None


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
    fix_versions: list[FixVersion | None] | None = Field(default=None, alias="fixVersions")
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


class FieldSchema(Wire):
    """`custom` is the key of a custom field's type."""

    type: str | None = None
    custom: str | None = None


class FieldInfo(Wire):
    """One entry of `/field`."""

    id: str
    name: str | None = None
    untranslated_name: str | None = Field(default=None, alias="untranslatedName")
    schema_: FieldSchema | None = Field(default=None, alias="schema")


class SearchPage(Wire):
    """An answer of `/search/jql`; `isLast` is not read, since it lies (trackers.md 1.2)."""

    issues: list[Any]
    next_page_token: str | None = Field(default=None, alias="nextPageToken")


class OffsetPage(Wire):
    """An answer of Data Center's `/search`."""

    issues: list[Any]
    total: int | None = None


class ServerInfo(Wire):
    """An answer of `/serverInfo`; `deploymentType` is Cloud or, for everything else, Server."""

    deployment: str | None = Field(default=None, alias="deploymentType")
    version: str | None = None
    numbers: list[int] | None = Field(default=None, alias="versionNumbers")
