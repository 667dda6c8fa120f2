"""What people say in the configuration: the third of the three doors."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from syncer.domain.statement import (
    Decision,
    DecisionOption,
    Door,
    GateDefinition,
    HumanRisk,
    Provenance,
    RiskResponse,
    Statements,
    statement_id,
)
from syncer.settings.references import scope_of
from syncer.settings.root import Settings

NOBODY: Final = "configuration"
"""The author of a statement for which the file names nobody."""


def to_statements(settings: Settings, read_at: datetime) -> Statements:
    """Gates, decisions, risks and risk responses of the files, as of the time they were read."""
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
        """All four kinds."""
        settings = self._settings
        return Statements(
            gates=tuple(self._gate(index) for index in range(len(settings.gates))),
            decisions=tuple(self._decision(index) for index in range(len(settings.decisions))),
            risks=tuple(self._risk(index) for index in range(len(settings.risks))),
            responses=tuple(self._response(n) for n in range(len(settings.risk_responses))),
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
            provenance=self._said("risk_responses", index, response.owner),
        )
