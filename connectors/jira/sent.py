"""Issues as they were sent: read from the answer's bytes, without dictionaries in between.

An issue whose shape is as promised is checked once, when its page comes, and keeps its text for
the custom fields that a site wants. Any other stays the JSON value that it is: what reads it says
what is wrong with it, and for a page that cannot be read at all the kit does. See
docs/decisions/0031.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from connectors.jira.shapes import Version
from connectors.jira.wire import Issue, Project, Wire
from syncer.connect.decoding import loaded


class _RawPage(Wire):
    """A page of issues whose texts are still to be read, of whichever call."""

    issues: list[msgspec.Raw]
    total: int | None = None
    next_page_token: str | None = None
    issue_errors: Any = None


_PAGE: Final = msgspec.json.Decoder(_RawPage)
_ISSUE: Final = msgspec.json.Decoder(Issue)


@dataclass(frozen=True, slots=True)
class Sent:
    """An issue whose shape is as promised, and its text."""

    issue: Issue
    text: msgspec.Raw

    def as_json(self) -> Any:  # noqa: ANN401  JSON is any value
        """The whole issue as JSON values, as far as what was not read of it is valid."""
        try:
            return loaded(bytes(self.text))
        except ValueError:
            return {"id": self.issue.id, "key": self.issue.key}


class IssuesPage(Wire):
    """A page of issues: each `Sent`, or the JSON value that came in its place.

    Data Center tells a total, Cloud a token and what it could not give; Cloud's `isLast` is not
    read, since it lies (trackers.md 1.2).
    """

    issues: list[Any]
    total: int | None = None
    next_page_token: str | None = None
    issue_errors: Any = None


def decoded(text: bytes) -> Any:  # noqa: ANN401  JSON is any value
    """A page of issues; where it is none the JSON value, `ValueError` where it is no JSON."""
    try:
        page = _PAGE.decode(text)
        return IssuesPage(
            issues=[sent(raw) for raw in page.issues],
            total=page.total,
            next_page_token=page.next_page_token,
            issue_errors=page.issue_errors,
        )
    except (msgspec.DecodeError, RecursionError):
        return loaded(text)


def sent(text: msgspec.Raw | bytes) -> Any:  # noqa: ANN401  JSON is any value
    """One issue: `Sent`, or the JSON value that came in its place."""
    try:
        return Sent(_ISSUE.decode(text), msgspec.Raw(text))
    except msgspec.ValidationError:
        return loaded(bytes(text))


def sent_id(one: object) -> str:
    """The id of an issue, empty where it tells none."""
    if isinstance(one, Sent):
        return one.issue.id
    told = one.get("id") if isinstance(one, dict) else None
    return told if isinstance(told, str) else ""


def updated(one: object) -> object:
    """When an issue changed last, as it tells it; None where it does not."""
    if isinstance(one, Sent):
        return one.issue.fields.updated
    fields = one.get("fields") if isinstance(one, dict) else None
    return fields.get("updated") if isinstance(fields, dict) else None


def version_of(one: object) -> Version | None:
    """Which state of which issue it is, None where it does not tell."""
    id_, at = sent_id(one), updated(one)
    return (id_, at) if id_ and isinstance(at, str) else None


def project_of(one: object) -> Project:
    """The project of an issue, without names where it does not tell them."""
    if isinstance(one, Sent):
        return one.issue.fields.project or Project()
    fields = one.get("fields") if isinstance(one, dict) else None
    told = fields.get("project") if isinstance(fields, dict) else None
    named = told if isinstance(told, dict) else {}
    id_, key = (v if isinstance(v, str) else "" for v in (named.get("id"), named.get("key")))
    return Project(id=id_, key=key)


def as_json(one: object) -> Any:  # noqa: ANN401  JSON is any value
    """An issue as JSON values."""
    return one.as_json() if isinstance(one, Sent) else one


class Customs:
    """Reads the fields that a site wants beside those that every Jira has, whatever they hold."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(dict.fromkeys(ids))
        self._names = tuple(f"field_{number}" for number in range(len(self._ids)))
        fields = msgspec.defstruct(
            "Fields",
            [(name, Any, None) for name in self._names],
            rename=dict(zip(self._names, self._ids, strict=True)),
        )
        issue = msgspec.defstruct("Issue", [("fields", fields)])
        self._decoder = msgspec.json.Decoder(issue)

    def read(self, sent: Sent) -> dict[str, Any]:
        """The values by the ids of their fields, None where an issue has none."""
        try:
            issue: Any = self._decoder.decode(sent.text)
        except RecursionError:  # we were called deeper than where the whole was read
            fields = sent.as_json().get("fields", {})
            return {id_: fields.get(id_) for id_ in self._ids}
        values = msgspec.structs.astuple(issue.fields)
        return dict(zip(self._ids, values, strict=True))
