"""The page of a program or product: why this colour, and everything that a manager asks next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncer.domain.report import GateResult, GroupResult, ProjectResult
from syncer.domain.statement import DateMove, OwnerStatus
from syncer.publish.digest.changes import changes
from syncer.publish.digest.decisions import needed
from syncer.publish.digest.gates import gate_line
from syncer.publish.digest.model import Claim, DecisionNeeded, GateLine, OwnerWords, StatusRow
from syncer.publish.digest.status import status_row
from syncer.publish.digest.words import words_of_owners
from syncer.web.pages.charts import Point, Spark, StepLine, spark, step_line
from syncer.web.pages.context import PageContext

_GATES_BEHIND = 28
_GATES_AHEAD = 84
_SPARK_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """One project of the table; `spi` is progress by plan, None too early or unplanned."""

    project: ProjectResult
    row: StatusRow
    spark: Spark | None
    owner_word: OwnerStatus | None
    disagrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetMove:
    """One move of the target of one project."""

    project: ProjectResult
    move: DateMove


def history(scope: str, page: PageContext) -> list[Point]:
    """What published editions and the present reading say of a scope, oldest first."""
    points = [
        Point(
            on=page.digest.local(week.as_of).date(),
            health=found.health,
            probability=found.probability,
            target=found.target,
            p85=found.p85,
        )
        for week in page.current.past
        if (found := week.scopes.get(scope)) is not None
    ]
    now = _now(scope, page)
    return [point for point in points if point.on < now.on] + [now]


def _now(scope: str, page: PageContext) -> Point:
    snapshot = page.current.pair.current
    group, project = snapshot.group(scope), snapshot.project(scope.partition(":")[2])
    if group is not None:
        probability, p85, entry = group.probability, group.p85, group
        return Point(on=page.today, health=entry.shown.health, probability=probability,
                     target=entry.target, p85=p85)  # fmt: skip
    if project is None:
        raise LookupError(scope)
    return Point(
        on=page.today,
        health=project.shown.health,
        probability=project.forecast.probability,
        target=project.target,
        p85=project.forecast.p85,
    )


def chart(scope: str, page: PageContext) -> StepLine | None:
    """The history of a scope's chance."""
    return step_line(history(scope, page))


def sparkline(scope: str, page: PageContext) -> Spark | None:
    """The chance of a scope over the last eight weeks."""
    return spark([point.probability for point in history(scope, page)[-_SPARK_WEEKS:]])


def project_row(project: ProjectResult, page: PageContext) -> ProjectRow:
    """One project as the table shows it."""
    said = owner_word(project.scope, page)
    row = status_row(project, page.digest, depth=1)
    return ProjectRow(
        project=project,
        row=row,
        spark=sparkline(project.scope, page),
        owner_word=said,
        disagrees=said is not None and _disagrees(said, project),
    )


def owner_word(scope: str, page: PageContext) -> OwnerStatus | None:
    """The newest state that the owner of a scope reported."""
    said = [
        one
        for one in page.current.pair.current.owner_statuses
        if one.value is not None and page.digest.resolve(one.scope) == scope
    ]
    return max(said, key=lambda one: one.provenance.at, default=None)


def _disagrees(said: OwnerStatus, project: ProjectResult) -> bool:
    words = {"GREEN": "on_track", "AMBER": "at_risk", "RED": "off_track"}
    expected = words.get(project.computed.health.value)
    return expected is not None and said.value is not None and said.value.value != expected


def members(group: GroupResult, page: PageContext) -> list[ProjectRow]:
    """The projects of a group, worst first."""
    return [project_row(one, page) for one in page.digest.members(group)]


def target_moves(projects: Sequence[ProjectResult]) -> list[TargetMove]:
    """Every move of a target of these projects, newest first."""
    moves = [TargetMove(project=one, move=move) for one in projects for move in one.target_moves]
    return sorted(moves, key=lambda one: one.move.at, reverse=True)


def gates_of(scopes: frozenset[str], page: PageContext) -> list[GateLine]:
    """Gates of the next twelve weeks, and those of the last four that are not done."""
    mine = (gate for gate in page.current.pair.current.gates if _is_near(gate, page))
    found = [gate_line(g, page.digest) for g in mine if page.digest.resolve(g.scope) in scopes]
    return sorted(found, key=lambda line: (line.on, line.name, line.scope))


def _is_near(gate: GateResult, page: PageContext) -> bool:
    ahead = (gate.on - page.today).days
    return ahead <= _GATES_AHEAD and (
        ahead >= 0 or (ahead >= -_GATES_BEHIND and gate.remaining > 0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What people said and what changed, in the digest's own sentences."""

    decisions: Sequence[DecisionNeeded]
    changes: Sequence[Claim]
    words: Sequence[OwnerWords]


def said(scope: str, page: PageContext) -> Said:
    """Decisions, changes and owners' words of a program or product."""
    context = page.of(scope)
    return Said(
        decisions=needed(context),
        changes=changes(context, frozenset()),
        words=words_of_owners(context),
    )
