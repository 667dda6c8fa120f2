"""Block 3, the status table: one row a scope, worst first; a Red is never cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from syncer.domain.evidence import Backing, Told
from syncer.domain.health import Health
from syncer.domain.ledger import Ledger
from syncer.domain.report import DependencyFinding, Evidence, GroupResult, ProjectResult
from syncer.publish.audience import Lens
from syncer.publish.digest.backing import colours_evidence, scope_backing
from syncer.publish.digest.context import Context, severity
from syncer.publish.digest.figures import (
    likely_and_safe,
    named,
    probability_of,
    status_chance,
    status_dates,
    word,
)
from syncer.publish.digest.model import Place, StatusRow
from syncer.publish.digest.trend import trend
from syncer.publish.digest.wording import counted, cut, day, days, first_words
from syncer.rollup.colours.overrides import said
from syncer.rollup.tolerance import below

MOST_ROWS = 8
_EXPANDED_PROGRAMS = 2
_NOTE_TITLE = 24
_REASON = 60
_OVERRIDE_WORDS = 20
_SURE = 0.85
_FROM_CHANCE = frozenset({"R2", "A1", "R3", "A2"})
MEMBER_RULES = frozenset({"R1", "R2", "A1"})
"""Rules of a program or product that only say which members are not Green."""


def status_rows(context: Context) -> tuple[StatusRow, ...]:
    """Every scope of the audience as a row, each at its place in the table or in a line."""
    if context.ungrouped:
        ordered = sorted(context.projects, key=lambda p: -severity(p.shown.health))
        return placed([status_row(project, context) for project in ordered])
    rows: list[StatusRow] = []
    for group in context.groups:
        children = _children(group, context)
        rows += _without_echo(status_row(group, context, expanded=bool(children)), children)
    return placed(rows)


def _without_echo(parent: StatusRow, children: list[StatusRow]) -> list[StatusRow]:
    """A program's own "was" goes where the project that decides it says the same."""
    echoed = any(child.chance == parent.chance for child in children)
    if echoed and " (was " in parent.chance:
        head, _, rest = parent.chance.partition(" (was ")
        parent = replace(parent, chance=head + rest.partition(")")[2])
    return [parent, *children]


def _children(group: GroupResult, context: Context) -> list[StatusRow]:
    programs = sum(entry.scope.startswith("prog:") for entry in context.groups)
    is_program = group.scope.startswith("prog:")
    wanted = is_program if context.view.lens is Lens.EXECUTIVE else len(group.projects) > 1
    few = programs <= _EXPANDED_PROGRAMS or context.view.lens is not Lens.EXECUTIVE
    if not (wanted and few):
        return []
    return [status_row(project, context, depth=1) for project in context.members(group)]


def status_row(
    entry: ProjectResult | GroupResult, context: Context, *, depth: int = 0, expanded: bool = False
) -> StatusRow:
    """One scope as a row; `expanded` where its projects stand below it."""
    before = _earlier(entry, context)
    was = probability_of(before) if before else None
    likely, safe = likely_and_safe(entry)
    overridden = entry.shown.health is not entry.computed.health
    mark = _mark(entry, context) if overridden else ""
    note = "" if expanded and not overridden else _note(entry, context)
    dates = status_dates(entry, context)
    return StatusRow(
        scope=entry.scope,
        name=context.name(entry),
        depth=depth,
        criticality=entry.criticality if isinstance(entry, ProjectResult) else None,
        health=entry.shown.health,
        computed=entry.computed.health,
        previous=before.shown.health if before else None,
        trend=trend(entry, before, context),
        rule=entry.shown.rule,
        reason=context.shown.text(entry.shown.reason),
        probability=probability_of(entry),
        previous_probability=was,
        target=entry.target,
        p50=likely,
        p85=safe,
        chance=status_chance(entry, was, context),
        dates=dates,
        note=(mark + note).rstrip("; ") if note != dates else mark.rstrip("; "),
        evidence=scope_backing(entry, context),
    )


def _mark(entry: ProjectResult | GroupResult, context: Context) -> str:
    """What was computed, and whose override is shown instead, for how long and why."""
    state = entry.override
    if state is None or not state.is_shown:
        return f"computed {word(entry.computed.health)}; "
    told = context.named_short(said(state.override), 300)
    return f"computed {word(state.own.health)}, {first_words(told, _OVERRIDE_WORDS)}; "


def _earlier(
    entry: ProjectResult | GroupResult, context: Context
) -> ProjectResult | GroupResult | None:
    if isinstance(entry, ProjectResult):
        return context.earlier_project(entry.key)
    return context.earlier_group(entry.scope)


def _note(entry: ProjectResult | GroupResult, context: Context) -> str:
    if isinstance(entry, ProjectResult):
        return project_note(entry, context)
    members = context.members(entry)
    if len(members) == 1:
        return project_note(members[0], context) or _reason_note(entry, context)
    return _member_note(members, context) or _reason_note(entry, context)


def _member_note(members: Sequence[ProjectResult], context: Context) -> str:
    """The members that are the reason: `Red: Network · Amber: Outreach`."""
    parts: list[str] = []
    for health in (Health.RED, Health.AMBER, Health.UNKNOWN, Health.NO_PLAN):
        names = [context.short(p.scope) for p in members if p.shown.health is health]
        shown = ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")  # noqa: PLR2004 - two names fit a cell
        parts += [f"{named(health).capitalize()}: {shown}"] if names else []
    return " · ".join(parts[:2])


def project_note(project: ProjectResult, context: Context) -> str:
    """What the other cells do not tell: a late dependency, the reason, an item still due."""
    late = _late_note(project, context) if _by_dependency(project) else ""
    beyond = _beyond_note(project, context)
    reason = "" if late else _reason_note(project, context)
    return "; ".join(part for part in (late, reason, beyond) if part)


def _by_dependency(project: ProjectResult) -> bool:
    """Whether a late predecessor gave the colour; R6 may also be a missed gate."""
    rule = project.shown.rule
    return rule == "A6" or (rule == "R6" and not project.facts.must_gate_missed_days)


def _late_note(project: ProjectResult, context: Context) -> str:
    """`demo 2 days late (permit)`: the worst late dependency, its root in brackets."""
    late = context.edges(project)
    if not late:
        return ""
    worst = max(late, key=_how_late)
    waiting = _cell_label(worst, context)
    root = context.shown.label(worst.root, _NOTE_TITLE)
    return f"{waiting} {days(worst.lateness or 0)} late ({root})"


def _how_late(edge: DependencyFinding) -> tuple[int, int, str]:
    return (edge.lateness or 0, edge.hops, edge.waiting.uid)


def _cell_label(edge: DependencyFinding, context: Context) -> str:
    if not context.shown.may_name(edge.waiting) and not edge.waiting.restricted:
        return "1 item"
    return context.shown.label(edge.waiting, _NOTE_TITLE)


def _beyond_note(project: ProjectResult, context: Context) -> str:
    """`permit 22 Jan`: an open item that is due after the safe date."""
    countable = filter(context.shown.may_count, project.beyond_safe)
    dated = sorted((item.due, item.uid, item) for item in countable if item.due)
    if not dated:
        return ""
    due, _, item = dated[-1]
    more = f" +{len(dated) - 1}" if len(dated) > 1 else ""
    label = context.shown.label(item, _NOTE_TITLE) if context.shown.may_name(item) else "1 item"
    return f"{label} {day(due, today=context.today)}{more}"


def _reason_note(entry: ProjectResult | GroupResult, context: Context) -> str:
    """The reason where the other cells do not say it already."""
    probability, rule = probability_of(entry), entry.shown.rule
    by_chance = rule in _FROM_CHANCE and probability is not None and below(probability, _SURE)
    by_members = isinstance(entry, GroupResult) and rule in MEMBER_RULES
    overridden = entry.override is not None and entry.override.is_shown
    if overridden or by_chance or by_members or entry.shown.health in {Health.GREEN, Health.DONE}:
        return ""
    return brief(context.named_short(entry.shown.reason))


def brief(reason: str) -> str:
    """A reason that fits a cell: its first clauses, or its first characters."""
    while len(reason) > _REASON and "; " in reason:
        reason = reason.rpartition("; ")[0]
    return cut(reason, _REASON)


def placed(rows: Sequence[StatusRow], limit: int = MOST_ROWS) -> tuple[StatusRow, ...]:
    """Move rows to a line by name until the table fits: Green first, Red never."""
    if len(rows) > limit:
        rows = [_in_line(row) if severity(row.health) == 0 else row for row in rows]
    spare = limit - sum(row.health is Health.RED for row in rows)
    kept: list[StatusRow] = []
    for row in rows:
        if row.place is Place.ROW and row.health is not Health.RED:
            spare -= 1
            row = row if spare >= 0 else _in_line(row)  # noqa: PLW2901 - the row as placed
        kept.append(row)
    return tuple(kept)


def in_lines(rows: Sequence[StatusRow]) -> tuple[StatusRow, ...]:
    """No table at all: a quiet week names everything in one line."""
    return tuple(_in_line(row) for row in rows)


def _in_line(row: StatusRow) -> StatusRow:
    return replace(row, place=Place.LINE)


def status_lines(rows: Sequence[StatusRow], context: Context) -> tuple[Told, ...]:
    """The distribution, and by name whatever has no row of its own."""
    lines = [_distribution(rows)] if _needs_distribution(rows) else []
    in_line = _line_rows(rows)
    for health in sorted(Health, key=lambda h: -severity(h)):
        alike = [row for row in in_line if row.health is health]
        text = f"{named(health).capitalize()}: {', '.join(row.name for row in alike)}."
        lines += [Told(text, Backing(colours_evidence(alike)))] if alike else []
    if context.view.lens is Lens.PROGRAM and len(context.groups) <= _EXPANDED_PROGRAMS:
        programs = (group for group in context.groups if group.scope.startswith("prog:"))
        lines += [_ledgers(program, context) for program in programs]
    return tuple(lines) or _nothing(rows, context)


def _ledgers(group: GroupResult, context: Context) -> Told:
    """The two ledgers of a program manager (roll-up spec, section 2.11 a)."""
    name, two = context.short(group.scope), group.ledgers
    levels = (("cross-project work", two.program), ("product work", two.product))
    backing = (
        Evidence(
            label=f"{name}: {level}",
            value=_ledger(ledger),
            formula="items by the level of their verdict, epics beside their parts",
        )
        for level, ledger in levels
    )
    told = "; ".join(f"{level} {_ledger(ledger)}" for level, ledger in levels)
    return Told(f"{name}: {told}.", Backing(*backing))


def _ledger(ledger: Ledger) -> str:
    late = f" ({ledger.late} late)" if ledger.late else ""
    return f"{ledger.open} open{late}, {ledger.done} done"


def _line_rows(rows: Sequence[StatusRow]) -> list[StatusRow]:
    """What is named in lines; a project that is as Green as its program is told with it."""
    kept: list[StatusRow] = []
    parent: StatusRow | None = None
    for row in rows:
        parent = row if row.depth == 0 else parent
        echo = row is not parent and parent in kept and parent.health is row.health
        if row.place is Place.LINE and not (echo and severity(row.health) == 0):
            kept.append(row)
    return kept


def _needs_distribution(rows: Sequence[StatusRow]) -> bool:
    top = [row for row in rows if row.depth == 0]
    told_by_name = len({row.health for row in top}) == 1 and top[0].place is Place.LINE
    return len(top) > _EXPANDED_PROGRAMS and not told_by_name


def _distribution(rows: Sequence[StatusRow]) -> Told:
    """`12 programs: 2 Red · 3 Amber`: roll up by exception, never by average."""
    top = [row for row in rows if row.depth == 0]
    sorts = Counter(row.scope.partition(":")[0] for row in top)
    nouns = {"prog": "program", "prod": "product", "proj": "project"}
    heads = [counted(sorts[sort], noun) for sort, noun in nouns.items() if sorts[sort]]
    counts = Counter(_counted_as(row) for row in top)
    order = sorted(counts, key=lambda pair: (-pair[0], pair[1]))
    text = f"{', '.join(heads)}: " + " · ".join(f"{counts[p]} {p[1]}" for p in order) + "."
    return Told(text, Backing(colours_evidence(top)))


def _counted_as(row: StatusRow) -> tuple[int, str]:
    """What only cannot be confirmed is counted apart (section 3.2)."""
    if row.rule == "A8" or row.health is Health.NO_PLAN:
        return 2, "cannot be confirmed"
    return severity(row.health), named(row.health)


def _nothing(rows: Sequence[StatusRow], context: Context) -> tuple[Told, ...]:
    if rows:
        return ()
    found = len(context.snapshot.projects)
    backing = Backing(Evidence(label="Projects in the snapshot", value=str(found)))
    if found:
        return (Told("No program or product matches this audience.", backing),)
    return (Told("No project has any work item yet.", backing),)
