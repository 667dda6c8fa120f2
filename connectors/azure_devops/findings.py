"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.azure_devops.config import AzureDevOpsConfig
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe found out.

    `projects` are the names of those that the account sees, None where it may not list them.
    `left_out` are details that were refused when they were tried.
    """

    account: str
    organisation_id: str = ""
    projects: Sequence[str] | None = None
    left_out: Sequence[str] = ()


def findings_of(seen: Seen, config: AzureDevOpsConfig) -> tuple[Finding, ...]:
    """Everything amiss that the probe and the configuration show."""
    return (
        *unencrypted(config.url),
        *_container(config),
        *_projects(seen, config),
        *_left_out(seen),
    )


def _container(config: AzureDevOpsConfig) -> Iterator[Finding]:
    if not config.selects(config.organisation):
        yield Finding(
            message=f"`containers` leaves out {config.organisation!r}, the one container here.",
            fix="Leave `containers` and `exclude` out; choose projects with `projects`.",
            fatal=True,
        )


def _projects(seen: Seen, config: AzureDevOpsConfig) -> Iterator[Finding]:
    if seen.projects is None:
        yield Finding(
            message="The token may not list projects: nobody can tell which ones it sees"
            + ("." if config.takes_all else ", and no census can be made."),
            fix="Give it the scope Project and Team (Read) as well.",
            fatal=not config.takes_all,
        )
        return
    if not seen.projects:
        yield Finding(
            message="The account sees no project.",
            fix="Make it a member (Readers) of the projects that matter.",
            fatal=True,
        )
    elif not any(config.takes(name) for name in seen.projects):
        yield Finding(
            message=f"No visible project matches `projects`: it sees {_listed(seen.projects)}.",
            fix="Correct the names, or make the account a member of such a project.",
            fatal=True,
        )


def _left_out(seen: Seen) -> Iterator[Finding]:
    if seen.left_out:
        yield Finding(
            message=f"Azure DevOps does not tell of: {_listed(seen.left_out)}.",
            fix="Give the token the scope Work Items (Read), and the account the role Reader.",
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
