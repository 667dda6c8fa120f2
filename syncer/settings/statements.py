"""What people say in the configuration: the third of the three doors."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from syncer.clock import as_utc
from syncer.domain.statement import (
    Baseline,
    Decision,
    DecisionOption,
    Door,
    GateDefinition,
    HumanRisk,
    OwnerStatus,
    Provenance,
    RiskResponse,
    Statements,
    statement_id,
)
from syncer.settings.portfolio_models import BaselineSettings
from syncer.settings.references import scope_of
from syncer.settings.root import Settings

NOBODY: Final = "configuration"
"""The author of a statement for which the file names nobody."""


def to_statements(settings: Settings, read_at: datetime) -> Statements:
    """What the files say, as of the time they were read, or of the day that they name."""
    return _Reader(settings, read_at).statements()


def scope_keys(settings: Settings) -> dict[str, frozenset[str]]:
    """The configured keys under the words with which scopes begin."""
    return {
        "prog": frozenset(program.key for program in settings.programs),
        "proj": frozenset(project.key for project in settings.projects),
        "prod": frozenset(product.key for product in settings.products),
        "team": frozenset(team.key for team in settings.teams),
    }


class _Reader:
    """Turns the tables of one configuration into statements."""

    def __init__(self, settings: Settings, read_at: datetime) -> None:
        self._settings = settings
        self._read_at = read_at
        self._keys = scope_keys(settings)

    def statements(self) -> Statements:
        """All kinds."""
        settings = self._settings
        return Statements(
            gates=tuple(self._gate(index) for index in range(len(settings.gates))),
            decisions=tuple(self._decision(index) for index in range(len(settings.decisions))),
            risks=tuple(self._risk(index) for index in range(len(settings.risks))),
            responses=tuple(self._response(n) for n in range(len(settings.risk_responses))),
            owner_statuses=tuple(self._status(index) for index in range(len(settings.statuses))),
            baselines=tuple(self._baseline(one) for one in settings.baselines),
        )

    def _said(self, section: str, index: int, author: str) -> Provenance:
        place = self._settings.place(section, index)
        return Provenance(
            author=author or NOBODY, at=self._read_at, door=Door.CONFIGURATION, source=str(place)
        )

    def _scope(self, scope: str) -> str:
        return scope_of(scope, self._keys)

    def _gate(self, index: int) -> GateDefinition:
        gate = self._settings.gates[index]
        return GateDefinition(
            scope=self._scope(gate.scope),
            name=gate.name,
            on=gate.on,
            owner=gate.owner,
            items=gate.items,
            contractual=gate.contractual,
            provenance=self._said("gates", index, gate.owner),
        )

    def _decision(self, index: int) -> Decision:
        decision = self._settings.decisions[index]
        scope = self._scope(decision.scope)
        options = decision.options
        return Decision(
            id=statement_id("D", scope, decision.question),
            scope=scope,
            question=decision.question,
            decider=decision.decider,
            needed_by=decision.needed_by,
            options=tuple(DecisionOption(text=one.text, effect=one.effect) for one in options),
            recommendation=decision.recommendation,
            confirmed_by=decision.confirmed_by,
            state=decision.state,
            outcome=decision.outcome,
            decided_on=decision.decided_on,
            provenance=self._said("decisions", index, decision.confirmed_by),
        )

    def _risk(self, index: int) -> HumanRisk:
        risk = self._settings.risks[index]
        scope = self._scope(risk.scope)
        return HumanRisk(
            id=statement_id("H", scope, risk.title),
            scope=scope,
            title=risk.title,
            probability=risk.probability,
            impact=risk.impact,
            owner=risk.owner,
            next_step=risk.next_step,
            provenance=self._said("risks", index, risk.owner),
        )

    def _response(self, index: int) -> RiskResponse:
        response = self._settings.risk_responses[index]
        said = self._said("risk_responses", index, response.owner)
        return RiskResponse(
            rule=response.rule,
            scope=self._scope(response.scope) if response.scope else "",
            item=response.item,
            owner=response.owner,
            ask=response.ask,
            next_step=response.next_step,
            by=response.by,
            roam=response.roam,
            accept_until=response.accept_until,
            mitigations=response.mitigations,
            residual_probability=response.residual_probability,
            residual_impact=response.residual_impact,
            provenance=replace(said, at=self._morning(response.on)) if response.on else said,
        )

    def _morning(self, day: date) -> datetime:
        """When what is dated to a day was said: as the day began, in the organisation's zone."""
        zone = ZoneInfo(self._settings.service.timezone)
        return as_utc(datetime.combine(day, time.min, tzinfo=zone))

    def _status(self, index: int) -> OwnerStatus:
        status = self._settings.statuses[index]
        said = replace(self._said("statuses", index, status.by), at=self._morning(status.on))
        return OwnerStatus(
            scope=self._scope(status.scope),
            text=status.text,
            value=status.status,
            provenance=said,
        )

    def _baseline(self, baseline: BaselineSettings) -> Baseline:
        return Baseline(
            project=self._scope(baseline.scope).removeprefix("proj:"),
            approved_by=baseline.approved_by,
            at=self._morning(baseline.on),
            start=baseline.start,
            target=baseline.target,
        )
