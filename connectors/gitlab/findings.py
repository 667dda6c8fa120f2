"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Final

from connectors.gitlab.client import Kind
from connectors.gitlab.config import GitLabConfig
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding

_SHOWN: Final = 10
_EXPIRES_SOON: Final = timedelta(days=14)
_READ: Final = frozenset({"api", "read_api"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenContainer:
    """A project or group that the account sees. `disabled`: without issues."""

    path: str
    name: str
    kind: Kind
    id: str = ""
    archived: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe found out.

    `scopes` is None where the token does not tell them. `unseen` are the configured paths that
    GitLab does not show; `left_out` the parts of our queries that it does not know.
    """

    containers: Sequence[SeenContainer] = ()
    unseen: Sequence[str] = ()
    scopes: frozenset[str] | None = None
    expires: str = ""
    graphql: bool = True
    left_out: Sequence[str] = ()


def findings_of(seen: Seen, config: GitLabConfig, *, now: datetime) -> tuple[Finding, ...]:
    """Everything amiss that the probe and the configuration show."""
    return (
        *unencrypted(config.url),
        *_containers(seen, config),
        *_scopes(seen),
        *_expiry(seen, now),
        *_graphql(seen, config),
    )


def _containers(seen: Seen, config: GitLabConfig) -> Iterator[Finding]:
    paths = [one.path for one in seen.containers]
    if not paths:
        yield Finding(
            message="The account sees no project and no group of the configured ones.",
            fix="Make it a member, as Planner or Reporter, of what matters.",
            fatal=True,
        )
    for path in seen.unseen:
        yield Finding(
            message=f"There is no project or group {path!r}, or the account may not see it.",
            fix="Correct the path, or make the account a member.",
        )
    for pattern in config.containers:
        if paths and pattern not in config.exact_containers and not _any(paths, pattern):
            yield Finding(
                message=f"No visible project or group matches {pattern!r} of `containers`.",
                fix="Correct the path, or make the account a member of such a one.",
            )
    without = [one.path for one in seen.containers if one.disabled]
    if without:
        yield Finding(
            message=f"Issues are switched off in {_listed(without)}: there is nothing to sync.",
            fix="Switch them on, or `exclude` the projects.",
        )


def _scopes(seen: Seen) -> Iterator[Finding]:
    if seen.scopes is not None and not seen.scopes & _READ:
        yield Finding(
            message="The token has neither the scope read_api nor api.",
            fix="Make a token with the scope read_api.",
            fatal=True,
        )


def _expiry(seen: Seen, now: datetime) -> Iterator[Finding]:
    try:
        day = date.fromisoformat(seen.expires[:10])
    except ValueError:
        return
    # GitLab ends a token at midnight UTC of its day (docs.gitlab.com/user/profile).
    if datetime.combine(day, time(), UTC) - now < _EXPIRES_SOON:
        yield Finding(
            message=f"The token expires on {day.isoformat()}.",
            fix="Make a new one and put it where the configuration says.",
        )


def _graphql(seen: Seen, config: GitLabConfig) -> Iterator[Finding]:
    if config.graphql and not seen.graphql:
        yield Finding(
            message="GraphQL does not tell of work items here: issues and epics are read over "
            "REST, with several calls for each of them.",
            fix="Update GitLab to 18 or later, or set graphql = false to settle it.",
        )
    missing = [name for name in seen.left_out if name != "fixed dates"]
    if missing:
        yield Finding(
            message=f"This GitLab does not tell of: {_listed(missing)}.",
            fix="Other editions or versions do; nothing else is amiss.",
        )


def _any(paths: Sequence[str], pattern: str) -> bool:
    return any(fnmatchcase(path.casefold(), pattern.casefold()) for path in paths)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
