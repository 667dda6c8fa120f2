"""Single issues, by where they were: GitHub knows no way to an issue by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from connectors.github.access import Access
from connectors.github.client import GitHubClient
from connectors.github.config import GitHubConfig
from connectors.github.details import ABSENT
from connectors.github.mapping.detail import neighbour_at
from connectors.github.mapping.item import is_pull_request, place_of, raw_id
from syncer.connect.ahead import AT_ONCE, together
from syncer.connect.protocol import Fetched
from syncer.domain.item import ItemRecord, Unreadable
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.errors import BadPayload, Rejected

Records = tuple[tuple[ItemRecord, ...], tuple[Unreadable, ...], tuple[str, ...]]
ReadRows = Callable[[GitHubClient, Iterable[Any], ContainerKey], Awaitable[Records]]

_NOT_PERMITTED: Final = ABSENT - {HTTPStatus.GONE}


@dataclass(slots=True)
class _Outcome:
    """What became of the refs; `rows` are raw issues by the repository that was asked."""

    rows: dict[str, list[Any]] = field(default_factory=dict)
    moved: dict[ItemRef, ItemRef] = field(default_factory=dict)
    gone: list[ItemRef] = field(default_factory=list)
    hidden: list[ItemRef] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class Fetcher:
    """Fetches issues and keeps the three outcomes of an absent one apart.

    A transferred issue is redirected to its new place, where it has a new id: `moved`. A deleted
    one is 410: `gone`. A 404 may mean either that or a lost permission: `hidden`. What turns out to
    be a pull request is left out, and so is what lies in a repository that the configuration
    excludes: a webhook of a whole organisation names those as well.
    """

    def __init__(
        self, connection: str, config: GitHubConfig, *, access: Access, read: ReadRows
    ) -> None:
        self._connection = connection
        self._config = config
        self._access = access
        self._read = read

    async def fetch(self, refs: Sequence[ItemRef]) -> Fetched:
        """The current state of these issues."""
        outcome = _Outcome()
        for start in range(0, len(refs), AT_ONCE):
            await together(self._look(ref, outcome) for ref in refs[start : start + AT_ONCE])
        records: list[ItemRecord] = []
        for repository, rows in outcome.rows.items():
            client = await self._access.of(repository.partition("/")[0])
            container = ContainerKey(self._connection, repository)
            read, unreadable, _ = await self._read(client, rows, container)
            records += read
            if self._config.selects(repository):  # of others not even what is broken is kept
                outcome.unreadable += unreadable
        return Fetched(
            records=tuple(records),
            unreadable=tuple(outcome.unreadable),
            moved=outcome.moved,
            gone=tuple(outcome.gone),
            hidden=tuple(outcome.hidden),
        )

    async def _look(self, ref: ItemRef, outcome: _Outcome) -> None:
        place = neighbour_at(ref.locator)
        if place is None:
            reason = "no address known: GitHub finds issues by repository and number only"
            outcome.unreadable.append(_unreadable(ref, reason))
            return
        if self._config.excludes(place.repository):
            return
        try:
            client = await self._access.of(place.repository.partition("/")[0])
            raw = await client.issue(place.repository, place.number)
        except Rejected as refused:
            if refused.status == HTTPStatus.GONE:
                outcome.gone.append(ref)
            elif refused.status in _NOT_PERMITTED or refused.status is None:
                outcome.hidden.append(ref)
            else:
                raise
        except BadPayload as broken:
            outcome.unreadable.append(_unreadable(ref, broken.message))
        else:
            self._sort_in(ref, raw, outcome)

    def _sort_in(self, ref: ItemRef, raw: Any, outcome: _Outcome) -> None:  # noqa: ANN401  as sent
        asked = neighbour_at(ref.locator)
        found = place_of(raw, ContainerKey(self._connection, asked.repository if asked else ""))
        if is_pull_request(raw):
            return
        if found is None:
            outcome.unreadable.append(
                _unreadable(ref, "the answer does not tell where the issue is")
            )
            return
        if raw_id(raw) != ref.id:
            if found.locator.casefold() == ref.locator.casefold():
                outcome.hidden.append(ref)  # another issue stands there now
                return
            outcome.moved[ref] = ItemRef(self._connection, raw_id(raw), found.locator)
        outcome.rows.setdefault(found.repository, []).append(raw)


def _unreadable(ref: ItemRef, reason: str) -> Unreadable:
    return Unreadable(ref=ref, key=ref.locator, reason=reason, raw="")
