"""Projects within one container: areas of different roots, as an organisation has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from glob import escape
from typing import Final

from syncer.domain.item import WorkItem
from syncer.rollup.discovery.drafts import AreaDraft, Keys

AREA: Final = "Area path"
"""The field in which connectors tell areas: parts between slashes, the root first."""

_LEAST_ROOTS: Final = 2


def area_drafts(
    items: Iterable[WorkItem], keys: Keys, *, containers: Collection[str], known: Collection[str]
) -> list[AreaDraft]:
    """One draft for each root of a container that has several.

    `containers` are those that no project names; of the connections in `known` areas are selected
    already. Roots that differ in case only are one: selectors of areas do not tell them apart.
    """
    found: dict[tuple[str, str], Counter[str]] = {}
    for item in items:
        root = item.custom.get(AREA, "").partition("/")[0]
        place = (item.ref.connection, str(item.container))
        if root and place[1] in containers and place[0] not in known:
            found.setdefault(place, Counter())[root] += 1
    return [
        draft
        for (connection, container), roots in sorted(found.items())
        for draft in _of_container(connection, container, roots=roots, keys=keys)
    ]


def _of_container(
    connection: str, container: str, *, roots: Counter[str], keys: Keys
) -> list[AreaDraft]:
    names: dict[str, str] = {}
    for root in sorted(roots, key=lambda name: (-roots[name], name)):
        names.setdefault(root.casefold(), root)
    if len(names) < _LEAST_ROOTS:
        return []
    return [
        AreaDraft(
            key=keys.of(name, otherwise=container),
            name=name,
            pattern=f"{connection}:{escape(name)}/**",
            container=container,
            items=sum(count for root, count in roots.items() if root.casefold() == folded),
        )
        for folded, name in sorted(names.items())
    ]
