"""Block 6, the gates of the next four weeks."""

from __future__ import annotations

from datetime import timedelta

from syncer.domain.evidence import Backing
from syncer.domain.report import Evidence, GateResult
from syncer.publish.digest.backing import forecast_inputs
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import GateLine
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import counted, day, days
from syncer.rollup.display import show_probability
from syncer.rollup.tolerance import below

MOST = 5
_AHEAD = timedelta(days=28)
_BEHIND = timedelta(days=28)
_SURE = 0.85


def gates(context: Context) -> tuple[GateLine, ...]:
    """At most five gates by date; where there are more, the least certain are kept."""
    near = [gate_line(gate, context) for gate in context.snapshot.gates if _near(gate, context)]
    kept = sorted(near, key=_least_certain)[:MOST]
    return tuple(sorted(kept, key=_by_date))


def _near(gate: GateResult, context: Context) -> bool:
    mine = context.ungrouped or context.resolve(gate.scope) in context.scopes
    ahead = context.today <= gate.on <= context.today + _AHEAD
    missed = context.today - _BEHIND <= gate.on < context.today and gate.remaining > 0
    return mine and (ahead or missed) and context.shown.lens_names(gate)


def _least_certain(line: GateLine) -> tuple[float, str, str, str]:
    chance = -1.0 if line.probability is None else line.probability
    return (chance, *_by_date(line))


def _by_date(line: GateLine) -> tuple[str, str, str]:
    return line.on.isoformat(), line.name, line.scope


def gate_line(gate: GateResult, context: Context) -> GateLine:
    """One gate with its chance and the evidence behind it."""
    return GateLine(
        scope=context.resolve(gate.scope),
        on=gate.on,
        day=day(gate.on, today=context.today),
        name=clean(context.shown.text(gate.name, 60), 60),
        chance=_chance(gate, context),
        probability=gate.probability,
        low=_is_low(gate, context),
        owner=clean(gate.owner, 40),
        baseline=gate.baseline,
        slip_days=gate.slip_days,
        evidence=_backing(gate, context),
    )


def _backing(gate: GateResult, context: Context) -> Backing:
    """The open items and the date that the chance was worked out for, and the pace behind it."""
    project = context.project_of(gate.scope)
    chance = gate.probability
    made = "" if chance is None else f", chance {show_probability(chance)} (computed {chance:.4f})"
    return Backing(
        Evidence(
            label=f"Gate {clean(context.shown.text(gate.name, 60), 60)}, {gate.on.isoformat()}",
            value=f"{counted(gate.remaining, 'open item')} of this gate or an earlier one{made}",
            formula=clean(gate.withheld)
            or "chance of finishing them by the gate's date at the project's pace",
            inputs=(*_moved(gate), *(() if project is None else forecast_inputs(project))),
            thresholds=(f"sure enough from {show_probability(_SURE)} on",),
        )
    )


def _moved(gate: GateResult) -> tuple[str, ...]:
    """The first date of a gate that stands at another one by now."""
    if gate.baseline in {None, gate.on}:
        return ()
    return (f"first date {gate.baseline}, slip {days(gate.slip_days)}",)


def _is_low(gate: GateResult, context: Context) -> bool:
    if _missed(gate, context):
        return True
    if gate.probability is None:
        return gate.remaining > 0
    return below(gate.probability, _SURE)


def _missed(gate: GateResult, context: Context) -> bool:
    return gate.on < context.today


def _chance(gate: GateResult, context: Context) -> str:
    if gate.remaining == 0 and not gate.withheld:
        return "done"
    if _missed(gate, context):
        return f"missed, {gate.remaining} open"
    if gate.probability is None:
        return f"no forecast ({clean(gate.withheld, 60)})" if gate.withheld else "no forecast"
    return show_probability(gate.probability)
