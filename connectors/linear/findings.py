"""What an administrator should know about a connection, each with its fix: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connectors.linear.config import LinearConfig
from syncer.connect.findings import unencrypted
from syncer.connect.protocol import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenContainer:
    """A team, or the workspace, that the account sees."""

    key: str
    name: str
    id: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe found out: who we are, and all that the account sees of the workspace."""

    account: str
    workspace: SeenContainer
    teams: Sequence[SeenContainer] = ()

    def selected(self, config: LinearConfig) -> list[SeenContainer]:
        """What the configuration asks for of all that is seen."""
        every = [*self.teams, *([self.workspace] if config.projects else [])]
        return sorted((one for one in every if config.selects(one.key)), key=lambda one: one.key)


def findings_of(seen: Seen, config: LinearConfig) -> tuple[Finding, ...]:
    """Everything amiss that the probe and the configuration show."""
    return (
        *unencrypted(config.api_url, key="api_url"),
        *_containers(seen, config),
        *_private(seen, config),
    )


def _containers(seen: Seen, config: LinearConfig) -> Iterator[Finding]:
    keys = [one.key for one in seen.selected(config)]
    if not keys:
        yield Finding(
            message="The account sees no team of the configured ones.",
            fix="Correct `containers`, or make the account a member of what matters.",
            fatal=True,
        )
        return
    for pattern in config.containers:
        if not any(fnmatchcase(key, pattern) for key in keys):
            yield Finding(
                message=f"There is no team {pattern!r}, or the account may not see it.",
                fix="Correct the key (ENG in ENG-12), or make the account a member of the team.",
            )


def _private(seen: Seen, config: LinearConfig) -> Iterator[Finding]:
    """What is private at Linear is not so in a digest: nobody should learn that from the digest."""
    keys = [one.key for one in seen.selected(config) if one.private]
    unnamed = [key for key in keys if key not in config.containers]
    if unnamed:
        yield Finding(
            message=f"Private teams are read as well: {', '.join(unnamed)}.",
            fix="Whoever reads the digest may see their issues: exclude them, or name them in "
            "`containers` if that is meant.",
        )
