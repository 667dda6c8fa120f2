"""Block 4, what changed: at most five facts with their causes, the weightiest first."""

from __future__ import annotations

from collections.abc import Iterator

from syncer.domain.colour_change import ColourChange
from syncer.domain.gaming import MembershipChange
from syncer.domain.health import Health
from syncer.domain.report import (
    DependencyFinding,
    Evidence,
    GroupResult,
    ItemDateMove,
    ProjectResult,
    Risk,
    RiskChange,
)
from syncer.publish.digest.backing import (
    colour_evidence,
    count_evidence,
    edge_evidence,
    item_keys,
)
from syncer.publish.digest.commitments import (
    change_claim,
    decided,
    how_moved,
    paces,
    targets,
    trail,
)
from syncer.publish.digest.context import Context, severity
from syncer.publish.digest.figures import named, word
from syncer.publish.digest.model import Claim
from syncer.publish.digest.risks import ranked, title
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import (
    counted,
    day,
    days,
    listed,
)

MOST = 5
_LONGEST = 30
_NAMED = 3
_EVEN = 0.5


def changes(context: Context, top: frozenset[str]) -> tuple[Claim, ...]:
    """What happened since the last edition; `top` are risks that the next block lists anyway."""
    every = [claim for block in _blocks(context, top) for claim in block]
    return tuple(every[:MOST])


def _blocks(context: Context, top: frozenset[str]) -> Iterator[Iterator[Claim]]:
    """From causes to consequences to housekeeping: the order is the rank."""
    yield _late_news(context)
    yield _moves(context, with_consequence=True)
    yield _colours(context, worse=True)
    yield _finished(context)
    yield paces(context)
    yield targets(context)
    yield decided(context)
    yield _membership(context)
    yield _unclaimed(context)
    yield _risks(context, top)
    yield _colours(context, worse=False)
    yield _reopened(context)
    yield _moves(context, with_consequence=False)


# --- what the last edition could not know ------------------------------------------------------


def _late_news(context: Context) -> Iterator[Claim]:
    """A scope was darker last time than was said: its data came late. A correction is due."""
    for news in context.snapshot.late_news:
        if context.ungrouped or news.scope in context.scopes:
            backing = Evidence(
                label=f"{clean(news.name, 40)}: colour at the last edition",
                value=f"{word(news.published)}, by what is known now {word(news.known_now)}",
                formula=context.shown.text(news.reason),
            )
            text = (
                f"Correction of the last edition: {context.short(news.scope)} was "
                f"{named(news.known_now)}, not {named(news.published)}; its data came late"
            )
            yield change_claim(text, "correction", backing)


# --- dates of items --------------------------------------------------------------------------


def _moves(context: Context, *, with_consequence: bool) -> Iterator[Claim]:
    for entry in context.moves:
        waiting = _waiting_on(entry, context)
        concerned = bool(waiting) or _concerns(entry, context)
        if concerned and bool(waiting) is with_consequence:
            yield _move_claim(entry, waiting, context)


def _concerns(entry: ItemDateMove, context: Context) -> bool:
    mine = {project.key for project in context.projects}
    return entry.item.project in mine and context.shown.may_name(entry.item)


def _waiting_on(entry: ItemDateMove, context: Context) -> list[DependencyFinding]:
    """Late dependencies of this audience that hang on the moved item, the latest a project."""
    worst: dict[str, DependencyFinding] = {}
    for project in context.projects:
        for edge in context.edges(project):
            hangs = entry.item.uid in {edge.root.uid, edge.predecessor.uid}
            if hangs and (edge.lateness or 0) > (_late(worst.get(project.key)) or 0):
                worst[project.key] = edge
    return sorted(worst.values(), key=lambda edge: (-_late(edge), edge.project))


def _late(edge: DependencyFinding | None) -> int:
    return (edge.lateness or 0) if edge else 0


def _move_claim(entry: ItemDateMove, waiting: list[DependencyFinding], context: Context) -> Claim:
    label = context.shown.label(entry.item, 50)
    what = "A restricted item" if entry.item.restricted else label
    waits = [f"{context.place(edge.project)} {days(_late(edge))}" for edge in waiting[:_NAMED]]
    consequence = f": {_must_wait(waits)}" if waits else ""
    backing = Evidence(
        label=f"{what}: due date",
        value=trail(entry.move.before, entry.move.after),
        formula=f"{entry.working_days} working days",
        items=(context.shown.item(entry.item).key,) if context.shown.may_name(entry.item) else (),
    )
    change = how_moved(entry.move.before, entry.move.after, context.today)
    late = (edge_evidence(edge, context) for edge in waiting[:_NAMED])
    return change_claim(f"{what} {change}{consequence}", "date", backing, *late)


def _must_wait(waits: list[str]) -> str:
    first, *rest = waits
    name, _, length = first.rpartition(" ")
    head, _, count = name.rpartition(" ")
    return listed([f"{head} waits {count} {length}", *rest])


# --- colours ---------------------------------------------------------------------------------


def _colours(context: Context, *, worse: bool) -> Iterator[Claim]:
    mine = [c for c in context.colour_changes if context.ungrouped or c.scope in context.scopes]
    moved_for = {key for entry in context.moves for key in _hit(entry, context)}
    told: set[str] = set()
    for change in sorted(mine, key=_by_weight):
        got_worse = severity(change.after) > severity(change.before)
        if got_worse is worse and not _told(change, told, moved_for, context=context):
            told |= _projects_of(change.scope, context)
            yield _colour_claim(change, context)


def _by_weight(change: ColourChange) -> tuple[bool, int]:
    """Projects before what follows from them, the darkest first."""
    return change.cause == "members", -severity(change.after)


def _hit(entry: ItemDateMove, context: Context) -> set[str]:
    return {edge.project for edge in _waiting_on(entry, context)}


def _told(change: ColourChange, told: set[str], moved_for: set[str], *, context: Context) -> bool:
    """Whether a sentence before this one says it: the moved date, or a member's own change."""
    projects = _projects_of(change.scope, context)
    if change.cause == "members":
        return bool(projects & told)
    by_move = change.cause == "dependency" and projects <= moved_for
    return bool(projects) and (by_move or projects <= told)


def _projects_of(scope: str, context: Context) -> set[str]:
    if scope.startswith("proj:"):
        return {scope.partition(":")[2]}
    group = context.snapshot.group(scope)
    return set(group.projects) if group else set()


def _colour_claim(change: ColourChange, context: Context) -> Claim:
    fallback = f"{clean(change.name, 40)} turned {named(change.after)} by {change.cause}"
    backing = Evidence(
        label=f"{clean(change.name, 40)}: colour",
        value=f"{word(change.before)} → {word(change.after)}",
        formula=f"cause: {clean(change.cause)}, found by recomputing with one input of last week",
        inputs=(context.shown.text(change.text, 300),) if change.text else (),
    )
    now = (colour_evidence(entry, context) for entry in _entry(change.scope, context))
    return change_claim(context.named_short(change.text) or fallback, "colour", backing, *now)


def _entry(scope: str, context: Context) -> Iterator[ProjectResult | GroupResult]:
    """The scope as it is now, where it still is."""
    found = context.snapshot.group(scope) or context.snapshot.project(scope.partition(":")[2])
    if found is not None:
        yield found


def _finished(context: Context) -> Iterator[Claim]:
    """The closing summary of a program that is done since the last edition."""
    for group in context.groups:
        before = context.earlier_group(group.scope)
        was_open = before is not None and before.shown.health is not Health.DONE
        if group.shown.health is Health.DONE and was_open:
            yield _closing(group, context)


def _closing(group: GroupResult, context: Context) -> Claim:
    members = context.members(group)
    planned = max((p.baseline_target for p in members if p.baseline_target), default=None)
    slip = max((project.slip_days for project in members), default=0)
    baseline = f"baseline {day(planned, today=context.today)}, " if planned else ""
    slipped = f"slip {counted(slip, 'working day')}" if slip > 0 else "no slip"
    done = f"done by {day(context.today, today=context.today)}"
    facts = f"{baseline}{done}, {slipped}; benefits still to be measured"
    dates = Evidence(
        label=f"{context.name(group)}: baseline and end",
        value=f"baseline {planned}, done by {context.today.isoformat()}",
        formula=f"slip {slip} working days, the longest of its projects",
    )
    count = count_evidence(group, context)
    return change_claim(f"{context.name(group)} is finished: {facts}", "finished", dates, count)


# --- membership, unclaimed work, risks, reopened ----------------------------------------------


def _membership(context: Context) -> Iterator[Claim]:
    """Projects that joined or left a program: told for four weeks, so that nobody overlooks it."""
    for group in context.groups:
        for change in group.membership:
            yield _membership_claim(group, change, context)


def _membership_claim(group: GroupResult, change: MembershipChange, context: Context) -> Claim:
    joined = [clean(name, 40) for _, name in change.joined]
    left = [clean(name, 40) for _, name in change.left]
    parts = [f"{listed(joined)} joined"] if joined else []
    parts += [f"{listed(left)} left"] if left else []
    when = f" on {day(change.on, today=context.today)}" if change.on < context.today else ""
    after = len(group.projects)
    backing = Evidence(
        label=f"{context.name(group)}: members",
        value=f"{len(joined)} joined, {len(left)} left, {after} now",
        formula=f"since {change.on.isoformat()}",
        inputs=(*joined, *left),
    )
    text = f"Membership of {context.short(group.scope)} changed{when}: {', '.join(parts)}"
    return change_claim(text, "membership", backing)


def _unclaimed(context: Context) -> Iterator[Claim]:
    if context.previous is None:
        return
    known = {item.uid for item in context.previous.unclaimed}
    new = [item for item in context.unclaimed if item.uid not in known]
    if new:
        labels = [context.shown.label(item, 40) for item in new if context.shown.may_name(item)]
        named_items = f": {listed(labels[:2])}" if labels else ""
        backing = Evidence(
            label="Unclaimed program work",
            value=f"{counted(len(context.unclaimed), 'item')}, {len(new)} of them new",
            formula="program-level by verdict, and in no program",
            inputs=tuple(labels[:2]),
            items=item_keys(new, context),
        )
        count = counted(len(new), "program-level item")
        verb = "belongs" if len(new) == 1 else "belong"
        yield change_claim(f"{count} {verb} to no program{named_items}", "unclaimed", backing)


def _risks(context: Context, top: frozenset[str]) -> Iterator[Claim]:
    if context.previous is None:
        return
    words = {
        RiskChange.NEW: "New risk",
        RiskChange.REOPENED: "Risk reopened",
        RiskChange.WORSENED: "Risk worsened",
    }
    for risk in ranked(context):
        if risk.change in words and risk.id not in top and risk.band in {"high", "critical"}:
            yield _risk_claim(words[risk.change], risk, context)
    snapshot = context.snapshot
    for risk in context.risks_in_view((*snapshot.risks, *snapshot.past_risks)):
        if risk.change is RiskChange.CLOSED:
            yield _risk_claim("Risk closed", risk, context)


def _risk_claim(head: str, risk: Risk, context: Context) -> Claim:
    backing = Evidence(
        label=f"{risk.rule}: {risk.band}",
        value=f"score {risk.score}, {risk.change}",
        formula=f"probability {risk.probability} × impact {risk.impact}",
        rule=risk.rule,
        inputs=(title(risk, context),),
        items=item_keys(risk.subjects, context),
    )
    if risk.withdrawn_by:
        by = clean(context.shown.text(risk.withdrawn_by, 40), 40)
        head = f"Risk withdrawn by {by}"
    return change_claim(f"{head}: {title(risk, context)}, {risk.band}", "risk", backing)


def _reopened(context: Context) -> Iterator[Claim]:
    count = context.snapshot.reopened
    if count:
        backing = Evidence(label="Reopened since the last edition", value=str(count))
        yield change_claim(f"{counted(count, 'item')} reopened", "reopened", backing)
