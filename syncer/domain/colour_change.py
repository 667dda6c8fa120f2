"""A colour that turned, and why."""

from __future__ import annotations

from dataclasses import dataclass

from syncer.domain.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourChange:
    """A colour turned between two snapshots, and the input that turned it.

    `cause`: date, dependency, scope, pace, owner, data, slip, risk, gate, state, two of them
    (`date and pace`), override, members or several.
    """

    scope: str
    name: str
    before: Health
    after: Health
    cause: str
    text: str
