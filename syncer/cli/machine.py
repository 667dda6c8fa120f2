"""The JSON that other people's scripts read: keys are never removed, unknown is null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from syncer.domain.completeness import Completeness
from syncer.domain.health import Health
from syncer.domain.item import Account, WorkItem
from syncer.domain.lane import LaneState
from syncer.domain.ledger import Ledger, Ledgers
from syncer.domain.link import Link, LinkKind
from syncer.domain.override import OverrideState
from syncer.domain.progress import EstimateProgress
from syncer.domain.ref import ItemRef
from syncer.domain.report import (
    Evidence,
    GroupResult,
    ProjectResult,
    Risk,
    Snapshot,
    SourceState,
)
from syncer.domain.statement import ColourOverride
from syncer.domain.verdict import Verdict
from syncer.rollup.colours.portfolio import portfolio_colour, portfolio_line

Json = dict[str, Any]


def instant(moment: datetime | None) -> str | None:
    """An instant as ISO 8601 in UTC with `Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def day(on: date | None) -> str | None:
    """A date as `YYYY-MM-DD`."""
    return None if on is None else on.isoformat()


def status_document(snapshot: Snapshot, previous: Snapshot | None) -> Json:
    """`status --format json`; `previous` is the snapshot of the last edition, None: no edition."""
    before = _states(previous)
    return {
        "as_of": instant(snapshot.as_of),
        "snapshot": snapshot.id,
        "reconstructed": snapshot.reconstructed,
        "portfolio": {
            "text": portfolio_line(snapshot, previous),
            "state_if_demanded": portfolio_colour(snapshot).health,
        },
        "programs": [_group(group, before) for group in snapshot.programs],
        "products": [_group(group, before) for group in snapshot.products],
        "projects": [_project(project, before) for project in snapshot.projects],
        "sources": [source_row(source, as_of=snapshot.as_of) for source in snapshot.sources],
    }


def scope_document(result: ProjectResult | GroupResult) -> Json:
    """One program, product or project, without what it was before."""
    before: Mapping[str, Health] = {}
    if isinstance(result, ProjectResult):
        document = _project(result, before)
    else:
        document = _group(result, before)
    return {name: value for name, value in document.items() if name != "previous_state"}


def _states(snapshot: Snapshot | None) -> dict[str, Health]:
    if snapshot is None:
        return {}
    groups = {group.scope: group for group in (*snapshot.programs, *snapshot.products)}
    results: Mapping[str, ProjectResult | GroupResult] = {
        **groups,
        **{project.scope: project for project in snapshot.projects},
    }
    return {scope: result.shown.health for scope, result in results.items()}


def _common(result: ProjectResult | GroupResult, before: Mapping[str, Health]) -> Json:
    return {
        "key": result.key,
        "name": result.name,
        "state": result.computed.health,
        "shown": result.shown.health,
        "rule": result.computed.rule,
        "reason": result.computed.reason,
        "previous_state": before.get(result.scope),
        "target": day(result.target),
        "remaining": result.remaining,
        "done": result.done,
        "total": result.total,
        "progress": result.progress,
        "planned": result.planned,
        "confidence": result.quality.confidence,
        "ledgers": _ledgers(result.ledgers),
        "override": _override(result.override),
    }


def _override(state: OverrideState | None) -> Json | None:
    """The newest override of a colour; `shown` says that readers see its colour."""
    if state is None:
        return None
    return override_row(state.override) | {
        "active": state.is_active,
        "shown": state.is_shown,
        "lapse": state.lapse,
        "lapsed_on": day(state.lapsed_on),
    }


def override_row(override: ColourOverride) -> Json:
    """One override of a colour as it was made, and whether it was taken back."""
    return {
        "id": override.id,
        "scope": override.scope,
        "colour": override.colour,
        "computed": override.computed,
        "reason": override.reason,
        "evidence": override.evidence or None,
        "author": override.provenance.author,
        "approver": override.approver or None,
        "created_at": instant(override.provenance.at),
        "expires": day(override.expires),
        "since": day(override.since),
        "renewals": override.renewals,
        "undone_at": instant(override.undone_at),
        "undone_by": override.undone_by or None,
    }


def _group(group: GroupResult, before: Mapping[str, Health]) -> Json:
    from syncer.cli.machine_product import product_row

    own = {"product": product_row(group.product)} if group.product is not None else {}
    return _common(group, before) | {
        "probability": group.probability,
        "p50": day(group.p50),
        "p85": day(group.p85),
        **own,
    }


def _project(project: ProjectResult, before: Mapping[str, Health]) -> Json:
    forecast = project.forecast
    return _common(project, before) | {
        "baseline_progress": project.baseline_progress,
        **_by_estimate(project.by_estimate),
        "probability": forecast.probability,
        "p50": day(forecast.p50),
        "p85": day(forecast.p85),
        "flow": _flow(project),
    }


def _by_estimate(found: EstimateProgress | None) -> Json:
    """What `progress` is a share of, where the project asks for estimates; else no such field."""
    if found is None:
        return {}
    told = {
        "by": "estimate" if not found.refused else "count",
        "unit": found.unit or None,
        "done": found.done,
        "total": found.total,
        "estimated": found.estimated,
        "unestimated": found.unestimated,
        "refused": found.refused or None,
    }
    return {"progress_measure": told}


def _flow(project: ProjectResult) -> Json:
    """How the work flows, in calendar days; aging and blocked items are counted."""
    flow = project.flow
    return {
        "in_progress": project.wip,
        "aging": len(flow.aging),
        "aging_limit": flow.aging_limit,
        "blocked": len(flow.blocked),
        "blocked_days": flow.blocked_days,
        "finished": flow.finished,
        "cycle_p50": flow.cycle_p50,
        "cycle_p85": flow.cycle_p85,
        "cycle_p95": flow.cycle_p95,
        "efficiency": flow.efficiency,
    }


def _ledgers(ledgers: Ledgers) -> Json:
    return {
        "program": _ledger(ledgers.program),
        "product": _ledger(ledgers.product),
        "unclassified": _ledger(ledgers.unclassified),
    }


def _ledger(ledger: Ledger) -> Json:
    return {"open": ledger.open, "late": ledger.late, "done": ledger.done}


def source_row(source: SourceState, *, as_of: datetime) -> Json:
    """How fresh and how complete one container is at an instant (UTC)."""
    last, detail = source.last_success_at, source.detail
    return {
        "connection": source.connection,
        "container": source.container or None,
        "last_success_at": instant(last),
        "error": source.error or None,
        "found_by_reconcile": source.found_by_reconcile,
        "hidden": source.hidden,
        "quarantined": source.quarantined,
        "missing_detail": list(source.missing_detail),
        "lag_seconds": None if last is None else (as_of - last).total_seconds(),
        "webhook_lag_seconds": detail.webhook_lag_seconds,
        "items": detail.items,
        "unmapped": detail.unmapped,
        "census": _census(detail),
        "lanes": {lane: _lane(one) for lane, one in sorted(detail.lanes.items())},
        "failing_since": instant(detail.failing_since),
        "access_lost_since": instant(detail.lost_since),
        "degraded_since": instant(detail.degraded_since),
        "next_attempt": _next_attempt(detail, as_of),
        "former_containers": list(detail.former),
    }


def _census(detail: Completeness) -> Json:
    return {
        "at": instant(detail.census_at),
        "items": detail.census_items,
        "covered": detail.is_covered(),
        "note": detail.census_note or None,
    }


def _lane(state: LaneState) -> Json:
    return {
        "passes": state.passes,
        "seen": state.seen,
        "stored": state.stored,
        "failed": state.failed,
        "lag_seconds": state.lag_seconds,
        "last_at": instant(state.last_at),
        "last_success_at": instant(state.last_success_at),
    }


def _next_attempt(detail: Completeness, as_of: datetime) -> Json | None:
    found = detail.next_attempt(now=as_of)
    return None if found is None else {"at": instant(found[0]), "why": found[1] or None}


def risk_row(risk: Risk) -> Json:
    """One object of `risks --format json`."""
    return {
        "id": risk.id,
        "rule": risk.rule,
        "scope": risk.scope,
        "title": risk.title,
        "probability": risk.probability,
        "impact": risk.impact,
        "score": risk.score,
        "band": risk.band,
        "owner": risk.owner or None,
        "exposure_days": risk.exposure_days,
        "exposure_money": risk.exposure_money,
        "change": risk.change,
        "roam": risk.roam,
        "text": risk.text or None,
        "materialised_at": day(risk.materialised_at),
        "blast_radius": risk.blast_radius or None,
        "residual_probability": risk.residual_probability,
        "residual_impact": risk.residual_impact,
        "evidence": [evidence_row(evidence) for evidence in risk.evidence],
    }


def evidence_row(evidence: Evidence) -> Json:
    """One figure and what stands behind it."""
    return {
        "label": evidence.label,
        "value": evidence.value,
        "formula": evidence.formula or None,
        "items": list(evidence.items),
        "url": evidence.url or None,
    }


def item_row(
    item: WorkItem, *, project: str | None, parent: WorkItem | None, verdict: Verdict | None
) -> Json:
    """One object of `items --format jsonl`; `project` is the key of the project that holds it."""
    return {
        "ref": {"connection": item.ref.connection, "id": item.ref.id},
        "key": item.key,
        "url": item.url or None,
        "container": str(item.container),
        "project": project,
        "type": item.native_type or None,
        "kind": item.kind,
        "hierarchy_level": item.hierarchy_level,
        "title": item.title,
        "body": item.body,
        "status": item.native_status or None,
        "status_category": item.status_category,
        "backlog": item.backlog,
        "resolution": item.resolution,
        "priority": item.priority,
        "labels": list(item.labels),
        "components": list(item.components),
        "fix_versions": [version.name for version in item.fix_versions],
        "assignees": [account.name for account in item.assignees],
        "reporter": _name(item.reporter),
        "parent": _parent(item, parent),
        "links": list(_links(item.links)),
        "created_at": instant(item.created_at),
        "updated_at": instant(item.updated_at),
        "started_at": instant(item.started_at),
        "done_at": instant(item.done_at),
        "start_date": day(item.start_date),
        "due_date": day(item.due_date),
        "estimate": item.estimate,
        "state": item.state,
        "classification": None if verdict is None else verdict_row(verdict),
    }


def _name(account: Account | None) -> str | None:
    return None if account is None else account.name


def _parent(item: WorkItem, parent: WorkItem | None) -> Json | None:
    if item.parent is None:
        return None
    return _ref(item.parent, parent.key if parent else item.parent_key)


def _ref(ref: ItemRef, key: str) -> Json:
    return {"connection": ref.connection, "id": ref.id, "key": key or None}


def _links(links: Sequence[Link]) -> Iterator[Json]:
    """Outgoing links under their kind, and "is blocked by" as the one incoming kind."""
    for link in links:
        if not link.inward:
            yield {"kind": link.kind, "to": _ref(link.to, link.to_key)}
        elif link.kind is LinkKind.BLOCKS:
            yield {"kind": "blocked_by", "to": _ref(link.to, link.to_key)}


def verdict_row(verdict: Verdict) -> Json:
    """A verdict with its reasons."""
    return {
        "level": verdict.level,
        "leaning": verdict.leaning,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "reasons": [
            {"signal": reason.signal, "weight": reason.weight, "text": reason.text}
            for reason in verdict.reasons
        ],
    }
