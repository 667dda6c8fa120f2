"""What stands behind the figures of a scope: its rule with inputs and thresholds, counts, dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from syncer.domain.evidence import Backing
from syncer.domain.report import (
    DependencyFinding,
    Evidence,
    GroupResult,
    ItemMention,
    ProjectResult,
)
from syncer.publish.digest.context import Context
from syncer.publish.digest.figures import (
    inputs,
    likely_and_safe,
    probability_of,
    withheld,
    word,
)
from syncer.publish.digest.model import StatusRow
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import days, long_day
from syncer.publish.progress import progress_evidence
from syncer.publish.rulebook import inputs_of, rule_of, thresholds_of
from syncer.rollup.display import BEYOND_HORIZON, show_probability

Scope = ProjectResult | GroupResult

_MEMBERS = 12
_NOUNS = {"prog": "programs", "prod": "products", "proj": "projects"}


def scope_backing(entry: Scope, context: Context) -> Backing:
    """All that stands behind a status row of a scope."""
    return Backing(
        colour_evidence(entry, context),
        *override_evidence(entry, context),
        *_shown_evidence(entry, context),
        count_evidence(entry, context),
        *measure_evidence(entry, context),
        *forecast_evidence(entry, context),
        *_earlier_evidence(entry, context),
        *_work_evidence(entry, context),
    )


def colour_evidence(entry: Scope, context: Context) -> Evidence:
    """The computed colour: the rule that gave it, the facts it read, its thresholds."""
    colour, tell = entry.computed, context.shown.text
    rule = rule_of(colour.rule, entry.facts)
    return Evidence(
        label=f"{context.name(entry)}: colour",
        value=word(colour.health),
        formula=f"{colour.rule}: {tell(colour.reason)}",
        rule=f"{colour.rule}: {rule.says}" if rule.says else colour.rule,
        inputs=tuple(tell(line) for line in inputs_of(rule, entry.facts))[:_MEMBERS],
        thresholds=tuple(thresholds_of(rule, entry.facts, context.rules)),
    )


def _shown_evidence(entry: Scope, context: Context) -> Iterator[Evidence]:
    """The shown colour where its words are not those of the computed one."""
    if entry.shown != entry.computed:
        yield Evidence(
            label=f"{context.name(entry)}: colour shown",
            value=word(entry.shown.health),
            formula=f"{entry.shown.rule}: {context.shown.text(entry.shown.reason, 300)}",
            rule=entry.shown.rule,
        )


def override_evidence(entry: Scope, context: Context) -> tuple[Evidence, ...]:
    """The override that is shown: who, why, approved by whom, and what they point to."""
    state = entry.override
    if state is None or not state.is_shown:
        return ()
    override = state.override
    approved = f"; approved by {override.approver}" if override.approver else ""
    backing = Evidence(
        label=f"{context.name(entry)}: override until {override.expires.isoformat()}",
        value=word(override.colour),
        formula=f"{override.provenance.author}: {override.reason}{approved}",
        url=override.evidence,
    )
    return context.shown.evidence((backing,))


def count_evidence(entry: Scope, context: Context) -> Evidence:
    """How many items are done of how many."""
    return Evidence(
        label=f"{context.name(entry)}: items done",
        value=f"{entry.done} of {entry.total}, {entry.remaining} open",
        formula="countable items, each once; cancelled ones left out",
    )


def measure_evidence(entry: Scope, context: Context) -> tuple[Evidence, ...]:
    """How far a project is by its estimates, or why they do not serve; nothing by default."""
    if not isinstance(entry, ProjectResult):
        return ()
    return progress_evidence(entry, context.name(entry), context.shown.text)


def forecast_evidence(entry: Scope, context: Context) -> Iterator[Evidence]:
    """The chance of the target and the likely and safe dates, or why there are none."""
    if entry.target is not None:
        yield chance_evidence(entry, context)
    if any(likely_and_safe(entry)) or probability_of(entry) is not None:
        yield dates_evidence(entry, context)
    why = context.shown.text(withheld(entry))
    if why:
        yield Evidence(label=f"{context.name(entry)}: no forecast", value=why)


def chance_evidence(entry: Scope, context: Context) -> Evidence:
    """The chance of the target with what it was worked out from, or why there is none."""
    probability, name = probability_of(entry), context.name(entry)
    if entry.target is None:
        return Evidence(label=f"{name}: target", value="no target")
    if probability is None:
        why = context.shown.text(withheld(entry)) or "no forecast"
        return Evidence(label=f"{name}: target", value=_iso(entry.target), formula=why)
    return Evidence(
        label=f"{name}: chance of {long_day(entry.target, today=context.today)}",
        value=show_probability(probability),
        formula=_formula(entry),
        inputs=(
            *forecast_inputs(entry),
            f"computed {probability:.4f}",
            f"target {entry.target}",
        ),
    )


def dates_evidence(entry: Scope, context: Context) -> Evidence:
    """The likely and the safe date."""
    likely, safe = likely_and_safe(entry)
    return Evidence(
        label=f"{context.name(entry)}: likely",
        value=f"{_iso(likely)}, safe {_iso(safe)}",
        formula="first working days on which the chance reaches 50 % and 85 %",
        inputs=forecast_inputs(entry),
    )


def forecast_inputs(entry: Scope) -> tuple[str, ...]:
    """What a forecast was made from; a joint one has its projects' own."""
    return (inputs(entry.forecast),) if isinstance(entry, ProjectResult) else ()


def _formula(entry: Scope) -> str:
    if isinstance(entry, ProjectResult):
        return "chance that sums of draws from these weeks reach the open items by then"
    return "joint of the teams' forecasts"


def _iso(when: date | None) -> str:
    return when.isoformat() if when else BEYOND_HORIZON


def _earlier_evidence(entry: Scope, context: Context) -> Iterator[Evidence]:
    """What the last edition said of it."""
    is_project = isinstance(entry, ProjectResult)
    before: Scope | None = (
        context.earlier_project(entry.key) if is_project else context.earlier_group(entry.scope)
    )
    if before is None or context.previous is None:
        return
    chance = probability_of(before)
    told = "no forecast" if chance is None else f"{show_probability(chance)} ({chance:.4f})"
    yield Evidence(
        label=f"{context.name(entry)}: at the last edition",
        value=f"{word(before.shown.health)}, {told}",
        formula=f"snapshot of {context.local(context.previous.as_of).date().isoformat()}",
    )


def _work_evidence(entry: Scope, context: Context) -> Iterator[Evidence]:
    """Late dependencies and items due after the safe date, of a project or of an only member."""
    projects = [entry] if isinstance(entry, ProjectResult) else context.members(entry)
    for project in projects if len(projects) == 1 else ():
        late = context.edges(project)
        yield from (edge_evidence(edge, context) for edge in late)
        beyond = [one for one in project.beyond_safe if context.shown.may_count(one) and one.due]
        if beyond:
            yield _beyond_evidence(beyond, context)


def edge_evidence(edge: DependencyFinding, context: Context) -> Evidence:
    """One late dependency: since when it is needed, when it is expected, and both ends."""
    label, root = context.shown.label, context.shown.label(edge.root, 50)
    began = "" if edge.hops <= 1 else f"; begins with {root}, {edge.hops} steps before"
    return Evidence(
        label=f"{label(edge.waiting, 50)} waits for {label(edge.predecessor, 50)}",
        value=f"{days(edge.lateness or 0)} late",
        formula=f"working days from needed {edge.need_by} to expected {edge.eta}{began}",
        rule=", ".join(edge.rules),
        items=item_keys((edge.root, edge.predecessor, edge.waiting), context),
    )


def _beyond_evidence(items: Sequence[ItemMention], context: Context) -> Evidence:
    last = max(item.due for item in items if item.due)
    return Evidence(
        label="Open items due after the safe date",
        value=f"{len(items)}, the last {last.isoformat()}; +{len(items) - 1} before it",
        items=item_keys(items, context),
    )


def item_keys(items: Sequence[ItemMention], context: Context) -> tuple[str, ...]:
    """The keys of items that this audience may name, each once."""
    named = [context.shown.item(item).key for item in items if context.shown.may_name(item)]
    return tuple(dict.fromkeys(key for key in named if key))


def colours_evidence(rows: Sequence[StatusRow]) -> Evidence:
    """The colours of several scopes: how many of each, and each with the rule that gave it."""
    counts = Counter(word(row.health) for row in rows)
    sorts = Counter(row.scope.partition(":")[0] for row in rows)
    kinds = ", ".join(f"{sorts[sort]} {noun}" for sort, noun in _NOUNS.items() if sorts[sort])
    return Evidence(
        label="Colours",
        value=", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none",
        formula=f"counted over {kinds or 'nothing'}; what only cannot be confirmed stands apart",
        inputs=tuple(f"{row.name}: {word(row.health)} by {row.rule}" for row in rows),
    )


def edition_evidence(context: Context) -> Evidence:
    """The edition itself: the snapshot it was made from, its instant, its version."""
    snapshot = context.snapshot
    made = "reconstructed from item history" if snapshot.reconstructed else "read then"
    return Evidence(
        label=f"This edition, version {context.version}",
        value=f"as of {context.local(snapshot.as_of):%Y-%m-%d %H:%M}, {made}",
        formula=f"snapshot {snapshot.id}",
        inputs=(f"engine {snapshot.engine_version}",),
    )


def trackers_evidence(names: Sequence[str]) -> tuple[Evidence, ...]:
    """Behind the number of trackers, where an edition says one: by their names."""
    if len(names) <= 2:  # noqa: PLR2004 - one is named, two are "both"
        return ()
    told = ", ".join(clean(name, 30) for name in names)
    return (Evidence(label="Trackers", value=f"{len(names)}: {told}"),)
