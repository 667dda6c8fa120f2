"""Block 7, the trust line: how old and how complete the data is, and the banner where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from syncer.domain.evidence import Backing
from syncer.domain.health import Confidence, Health
from syncer.domain.report import Evidence, GroupResult, ProjectResult, Quality, SourceState
from syncer.domain.statement import ColourOverride
from syncer.publish.digest.backing import edition_evidence, trackers_evidence
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import Claim
from syncer.publish.digest.tracker_text import clean
from syncer.publish.digest.wording import counted, day, first_words, listed, sentence, weekday
from syncer.rollup.colours.override_rules import ends_soon
from syncer.rollup.colours.overrides import active
from syncer.rollup.tolerance import above, round_half_up

_CURRENT = timedelta(hours=24)
_STALE = timedelta(hours=72)
_UNCLASSIFIED_WORTH_SAYING = 0.10
_CONFIDENCE_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_MOST_SOURCES = 3
_REASON_WORDS = 14
_CONTRADICTORY = "DQ-4"
_TIMES = {1: "once", 2: "twice"}


def trust(context: Context) -> tuple[Claim, ...]:
    """The claims of the trust line, data age first."""
    return (
        _data(context),
        *_partial(context),
        _calendar(context),
        *_confidence(context),
        *_counts(context),
        _overrides(context),
        *_unreached(context),
    )


def banner(context: Context) -> tuple[Claim, ...]:
    """What stands before everything else where data is missing."""
    snapshot = context.snapshot
    sources = snapshot.sources
    never = [source for source in sources if source.last_success_at is None]
    if len(never) == len(sources) and not any(project.total for project in snapshot.projects):
        text = "Nothing has been synced yet: this edition holds no facts."
        return (_claim(text, *(_source_evidence(source) for source in sources)),)
    dead = dead_sources(context)
    if dead and _all_unknown(context):
        text = f"No current data from {_named_sources(dead, context)}: no colour can be given."
        return (_claim(text, *(_source_evidence(source) for source in sources)),)
    if dead:
        text = f"Partial data: nothing current from {_named_sources(dead, context)}."
        return (_claim(text, *(_source_evidence(source) for source in dead)),)
    return ()


def dead_sources(context: Context) -> list[SourceState]:
    """Sources from which nothing may be said."""
    return [source for source in context.snapshot.sources if _is_dead(source, context)]


def _all_unknown(context: Context) -> bool:
    entries: Sequence[GroupResult | ProjectResult] = context.groups or context.projects
    unknown = {Health.UNKNOWN, Health.NO_PLAN}
    return bool(entries) and all(entry.shown.health in unknown for entry in entries)


def _claim(text: str, *evidence: Evidence) -> Claim:
    found = evidence or (Evidence(label="Sources", value="none configured"),)
    return Claim(text=text, kind="trust", evidence=Backing(*found))


# --- sources ---------------------------------------------------------------------------------


def _age(source: SourceState, context: Context) -> timedelta | None:
    last = source.last_success_at
    return context.snapshot.as_of - last if last else None


def _is_dead(source: SourceState, context: Context) -> bool:
    """Never read, or so long ago that nothing may be said from it (section 3.2, row 3)."""
    age = _age(source, context)
    return age is None or age > _STALE


def _is_current(source: SourceState, context: Context) -> bool:
    age = _age(source, context)
    return age is not None and age <= _CURRENT and not source.error


def _data(context: Context) -> Claim:
    """When the data was taken and from whom: `Data Mon 05:30, both trackers current`."""
    sources = context.snapshot.sources
    if context.snapshot.reconstructed:
        return _of_the_past(context)
    moment = _moment(context.snapshot.as_of, context)
    connections = sorted({source.connection for source in sources})
    behind = {s.connection for s in sources if not _is_current(s, context)}
    current = [name for name in connections if name not in behind]
    evidence = (edition_evidence(context), *(_source_evidence(source) for source in sources))
    if not sources:
        return _claim(f"Data {moment}; no tracker has been read.", edition_evidence(context))
    if not behind:
        counted_too = trackers_evidence(connections)
        return _claim(f"Data {moment}, {_all_current(connections)}.", *counted_too, *evidence)
    names = listed([clean(name, 30) for name in current[:_MOST_SOURCES]])
    return _claim(f"Data {moment}" + (f"; {names} current." if names else "."), *evidence)


def _of_the_past(context: Context) -> Claim:
    """No tracker told this on that day: it is what the items' histories say about it now."""
    local = context.local(context.snapshot.as_of)
    when = f"{weekday(local.date())} {day(local.date(), today=date.min)} {local:%H:%M}"
    made = edition_evidence(context)
    sources = (_source_evidence(source) for source in context.snapshot.sources)
    return _claim(f"Data of {when}, reconstructed from item history.", made, *sources)


def _all_current(connections: Sequence[str]) -> str:
    if len(connections) == 1:
        return f"{clean(connections[0], 30)} current"
    if len(connections) == 2:  # noqa: PLR2004 - "both" is two
        return "both trackers current"
    return f"all {len(connections)} trackers current"


def _moment(instant: datetime, context: Context) -> str:
    local = context.local(instant)
    return f"{weekday(local.date())} {local:%H:%M}"


def _source_evidence(source: SourceState) -> Evidence:
    last = source.last_success_at
    return Evidence(
        label=f"Source {clean(f'{source.connection}:{source.container}', 60)}",
        value=f"last read {last:%Y-%m-%dT%H:%MZ}" if last else "never read",
        formula=clean(source.error, 120),
    )


def _named_sources(sources: Sequence[SourceState], context: Context) -> str:
    """`jira:NET (last read 19 Nov) and ado:REG (never read)`; whole connections by their name."""
    texts: list[str] = []
    for connection, some in groupby(sorted(sources, key=_by_name), key=lambda s: s.connection):
        found = list(some)
        whole = sum(s.connection == connection for s in context.snapshot.sources) == len(found)
        named = [connection] if whole else [f"{s.connection}:{s.container}" for s in found]
        since = _last_read(found, context)
        texts += [f"{clean(listed(named[:2]), 60)} ({since})"]
    more = len(texts) - _MOST_SOURCES
    return listed(texts[:_MOST_SOURCES] + ([f"{more} more"] if more > 0 else []))


def _by_name(source: SourceState) -> tuple[str, str]:
    return source.connection, source.container


def _last_read(sources: Sequence[SourceState], context: Context) -> str:
    instants = [source.last_success_at for source in sources if source.last_success_at]
    if len(instants) < len(sources):
        return "never read"
    local = context.local(min(instants))
    if local.date() == context.today:
        return f"last read {local:%H:%M}"
    return f"last read {day(local.date(), today=context.today)}"


def _partial(context: Context) -> Iterator[Claim]:
    """Sources that are behind or failed, and details that a tracker did not give."""
    yield from _lost(context)
    told = [s for s in context.snapshot.sources if s.detail.lost_since is None]
    behind = [s for s in told if not _is_current(s, context)]
    names = _named_sources(behind, context)
    if behind and not any(names in claim.text for claim in banner(context)):
        text = f"Not current: {names}."
        yield _claim(text, *(_source_evidence(source) for source in behind))
    missing = sorted({d for s in context.snapshot.sources for d in s.missing_detail})
    if missing:
        shown = listed([clean(detail, 30) for detail in missing[:_MOST_SOURCES]])
        backing = Evidence(label="Details not given by a tracker", value=", ".join(missing))
        yield _claim(f"Missing detail: {shown}.", backing)


def _lost(context: Context) -> Iterator[Claim]:
    """Containers that our account no longer sees, and those whose items a person must judge."""
    for source in context.snapshot.sources:
        since, name = source.detail.lost_since, clean(f"{source.connection}:{source.container}", 60)
        if since is not None:
            when = day(context.local(since).date(), today=context.today)
            yield _claim(f"Access lost to {name} since {when}.", _source_evidence(source))
        elif source.detail.census_note:
            note = Evidence(label=f"Census of {name}", value=clean(source.detail.census_note, 300))
            yield _claim(f"Deletions in {name} wait for a person.", note)


# --- calendar, confidence, counts ------------------------------------------------------------


def _calendar(context: Context) -> Claim:
    holidays, freezes = context.snapshot.holidays, context.snapshot.freezes
    backing = Evidence(label="Calendar", value=f"{holidays} holidays, {freezes} freezes")
    parts = [counted(holidays, "holiday")] if holidays else []
    parts += [counted(freezes, "freeze")] if freezes else []
    text = f"{listed(parts)} counted." if parts else "No holidays configured."
    return _claim(_week_off(context) + text, backing)


def _week_off(context: Context) -> str:
    """`Holiday week: 3 of 5 working days off.` where the coming week is a short one."""
    monday = context.today - timedelta(days=context.today.weekday())
    week = [monday + timedelta(days=offset) for offset in range(5)]
    off = sum(when in context.view.days_off for when in week)
    return f"Holiday week: {off} of 5 working days off. " if off else ""


def _confidence(context: Context) -> Iterator[Claim]:
    """The lowest confidence of what is shown, and why it is not higher."""
    entries: Sequence[GroupResult | ProjectResult] = context.groups or context.projects
    if not entries:
        return
    lowest = min(entries, key=lambda entry: _CONFIDENCE_ORDER.index(entry.quality.confidence))
    quality = lowest.quality
    reason = first_words(context.named_short(_plainest(quality)), _REASON_WORDS)
    if _tells_unclassified(reason):
        reason = _unclassified(context)
    head = f"Confidence {quality.confidence}"
    backing = Evidence(
        label=f"{context.name(lowest)}: data quality",
        value="unknown" if quality.score is None else f"{quality.score} of 100",
        formula="; ".join(context.shown.text(text) for text in quality.reasons),
    )
    text = sentence(f"{head}: {reason.rstrip('.')}" if reason else head)
    yield _claim(text, backing, *_backtest(context))


def _backtest(context: Context) -> Iterator[Evidence]:
    """How often past 85 % dates held, over the projects of this edition."""
    found = [project.backtest for project in context.projects]
    total, held = sum(one.total for one in found), sum(one.held for one in found)
    if total:
        plain = sum(one.plain_held for one in found)
        yield Evidence(
            label="Our 85 % held",
            value=f"{held} of {total} times",
            formula=f"85 % dates of the past that can be judged; the plain bootstrap held {plain}",
        )


def _plainest(quality: Quality) -> str:
    """The first reason that says what is wrong; the bare score only where there is no other."""
    plain = (reason for reason in quality.reasons if "data quality" not in reason)
    return next(plain, next(iter(quality.reasons), ""))


def _tells_unclassified(text: str) -> bool:
    return "unclassified" in text


def _unclassified(context: Context) -> str:
    """The share of all open items: one figure, wherever it is told."""
    return (
        f"{round_half_up(100 * context.snapshot.unclassified_share)} % of open items unclassified"
    )


def _counts(context: Context) -> Iterator[Claim]:
    snapshot, sources = context.snapshot, context.snapshot.sources
    if snapshot.restricted and context.view.count_restricted:
        withheld = counted(snapshot.restricted, "restricted item")
        yield _counted(f"{withheld} withheld.", "Restricted items", snapshot.restricted)
    hidden = sum(source.hidden for source in sources)
    quarantined = sum(source.quarantined for source in sources)
    if quarantined:
        text = f"Totals exclude {counted(quarantined, 'unreadable item')}."
        yield _counted(text, "Quarantined", quarantined)
    if hidden:
        yield _counted(f"Totals exclude {counted(hidden, 'hidden item')}.", "Hidden", hidden)
    unmapped = sum(source.detail.unmapped or 0 for source in sources)
    if unmapped:
        verb = "is" if unmapped == 1 else "are"
        text = f"{counted(unmapped, 'item')} {verb} in an unmapped status."
        yield _counted(text, "Unmapped status", unmapped)
    late = _caught_up(context)
    if late:
        yield _counted(
            f"{counted(late, 'change')} caught up by poll.", "No webhook told of them", late
        )
    yield from _contradictions(context)
    yield from _bulk_closures(context)
    unclaimed = len(context.unclaimed)
    if unclaimed:
        text = f"{counted(unclaimed, 'item')} of unclaimed program work."
        yield _counted(text, "Unclaimed program work", unclaimed)
    told = any(_tells_unclassified(claim.text) for claim in _confidence(context))
    if above(snapshot.unclassified_share, _UNCLASSIFIED_WORTH_SAYING) and not told:
        percent = round_half_up(100 * snapshot.unclassified_share)
        yield _counted(f"{_unclassified(context)}.", "Unclassified, percent", percent)


def _caught_up(context: Context) -> int:
    """Changes since the last edition of which no webhook told, as far as that one counted them."""
    before = context.previous
    if before is None:
        return 0
    known = {_by_name(source): source.found_by_reconcile for source in before.sources}
    return sum(
        max(0, source.found_by_reconcile - known.get(_by_name(source), source.found_by_reconcile))
        for source in context.snapshot.sources
    )


def _contradictions(context: Context) -> Iterator[Claim]:
    """Items whose data cannot all be true, where they are enough to be a risk."""
    every = {item.uid: item for project in context.projects for item in project.contradictions}
    items = [item for item in every.values() if context.shown.may_count(item)]
    if items and any(risk.rule == _CONTRADICTORY for risk in context.snapshot.unmerged):
        verb = "contradicts itself" if len(items) == 1 else "contradict themselves"
        yield _counted(f"{counted(len(items), 'item')} {verb}.", "Contradictions", len(items))


def _bulk_closures(context: Context) -> Iterator[Claim]:
    """What one person closed at once, far beyond what gets done; who it was, the pages tell."""
    for project in context.projects:
        for closure in project.bulk_closures:
            count = counted(len(closure.uids), "item")
            name, on = context.place(project.key), day(closure.on, today=context.today)
            backing = Evidence(
                label=f"{context.name(project)}: closed within a day by one person",
                value=str(len(closure.uids)),
                formula=f"more than 3 times {closure.weekly_most}, the most of any other week",
                items=closure.uids,
            )
            yield _claim(
                f"Bulk closure in {name} on {on}: {count}.", *context.shown.evidence((backing,))
            )


def _counted(text: str, label: str, count: int) -> Claim:
    return _claim(text, Evidence(label=label, value=str(count)))


def _unreached(context: Context) -> Iterator[Claim]:
    """Who should have got this edition and has no address."""
    names = [clean(name, 40) for name in context.view.unreached]
    if names:
        shown = listed(names[:_MOST_SOURCES]) + (" and others" if names[_MOST_SOURCES:] else "")
        backing = Evidence(label="Recipients without an address", value=", ".join(names))
        yield _claim(f"Not sent to {shown}: no address.", backing)


def _overrides(context: Context) -> Claim:
    """How many hold: of colours, with their last day, and of verdicts."""
    verdicts = context.snapshot.overrides
    colours = [
        one
        for one in active(context.snapshot)
        if context.ungrouped or one.override.scope in context.scopes
    ]
    count = len(colours) + verdicts
    backing = Evidence(
        label="Active overrides",
        value=str(count),
        formula=f"{len(colours)} of colours, {verdicts} of verdicts",
    )
    if not colours:
        return _claim(f"Overrides {count}.", backing)
    each = (_override_evidence(one.override, context) for one in colours)
    named = [_until(one.override, context) for one in colours[:_MOST_SOURCES]]
    more = len(colours) - len(named)
    named += [f"{more} more"] if more else []
    named += [counted(verdicts, "verdict")] if verdicts else []
    return _claim(f"Overrides {count}: {listed(named)}.", backing, *each)


def _override_evidence(override: ColourOverride, context: Context) -> Evidence:
    """One override of a colour: who shows what until when, and why."""
    told = Evidence(
        label=f"{context.short(override.scope)}: override until {override.expires.isoformat()}",
        value=str(override.colour),
        formula=f"{override.provenance.author}: {override.reason}",
        inputs=(f"renewed {override.renewals} times",),
        url=override.evidence,
    )
    return context.shown.evidence((told,))[0]


def _until(override: ColourOverride, context: Context) -> str:
    """`Network until 4 Dec, renewed twice`; that it ends soon is said."""
    last = day(override.expires, today=context.today)
    soon = " (ends soon)" if ends_soon(override, context.today) else ""
    again = f", renewed {_TIMES[override.renewals]}" if override.renewals in _TIMES else ""
    return f"{context.short(override.scope)} until {last}{again}{soon}"
