"""Items, changes and portfolios for the roll-up's tests: only what a test says differs.

Uids are `jira:NET-1` for the item `NET-1`, so that examples read as the specification writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from syncer.domain.change import Change, ChangeField
from syncer.domain.item import Account, ItemKind, ResolutionKind, StatusCategory, WorkItem
from syncer.domain.link import Link, LinkKind
from syncer.domain.portfolio import Criticality, Portfolio, Program, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import SourceState
from syncer.domain.selector import InContainer
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.rollup.inputs import RollupInputs
from syncer.rollup.past.history import rewind_all
from syncer.rollup.past.views import PastViews
from syncer.rollup.project import ProjectBasis, project_basis
from syncer.rollup.view import View

TODAY = date(2026, 11, 23)
"""The Monday of the specification's examples."""

AS_OF = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)

TODO = StatusCategory.TODO
DOING = StatusCategory.IN_PROGRESS
WAITING = StatusCategory.WAITING
DONE = StatusCategory.DONE
CANCELLED = StatusCategory.CANCELLED


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def ref(name: str) -> ItemRef:
    connection, _, native = name.rpartition(":")
    return ItemRef(connection or "jira", native)


def account(name: str) -> Account:
    return Account(connection="jira", id=name.casefold().replace(" ", "-"), name=name)


def make_item(name: str, status: StatusCategory = TODO, **more: Any) -> WorkItem:
    """An item `NET-1` or `ado:REG-1`; a parent may be given by name.

    Done items are done a week ago and started a week before, started ones began a week ago.
    """
    where, key = ref(name), name.rpartition(":")[2]
    parent = more.pop("parent", None)
    if status is DONE:
        more.setdefault("done_at", AS_OF - timedelta(days=7))
        more.setdefault("started_at", (more["done_at"] or AS_OF) - timedelta(days=7))
        more.setdefault("resolution_kind", ResolutionKind.DELIVERED)
    elif status.is_wip:
        more.setdefault("started_at", AS_OF - timedelta(days=7))
    known: dict[str, Any] = {
        "ref": where,
        "key": key,
        "url": f"https://tracker.example/{key}",
        "container": ContainerKey(where.connection, key.partition("-")[0]),
        "title": f"Title of {key}",
        "created_at": LONG_AGO,
        "updated_at": AS_OF - timedelta(days=1),
        "last_meaningful_change_at": AS_OF - timedelta(days=1),
        "status_category": status,
        "parent": ref(parent) if isinstance(parent, str) else parent,
    }
    return WorkItem(**{**known, **more})


def make_epic(name: str, status: StatusCategory = TODO, **more: Any) -> WorkItem:
    return make_item(name, status, **{"kind": ItemKind.EPIC, "hierarchy_level": 1, **more})


def make_subtask(name: str, status: StatusCategory = TODO, **more: Any) -> WorkItem:
    return make_item(name, status, **{"kind": ItemKind.SUBTASK, "hierarchy_level": -1, **more})


def many(prefix: str, count: int, status: StatusCategory = TODO, **more: Any) -> list[WorkItem]:
    return [make_item(f"{prefix}-{n}", status, **more) for n in range(1, count + 1)]


def finished(throughput: Sequence[int], prefix: str) -> list[WorkItem]:
    """So many items done on the Thursday of each of the last weeks, all planned long ago."""
    monday = TODAY - timedelta(weeks=len(throughput))
    return [
        make_item(
            f"{prefix}-{week}-{n}",
            DONE,
            created_at=noon(date(2026, 3, 2)),
            started_at=noon(monday + timedelta(weeks=week)),
            done_at=noon(monday + timedelta(weeks=week, days=3)),
        )
        for week, count in enumerate(throughput)
        for n in range(count)
    ]


def linked(item: WorkItem, *links: tuple[LinkKind, str], inward: bool = False) -> WorkItem:
    made = (Link(kind=kind, to=ref(to), inward=inward) for kind, to in links)
    return replace(item, links=(*item.links, *made))


def blocks(item: WorkItem, *names: str) -> WorkItem:
    return linked(item, *((LinkKind.BLOCKS, name) for name in names))


def blocked_by(item: WorkItem, *names: str) -> WorkItem:
    return linked(item, *((LinkKind.BLOCKS, name) for name in names), inward=True)


def make_change(
    at: datetime, field: ChangeField, before: str | None, after: str | None, **more: Any
) -> Change:
    return Change(
        **{
            "id": f"{at.isoformat()}-{field}",
            "at": at,
            "field": field,
            "before": before,
            "after": after,
            **more,
        }
    )


def moved(at: datetime, before: StatusCategory, after: StatusCategory) -> Change:
    return make_change(at, ChangeField.STATUS, before.value, after.value)


def make_project(key: str, *patterns: str, **more: Any) -> Project:
    """A project named after its key with the container `jira:<KEY>`, owned by Ann Owner."""
    wanted = patterns or (f"jira:{key.upper()}",)
    known = {"owner": "Ann Owner", "name": key.capitalize()}
    return Project(**{**known, "key": key, "items": tuple(InContainer(p) for p in wanted), **more})


def make_portfolio(*projects: Project, **more: Any) -> Portfolio:
    return Portfolio(projects=projects, **more)


def example_portfolio(*, network_must: bool = True, phone_must: bool = False) -> Portfolio:
    """Network and regulatory under the program 5g, the phone beside it."""
    must, should = Criticality.MUST, Criticality.SHOULD
    return Portfolio(
        projects=(
            make_project("net", owner="M. Okafor", criticality=must if network_must else should),
            make_project("reg", "*:REG", owner="L. Brandt"),
            make_project("phn", owner="A. Silva", criticality=must if phone_must else should),
        ),
        programs=(Program(key="5g", name="5G Infrastructure", projects=("net", "reg")),),
    )


def make_view(
    items: Iterable[WorkItem],
    portfolio: Portfolio | None = None,
    *,
    today: date = TODAY,
    levels: Mapping[str, VerdictLevel] | None = None,
) -> View:
    return View(portfolio or example_portfolio(), list(items), verdicts(levels or {}), today)


def verdicts(levels: Mapping[str, VerdictLevel]) -> dict[str, Verdict]:
    return {
        uid: Verdict(level=level, leaning=level, confidence=1.0, decided_by="mapping")
        for uid, level in levels.items()
    }


def fresh_sources(items: Iterable[WorkItem], at: datetime) -> list[SourceState]:
    containers = sorted({item.container for item in items})
    return [
        SourceState(connection=c.connection, container=c.key, last_success_at=at)
        for c in containers
    ]


def make_inputs(
    items: Sequence[WorkItem],
    portfolio: Portfolio | None = None,
    *,
    changes: Mapping[str, Sequence[Change]] | None = None,
    as_of: datetime = AS_OF,
    **more: Any,
) -> RollupInputs:
    more.setdefault("verdicts", {})
    more.setdefault("sources", fresh_sources(items, as_of))
    return RollupInputs(
        as_of=as_of,
        items=items,
        changes=changes or {},
        portfolio=portfolio or example_portfolio(),
        **more,
    )


def view_of(inputs: RollupInputs) -> View:
    items = rewind_all(inputs.items, inputs.changes, inputs.as_of)
    return View(inputs.portfolio, items, inputs.verdicts, inputs.as_of.date())


def basis_of(inputs: RollupInputs, key: str) -> ProjectBasis:
    view = view_of(inputs)
    return project_basis(view.projects[key], view=view, past=PastViews(inputs), inputs=inputs)
