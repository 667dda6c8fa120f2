"""What the site itself shows of what may go wrong, each with its fix (trackers.md 1).

All of it pure but `tried`, which asks the two calls that sites close most often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from connectors.jira.client import JiraClient
from connectors.jira.config import JiraConfig
from connectors.jira.data_center import DataCenterClient
from connectors.jira.door import Entry
from connectors.jira.jql import all_ids
from connectors.jira.mapping.site import zone_named
from connectors.jira.pages import http_date
from connectors.jira.wire import Project
from syncer.connect.auth import PatAuth
from syncer.connect.protocol import Finding
from syncer.errors import BadPayload, Rejected, Unreachable

_MOST_SKEW: Final = timedelta(minutes=5)
_USUAL_HOURS: Final = (-10, 13)
_FIRST_WITH_TOKENS: Final = (8, 14)
_LITTLE_LEFT: Final = 0.1
_SHOWN: Final = 10
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a search and of asking for a changelog: empty where it went well.

    `total` is how many issues the project has, where the search told that by the way.
    """

    search: str = ""
    search_gone: bool = False
    changelog: str = ""
    total: int | None = None


async def tried(client: JiraClient, project: str) -> Trial:
    """Search one issue of a project and ask for its changelog, as a sync would do.

    `AuthFailed` and `RateLimited` as from any call.
    """
    try:
        found = await client.search(all_ids(project), fields=["id"], size=1)
    except (Rejected, Unreachable, BadPayload) as fault:
        gone = isinstance(fault, Rejected) and fault.status == HTTPStatus.GONE
        return Trial(search=fault.message, search_gone=gone)
    first = next(iter(found.issues), None)
    id_ = first.get("id") if isinstance(first, dict) else None
    if not client.changelogs_in_bulk or not isinstance(id_, str):
        return Trial(total=found.total)
    try:
        await client.changelogs([id_])
    except (Rejected, Unreachable, BadPayload) as fault:
        return Trial(changelog=fault.message)
    return Trial()


def findings_of_server(
    entry: Entry, config: JiraConfig, *, projects: Sequence[Project], trial: Trial, now: datetime
) -> tuple[Finding, ...]:
    """Everything amiss that entering, the list of projects and the trial show."""
    return (
        *_trial(trial),
        *_clock(entry, now),
        *_zone(entry, now),
        *_version(entry, config),
        *_limit(entry),
        *_archived(config, projects),
        *_scoped(entry),
    )


def _trial(trial: Trial) -> Iterator[Finding]:
    if trial.search_gone:
        yield Finding(
            message=f"The site has removed this way to search: {trial.search}",
            fix="Install a newer syncer; until then nothing of this connection is read.",
            fatal=True,
        )
    elif trial.search:
        yield Finding(
            message=f"A first search failed: {trial.search}",
            fix="Give the account Browse Projects in the projects that are configured.",
        )
    if trial.changelog:
        yield Finding(
            message=f"Long changelogs come cut: {trial.changelog}",
            fix="Let the account read /changelog; until then some dates of start and end are late.",
        )


def _clock(entry: Entry, now: datetime) -> Iterator[Finding]:
    theirs = http_date(entry.answer.headers.get("Date", ""))
    if theirs is None or abs(theirs - now) <= _MOST_SKEW:
        return
    yield Finding(
        message=f"Its clock differs from ours by {round(abs(theirs - now) / _MINUTE)} min.",
        fix="Set the clock of this machine, or of the Jira server, by a time service.",
    )


def _zone(entry: Entry, now: datetime) -> Iterator[Finding]:
    name = entry.me.time_zone or ""
    zone = zone_named(name)
    offset = now.astimezone(zone).utcoffset() if zone else None
    least, most = (timedelta(hours=hours) for hours in _USUAL_HOURS)
    if offset is not None and not least <= offset <= most:
        yield Finding(
            message=f"The account's time zone is {name}: days may begin a day off.",
            fix="Set the time zone in the account's profile if this is not meant.",
        )


def _version(entry: Entry, config: JiraConfig) -> Iterator[Finding]:
    if not isinstance(entry.client, DataCenterClient):
        return
    numbers = tuple(entry.server.numbers or ())[:2]
    if not numbers or numbers >= _FIRST_WITH_TOKENS:
        return
    yield Finding(
        message=f"Jira {entry.server.version or '.'.join(map(str, numbers))} is out of support.",
        fix=(
            "It knows no personal access tokens: use a user and password, or a newer Jira."
            if isinstance(config.auth, PatAuth)
            else "Update it to a version that its vendor supports."
        ),
    )


def _limit(entry: Entry) -> Iterator[Finding]:
    headers = entry.answer.headers
    left, most = (headers.get(f"X-RateLimit-{name}", "") for name in ("Remaining", "Limit"))
    if not (left.isdecimal() and most.isdecimal()) or int(left) > int(most) * _LITTLE_LEFT:
        return
    yield Finding(
        message=f"{int(left)} of {int(most)} requests are left of the account's rate limit.",
        fix="Let no other program use this account, or ask for a higher limit.",
    )


def _archived(config: JiraConfig, projects: Sequence[Project]) -> Iterator[Finding]:
    """Only those that are named: a glob is meant for what lives."""
    named = set(config.exact_containers)
    keys = [one.key for one in projects if one.archived and one.key in named]
    if keys:
        yield Finding(
            message=f"Archived, and so not read: {', '.join(map(str, keys[:_SHOWN]))}.",
            fix="Restore the project, or take it out of `containers`.",
        )


def _scoped(entry: Entry) -> Iterator[Finding]:
    if entry.scoped:
        yield Finding(
            message="The token has scopes: it is used by way of api.atlassian.com.",
            fix="Nothing to mend; details that its scopes leave out are named here.",
        )
