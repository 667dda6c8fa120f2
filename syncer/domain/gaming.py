"""What a report says so that nobody can make it look better than it is (rollup.md 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncer.domain.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChange:
    """The projects of a program or product changed, as seen on the report-local day `on`.

    `joined` and `left` are the keys and names of projects.
    """

    on: date
    joined: tuple[tuple[str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkClosure:
    """Somebody closed more within 24 hours than the team in three of its best weeks.

    `uids` are the items, `on` the report-local day of the first of them; `weekly_most` is the most
    that was done in any other week. `actor` is whoever did it, as the tracker names accounts.
    """

    on: date
    actor: str
    uids: tuple[str, ...]
    weekly_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LateNews:
    """A scope was darker at the last edition than that edition knew: its data came later."""

    scope: str
    name: str
    published: Health
    known_now: Health
    reason: str
