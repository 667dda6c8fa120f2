"""Reports on trackers' own projects become owner statuses of the scope that they are about.

A tracker's project is about

1. the one program, product or project of ours that is called like it, by name or key;
2. where none is called so, the one project of ours that holds items of the containers to which the
   tracker ties it, unless another of the tracker's projects is about that one by rule 2 as well.

Whatever could mean two scopes is about none: it is told, and the words are not used. Words of apps,
and of accounts that are gone, are nobody's words. Everything here is pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from syncer.domain.item import Account, ItemState, WorkItem
from syncer.domain.people import person_of
from syncer.domain.portfolio import Person, Portfolio, Product, Program, Project
from syncer.domain.ref import ContainerKey
from syncer.domain.selector import Shelves
from syncer.domain.statement import Door, OwnerStatus, Provenance, TrackerStatus

_ENDS = ".!?:;…"

Subject = tuple[str, str]
"""A tracker's project: its connection and its address, or its name where it has no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A tracker's project whose reports are not used, and the scopes that they could be about."""

    connection: str
    subject: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The owner statuses that trackers' reports make, and the reports that make none."""

    statuses: tuple[OwnerStatus, ...] = ()
    unheard: tuple[Unheard, ...] = ()


def heard(said: Sequence[TrackerStatus], portfolio: Portfolio, items: Iterable[WorkItem]) -> Heard:
    """What the reports say of the portfolio, by the rules above.

    The portfolio is the one in force, with the projects of containers that nobody claims.
    """
    if not said:
        return Heard()
    known = [item for item in items if item.state is ItemState.LIVE and not item.restricted]
    meant = _meant(_subjects(said), portfolio, known)
    return Heard(
        statuses=tuple(
            _status(one, scope, author)
            for one in {(s.container.connection, s.id): s for s in said}.values()
            if (scope := meant[_subject(one)].scope)
            and (author := _name(one.author, portfolio.people))
        ),
        unheard=tuple(_unheard(said, meant)),
    )


def _subject(status: TrackerStatus) -> Subject:
    return status.container.connection, status.url or status.subject


def _subjects(said: Iterable[TrackerStatus]) -> Mapping[Subject, list[TrackerStatus]]:
    found: dict[Subject, list[TrackerStatus]] = defaultdict(list)
    for status in said:
        found[_subject(status)].append(status)
    return found


# --- what a tracker's project is about ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Meaning:
    """The scopes that a tracker's project could be about, and whether the one is taken twice."""

    scopes: tuple[str, ...]
    contested: bool = False

    @property
    def scope(self) -> str:
        """The one scope that it is about, empty where that is not clear."""
        return self.scopes[0] if len(self.scopes) == 1 and not self.contested else ""


def _meant(
    subjects: Mapping[Subject, Sequence[TrackerStatus]],
    portfolio: Portfolio,
    items: Sequence[WorkItem],
) -> Mapping[Subject, _Meaning]:
    """What each of the trackers' projects is about."""
    named = {key: _called(said[-1].subject, portfolio) for key, said in subjects.items()}
    holders = _holders(portfolio, items, {s.container for said in subjects.values() for s in said})
    held = {
        key: tuple(dict.fromkeys(scope for s in said for scope in holders[s.container]))
        for key, said in subjects.items()
        if not named[key]
    }
    claims = Counter(held.values())
    return {key: _Meaning(scopes) for key, scopes in named.items() if scopes} | {
        key: _Meaning(scopes, contested=claims[scopes] > 1) for key, scopes in held.items()
    }


def _called(name: str, portfolio: Portfolio) -> tuple[str, ...]:
    """The scopes of this name or key."""
    every: list[Program | Product | Project] = [
        *portfolio.programs,
        *portfolio.products,
        *portfolio.projects,
    ]
    wanted = _folded(name)
    return tuple(one.scope for one in every if wanted in {_folded(one.name), _folded(one.key)})


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _holders(
    portfolio: Portfolio, items: Sequence[WorkItem], containers: set[ContainerKey]
) -> Mapping[ContainerKey, Sequence[str]]:
    """The scopes of the projects that hold items of each container."""
    by_uid = {item.uid: item for item in items}
    shelves = Shelves(item for item in items if item.container in containers)
    found: dict[ContainerKey, list[str]] = defaultdict(list)
    for project in portfolio.projects:
        picked = shelves.select(project.items, by_uid, excluding=project.excluding)
        for container in {item.container for item in picked}:
            found[container].append(project.scope)
    return found


def _unheard(said: Iterable[TrackerStatus], meant: Mapping[Subject, _Meaning]) -> Iterator[Unheard]:
    names = {_subject(one): one.subject for one in said}
    for key, meaning in meant.items():
        if not meaning.scope:
            yield Unheard(
                connection=key[0], subject=names[key], scopes=tuple(sorted(meaning.scopes))
            )


# --- who said what --------------------------------------------------------------------------------


def _name(author: Account | None, people: Sequence[Person]) -> str:
    """The name by which the configuration knows the author; trackers' logins know no case."""
    if author is None or author.bot:
        return ""
    person = person_of(author, people)
    return person.name if person else author.name


def _status(said: TrackerStatus, scope: str, author: str) -> OwnerStatus:
    source = f"{said.container.connection}: {said.subject}"
    return OwnerStatus(
        scope=scope,
        text=_sentences(said.text),
        value=said.value,
        provenance=Provenance(author=author, at=said.at, door=Door.TRACKER, source=source),
    )


def _sentences(text: str) -> str:
    """The text on one line; a line that ends without a stop ends a sentence all the same."""
    lines = (line.strip() for line in text.splitlines())
    return " ".join(line if line.endswith(tuple(_ENDS)) else f"{line}." for line in lines if line)
