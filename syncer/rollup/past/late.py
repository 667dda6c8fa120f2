"""What an edition could not know since its data came late (rollup.md 3.6).

Whoever holds a tracker's data back over a Monday hides a bad week. Where a source was behind when
the last edition was made, that moment is rolled up again with what is known now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from syncer.domain.gaming import LateNews
from syncer.domain.health import Health
from syncer.domain.report import Snapshot
from syncer.rollup.colours.health import severity
from syncer.rollup.inputs import RollupInputs

_SAID: Final = frozenset({Health.GREEN, Health.AMBER, Health.TOO_EARLY})
"""Colours that hide something worse; whoever said Unknown has hidden nothing."""


def late_news(
    inputs: RollupInputs, roll: Callable[[RollupInputs], Snapshot]
) -> tuple[LateNews, ...]:
    """The projects that were darker at the last edition than it knew, the darkest first.

    A project whose target is another now is left out: that would be another question.
    """
    published = inputs.previous
    if published is None or published.reconstructed or not _was_behind(published, inputs):
        return ()
    again = roll(replace(inputs, as_of=published.as_of, previous=None))
    found = list(_darker(published, again))
    return tuple(sorted(found, key=lambda one: (-severity(one.known_now), one.scope)))


def _was_behind(published: Snapshot, inputs: RollupInputs) -> bool:
    """Whether a source of then was aged, failing or never read, by the threshold of DQ-6."""
    aged = timedelta(hours=inputs.rules.detectors.dq6_source_hours)
    return any(
        one.error or one.last_success_at is None or published.as_of - one.last_success_at > aged
        for one in published.sources
    )


def _darker(published: Snapshot, again: Snapshot) -> Iterator[LateNews]:
    for project in published.projects:
        now = again.project(project.key)
        if now is None or now.target != project.target:
            continue
        said, known = project.computed.health, now.computed
        if said in _SAID and severity(known.health) > severity(said):
            yield LateNews(
                scope=project.scope,
                name=project.name,
                published=said,
                known_now=known.health,
                reason=known.reason,
            )
