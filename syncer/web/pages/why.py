"""The page behind the figures of a scope: how each came about, and from what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from syncer.domain.report import GroupResult, ProjectResult
from syncer.publish.digest.dossier import Figure, dossier
from syncer.web.pages.context import Link, PageContext

_MOST: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A figure with the items behind it that may be shown; `more` are left off, or withheld.

    `listed` is the address of all items behind it, empty where there is none.
    """

    figure: Figure
    items: Sequence[Link]
    more: int
    listed: str


def why_href(scope: str, key: str = "") -> str:
    """Where the evidence of a figure of a scope stands (`prog:5g`, `chance`)."""
    return f"/why/{quote(scope, safe=':')}" + (f"#{quote(key)}" if key else "")


def entry_of(scope: str, page: PageContext) -> GroupResult | ProjectResult | None:
    """The program, product or project of a scope, None where there is none."""
    snapshot = page.current.pair.current
    sort, _, key = scope.partition(":")
    return snapshot.project(key) if sort == "proj" else snapshot.group(scope)


def shown(entry: GroupResult | ProjectResult, page: PageContext) -> list[Shown]:
    """Every figure of the scope."""
    return [_shown(figure, entry.scope, page) for figure in dossier(entry, page.digest)]


def _shown(figure: Figure, scope: str, page: PageContext) -> Shown:
    known = [page.work(page.items[uid]) for uid in figure.items if uid in page.items]
    return Shown(
        figure=figure,
        items=known[:_MOST],
        more=max(0, len(known) - _MOST),
        listed=f"/items?of={quote(scope)}&{figure.listed}" if figure.listed else "",
    )
