"""A simulated site as it stands at one instant: which issues exist, found fast, rendered once."""

from __future__ import annotations

import base64
import binascii
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from connectors.jira.simulator_answers import Issues
from connectors.jira.simulator_catalogue import Catalogue, Json
from connectors.jira.simulator_query import JqlError, Names, Query, Row, parse
from syncer.connect.testing.script import Container, ItemState

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE: Final = timedelta()
INLINE_HISTORIES: Final = 40
STALE_PAGE: Final = "The provided next page token is invalid or expired."


@dataclass(frozen=True, slots=True)
class _Found:
    """The issues that a query finds, in its order, with their sort keys for bisection."""

    rows: Sequence[Row]
    keys: Sequence[tuple[float, ...]]


@dataclass(slots=True)
class Index:
    """The visible issues of a site at `now`; rendered issues and found rows are kept.

    Containers in `elsewhere` live on another tracker. Queries see instants in whole `step`s, and
    the issues in `late` as they were so long ago; what is gone since then is not found.
    """

    catalogue: Catalogue
    now: datetime
    hidden_containers: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    step: timedelta = timedelta(microseconds=1)
    late: Mapping[str, timedelta] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    issues: Issues = field(init=False)
    _ids: dict[str, str] = field(default_factory=dict)
    _rendered: dict[tuple[str, Sequence[str], bool], bytes] = field(default_factory=dict)
    _found: dict[str, _Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {}
        for item_id in self.catalogue.world.ids():
            world, at = self.catalogue.world, self.now - self.late.get(item_id, _AT_ONCE)
            state = world.visible(item_id, at) if world.visible(item_id, self.now) else None
            container = world.container_named(state.container) if state is not None else None
            if state is not None and container is not None and container.key not in self._unseen:
                self._add(item_id, replace(state, container=container.key), at)
                children.setdefault(state.parent or "", []).append(item_id)
        self.issues = Issues(self.catalogue, self.now, children, self.elsewhere)

    @property
    def _unseen(self) -> frozenset[str]:
        return self.hidden_containers | self.elsewhere

    def _add(self, item_id: str, state: ItemState, at: datetime) -> None:
        world = self.catalogue.world
        container = world.containers[state.container]
        parent = world.state(state.parent, at) if state.parent else None
        row = Row(
            id=item_id,
            keys=world.keys(item_id, at),
            project_id=container.id,
            project_name=container.name,
            created=world.item(item_id).created_at,
            updated=_floored(world.updated_at(item_id, at), self.step),
            category=self.catalogue.status(state.status)["statusCategory"]["name"],
            parent_key=parent.key if parent else None,
            state=state,
        )
        self.rows[item_id] = row
        for former in row.keys[:-1]:
            self._ids.setdefault(former.casefold(), item_id)
        self._ids[row.keys[-1].casefold()] = item_id
        self._ids[item_id] = item_id

    def resolve(self, identity: str) -> str | None:
        """The id of the visible issue with this id, key or former key."""
        return self._ids.get(identity.casefold())

    def containers(self) -> list[Container]:
        """The containers that the account sees, in order of their keys."""
        known = self.catalogue.world.containers
        return [known[key] for key in sorted(known) if key not in self._unseen]

    def find(self, jql: str) -> _Found:
        """The issues that a query finds; `JqlError` where Jira would answer 400."""
        found = self._found.get(jql)
        if found is None:
            query = self._parse(jql)
            rows = sorted(filter(query.condition, self.rows.values()), key=query.sort_key)
            found = self._found[jql] = _Found(rows, [query.sort_key(row) for row in rows])
        return found

    def _parse(self, jql: str) -> Query:
        names = {name.casefold() for c in self.containers() for name in (c.id, c.key, c.name)}
        zone = self.catalogue.zone
        return parse(jql, Names(projects=names, issues=self._ids, now=self.now, zone=zone))

    def page(self, jql: str, token: str | None, *, size: int) -> tuple[Sequence[Row], str | None]:
        """One page of a search with the token of the next one, None on the last."""
        found = self.find(jql)
        start = bisect_right(found.keys, _read_token(token, jql)) if token else 0
        rows = found.rows[start : start + size]
        more = start + size < len(found.rows)
        return rows, _token(jql, found.keys[start + size - 1]) if more else None

    def offset_page(self, jql: str, start: int, *, size: int) -> tuple[Sequence[Row], int]:
        """One page of a search by offset, with how many issues it finds in all."""
        rows = self.find(jql).rows
        return rows[start : start + size], len(rows)

    def render(self, item_id: str, fields: Sequence[str], *, changelog: bool) -> bytes:
        """An issue as JSON, with the newest entries of its changelog where asked for."""
        key = (item_id, fields, changelog)
        if key not in self._rendered:
            issue = self.issues.issue(item_id, fields)
            if changelog:
                issue["changelog"] = self.inline_changelog(item_id, INLINE_HISTORIES)
            self._rendered[key] = orjson.dumps(issue)
        return self._rendered[key]

    def inline_changelog(self, item_id: str, cap: int) -> Json:
        """The changelog as an issue carries it: newest first and capped, with the true total."""
        newest_first = self.issues.histories(item_id)[::-1]
        shown = newest_first[:cap]
        return {
            "startAt": 0,
            "maxResults": len(shown),
            "total": len(newest_first),
            "histories": shown,
        }

    def bulk_changelog(self, item_ids: Iterable[str]) -> list[tuple[str, Json]]:
        """The histories of several issues as `(issue id, history)`, oldest first over all."""
        world = self.catalogue.world
        dated = [
            (entry.at, int(item_id), item_id, history)
            for item_id in dict.fromkeys(item_ids)
            for entry, history in zip(
                (e for e in world.history(item_id, self.now) if e.changes or e.link),
                self.issues.histories(item_id),
                strict=True,
            )
        ]
        return [(item_id, history) for *_, item_id, history in sorted(dated, key=lambda d: d[:2])]


def _floored(at: datetime, step: timedelta) -> datetime:
    return at - (at - _EPOCH) % step


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:12]


def _token(jql: str, position: tuple[float, ...]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_digest(jql), *position])).decode()


def _read_token(token: str, jql: str) -> tuple[float, ...]:
    """The position in a token that was given out for this very query."""
    try:
        digest, *position = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, orjson.JSONDecodeError, ValueError, TypeError) as error:
        raise JqlError(STALE_PAGE) from error
    if digest != _digest(jql):
        raise JqlError(STALE_PAGE)
    return tuple(float(part) for part in position)
