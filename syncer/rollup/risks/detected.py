"""Detected risks as values: size, stable id, and whose scope and lens they belong to.

The scope follows the verdict (rollup.md 2.11): a risk on program-level work has the program as
its scope, one on product-level work its project.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple, Required, TypedDict, Unpack

from syncer.domain.item import WorkItem
from syncer.domain.portfolio import Project
from syncer.domain.report import Evidence, ItemMention, Risk
from syncer.domain.verdict import VerdictLevel
from syncer.rollup.risks.catalogue import CATALOGUE
from syncer.rollup.risks.scoring import DEFAULTS, ScoringThresholds, band, risk_id
from syncer.rollup.risks.scoring import score as multiplied
from syncer.rollup.tolerance import round_half_up
from syncer.rollup.view import View, is_product_project


class Size(NamedTuple):
    """How likely and how grave a risk is, both in buckets 1..5."""

    probability: int
    impact: int


class RiskDetails(TypedDict, total=False):
    """What a detector may say of a risk besides what it is about; see `Risk`."""

    projects: Required[tuple[str, ...]]
    owner: str
    level: VerdictLevel
    root: ItemMention | None
    exposure_days: float | None
    exposure_money: float | None
    proximity: date | None
    materialised_at: date | None


def make_risk(
    rule: str,
    scope: str,
    title: str,
    *,
    size: tuple[int, int],
    subjects: Sequence[ItemMention] = (),
    evidence: Sequence[Evidence] = (),
    scoring: ScoringThresholds = DEFAULTS,
    **details: Unpack[RiskDetails],
) -> Risk:
    """A detected risk of a probability and an impact, with its stable id and its rule's text.

    Raises:
        KeyError: if the catalogue does not know the rule.
    """
    probability, impact = size
    value = multiplied(probability, impact)
    return Risk(
        id=risk_id(rule, scope, (subject.uid for subject in subjects)),
        rule=rule,
        scope=scope,
        title=title,
        probability=probability,
        impact=impact,
        score=value,
        band=band(value, scoring).value,
        subjects=tuple(subjects),
        evidence=tuple(evidence),
        text=CATALOGUE[rule].text,
        **details,
    )


def named(mention: ItemMention) -> str:
    """How a risk's title may call an item."""
    return "restricted item" if mention.restricted else mention.title


_MOST_CITED: Final = 200
"""So many items stand behind one figure at most: nobody reads more, and snapshots are kept."""


def uids(items: Iterable[WorkItem]) -> tuple[str, ...]:
    """What evidence refers to items by; of very many the first."""
    return cited(item.uid for item in items)


def cited(found: Iterable[str]) -> tuple[str, ...]:
    """The uids that stand behind a figure, in their order; of very many the first."""
    return tuple(islice(found, _MOST_CITED))


def percent(share: float) -> str:
    """A share as evidence shows it: `15 %`."""
    return f"{round_half_up(100 * share)} %"


def counted(count: int, thing: str) -> str:
    """A number with its noun: `1 item`, `2 items`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def project_level(view: View, project: Project) -> VerdictLevel:
    """Which lens a risk on the project as a whole belongs to."""
    return VerdictLevel.PRODUCT if is_product_project(view, project) else VerdictLevel.PROGRAM


def concerns_program(view: View, items: Sequence[WorkItem]) -> bool:
    """Whether a risk on some items is more than one project's: it crosses, or a verdict says so."""
    crosses = len({view.homes.get(item.uid, "") for item in items}) > 1
    levels = {view.verdict(item.uid).level for item in items}
    return crosses or VerdictLevel.PROGRAM in levels


def items_level(view: View, items: Sequence[WorkItem], home: str) -> VerdictLevel:
    """Which lens a risk on some items belongs to.

    `home` is the project that has the risk; it decides where nobody has classified the items.
    """
    if concerns_program(view, items):
        return VerdictLevel.PROGRAM
    if home in view.projects and all(
        view.verdict(item.uid).level is VerdictLevel.UNCLASSIFIED for item in items
    ):
        return project_level(view, view.projects[home])
    return VerdictLevel.PRODUCT


def items_scope(view: View, items: Sequence[WorkItem], home: str) -> str:
    """The program that holds all the items, if the risk is one of the program's; else the home."""
    programs = set.intersection(*(set(view.programs_of_item(item)) for item in items))
    if programs and concerns_program(view, items):
        return f"prog:{min(programs)}"
    return f"proj:{home}" if home else "portfolio"


def first_owner(view: View, keys: Sequence[str]) -> str:
    """The owner of the first of some projects that has one."""
    owners = (view.projects[key].owner for key in keys if key in view.projects)
    return next((owner for owner in owners if owner), "")
