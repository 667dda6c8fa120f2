"""What is known of the projects: the categories of their states, the dates of their iterations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from http import HTTPStatus
from typing import Final

from connectors.azure_devops.client import AzureDevOpsClient
from connectors.azure_devops.mapping.item import fold_path
from connectors.azure_devops.mapping.site import NOTHING_KNOWN, Iteration, Known
from connectors.azure_devops.mapping.times import civil_date
from connectors.azure_devops.rules import fold
from connectors.azure_devops.wire import Node, Type
from syncer.clock import Clock
from syncer.connect.ahead import together
from syncer.connect.rate import http_date
from syncer.connect.unreadable import Unmappable
from syncer.errors import Rejected

ABSENT: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""What Azure DevOps answers for what is not there, or not for this account."""

_AREA: Final = "area"
STATES: Final = "state categories"
ITERATIONS: Final = "iterations"


class Catalogue:
    """Asks about a project when the first of its items comes, once a pass.

    A state or an iteration that was made since then is asked about when it comes.
    """

    def __init__(self, client: AzureDevOpsClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._fresh: set[str] = set()
        self._unheard: set[tuple[str, str]] = set()
        self.known: dict[str, Known] = {}
        self.missing: set[str] = set()

    def begin(self) -> None:
        """A pass begins: what was known may have changed."""
        self._fresh.clear()
        self._unheard.clear()
        self.missing.clear()

    async def know(self, projects: Iterable[str]) -> None:
        """See to it that these projects are known, as far as Azure DevOps tells of them."""
        new = sorted({*projects} - self._fresh)
        found = await together(self._ask(project) for project in new)
        self.known.update(zip(new, found, strict=True))
        self._fresh.update(new)

    async def look_again(self, unheard: Iterable[tuple[str, str]]) -> None:
        """Ask anew about projects with names of which they did not tell, once for each name."""
        new = {*unheard} - self._unheard
        self._unheard |= new
        self._fresh -= {project for project, _ in new}
        await self.know(project for project, _ in new)

    async def _ask(self, project: str) -> Known:
        """Both, each kept as it was known before where it is refused."""
        before = self.known.get(project, NOTHING_KNOWN)
        states, named, iterations = before.states, before.named, before.iterations
        try:
            types = await self._client.types(project)
            states, named = states_of(types), named_of(types)
        except Rejected as refused:
            self._note(refused, STATES)
        try:
            nodes, told = await self._client.nodes(project)
            today = (http_date(told) or self._clock.now()).date()
            iterations = dict(iterations_of(nodes, project, today=today))
        except Rejected as refused:
            self._note(refused, ITERATIONS)
        return Known(states=states, named=named, iterations=iterations)

    def _note(self, refused: Rejected, what: str) -> None:
        if refused.status not in ABSENT:
            raise refused
        self.missing.add(what)


def states_of(types: Iterable[Type]) -> dict[tuple[str, str], str]:
    """The category of each state of each type."""
    return {
        (fold(one.name), fold(state.name)): state.category
        for one in types
        if one.name
        for state in one.states or ()
        if state and state.name and state.category
    }


def named_of(types: Iterable[Type]) -> dict[str, str]:
    """The category of each state that has the same one in all types: for what changed its type."""
    found: dict[str, set[str]] = {}
    for (_, state), category in states_of(types).items():
        found.setdefault(state, set()).add(category)
    return {state: next(iter(every)) for state, every in found.items() if len(every) == 1}


def iterations_of(
    nodes: Sequence[Node], project: str, *, today: date
) -> Iterator[tuple[str, Iteration]]:
    """The iterations by path, as items tell it; those without dates too. Areas are none."""
    for root in nodes:
        if root.structure_type != _AREA:
            yield from _below(root, project, today)


def _below(node: Node, path: str, today: date) -> Iterator[tuple[str, Iteration]]:
    try:
        end = civil_date((node.attributes or {}).get("finishDate"))
    except Unmappable:
        end = None
    yield fold_path(path), Iteration(end, closed=end is not None and end < today)
    for child in node.children or ():
        if child is not None and child.name:
            yield from _below(child, f"{path}\\{child.name}", today)
