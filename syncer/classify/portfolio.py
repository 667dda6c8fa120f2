"""What the classifier reads: one portfolio of projects, items and human decisions.

The shape of one line of `syncer classify --input` (spec/classification.md section 3), with
optional fields that the sync layer fills from its store. Missing and null mean the same,
unknown fields are ignored, and text is cleaned of what cannot be printed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from syncer.domain.verdict import VerdictLevel

UNCLAIMED = "unclaimed containers"
"""What stands for the product of containers that no configured project claims.

They share one: a container is not a product (spec/classification.md section 1), so links between
them say nothing; and they are no program office either.
"""


def _without_surrogates(value: object) -> object:
    """Half a character from broken JSON becomes a question mark instead of an error."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _text_or_empty(value: object) -> object:
    """Null is the empty text."""
    return "" if value is None else _without_surrogates(value)


def _without_nulls(value: object) -> object:
    """Null is the empty list; a null entry is no entry."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(entry for entry in value if entry is not None)
    return value


def _links(value: object) -> object:
    """A bare address or key is a link of no known type, and says nothing."""
    found = _without_nulls(value)
    if isinstance(found, tuple):
        return tuple({"to": entry} if isinstance(entry, str) else entry for entry in found)
    return found


def _count(value: object) -> object:
    """Null is zero, and a list (of customers, of pull requests) is its length."""
    if value is None:
        return 0
    return len(value) if isinstance(value, (list, tuple)) else value


Key = Annotated[str, BeforeValidator(_without_surrogates)]
Text = Annotated[str, BeforeValidator(_text_or_empty)]
Texts = Annotated[tuple[Key, ...], BeforeValidator(_without_nulls)]
Count = Annotated[int, BeforeValidator(_count)]


class _Input(BaseModel):
    """Extra fields are ignored: other people's exports carry their own."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PortfolioLink(_Input):
    """A link as the carrying item names it: `blocks`, `is blocked by`, `relates to` and so on."""

    type: Text = ""
    to: Text = ""


class PortfolioProject(_Input):
    """A container or project, and the product, team and programs that it was mapped to.

    `product` null means that the project belongs to no product (a program office).
    """

    key: Key
    name: Text = ""
    product: Text = ""
    team: Text = ""
    program: Annotated[
        tuple[Key, ...],
        BeforeValidator(lambda v: (v,) if isinstance(v, str) else _without_nulls(v)),
    ] = ()
    kind: Text = ""
    default_level: VerdictLevel | None = None


class PortfolioItem(_Input):
    """One work item. `hierarchy_level`: 2 initiative, 1 epic, 0 item, -1 subtask.

    Instants may be naive; only the length of the span between them is used.
    """

    key: Key
    project: Key
    title: Key
    type: Text = ""
    body: Text = ""
    labels: Texts = ()
    parent: Key | None = None
    links: Annotated[tuple[PortfolioLink, ...], BeforeValidator(_links)] = ()
    team: Text = ""
    components: Texts = ()
    fix_versions: Texts = ()
    status: Text = ""
    lang: Text = ""
    hierarchy_level: int | None = None
    kind: Text = ""
    goal: Text = ""
    customers: Count = 0
    votes: Count = 0
    pull_requests: Count = 0
    started_at: datetime | None = None
    done_at: datetime | None = None
    due_at: datetime | None = None
    explicit: VerdictLevel | None = None


class PortfolioOverride(_Input):
    """A human decision on an item, and on everything below it where `children` is true."""

    item: Key
    level: VerdictLevel
    children: bool = False
    author: Text = ""
    reason: Text = ""


class PortfolioMapping(_Input):
    """A `[[classification]]` rule already resolved to one item; the earlier one wins."""

    item: Key
    level: VerdictLevel
    rule: Text = ""


class Portfolio(_Input):
    """Everything that one classification looks at; `target` asks for one verdict only."""

    id: Key | int | None = None
    projects: Annotated[tuple[PortfolioProject, ...], BeforeValidator(_without_nulls)] = ()
    items: Annotated[tuple[PortfolioItem, ...], BeforeValidator(_without_nulls)] = ()
    target: Key | None = None
    overrides: Annotated[tuple[PortfolioOverride, ...], BeforeValidator(_without_nulls)] = ()
    mappings: Annotated[tuple[PortfolioMapping, ...], BeforeValidator(_without_nulls)] = ()
