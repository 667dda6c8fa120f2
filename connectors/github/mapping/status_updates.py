"""The reports that people write on projects: on track, at risk, off track.

What they are: docs.github.com/en/issues/planning-and-tracking-with-projects, "Sharing project
updates"; their shape: docs.github.com/en/graphql/reference/objects#projectv2statusupdate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from connectors.github.mapping.nodes import (
    Node,
    day_of,
    line_of,
    nodes_of,
    object_of,
    text_of,
    user_of,
)
from connectors.github.mapping.people import account
from connectors.github.mapping.site import Site
from connectors.github.rules import fold
from connectors.github.wire import LONGEST_NAME
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import OwnerWord, TrackerStatus
from syncer.domain.text import clean_block

TEXT_LIMIT: Final = 4000
"""Characters of a report that are read: a digest quotes its first sentence."""

_WORDS: Final[Mapping[str, OwnerWord]] = {
    "ON_TRACK": OwnerWord.ON_TRACK,
    "AT_RISK": OwnerWord.AT_RISK,
    "OFF_TRACK": OwnerWord.OFF_TRACK,
    "COMPLETE": OwnerWord.COMPLETE,
}
"""INACTIVE says that nobody works on it and not how it stands."""

_PATH: Final = re.compile(r"/(?:orgs|users)/[A-Za-z0-9_.-]{1,100}/projects/[1-9]\d{0,9}")
_COMMENT: Final = re.compile(r"<!--[^>]{0,2000}-->")
_LINK: Final = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,1000}\)")
_HEADING: Final = re.compile(r"(?m)^ {0,3}#{1,6} .*$")
_MARK: Final = re.compile(
    r"(?m)^[ \t]{0,8}(?:>|[-*+](?: \[[ xX]\])?(?= )|\d{1,3}[.)](?= )|#{1,6} )"
)
_EMPHASIS: Final = re.compile(r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|_{2,3}|`{1,3}|~~")


def status_updates(
    repository: Node, *, container: ContainerKey, site: Site
) -> Iterator[TrackerStatus]:
    """The reports on a repository's projects; of the configured project only where one is.

    One without id, address or time of its own is left out: nobody could say what it is about.
    """
    for project in nodes_of(object_of(repository.get("projectsV2"))):
        title, path = line_of(project.get("title")), text_of(project.get("resourcePath"))
        if not _PATH.fullmatch(path) or site.rules.project not in {"", fold(title)}:
            continue
        for node in nodes_of(object_of(project.get("statusUpdates"))):
            found = _status(node, title=title, url=site.web_url + path, container=container)
            if found is not None:
                yield found


def _status(node: Node, *, title: str, url: str, container: ContainerKey) -> TrackerStatus | None:
    id_ = text_of(node.get("id"))
    try:
        at = utc_instant(text_of(node.get("createdAt")))
    except Unmappable:
        return None
    if not 0 < len(id_) <= LONGEST_NAME:
        return None
    return TrackerStatus(
        id=id_,
        container=container,
        subject=title,
        url=url,
        author=account(user_of(node.get("creator")), container.connection),
        at=at,
        value=_WORDS.get(text_of(node.get("status"))),
        text=plain(text_of(node.get("body"))),
        start=day_of(text_of(node.get("startDate"))),
        target=day_of(text_of(node.get("targetDate"))),
    )


def plain(markdown: str) -> str:
    """The words of a report without its markup; its headings only where it has nothing else.

    Tables and HTML stay as they were written: whoever quotes the text escapes it.
    """
    text = _LINK.sub(r"\1", _COMMENT.sub("", clean_block(markdown, limit=TEXT_LIMIT)))
    words = _unmarked(_HEADING.sub("", text)) or _unmarked(text)
    return clean_block(words, limit=TEXT_LIMIT)


def _unmarked(text: str) -> str:
    lines = (_EMPHASIS.sub("", _MARK.sub("", text)).strip()).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
