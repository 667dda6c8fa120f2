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
    """A program or product whose projects would change."""

    scope: str
    name: str
    came: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that another configuration would change.

    `moved` counts items by their home project before and after. `unmapped` are the containers that
    no configured project claims, with their items; `empty` the configured projects without any.
    """

    projects: tuple[ProjectChange, ...]
    moved: Mapping[tuple[str, str], int]
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
    return Comparison(
        projects=tuple(_projects(old, new)),
        moved=_moved(old, new),
        doubled=tuple(_doubled(new)),
        unmapped=_unmapped(new),
        empty=tuple(
            key
            for key, project in new.projects.items()
            if not project.implicit and not _live(new, key)
        ),
        groups=tuple(_groups(before[1], after[1])),
        turns=tuple(_turns(before[1], after[1])),
    )


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
    """Pairs of configured projects that share items."""
    keys: dict[tuple[str, str], list[str]] = {}
    for uid, projects in view.memberships.items():
        item = view.tree.by_uid[uid]
        configured = [key for key in projects if not view.projects[key].implicit]
        if item.state is ItemState.LIVE:
            for pair in combinations(configured, 2):
                keys.setdefault(pair, []).append(item.key)
    for pair, found in sorted(keys.items()):
        yield Doubled(projects=pair, items=len(found), keys=tuple(sorted(found)[:shown]))


def _unmapped(view: View) -> dict[str, int]:
    """Containers that are projects only because nobody claims them."""
    claimed = {key for group in view.portfolio.programs for key in group.projects}
    claimed.update(key for group in view.portfolio.products for key in group.projects)
    alone = [key for key, one in view.projects.items() if one.implicit and key not in claimed]
    return {key: len(_live(view, key)) for key in alone}


def _groups(old: Snapshot, new: Snapshot) -> Iterator[Membership]:
    for scope, was, is_ in _pairs(_all_groups(old), _all_groups(new)):
        before = was.projects if isinstance(was, GroupResult) else ()
        after = is_.projects if isinstance(is_, GroupResult) else ()
        if set(before) != set(after):
            yield Membership(
                scope=scope,
                name=_name(was, is_),
                came=tuple(key for key in after if key not in before),
                left=tuple(key for key in before if key not in after),
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
