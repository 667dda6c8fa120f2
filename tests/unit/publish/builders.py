"""Parts of hand-made snapshots: projects, programs, risks, gates, decisions, audiences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from syncer.domain.facts import ForecastInputs, MemberFacts, ProgramFacts, ProjectFacts
from syncer.domain.health import Colour, Confidence, Health
from syncer.domain.ledger import Ledger, Ledgers
from syncer.domain.portfolio import Criticality, ProjectKind
from syncer.domain.report import (
    Forecast,
    GateResult,
    GroupResult,
    ItemMention,
    ProjectResult,
    Quality,
    Risk,
    RiskChange,
    Snapshot,
    SourceState,
)
from syncer.domain.statement import (
    Decision,
    Door,
    Provenance,
)
from syncer.domain.verdict import VerdictLevel
from syncer.publish.audience import AudienceView, Lens

AS_OF = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # Monday 05:30 in Berlin
EARLIER = datetime(2026, 11, 16, 4, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ORIGIN = "https://acme.example"
NO_LEDGERS = Ledgers(program=Ledger(), product=Ledger(), unclassified=Ledger())
SURE = Quality(score=92, confidence=Confidence.HIGH)
RULES = {Health.RED: "R2", Health.AMBER: "A1", Health.GREEN: "G", Health.DONE: "1"}


def view(**changes: Any) -> AudienceView:
    base = AudienceView(
        key="leadership",
        name="Senior management",
        timezone="Europe/Berlin",
        link_origins=frozenset({ORIGIN}),
    )
    return replace(base, **changes)


def colour(health: Health, rule: str = "", reason: str = "") -> Colour:
    return Colour(health=health, rule=rule or RULES.get(health, "3"), reason=reason or "as it is")


def said(author: str = "J. Roth", at: datetime = AS_OF) -> Provenance:
    return Provenance(author=author, at=at, door=Door.CONFIGURATION, source="programs/5g.toml")


def item(key: str, title: str, project: str, **changes: Any) -> ItemMention:
    base = ItemMention(
        uid=f"jira:{key}",
        key=key,
        title=title,
        url=f"{ORIGIN}/browse/{key}",
        project=project,
        level=VerdictLevel.PROGRAM,
    )
    return replace(base, **changes)


def project(key: str, name: str, health: Health, **changes: Any) -> ProjectResult:
    """One project; `probability`, `p50`, `p85`, `throughput`, `added` go into its forecast."""
    inputs = ForecastInputs(
        as_of=TODAY,
        target=changes.get("target"),
        throughput=changes.pop("throughput", (3,) * 12),
        remaining=changes.get("remaining", 20),
        scope_added=changes.pop("added", 0),
        withheld=changes.pop("withheld", ""),
    )
    forecast = Forecast(
        inputs=inputs,
        probability=changes.pop("probability", None),
        p50=changes.pop("p50", None),
        p85=changes.pop("p85", None),
        beyond_horizon=changes.pop("beyond_horizon", False),
        overrun_open=changes.pop("overrun_open", False),
    )
    shown = changes.pop("shown", colour(health))
    base = ProjectResult(
        key=key,
        name=name,
        owner="",
        team=key,
        kind=ProjectKind.DELIVERY,
        criticality=Criticality.SHOULD,
        computed=shown,
        shown=shown,
        facts=ProjectFacts(),
        forecast=forecast,
        quality=SURE,
        ledgers=NO_LEDGERS,
        total=60,
        done=40,
        remaining=20,
        wip=5,
        progress=2 / 3,
        planned=0.6,
        start=date(2026, 4, 1),
        target=None,
    )
    return replace(base, **changes)


def _as_member(project: ProjectResult) -> MemberFacts:
    return MemberFacts(key=project.key, name=project.name, health=project.shown.health)


def group(
    scope: str, name: str, projects: tuple[ProjectResult, ...], **changes: Any
) -> GroupResult:
    """One program or product; figures and colour default to its first project's."""
    first = projects[0]
    shown = changes.pop("shown", first.shown)
    base = GroupResult(
        scope=scope,
        key=scope.partition(":")[2],
        name=name,
        owner="",
        objective="",
        projects=tuple(entry.key for entry in projects),
        computed=shown,
        shown=shown,
        facts=ProgramFacts(members=tuple(map(_as_member, projects)), joint=None),
        probability=first.forecast.probability,
        p50=first.forecast.p50,
        p85=first.forecast.p85,
        target=first.target,
        withheld="",
        at_best=None,
        total=sum(entry.total for entry in projects),
        done=sum(entry.done for entry in projects),
        remaining=sum(entry.remaining for entry in projects),
        progress=first.progress,
        planned=first.planned,
        quality=first.quality,
        ledgers=NO_LEDGERS,
    )
    return replace(base, **changes)


def source(connection: str, container: str, **changes: Any) -> SourceState:
    return replace(
        SourceState(connection=connection, container=container, last_success_at=AS_OF), **changes
    )


def snapshot(**changes: Any) -> Snapshot:
    base = Snapshot(
        id="snap-1",
        as_of=AS_OF,
        timezone="Europe/Berlin",
        currency="EUR",
        reconstructed=False,
        config_hash="c0ffee",
        engine_version="1",
        projects=(),
        programs=(),
        products=(),
        risks=(),
        unmerged=(),
        gates=(),
        decisions=(),
        owner_statuses=(),
        sources=(source("jira", "NET"), source("ado", "REG")),
        unclaimed=(),
        recent_moves=(),
        restricted=0,
        unclassified_share=0.0,
        reopened=0,
        overrides=0,
        holidays=0,
        freezes=0,
    )
    return replace(base, **changes)


def risk(rule: str, scope: str, title: str, score: int, band: str, **changes: Any) -> Risk:
    base = Risk(
        id=f"R-{rule}-{scope}",
        rule=rule,
        scope=scope,
        title=title,
        probability=4,
        impact=max(1, score // 4),
        score=score,
        band=band,
        change=RiskChange.UNCHANGED,
    )
    return replace(base, **changes)


def gate(scope: str, name: str, on: date, probability: float | None, owner: str) -> GateResult:
    return GateResult(
        scope=scope, name=name, on=on, owner=owner, remaining=5, probability=probability
    )


def decision(scope: str, question: str, **changes: Any) -> Decision:
    base = Decision(
        id=f"D-{scope}",
        scope=scope,
        question=question,
        decider="CTO",
        needed_by=date(2026, 11, 26),
        recommendation="A",
        confirmed_by="J. Roth",
        provenance=said(),
    )
    return replace(base, **changes)


EXECUTIVE = view()
PROGRAM_VIEW = view(key="program-teams", name="5G team", lens=Lens.PROGRAM)
PRODUCT_VIEW = view(key="phone-team", name="Phone team", lens=Lens.PRODUCT, programs=())
