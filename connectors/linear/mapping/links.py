"""Relations between issues and between projects as directed edges.

Issues: `IssueRelationType` of the schema; the relation runs from `issue` to `relatedIssue`.
Projects: `ProjectRelation` ties an anchor of one project (its start, its end or a milestone) to one
of another: whose start is tied to another's end, waits for that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from connectors.linear.mapping.site import Kind, Site, is_id, key_of
from connectors.linear.rules import Rules
from connectors.linear.wire import Attachment, Issue, Project, ProjectRelation, Relation, Slug
from syncer.connect.text_links import spoken, text_links
from syncer.connect.times import utc_instant
from syncer.domain.addresses import by_address
from syncer.domain.link import Link, LinkKind
from syncer.domain.text import clean_line

_KINDS: Final = {
    "blocks": LinkKind.BLOCKS,
    "duplicate": LinkKind.DUPLICATES,
    "related": LinkKind.RELATES,
}
"""`similar` is a guess of Linear's own and makes no link."""

_ANCHORS: Final = {
    ("end", "start"): (LinkKind.BLOCKS, False),
    ("milestone", "start"): (LinkKind.BLOCKS, False),
    ("start", "end"): (LinkKind.BLOCKS, True),
    ("start", "milestone"): (LinkKind.BLOCKS, True),
    ("start", "start"): (LinkKind.START_BEFORE, False),
    ("end", "end"): (LinkKind.FINISH_BEFORE, False),
}
"""What the anchors of a project and a related one say: the edge, and whether it comes in."""

_RELATED: Final = frozenset({"related", "relates"})
_SCHEMES: Final = ("https://", "http://")
_LONGEST_URL: Final = 2000
_LONGEST_TITLE: Final = 500


def links_of(issue: Issue, site: Site) -> tuple[Link, ...]:
    """All links of an issue, each once."""
    outward = issue.relations.nodes if issue.relations else None
    inward = issue.inverse_relations.nodes if issue.inverse_relations else None
    attached = issue.attachments.nodes if issue.attachments else None
    found = [
        *_relations(outward or (), site, inward=False),
        *_relations(inward or (), site, inward=True),
        *(one for each in attached or () if each and (one := _attached(each, site.rules))),
        *written(issue.description, site.rules),
    ]
    return tuple(dict.fromkeys(found))


def _relations(nodes: Iterable[Relation | None], site: Site, *, inward: bool) -> Iterator[Link]:
    for one in nodes:
        kind = _KINDS.get((one.type or "") if one else "")
        other = (one.issue if inward else one.related_issue) if one else None
        if one is None or kind is None or other is None or not is_id(other.id):
            continue
        key = clean_line(other.identifier or "")
        yield Link(
            kind=kind,
            to=site.ref(other.id, key),
            to_key=key,
            inward=inward and kind is not LinkKind.RELATES,
            native_type=one.type or "",
            created_at=utc_instant(one.created_at) if one.created_at else None,
        )


def _attached(one: Attachment, rules: Rules) -> Link | None:
    """A link to something outside; how its title begins may say that it is a dependency."""
    url = one.url or ""
    if not url.startswith(_SCHEMES) or len(url) > _LONGEST_URL or not url.isprintable():
        return None
    heard = next(spoken((one.title or "")[:_LONGEST_TITLE], rules.phrases), None)
    return Link(
        kind=heard[0].kind if heard else LinkKind.RELATES,
        to=by_address(url),
        to_key=clean_line(one.title or url),
        inward=heard[0].inward if heard else False,
        native_type="attachment",
    )


def written(body: str | None, rules: Rules) -> tuple[Link, ...]:
    """The links that people write into a description."""
    return text_links(body or "", rules.phrases if rules.reads_text else ())


def project_links(project: Project, site: Site) -> tuple[Link, ...]:
    """The dependencies of a project, and the initiatives beside its parent."""
    outward = project.relations.nodes if project.relations else None
    inward = project.inverse_relations.nodes if project.inverse_relations else None
    found = [
        *_project_relations(outward or (), site, inverse=False),
        *_project_relations(inward or (), site, inverse=True),
    ]
    for one in initiatives_of(project)[1:]:
        key = key_of(Kind.INITIATIVE, one.slug_id or "")
        found.append(Link(kind=LinkKind.CONTRIBUTES_TO, to=site.ref(one.id, key), to_key=key))
    found += written(told_by(project), site.rules)
    return tuple(dict.fromkeys(found))


def told_by(project: Project) -> str:
    """What is written of a project: its summary and its description."""
    return "\n\n".join(filter(None, (project.description, project.content)))


def initiatives_of(project: Project) -> list[Slug]:
    """The initiatives that a project belongs to, in a steady order: the first is its parent."""
    nodes = project.initiatives.nodes if project.initiatives else None
    return sorted((one for one in nodes or () if one and is_id(one.id)), key=lambda one: one.id)


def _project_relations(
    nodes: Iterable[ProjectRelation | None], site: Site, *, inverse: bool
) -> Iterator[Link]:
    for one in nodes:
        other = (one.project if inverse else one.related_project) if one else None
        if one is None or other is None or not is_id(other.id):
            continue
        kind, inward = _edge(one)
        key = key_of(Kind.PROJECT, clean_line(other.slug_id or ""))
        yield Link(
            kind=kind,
            to=site.ref(other.id, key),
            to_key=key,
            inward=kind is not LinkKind.RELATES and inward is not inverse,
            native_type=clean_line(one.type or ""),
            created_at=utc_instant(one.created_at) if one.created_at else None,
        )


def _edge(one: ProjectRelation) -> tuple[LinkKind, bool]:
    """What a relation says of its first project; an unknown anchor leaves a dependency."""
    if (one.type or "").casefold() in _RELATED:
        return LinkKind.RELATES, False
    anchors = ((one.anchor_type or "").casefold(), (one.related_anchor_type or "").casefold())
    return _ANCHORS.get(anchors, (LinkKind.BLOCKS, False))
