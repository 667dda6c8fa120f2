"""What Azure DevOps sends, as far as we use it.

Shapes: learn.microsoft.com/rest/api/azure/devops/wit (work items, updates, reporting work item
revisions, reporting work item links, WIQL, deleted work items, work item types, classification
nodes) and …/core/projects. Fields of a work item are a map of names to values of any sort: the
mapping reads them one by one.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]


class Wire(msgspec.Struct, gc=False, rename="camel"):
    """Tolerant in what it ignores, strict in what it reads."""


class Identity(Wire):
    """A person, a group or a service. `descriptor` begins with the sort of subject."""

    display_name: str | None = None
    unique_name: str | None = None
    id: str | None = None
    descriptor: str | None = None
    is_container: bool | None = None


class Relation(Wire):
    """A link as the item that carries it sees it; `rel` is the reference name of one end."""

    rel: str | None = None
    url: str | None = None
    attributes: dict[str, Any] | None = None


class WorkItem(Wire):
    """A work item. `multilineFieldsFormat` names the fields that hold Markdown and not HTML."""

    id: Id
    fields: dict[str, Any]
    rev: int | None = None
    relations: list[Relation | None] | None = None
    multiline_fields_format: dict[str, str | None] | None = None


class FieldUpdate(Wire):
    """A field before and after an update; what was or is empty is left out."""

    old_value: Any = None
    new_value: Any = None


class RelationUpdates(Wire):
    """The links that an update added, took away or altered."""

    added: list[Relation | None] | None = None
    removed: list[Relation | None] | None = None


class Update(Wire):
    """An entry of an item's history."""

    id: int
    rev: int | None = None
    revised_by: Identity | None = None
    revised_date: str | None = None
    fields: dict[str, FieldUpdate | None] | None = None
    relations: RelationUpdates | None = None


class Revision(Wire):
    """A row of the revisions feed."""

    id: Id
    fields: dict[str, Any] | None = None


class LinkEnds(Wire):
    """The two work items of a link that changed."""

    source_id: int | None = None
    target_id: int | None = None


class LinkRow(Wire):
    """A row of the links feed."""

    rel: str | None = None
    attributes: LinkEnds | None = None


class Deleted(Wire):
    """A work item in the recycle bin. `code` is not 200 for one that is not there."""

    id: Id | None = None
    code: int | None = None
    deleted_date: str | None = None


class State(Wire):
    """A state of a work item type: Proposed, InProgress, Resolved, Completed or Removed."""

    name: str | None = None
    category: str | None = None


class Type(Wire):
    """A work item type with its states."""

    name: str | None = None
    states: list[State | None] | None = None


class Node(Wire):
    """An area or iteration with those below it; dates stand in `attributes` of iterations.

    They are `startDate` and `finishDate`.
    """

    name: str | None = None
    structure_type: str | None = None
    attributes: dict[str, Any] | None = None
    children: list[Node | None] | None = None


class Project(Wire):
    """A project of the organisation."""

    id: str | None = None
    name: str | None = None
    state: str | None = None


class Subscription(Wire):
    """A service hook; inputs are texts by name, a password is masked."""

    id: str
    event_type: str = ""
    status: str = ""
    publisher_inputs: dict[str, str | None] | None = None
    consumer_inputs: dict[str, str | None] | None = None

    @property
    def project(self) -> str:
        """The id of the project whose events it sends, empty for those of all."""
        return (self.publisher_inputs or {}).get("projectId") or ""

    @property
    def url(self) -> str:
        """Where it sends them."""
        return (self.consumer_inputs or {}).get("url") or ""

    @property
    def has_password(self) -> bool:
        """Whether it signs in."""
        return bool((self.consumer_inputs or {}).get("basicAuthPassword"))


class User(Wire):
    """The account that a token belongs to."""

    provider_display_name: str | None = None
    custom_display_name: str | None = None


class ConnectionData(Wire):
    """Who we are and where: `instance_id` is the organisation's immutable id."""

    authenticated_user: User | None = None
    instance_id: str | None = None
