"""The projects of a simulated GitHub, and the reports that people write on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from connectors.github.simulator_index import stamp
from connectors.github.simulator_request import Json
from connectors.github.simulator_site import Site
from syncer.clock import as_utc

ROADMAP: Final = "Roadmap"
"""The project that holds every issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One report: by whom, when (UTC), on which project, and the repositories linked to that."""

    id: str
    text: str
    status: str | None
    containers: frozenset[str]
    author: str
    at: datetime
    project: str
    start: date | None
    target: date | None


@dataclass(slots=True)
class Reports:
    """What was reported so far; a project is linked to the repositories named with its reports."""

    said: list[Said] = field(default_factory=list)

    def say(
        self,
        text: str,
        *,
        containers: Collection[str],
        author: str,
        at: datetime,
        status: str | None = "ON_TRACK",
        project: str = ROADMAP,
        start: date | None = None,
        target: date | None = None,
    ) -> str:
        """Report on a project that is linked to these repositories; returns the report's node id.

        `status` is ON_TRACK, AT_RISK, OFF_TRACK, COMPLETE, INACTIVE or None; `author` the id of a
        person of the world. Before `at` nobody sees the report.
        """
        one = Said(
            id=f"PVTSU_made{len(self.said) + 1}",
            text=text,
            status=status,
            containers=frozenset(containers),
            author=author,
            at=as_utc(at),
            project=project,
            start=start,
            target=target,
        )
        self.said.append(one)
        return one.id

    def retract(self, id_: str) -> None:
        """Delete a report; one that is not there is no fault."""
        self.said = [one for one in self.said if one.id != id_]

    def projects(self, site: Site, repository: str) -> list[Json]:
        """The projects linked to a repository, each with its reports, the newest first."""
        numbers = {title: n for n, title in enumerate(self._titles(), start=1)}
        owner = repository.partition("/")[0]
        return [
            {
                "title": title,
                "resourcePath": f"/orgs/{owner}/projects/{number}",
                "statusUpdates": {"nodes": self._shown(site, repository, title)},
            }
            for title, number in numbers.items()
            if title == ROADMAP or any(self._is_on(one, repository, title) for one in self.said)
        ]

    def _titles(self) -> dict[str, None]:
        return dict.fromkeys((ROADMAP, *(one.project for one in self.said)))

    def _is_on(self, one: Said, repository: str, title: str) -> bool:
        linked = {key.casefold() for key in one.containers}
        return one.project == title and repository.casefold() in linked

    def _shown(self, site: Site, repository: str, title: str) -> list[Json]:
        mine = (one for one in self.said if self._is_on(one, repository, title))
        seen = [one for one in mine if one.at <= site.index.now]
        return [_node(site, one) for one in sorted(seen, key=lambda one: one.at, reverse=True)]


def _node(site: Site, one: Said) -> Json:
    creator = site.user(one.author)
    return {
        "id": one.id,
        "body": one.text,
        "status": one.status,
        "startDate": one.start.isoformat() if one.start else None,
        "targetDate": one.target.isoformat() if one.target else None,
        "createdAt": stamp(one.at),
        "creator": creator
        and {"__typename": creator["type"], "login": creator["login"].removesuffix("[bot]")},
    }
