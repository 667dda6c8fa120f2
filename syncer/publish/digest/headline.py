"""Blocks 0 and 1, subject and headline: the worst thing by name, then what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from syncer.domain.evidence import Backing, Told
from syncer.domain.health import Health
from syncer.domain.report import Evidence, GroupResult, ProjectResult
from syncer.publish.digest.backing import colours_evidence, edition_evidence, scope_backing
from syncer.publish.digest.context import SETTLED, Context, severity
from syncer.publish.digest.figures import named, probability_of
from syncer.publish.digest.model import Claim, DecisionNeeded, StatusRow
from syncer.publish.digest.status import MEMBER_RULES, brief, project_note
from syncer.publish.digest.trust import dead_sources
from syncer.publish.digest.wording import (
    counted,
    cut,
    day,
    deadline,
    first_words,
    listed,
    long_day,
    sentence,
    spelled,
)
from syncer.rollup.display import BEYOND_HORIZON, show_probability
from syncer.rollup.tolerance import below

SUBJECT_LIMIT = 60
_NAME = 18
_HEADLINE_WORDS = 30
_SURE = 0.85
_BY_MEMBERS = MEMBER_RULES | {"0b"}

_SUBJECT_WORDS = {Health.NO_PLAN: "without plan", Health.TOO_EARLY: "too early to judge"}

Scope = GroupResult | ProjectResult


def entries(context: Context) -> Sequence[Scope]:
    """What the headline speaks of, worst first."""
    if not context.ungrouped:
        return context.groups
    return sorted(context.projects, key=lambda project: -severity(project.shown.health))


def worst(context: Context) -> Scope | None:
    """The worst scope that asks anything of the reader: the least likely of the worst colour."""
    open_entries = [e for e in entries(context) if e.shown.health not in SETTLED]
    return min(open_entries, key=_how_bad, default=None)


def _how_bad(entry: Scope) -> tuple[int, float]:
    probability = probability_of(entry)
    return -severity(entry.shown.health), 1.0 if probability is None else probability


# --- subject ---------------------------------------------------------------------------------


def subject(
    context: Context,
    decisions: Sequence[DecisionNeeded],
    *,
    rows: Sequence[StatusRow],
    banner: Sequence[Claim],
) -> Told:
    """At most 60 characters of which the first 35 carry the message."""
    prefix = "Correction: " if context.correction else ""
    room = SUBJECT_LIMIT - len(prefix)
    heads = _subject_heads(context, rows, banner)
    asked = _asked(decisions, context)
    if asked:
        choices = [f"{head} · {asked}" for head in heads] + heads
    else:
        choices = [text for head in heads for text in (f"{head} · {_week(context)}", head)]
    fitting = next((choice for choice in choices if len(choice) <= room), cut(heads[-1], room))
    return Told(prefix + fitting, head_backing(context, decisions, rows))


def _week(context: Context) -> str:
    return f"W{context.today.isocalendar().week:02d}"


def _asked(decisions: Sequence[DecisionNeeded], context: Context) -> str:
    if not decisions:
        return ""
    first = decisions[0]
    if first.overdue_days:
        return "decision overdue"
    if first.needed_by is None:
        return "decision needed"
    return f"decide by {deadline(first.needed_by, today=context.today)}"


def _subject_heads(
    context: Context, rows: Sequence[StatusRow], banner: Sequence[Claim]
) -> list[str]:
    """The same message, longest first."""
    if not entries(context):
        return ["Nothing synced yet: no status" if banner else "No program matches this audience"]
    entry = worst(context)
    if entry is None:
        return [_calm(entries(context), context)]
    if entry.shown.health is Health.UNKNOWN and dead_sources(context):
        return ["No current data: status unknown"]
    name = _whole_words(context.short(entry.scope), _NAME)
    head = f"{name} {_SUBJECT_WORDS.get(entry.shown.health) or named(entry.shown.health)}"
    figure = _figure(entry)
    if figure and entry.target is not None:
        long, short = (form(entry.target, today=context.today) for form in (long_day, day))
        return [f"{head}: {figure} for {long}", f"{head}: {figure} for {short}"]
    reason = _cause(entry, rows, context)
    return [f"{head}: {reason}", f"{head}: {cut(reason, 35)}"] if reason else [head]


def _whole_words(name: str, limit: int) -> str:
    """The name cut between words, or inside its first one where that alone is too long."""
    short = cut(name, limit)
    head, space, _ = short.rpartition(" ")
    return f"{head.rstrip()}…" if short != name and space else short


def _figure(entry: Scope) -> str:
    """The chance, where the chance is what is bad; else the reason speaks."""
    probability = probability_of(entry)
    if probability is None or not below(probability, _SURE):
        return ""
    return show_probability(probability)


def _cause(entry: Scope, rows: Sequence[StatusRow], context: Context) -> str:
    """Why, where the chance does not say it: the worst member's reason, else its own."""
    if isinstance(entry, GroupResult) and len(entry.projects) > 1:
        members = context.members(entry)
        if entry.shown.rule in _BY_MEMBERS and members:
            return _member_cause(min(members, key=_how_bad), context)
    row = next((row for row in rows if row.scope == entry.scope), None)
    text = (row.note or brief(row.reason)) if row else ""
    return text.rstrip(".")


def _member_cause(project: ProjectResult, context: Context) -> str:
    """`Outreach has 83 % for 22 January`, `Phone – demo 2 days late (permit)`."""
    name, figure = context.short(project.scope), _figure(project)
    if figure and project.target is not None:
        return f"{name} has {figure} for {long_day(project.target, today=context.today)}"
    reason = project_note(project, context) or brief(context.named_short(project.shown.reason))
    return f"{name} – {reason}".rstrip(".")


def _calm(everything: Sequence[Scope], context: Context) -> str:
    running = [entry for entry in everything if entry.shown.health is Health.GREEN]
    who = running or list(everything)
    state = "on track" if running else named(who[0].shown.health)
    if len(who) == 1:
        return f"{cut(context.name(who[0]), 30)} {state}"
    return f"{_all(who, context)} {state}"


def _all(some: Sequence[Scope], context: Context) -> str:
    """`All 4 programs`, `All 4 programs and 3 products`."""
    sorts = [("prog:", "program"), ("prod:", "product"), ("proj:", "project")]
    counts = [(sum(e.scope.startswith(sort) for e in some), noun) for sort, noun in sorts]
    named_counts = [counted(count, noun) for count, noun in counts if count]
    if len(some) < len(entries(context)):
        return listed(named_counts)
    if named_counts[0].startswith("2 ") and len(named_counts) == 1:
        return named_counts[0].replace("2", "Both", 1)
    return f"All {listed(named_counts)}"


# --- headline --------------------------------------------------------------------------------


def headline(
    context: Context, decisions: Sequence[DecisionNeeded], rows: Sequence[StatusRow]
) -> Told:
    """At most two sentences and 30 words: the worst, its cause, and what is needed."""
    first = _first_sentence(context, rows)
    second = _second_sentence(context, decisions)
    room = _HEADLINE_WORDS - len(second.split())
    text = f"{first_words(first, room)} {second}"
    return Told(text, head_backing(context, decisions, rows))


def head_backing(
    context: Context, decisions: Sequence[DecisionNeeded], rows: Sequence[StatusRow]
) -> Backing:
    """Behind subject and headline: the worst scope, its worst member, and what is asked."""
    entry, found = worst(context), [edition_evidence(context)]
    if entry is not None:
        found += scope_backing(entry, context)
        if isinstance(entry, GroupResult) and context.members(entry):
            found += scope_backing(min(context.members(entry), key=_how_bad), context)
    top = [row for row in rows if row.depth == 0]
    found.append(colours_evidence(top))
    return Backing(*found, _decisions_evidence(decisions))


def _decisions_evidence(decisions: Sequence[DecisionNeeded]) -> Evidence:
    overdue = sum(bool(decision.overdue_days) for decision in decisions)
    dated = [d.needed_by.isoformat() for d in decisions if d.needed_by]
    return Evidence(
        label="Decisions that wait",
        value=f"{len(decisions)}, {overdue} overdue",
        formula="open and confirmed by a named person",
        inputs=tuple(f"by {when}" for when in dated[:1]),
    )


def _first_sentence(context: Context, rows: Sequence[StatusRow]) -> str:
    if not entries(context):
        return "There is nothing to report on."
    entry = worst(context)
    if entry is None:
        return _calm_sentence(context)
    health = entry.shown.health
    alike = [e for e in entries(context) if e.shown.health is health]
    others = "" if len(alike) == 1 else f" and {counted(len(alike) - 1, 'other')}"
    head = f"{context.name(entry)}{others} {_predicate(health, len(alike))}"
    detail = _detail(entry, context) or _cause(entry, rows, context)
    if len(alike) > 1 and detail:
        detail = f"{context.short(entry.scope)} has {detail}" if _figure(entry) else detail
    return sentence(f"{head}: {detail}" if detail else head)


def _predicate(health: Health, count: int) -> str:
    """`is Red`, `are Red`, `have no plan`."""
    if health is Health.NO_PLAN:
        return "has no plan" if count == 1 else "have no plan"
    state = "too early to judge" if health is Health.TOO_EARLY else named(health)
    return f"{'is' if count == 1 else 'are'} {state}"


def _detail(entry: Scope, context: Context) -> str:
    """`30 % chance of 19 March, safe by 13 April`."""
    figure = _figure(entry)
    if not figure or entry.target is None:
        return ""
    safe = entry.p85 if isinstance(entry, GroupResult) else entry.forecast.p85
    target = long_day(entry.target, today=context.today)
    return f"{figure} chance of {target}, {_safe(safe, context.today)}"


def _safe(when: date | None, today: date) -> str:
    return f"safe by {long_day(when, today=today)}" if when else f"safe only {BEYOND_HORIZON}"


def _calm_sentence(context: Context) -> str:
    everything = entries(context)
    green = [entry for entry in everything if entry.shown.health is Health.GREEN]
    if not green:
        return f"No work is running: all is {named(everything[0].shown.health)}."
    if len(green) == 1:
        return f"{context.name(green[0])} is on track."
    return f"{_all(green, context)} are on track."


def _second_sentence(context: Context, decisions: Sequence[DecisionNeeded]) -> str:
    if not decisions:
        calm = worst(context) is None
        return "No decision is needed." if calm else "No decision is waiting."
    overdue = sum(bool(decision.overdue_days) for decision in decisions)
    count = len(decisions)
    noun = "decision" if count == 1 else "decisions"
    if overdue:
        verb = "is" if overdue == 1 else "are"
        if count == overdue:
            return f"{spelled(count)} {noun} {verb} overdue."
        return f"{spelled(count)} {noun} needed, {overdue} overdue."
    first = decisions[0].needed_by
    if first is None:
        return f"{spelled(count)} {noun} needed."
    when = deadline(first, today=context.today, long=True)
    return (
        f"{spelled(count)} {noun} by {when}."
        if count == 1
        else f"{spelled(count)} {noun}, the first by {when}."
    )
