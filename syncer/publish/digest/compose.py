"""Snapshot in, digest out: a pure function, so that one snapshot always gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncer.domain.colour_change import ColourChange
from syncer.domain.evidence import Backing, Told
from syncer.domain.health import Health
from syncer.domain.report import Evidence, Snapshot
from syncer.publish.audience import AudienceView
from syncer.publish.digest.backing import edition_evidence
from syncer.publish.digest.changes import changes
from syncer.publish.digest.context import SETTLED, Context
from syncer.publish.digest.decisions import MOST as MOST_DECISIONS
from syncer.publish.digest.decisions import needed
from syncer.publish.digest.dependencies import dependencies
from syncer.publish.digest.fit import fit
from syncer.publish.digest.gates import gates
from syncer.publish.digest.headline import entries, headline, subject
from syncer.publish.digest.model import Claim, DecisionNeeded, Digest, Links
from syncer.publish.digest.product import product_claims
from syncer.publish.digest.risks import top_risks
from syncer.publish.digest.status import in_lines, status_lines, status_rows
from syncer.publish.digest.tracker_text import clean, safe_url
from syncer.publish.digest.trust import banner, trust
from syncer.publish.digest.wording import day
from syncer.publish.digest.words import disagreements, words_of_owners
from syncer.rollup.calendar import iso_week
from syncer.rollup.rules import HealthRules

_WORRYING = frozenset({"high", "critical"})


def compose(
    snapshot: Snapshot,
    previous: Snapshot | None,
    colour_changes: Sequence[ColourChange],
    *,
    audience: AudienceView,
    version: int = 1,
    correction: str = "",
    edition: str = "",
    rules: HealthRules | None = None,
) -> Digest:
    """Make one edition for one audience.

    `previous` is the snapshot of the last published edition (a reconstructed one for a first
    edition, None where there is none). `colour_changes` are those between the two. A
    `correction` names the reason for a second version of an edition. `edition` is its name, by
    default the ISO week of the snapshot. `rules` are the thresholds that its evidence names.

    Nothing is read but the arguments: equal arguments give an equal digest of at most 350 words
    (see `fit`), in which a Red and a decision are never left off.
    """
    context = Context(
        snapshot=snapshot,
        previous=previous,
        colour_changes=colour_changes,
        view=audience,
        version=version,
        correction=correction,
        rules=rules or HealthRules(),
    )
    digest = fit(_assemble(context), context)
    return replace(digest, edition=edition) if edition else digest


def _assemble(context: Context) -> Digest:
    """All blocks in full, before the word budget."""
    decisions = needed(context)
    rows = status_rows(context)
    risks = top_risks(context, decisions)
    warnings = banner(context)
    happened = changes(context, frozenset(risk.id for risk in risks))
    is_quiet = _is_quiet(context, happened)
    rows = in_lines(rows) if is_quiet else rows
    return Digest(
        audience=context.view.key,
        audience_name=clean(context.view.name),
        lens=context.view.lens,
        edition=iso_week(context.today),
        version=context.version,
        correction=clean(context.correction, 160),
        snapshot=context.snapshot.id,
        timezone=context.view.timezone,
        as_of=context.snapshot.as_of,
        subject=subject(context, decisions, rows=rows, banner=warnings),
        banner=warnings,
        headline=headline(context, decisions, rows),
        disagreements=disagreements(context),
        decisions=decisions[:MOST_DECISIONS],
        decisions_more=max(0, len(decisions) - MOST_DECISIONS),
        status=rows,
        status_lines=status_lines(rows, context),
        words_of_owners=words_of_owners(context),
        comparison=_comparison(context),
        changes=happened,
        product=() if is_quiet else product_claims(context),
        dependencies=dependencies(context),
        risks=() if is_quiet else risks,
        gates=gates(context),
        trust=trust(context),
        quiet=is_quiet,
        evidence=_of_itself(context, decisions),
        links=_links(context),
    )


def _of_itself(context: Context, decisions: Sequence[DecisionNeeded]) -> Backing:
    """Behind what an edition says of itself: what it was made from, and what has no room."""
    waiting = len(decisions)
    more = Evidence(
        label="Decisions that wait",
        value=f"{waiting}, of which {max(0, waiting - MOST_DECISIONS)} more than are told",
    )
    reason = clean(context.correction, 160)
    corrected = Evidence(label="Correction", value=reason, formula="as its sender named it")
    extra = (corrected,) if reason else ()
    return Backing(edition_evidence(context), *extra, more)


def _comparison(context: Context) -> Told | None:
    """With what the edition compares, where that is not simply the one before."""
    if context.previous is None:
        return Told("Baseline edition: no comparison.", Backing(edition_evidence(context)))
    if context.previous.reconstructed:
        on = context.local(context.previous.as_of).date()
        made = Evidence(
            label="Compared with",
            value=f"as of {on.isoformat()}",
            formula=f"snapshot {context.previous.id}, made from the items' own histories",
        )
        when = day(on, today=context.today)
        return Told(f"Compared with {when}, reconstructed from item history.", Backing(made))
    return None


def _is_quiet(context: Context, happened: Sequence[Claim]) -> bool:
    """Nothing is asked, nothing happened, nothing is at risk, and there is a week to compare."""
    calm = bool(entries(context)) and all(e.shown.health in SETTLED for e in entries(context))
    projects_calm = all(p.shown.health is not Health.RED for p in context.projects)
    worry = any(r.band in _WORRYING for r in context.risks_in_view(context.snapshot.risks))
    asked = bool(needed(context))
    settled = calm and projects_calm and not (worry or asked or happened)
    return settled and context.previous is not None and not context.correction


def _links(context: Context) -> Links:
    """Where the pages are: the administrator's own address, so its origin is allowed."""
    page = context.view.pages_url.rstrip("/")
    allowed = safe_url(page, frozenset({page})) if page else ""
    return Links(details=allowed, evidence=f"{allowed}#evidence") if allowed else Links()
