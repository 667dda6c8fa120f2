"""Issue links as directed edges, by link type and the side on which the other issue stands."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.jira.mapping.site import Site
from connectors.jira.rules import LinkRule, Rules, fold
from connectors.jira.wire import IssueLink, LinkType
from syncer.domain.link import Link, LinkKind
from syncer.domain.ref import ItemRef
from syncer.domain.text import clean_line

_OTHERS = LinkRule(LinkKind.RELATES)


def rule_of(link_type: LinkType, rules: Rules) -> LinkRule | None:
    """The rule of a link type, None if neither the configuration nor its texts tell one.

    The configured id or name wins. Then counts what the type says inward, since that is what
    administrators change least (rollup.md 1.2), then outward.
    """
    for name in (link_type.id, link_type.name):
        if name and fold(name) in rules.links:
            return rules.links[fold(name)]
    for text in (link_type.inward, link_type.outward):
        if text and fold(text) in rules.link_texts:
            return rules.link_texts[fold(text)]
    return None


def links_of(raw: Iterable[IssueLink | None] | None, *, site: Site) -> tuple[Link, ...]:
    """The links of one issue; one without a type or another end says nothing and is left out."""
    links = [_link(one, site) for one in raw or () if one]
    return tuple([link for link in links if link is not None])


def _link(raw: IssueLink, site: Site) -> Link | None:
    """`outwardIssue` is what this issue blocks, `inwardIssue` what it is blocked by."""
    other = raw.outward_issue or raw.inward_issue
    if raw.type is None or other is None or not other.id:
        return None
    rule, name = _known_rule(raw.type, site)
    inward = raw.outward_issue is None
    return Link(
        kind=rule.kind,
        to=ItemRef(site.connection, other.id, other.key or ""),
        to_key=clean_line(other.key or ""),
        inward=inward is not rule.swapped,
        native_type=name,
    )


def _known_rule(told: LinkType, site: Site) -> tuple[LinkRule, str]:
    """The rule of a link type and its name, looked up once for all issues of a site."""
    key, known = (told.id, told.name, told.inward, told.outward), site.known.links
    return known.get(key) or known.keep(
        key, (rule_of(told, site.rules) or _OTHERS, clean_line(told.name or ""))
    )


def edge_of_text(text: str, types: Iterable[LinkType], rules: Rules) -> tuple[LinkKind, bool]:
    """Kind and inwardness of a link that the history describes, as "This issue blocks NET-1".

    The longest text of a link type that occurs decides; without one the link RELATES.
    """
    said = fold(text)
    candidates = [
        (len(side), one, inward)
        for one in types
        for side, inward in ((one.outward or "", False), (one.inward or "", True))
        if side and fold(side) in said
    ]
    if not candidates:
        return LinkKind.RELATES, False
    _, link_type, inward = max(candidates, key=lambda candidate: candidate[0])
    rule = rule_of(link_type, rules) or _OTHERS
    return rule.kind, inward is not rule.swapped
