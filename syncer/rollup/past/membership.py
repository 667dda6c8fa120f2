"""Projects that joined or left a program are told for four weeks (rollup.md 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from syncer.domain.gaming import MembershipChange
from syncer.domain.report import GroupResult, Snapshot

TOLD: Final = timedelta(days=28)


def membership_changes(
    scope: str, members: Sequence[tuple[str, str]], *, previous: Snapshot | None, today: date
) -> tuple[MembershipChange, ...]:
    """What changed since the snapshot before, and what that one told that is still young enough.

    `members` are the keys and names of the projects now. A group that is new has no change.
    """
    before = previous.group(scope) if previous else None
    if before is None or previous is None:
        return ()
    kept = tuple(one for one in before.membership if today - one.on < TOLD)
    now, was = dict(members), _members(before, previous)
    joined = tuple((key, name) for key, name in now.items() if key not in was)
    left = tuple((key, name) for key, name in was.items() if key not in now)
    if not joined and not left:
        return kept
    return (*kept, MembershipChange(on=today, joined=joined, left=left))


def _members(group: GroupResult, snapshot: Snapshot) -> dict[str, str]:
    found = ((key, snapshot.project(key)) for key in group.projects)
    return {key: project.name if project else key for key, project in found}
