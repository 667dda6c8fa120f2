"""From which date a gate has moved: its baseline and its slip (digest specification, 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from syncer.domain.report import GateResult, Snapshot
from syncer.domain.statement import GateDefinition
from syncer.rollup.view import View


def with_baselines(
    gates: Sequence[GateResult],
    said: Sequence[GateDefinition],
    *,
    previous: Snapshot | None,
    view: View,
) -> list[GateResult]:
    """Every gate with the first date that is known of it, and its slip in working days from there.

    What the previous edition knew as the first date stands; of a gate that it did not know, the
    date that was said first. One that nobody ever moved has its own date and no slip.
    """
    first = _first_said(said, view) | _known(previous)
    return [_slipped(gate, first.get((gate.scope, gate.name), gate.on), view) for gate in gates]


def _slipped(gate: GateResult, baseline: date, view: View) -> GateResult:
    days = view.calendar.working_days(baseline, gate.on)
    return replace(gate, baseline=baseline, slip_days=days)


def _first_said(said: Sequence[GateDefinition], view: View) -> dict[tuple[str, str], date]:
    """The date of each gate as it was said first, whichever door it came through."""
    newest_first = sorted(said, key=lambda one: (one.provenance.at, repr(one)), reverse=True)
    return {(view.full_scope(one.scope), one.name): one.on for one in newest_first}


def _known(previous: Snapshot | None) -> dict[tuple[str, str], date]:
    gates = previous.gates if previous else ()
    return {(one.scope, one.name): one.baseline or one.on for one in gates}
