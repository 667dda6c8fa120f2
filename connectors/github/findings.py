"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from connectors.github.config import GitHubConfig
from connectors.github.rules import FieldRole, fold
from connectors.github.wire import Repository
from syncer.connect.auth import AppAuth
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding
from syncer.connect.times import utc_instant
from syncer.connect.unreadable import Unmappable

_SHOWN: Final = 10
_LONGEST: Final = 500
_EXPIRES_SOON: Final = timedelta(days=14)
_LITTLE_LEFT: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe found out.

    `scopes` is None where the token has none, as fine-grained ones and Apps. `unseen` are the
    configured repositories that GitHub does not show, `permissions` what it asked for in vain.
    `options` are project, field and value of the choices that projects offer.
    """

    repositories: Sequence[Repository] = ()
    unseen: Sequence[str] = ()
    scopes: frozenset[str] | None = None
    expires: str = ""
    limit: int | None = None
    left: int | None = None
    permissions: Sequence[str] = ()
    graphql: bool = True
    projects: bool = True
    options: Sequence[tuple[str, str, str]] = ()


def findings_of(seen: Seen, config: GitHubConfig, *, now: datetime) -> tuple[Finding, ...]:
    """Everything amiss that the probe and the configuration show."""
    return (
        *_address(config),
        *_repositories(seen, config),
        *_scopes(seen),
        *_expiry(seen, now),
        *_limits(seen, config),
        *_graphql(seen, config),
        *_statuses(seen, config),
    )


def _address(config: GitHubConfig) -> Iterator[Finding]:
    yield from unencrypted(config.url)
    if urlsplit(config.url).hostname in {"github.com", "www.github.com"}:
        yield Finding(
            message="`url` is the address of GitHub's pages and not of its API.",
            fix='Use url = "https://api.github.com", or leave it out.',
            fatal=True,
        )


def _repositories(seen: Seen, config: GitHubConfig) -> Iterator[Finding]:
    names = [one.full_name or "" for one in seen.repositories]
    if not names:
        yield Finding(
            message="The account sees no repository.",
            fix="Give the token access to the repositories that matter, with Issues: read.",
            fatal=True,
        )
    for name in seen.unseen:
        yield Finding(
            message=f"There is no repository {name!r}, or the token may not see it.",
            fix="Correct the name, or give the token access to it.",
        )
    for pattern in config.containers:
        if names and pattern not in config.exact_containers and not _any(names, pattern):
            yield Finding(
                message=f"No visible repository matches {pattern!r} of `containers`.",
                fix="Correct the name, or give the token access to such a repository.",
            )
    yield from _renamed(names, config)
    without = [one.full_name or "" for one in seen.repositories if one.has_issues is False]
    if without:
        yield Finding(
            message=f"Issues are switched off in {_listed(without)}: there is nothing to sync.",
            fix="Switch them on, or `exclude` the repositories.",
        )
    archived = [one.full_name or "" for one in seen.repositories if one.archived]
    if archived:
        yield Finding(
            message=f"Archived, so nothing changes there any more: {_listed(archived)}.",
            fix="`exclude` those whose history nobody needs.",
        )


def _renamed(names: Sequence[str], config: GitHubConfig) -> Iterator[Finding]:
    present = {name.casefold() for name in names}
    if len(config.exact_containers) == len(config.containers) == len(names):
        strangers = [name for name in names if not config.selects(name)]
        gone = [name for name in config.exact_containers if name.casefold() not in present]
        for old, new in zip(gone, strangers, strict=False):
            yield Finding(
                message=f"The repository {old!r} is called {new!r} now.",
                fix="Write the new name into `containers`.",
            )


def _scopes(seen: Seen) -> Iterator[Finding]:
    if seen.scopes is not None and "repo" not in seen.scopes:
        yield Finding(
            message="The token lacks the scope repo: it sees public repositories only.",
            fix="Give it `repo`, or use a fine-grained token with Issues: read.",
        )
    for asked in seen.permissions:
        yield Finding(
            message=f"GitHub wanted a permission that the token lacks: {asked!r}.",
            fix="Give the token this permission for the repositories that matter.",
        )


def _expiry(seen: Seen, now: datetime) -> Iterator[Finding]:
    at = expiry(seen.expires)
    if at is not None and at - now < _EXPIRES_SOON:
        yield Finding(
            message=f"The token expires on {at:%Y-%m-%d}.",
            fix="Make a new one before that day.",
        )


def _limits(seen: Seen, config: GitHubConfig) -> Iterator[Finding]:
    if seen.limit and seen.left is not None and seen.left < seen.limit * _LITTLE_LEFT:
        kind = "App's installation" if isinstance(config.auth, AppAuth) else "account"
        yield Finding(
            message=f"Of the {kind}'s {seen.limit} requests an hour {seen.left} are left.",
            fix="Something else may be using the same account: give syncer its own.",
        )


def _graphql(seen: Seen, config: GitHubConfig) -> Iterator[Finding]:
    if config.graphql and not seen.graphql:
        yield Finding(
            message="GitHub refuses GraphQL queries: projects are not read, and syncs cost more.",
            fix="Let the token use GraphQL, or set graphql = false to be content with this.",
        )
    elif config.graphql and not seen.projects:
        yield Finding(
            message="The token may not read projects: Status, dates and status updates kept there "
            "are unknown.",
            fix="Give it the scope read:project, or Projects: read of the organisation.",
        )


def _statuses(seen: Seen, config: GitHubConfig) -> Iterator[Finding]:
    """The statuses of projects that nobody has given a meaning: they count as unknown."""
    rules = config.rules()
    unknown = {
        value: project
        for project, field, value in seen.options
        if rules.fields.get(fold(field)) is FieldRole.STATUS
        and (not rules.project or fold(project) == rules.project)
        and fold(value) not in rules.statuses
    }
    if unknown:
        names = ", ".join(f"{value!r} ({project})" for value, project in unknown.items())
        yield Finding(
            message=f"{len(unknown)} statuses of projects count as unknown: {names[:_LONGEST]}.",
            fix='Say what they are: statuses = { "<name>" = "IN_PROGRESS" }.',
        )


def expiry(text: str) -> datetime | None:
    """The instant of `GitHub-Authentication-Token-Expiration`: `2026-12-01 10:00:00 UTC`."""
    day, _, rest = text.strip().partition(" ")
    time, _, zone = rest.partition(" ")
    offset = "+00:00" if zone in {"", "UTC"} else zone
    try:
        return utc_instant(f"{day}T{time}{offset}")
    except Unmappable:
        return None


def _any(names: Sequence[str], pattern: str) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for name in names)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
