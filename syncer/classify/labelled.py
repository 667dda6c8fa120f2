"""Labelled items: what the text model learns from, and how they are parted for an honest test."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncer.classify.portfolio import PortfolioItem

_SURE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One labelled item: what the model may see (`item`), and what only the folds may.

    `sure` is the annotator's confidence (0..1), `group` the organisation, `names` the words that
    would give organisation or repository away, `document` whether it is a proposal document.
    """

    item: PortfolioItem
    program: bool
    sure: float
    group: str
    names: frozenset[str]
    document: bool


def labelled(rows: Iterable[Mapping[str, object]]) -> list[Labelled]:
    """Items with the label program or product, in order; others cannot teach and are left out.

    A row has `title` and `label`, and where known `body`, `labels`, `type`, `source`,
    `confidence`. It may also be a labelled portfolio, as `syncer override export` writes it: then
    its target is the item. `pydantic.ValidationError` where one of them has the wrong shape.
    """
    return [_labelled(row) for row in rows if row.get("label") in {"program", "product"}]


def _labelled(row: Mapping[str, object]) -> Labelled:
    source = str(row.get("source") or row.get("project") or "unknown")
    hidden = f"{source} {row.get('project') or ''}".casefold()
    return Labelled(
        item=PortfolioItem.model_validate(
            {**_subject(row), "key": "item", "project": "project", "links": [], "parent": None}
        ),
        program=row["label"] == "program",
        sure=float(str(row.get("confidence") or _SURE)),
        group=source.partition("/")[0],
        names=frozenset(re.findall(r"[^\W_]+", hidden)),
        document=row.get("tracker") == "proposal-repo",
    )


def _subject(row: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of the labelled item: the row itself, or the target among a portfolio's items."""
    items = row.get("items")
    of_portfolio = items if isinstance(items, list) else []
    found = (item for item in of_portfolio if isinstance(item, dict))
    return next((item for item in found if item.get("key") == row.get("target")), row)


def folds(groups: Sequence[str], count: int) -> list[list[int]]:
    """Row numbers in about equal folds; no group is in two."""
    members: defaultdict[str, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        members[group].append(number)
    found: list[list[int]] = [[] for _ in range(min(count, len(members)))]
    for group in sorted(members, key=lambda name: (-len(members[name]), name)):
        min(found, key=len).extend(members[group])
    return found
