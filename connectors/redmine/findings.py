"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connectors.redmine.config import RedmineConfig
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProject:
    """A project that the account sees."""

    identifier: str
    name: str
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe found out. `unseen` are configured identifiers that Redmine does not show."""

    account: str
    admin: bool
    projects: Sequence[SeenProject] = ()
    unseen: Sequence[str] = ()


def findings_of(seen: Seen, config: RedmineConfig) -> tuple[Finding, ...]:
    """Everything amiss that the probe and the configuration show."""
    return (*unencrypted(config.url, what="key"), *_projects(seen, config), *_account(seen))


def _projects(seen: Seen, config: RedmineConfig) -> Iterator[Finding]:
    names = [one.identifier for one in seen.projects]
    if not names:
        yield Finding(
            message="The account sees no project of the configured ones.",
            fix="Give it a role in the projects that matter, with the right to view issues.",
            fatal=True,
        )
    for name in seen.unseen:
        yield Finding(
            message=f"There is no project {name!r}, or it is archived or closed to the account.",
            fix="Correct the identifier, unarchive it, or give the account a role there.",
        )
    for pattern in config.containers:
        globs = pattern not in config.exact_containers
        if names and globs and not any(fnmatchcase(name, pattern) for name in names):
            yield Finding(
                message=f"No visible project matches {pattern!r} of `containers`.",
                fix="Correct it, or give the account a role in such a project.",
            )


def _account(seen: Seen) -> Iterator[Finding]:
    if seen.admin:
        yield Finding(
            message="The key is an administrator's: it can do far more than syncer needs.",
            fix="Use that of an account with a role that may view all issues.",
        )
