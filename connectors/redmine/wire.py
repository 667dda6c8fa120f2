"""What Redmine's REST API sends, as far as we use it.

Shapes: redmine.org/projects/redmine/wiki/Rest_api and its pages, and the answers of a Redmine 5.0.
They read only what the mapping needs, ignore the rest, and take null wherever nothing depends on a
value.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0)]


class Wire(msgspec.Struct, gc=False):
    """Tolerant in what it ignores, strict in what it reads."""


class Named(Wire):
    """A project, tracker, priority, person, category or version, as an issue names it."""

    id: int | None = None
    name: str | None = None


class Status(Wire):
    """A status; issues tell `is_closed` since Redmine 5.0, the list of statuses always did."""

    id: int | None = None
    name: str | None = None
    is_closed: bool | None = None


class Parent(Wire):
    """The issue above: by its id alone."""

    id: Id


class CustomField(Wire):
    """The value of a custom field: a text, several of them, or none."""

    id: int | None = None
    name: str | None = None
    value: Any = None


class Relation(Wire):
    """A relation, the same at either end: `issue_id` does it to `issue_to_id`."""

    id: int | None = None
    issue_id: int | None = None
    issue_to_id: int | None = None
    relation_type: str | None = None
    delay: int | None = None


class Detail(Wire):
    """One value that a journal changed."""

    property: str | None = None
    name: str | None = None
    old_value: Any = None
    new_value: Any = None


class Journal(Wire):
    """What somebody changed or wrote at one time."""

    id: int | None = None
    user: Named | None = None
    notes: str | None = None
    created_on: str | None = None
    details: list[Detail | None] | None = None


class Issue(Wire):
    """An issue; `relations` and `journals` only where they were asked for."""

    id: Id
    project: Named
    status: Status | None = None
    tracker: Named | None = None
    priority: Named | None = None
    author: Named | None = None
    assigned_to: Named | None = None
    category: Named | None = None
    fixed_version: Named | None = None
    parent: Parent | None = None
    subject: str | None = None
    description: str | None = None
    start_date: str | None = None
    due_date: str | None = None
    is_private: bool | None = None
    estimated_hours: float | None = None
    custom_fields: list[CustomField | None] | None = None
    created_on: str | None = None
    updated_on: str | None = None
    closed_on: str | None = None
    relations: list[Relation | None] | None = None
    journals: list[Any] | None = None
    children: list[Any] | None = None


class Project(Wire):
    """A project; `status` is 1 while it is active, 5 when it is closed, 9 when it is archived."""

    id: Id
    identifier: str | None = None
    name: str | None = None
    status: int | None = None


class Version(Wire):
    """A version of a project, with the date at which it is due."""

    id: Id
    name: str | None = None
    status: str | None = None
    due_date: str | None = None


class User(Wire):
    """The account that the key belongs to."""

    id: int | None = None
    login: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    admin: bool | None = None
