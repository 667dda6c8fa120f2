"""What looks like a program: a tree below an initiative, or a label, over several containers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from glob import escape
from typing import Final

from syncer.domain.item import WorkItem
from syncer.domain.selector import Under, WithLabel, above, key_of
from syncer.rollup.discovery.drafts import Keys, ProgramDraft

PROGRAM_LABELS: Final = ("prog:*", "program:*", "programme:*", "prog-*", "program-*")

_INITIATIVE: Final = 2
_LEAST_CONTAINERS: Final = 2
_SAME: Final = 0.8
"""Two candidates that share so much of their items are one program."""


def program_drafts(
    items: Sequence[WorkItem], keys: Keys, *, known: Sequence[frozenset[str]]
) -> list[ProgramDraft]:
    """Trees before labels, the larger before the smaller; what is one program comes once.

    `known` are the items of the programs that there are already.
    """
    taken = list(known)
    found: list[ProgramDraft] = []
    for candidate in (*_by_size(_trees(items)), *_by_size(_labelled(items))):
        if not any(_is_same(candidate.items, other) for other in taken):
            taken.append(candidate.items)
            found.append(candidate)
    return _named_apart(found, keys)


def _by_size(candidates: Iterable[ProgramDraft]) -> list[ProgramDraft]:
    return sorted(candidates, key=lambda one: (-len(one.items), one.name, one.key))


def _is_same(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * len(one)


def _named_apart(found: Iterable[ProgramDraft], keys: Keys) -> list[ProgramDraft]:
    """The drafts with keys; two of one name are told apart by where they began."""
    drafts = list(found)
    names = Counter(draft.name.casefold() for draft in drafts)
    told: list[ProgramDraft] = []
    for draft in drafts:
        alone = names[draft.name.casefold()] == 1
        name = draft.name if alone else f"{draft.name} ({draft.key})"
        told.append(replace(draft, key=keys.of(name, otherwise=draft.key), name=name))
    return told


def _trees(items: Sequence[WorkItem]) -> Iterator[ProgramDraft]:
    """Open initiatives, each with all that lies below it, on whatever tracker."""
    by_uid = {item.uid: item for item in items}
    below = _Below(items)
    for top in items:
        if top.hierarchy_level >= _INITIATIVE and top.is_open:
            draft = ProgramDraft(
                key=top.key,
                name=top.title,
                selectors=(Under(key_of(top)),),
                items=frozenset(),
                containers=(),
                owner=top.assignees[0] if top.assignees else None,
                due=top.due_date,
            )
            yield from _candidate(draft, [top, *(by_uid[uid] for uid in below(top.uid))])


class _Below:
    """All items below one, by uid; circles end."""

    def __init__(self, items: Iterable[WorkItem]) -> None:
        self._children: dict[str, list[str]] = defaultdict(list)
        for item in items:
            for uid in above(item):
                self._children[uid].append(item.uid)

    def __call__(self, uid: str) -> list[str]:
        seen, waiting = {uid: None}, list(self._children[uid])
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen[one] = None
                waiting += self._children.get(one, ())
        return list(seen)[1:]


def _labelled(items: Sequence[WorkItem]) -> Iterator[ProgramDraft]:
    for spellings, picked in by_label(items, PROGRAM_LABELS):
        draft = ProgramDraft(
            key=spellings[0],
            name=named(spellings[0]),
            selectors=tuple(WithLabel(escape(label)) for label in sorted(spellings)),
            items=frozenset(),
            containers=(),
        )
        yield from _candidate(draft, picked)


def _candidate(draft: ProgramDraft, items: Sequence[WorkItem]) -> Iterator[ProgramDraft]:
    """The draft with its items, where these lie in several containers."""
    containers = sorted({str(item.container) for item in items})
    if len(containers) >= _LEAST_CONTAINERS:
        uids = frozenset(item.uid for item in items)
        yield replace(draft, items=uids, containers=tuple(containers))


def by_label(
    items: Iterable[WorkItem], patterns: Sequence[str]
) -> list[tuple[tuple[str, ...], list[WorkItem]]]:
    """The items of each label that matches a pattern.

    Spellings that differ in case only are one label: the most used and lowest first.
    """
    found: dict[str, list[WorkItem]] = defaultdict(list)
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for label in dict.fromkeys(item.labels):
            folded = label.casefold()
            if any(fnmatchcase(folded, pattern) for pattern in patterns):
                if not found[folded] or found[folded][-1] is not item:
                    found[folded].append(item)
                used[folded][label] += 1
    return [
        (tuple(sorted(used[one], key=lambda label: (-used[one][label], label != one, label))), hits)
        for one, hits in sorted(found.items())
    ]


def named(label: str) -> str:
    """`prog:5g-core` is called `5g core`."""
    name = re.split(r"[:-]", label, maxsplit=1)[1]
    return " ".join(re.split(r"[-_\s]+", name)).strip() or label
