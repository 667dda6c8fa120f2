"""What another configuration would make of the same items: moved, doubled, unmapped, recoloured.

A pure comparison of two views of the same items and of the two roll-ups made from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from syncer.domain.health import Colour
from syncer.domain.item import ItemState
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.rollup.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """A project whose items would change; None where it did or would not exist."""

    key: str
    name: str
    before: int | None
    after: int | None
    came: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubled:
    """Items that several configured projects would count; `keys` are a few of them."""

    projects: tuple[str, ...]
    items: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A colour that would turn. None: the scope did or would not exist."""

    scope: str
    name: str
    before: Colour | None
    after: Colour | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A program or product whose projects would change; `projects` and `items` are those after.

    `before` is the number of its projects now, None where it does not exist.
    """

    scope: str
    name: str
    before: int | None
    projects: int
    items: int
    came: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Items that a program, a product or a project of its own would take over, and from where."""

    scope: str
    items: int
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How much there is; pairs are before and after. `homeless` live items are in no project."""

    items: int
    projects: tuple[int, int]
    programs: tuple[int, int]
    products: tuple[int, int]
    moved: int
    doubled: int
    homeless: int
    unmapped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that another configuration would change.

    `moved` counts items by their home project before and after, `gathered` by what takes them over.
    `unmapped` are the containers that no configured project claims, with their items; `empty` the
    configured projects without any.
    """

    totals: Totals
    projects: tuple[ProjectChange, ...]
    moved: Mapping[tuple[str, str], int]
    gathered: tuple[Gathering, ...]
    doubled: tuple[Doubled, ...]
    unmapped: Mapping[str, int]
    empty: tuple[str, ...]
    groups: tuple[Membership, ...]
    turns: tuple[Turn, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether everything would stay as it is."""
        return not (self.projects or self.moved or self.groups or self.turns)


def compare(before: tuple[View, Snapshot], after: tuple[View, Snapshot]) -> Comparison:
    """What the second configuration would change about the first."""
    old, new = before[0], after[0]
    moved, unmapped = _moved(old, new), _unmapped(new)
    return Comparison(
        totals=_totals(old, new, moved=moved, unmapped=unmapped),
        projects=tuple(_projects(old, new)),
        moved=moved,
        gathered=tuple(_gathered(moved, new)),
        doubled=tuple(_doubled(new)),
        unmapped=unmapped,
        empty=tuple(
            key
            for key, project in new.projects.items()
            if not project.implicit and not _live(new, key)
        ),
        groups=tuple(_groups(before, after)),
        turns=tuple(_turns(before[1], after[1])),
    )


def _totals(
    old: View, new: View, *, moved: Mapping[tuple[str, str], int], unmapped: Mapping[str, int]
) -> Totals:
    was, is_ = old.portfolio, new.portfolio
    live = [item.uid for item in new.items if item.state is ItemState.LIVE]
    held = [len(new.memberships.get(uid, ())) for uid in live]
    return Totals(
        items=len(live),
        projects=(len(was.projects), len(is_.projects)),
        programs=(len(was.programs), len(is_.programs)),
        products=(len(was.products), len(is_.products)),
        moved=sum(moved.values()),
        doubled=sum(count > 1 for count in held),
        homeless=sum(count == 0 for count in held),
        unmapped=sum(unmapped.values()),
    )


def _gathered(moved: Mapping[tuple[str, str], int], new: View) -> list[Gathering]:
    """The moves by the program or product that holds the new project, the largest first."""
    found: dict[str, Counter[str]] = {}
    for (source, target), count in moved.items():
        found.setdefault(_holder(target, new), Counter())[source] += count
    made = [
        Gathering(scope=scope, items=sum(sources.values()), sources=dict(sources.most_common()))
        for scope, sources in found.items()
    ]
    return sorted(made, key=lambda one: (-one.items, one.scope))


def _holder(project: str, view: View) -> str:
    scopes = [one.scope for one in view.programs_of.get(project, ())]
    scopes += [one.scope for one in view.products_of.get(project, ())]
    return scopes[0] if scopes else f"proj:{project}" if project else ""


def _live(view: View, key: str) -> frozenset[str]:
    members = view.members.get(key, ())
    return frozenset(item.uid for item in members if item.state is ItemState.LIVE)


def _projects(old: View, new: View) -> Iterator[ProjectChange]:
    for key in dict.fromkeys((*new.projects, *old.projects)):
        was, is_ = _live(old, key), _live(new, key)
        known_before, known_after = key in old.projects, key in new.projects
        if was != is_ or known_before != known_after:
            yield ProjectChange(
                key=key,
                name=(new.projects.get(key) or old.projects[key]).name,
                before=len(was) if known_before else None,
                after=len(is_) if known_after else None,
                came=len(is_ - was),
                left=len(was - is_),
            )


def _moved(old: View, new: View) -> dict[tuple[str, str], int]:
    live = (item.uid for item in new.items if item.state is ItemState.LIVE)
    pairs = ((old.homes.get(uid, ""), new.homes.get(uid, "")) for uid in live)
    return dict(sorted(Counter(pair for pair in pairs if pair[0] != pair[1]).items()))


def _doubled(view: View, *, shown: int = 3) -> Iterator[Doubled]:
    """Pairs of projects that share items, those that share most first."""
    keys: dict[tuple[str, str], list[str]] = {}
    for uid, projects in view.memberships.items():
        item = view.tree.by_uid[uid]
        if item.state is ItemState.LIVE:
            for pair in combinations(projects, 2):
                keys.setdefault(pair, []).append(item.key)
    for pair, found in sorted(keys.items(), key=lambda one: (-len(one[1]), one[0])):
        yield Doubled(projects=pair, items=len(found), keys=tuple(sorted(found)[:shown]))


def _unmapped(view: View) -> dict[str, int]:
    """Containers that are projects only because nobody claims them."""
    claimed = {key for group in view.portfolio.programs for key in group.projects}
    claimed.update(key for group in view.portfolio.products for key in group.projects)
    alone = [key for key, one in view.projects.items() if one.implicit and key not in claimed]
    return {key: len(_live(view, key)) for key in alone}


def _groups(before: tuple[View, Snapshot], after: tuple[View, Snapshot]) -> Iterator[Membership]:
    view = after[0]
    for scope, was, is_ in _pairs(_all_groups(before[1]), _all_groups(after[1])):
        old = was.projects if isinstance(was, GroupResult) else ()
        new = is_.projects if isinstance(is_, GroupResult) else ()
        if set(old) != set(new) or was is None:
            yield Membership(
                scope=scope,
                name=_name(was, is_),
                before=None if was is None else len(old),
                projects=len(new),
                items=len(frozenset().union(*(_live(view, key) for key in new))),
                came=tuple(key for key in new if key not in old),
                left=tuple(key for key in old if key not in new),
            )


def _turns(old: Snapshot, new: Snapshot) -> Iterator[Turn]:
    before = {**_all_groups(old), **{one.scope: one for one in old.projects}}
    after = {**_all_groups(new), **{one.scope: one for one in new.projects}}
    for scope, was, is_ in _pairs(before, after):
        colours = was.shown if was else None, is_.shown if is_ else None
        if (colours[0] and colours[0].health) != (colours[1] and colours[1].health):
            yield Turn(scope=scope, name=_name(was, is_), before=colours[0], after=colours[1])


_Result = GroupResult | ProjectResult


def _all_groups(snapshot: Snapshot) -> dict[str, _Result]:
    return {group.scope: group for group in (*snapshot.programs, *snapshot.products)}


def _pairs(
    before: Mapping[str, _Result], after: Mapping[str, _Result]
) -> Iterable[tuple[str, _Result | None, _Result | None]]:
    return [(s, before.get(s), after.get(s)) for s in dict.fromkeys((*after, *before))]


def _name(*results: _Result | None) -> str:
    return next((one.name for one in reversed(results) if one is not None), "")
