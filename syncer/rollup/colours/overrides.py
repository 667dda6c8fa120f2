"""Which override of a colour holds, and what readers see then (rollup.md 3.5).

A darker colour may be shown freely; a lighter one lapses with everything that it was given for: on
its day, when the computed colour gets worse, when the target moves, when the work ends. What has
lapsed stays so, which the snapshot before tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from syncer.domain.health import Colour, Health
from syncer.domain.override import Lapse, OverrideState
from syncer.domain.report import GroupResult, ProjectResult, Snapshot
from syncer.domain.statement import ColourOverride
from syncer.rollup.calendar import report_date
from syncer.rollup.colours.health import severity, short_date

RULE: Final = "OVR"
"""Stands for a rule where a person's override gave the colour."""

REMEMBERED: Final = timedelta(days=28)
"""For so long after its last day an override counts: as expired, and as the one to renew."""

SHOWABLE: Final = frozenset({Health.RED, Health.AMBER, Health.GREEN})
CLOSED: Final = frozenset({Health.DONE, Health.CANCELLED, Health.ON_HOLD, Health.NOT_STARTED})
UNSURE: Final = frozenset({Health.UNKNOWN, Health.NO_PLAN})


def own_colour(result: ProjectResult | GroupResult) -> Colour:
    """The colour without a person's override."""
    return result.override.own if result.override else result.shown


def states(snapshot: Snapshot) -> Iterator[OverrideState]:
    """The newest override of every scope that has one, whether it holds or not."""
    results: tuple[ProjectResult | GroupResult, ...] = (*snapshot.programs, *snapshot.products)
    for result in (*results, *snapshot.projects):
        if result.override is not None:
            yield result.override


def active(snapshot: Snapshot) -> list[OverrideState]:
    """The overrides that hold."""
    return [state for state in states(snapshot) if state.is_active]


def is_lightening(override: ColourOverride) -> bool:
    """Whether it was made to show less than was computed."""
    return severity(override.colour) < severity(override.computed)


def said(override: ColourOverride) -> str:
    """`override J. Roth until 4 Dec: the reason`."""
    until = short_date(override.expires)
    return f"override {override.provenance.author} until {until}: {override.reason}"


def override_change(now: ProjectResult | GroupResult, before: ProjectResult | GroupResult) -> str:
    """What an override did to the colour shown since the snapshot before; empty: nothing."""
    state = now.override
    if state is not None and state.is_shown:
        return now.shown.reason
    if before.override is None or not before.override.is_shown:
        return ""
    by = (state or before.override).override.provenance.author
    why = f"the override of {by} lapsed ({state.lapse})" if state and state.lapse else ""
    return f"{why or f'without the override of {by}'}; {now.shown.reason}"


def _is_shown(override: ColourOverride, own: Health) -> bool:
    """What was to be lighter is never darker, and the other way round."""
    step = severity(override.colour) - severity(own)
    return step < 0 if is_lightening(override) else step > 0


def shown(state: OverrideState | None, own: Colour) -> Colour:
    """What readers see."""
    if state is None or not state.is_shown:
        return own
    word = own.health.value.replace("_", " ")
    reason = f"computed {word.capitalize()}, {said(state.override)}"
    return Colour(health=state.override.colour, rule=RULE, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideBook:
    """All overrides that had been made by an instant, and the snapshot that came before.

    `today` is the report-local date of `as_of`.
    """

    overrides: Mapping[str, ColourOverride]
    as_of: datetime
    today: date
    previous: Snapshot | None = None

    @classmethod
    def of(
        cls,
        overrides: Sequence[ColourOverride],
        *,
        as_of: datetime,
        zone: str,
        previous: Snapshot | None,
    ) -> OverrideBook:
        """The newest override of each scope; one made later replaces any earlier one."""
        today = report_date(as_of, zone)
        made = [
            one
            for one in overrides
            if one.provenance.at <= as_of and today - one.expires <= REMEMBERED
        ]
        ordered = sorted(made, key=lambda one: (one.provenance.at, one.id))
        newest = {one.scope: one for one in ordered}
        return cls(overrides=newest, as_of=as_of, today=today, previous=previous)

    def state(self, scope: str, own: Colour, target: date | None) -> OverrideState | None:
        """How the newest override of a scope stands, whose own colour and target are these."""
        override = self.overrides.get(scope)
        if override is None:
            return None
        known = self.known(override)
        if known is not None and known.lapse is not None:
            return OverrideState(
                override=override, own=own, lapse=known.lapse, lapsed_on=known.lapsed_on
            )
        lapse = self._ended(override) or self._lapse(override, own.health, target)
        if lapse is not None:
            return OverrideState(override=override, own=own, lapse=lapse, lapsed_on=self.today)
        return OverrideState(override=override, own=own, is_shown=_is_shown(override, own.health))

    def known(self, override: ColourOverride) -> OverrideState | None:
        """How the snapshot before knew this override."""
        before = self._before(override.scope)
        state = before.override if before else None
        return state if state is not None and state.override.id == override.id else None

    def has_expired(self, override: ColourOverride) -> bool:
        """Whether its day has passed while it held: nobody took it back and nothing ended it."""
        known = self.known(override)
        alive = known is None or known.lapse in (None, Lapse.EXPIRED)
        return alive and self._ended(override) is Lapse.EXPIRED

    def _before(self, scope: str) -> ProjectResult | GroupResult | None:
        if self.previous is None:
            return None
        if scope.startswith("proj:"):
            return self.previous.project(scope.removeprefix("proj:"))
        return self.previous.group(scope)

    def _ended(self, override: ColourOverride) -> Lapse | None:
        if override.undone_at is not None and override.undone_at <= self.as_of:
            return Lapse.UNDONE
        return Lapse.EXPIRED if self.today > override.expires else None

    def _lapse(self, override: ColourOverride, own: Health, target: date | None) -> Lapse | None:
        """What ended it. One that darkens lapses for nothing that would make the colour lighter."""
        if own in CLOSED:
            return Lapse.CLOSED
        if not is_lightening(override):
            return Lapse.WORSENED if severity(own) > severity(override.colour) else None
        if target != override.target:
            return Lapse.TARGET
        if severity(own) > self._lightest(override):
            return Lapse.WORSENED
        hides_nothing_known = own in UNSURE and severity(override.colour) < severity(own)
        return Lapse.UNKNOWN if hides_nothing_known else None

    def _lightest(self, override: ColourOverride) -> int:
        """How dark the computed colour was at its best since the override was made."""
        before = self._before(override.scope)
        since = severity(override.computed)
        if before is None or self.previous is None:
            return since
        if self.previous.as_of < override.provenance.at:
            return since
        return min(since, severity(own_colour(before).health))
