"""Print how often colours and arrows move though nothing has changed (`make noise`).

    python scripts/simulate_noise.py [--projects N] [--weeks N]

Projects of a constant pace live through a year of weekly editions. What a week finishes is drawn at
random around that pace, targets lie from too near to far away, and nobody moves a date, adds work
or says a word: every change of a colour, every arrow is noise, but for those of a project whose
target comes so near that luck decides. Fixed seeds: every run prints the same.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from syncer.domain.health import Health
from syncer.domain.item import Account, ResolutionKind, StatusCategory, WorkItem
from syncer.domain.portfolio import FixedTarget, Portfolio, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.report import Snapshot, SourceState
from syncer.domain.selector import InContainer
from syncer.domain.verdict import Verdict, VerdictLevel
from syncer.publish.audience import AudienceView
from syncer.publish.digest.context import Context
from syncer.publish.digest.model import Trend
from syncer.publish.digest.trend import trend
from syncer.rollup.evaluate import evaluate
from syncer.rollup.inputs import RollupInputs

PROJECTS: Final = 60
WEEKS: Final = 52
WARM_UP: Final = 13
PACE: Final = 2.0
REMEMBERED: Final = timedelta(weeks=16)
FIRST: Final = datetime(2025, 8, 25, 5, 30, tzinfo=UTC)
IN_PROGRESS: Final = 2
MOVES: Final = ("computed colour changes", "shown colour changes", "arrows")
_OPEN: Final = frozenset({Health.GREEN, Health.AMBER, Health.RED})
_VERDICT: Final = Verdict(
    level=VerdictLevel.PRODUCT, leaning=VerdictLevel.PRODUCT, confidence=1.0, decided_by="rule"
)


def poisson(rng: random.Random, mean: float) -> int:
    """A count with this mean and as much variance."""
    limit, drawn, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        drawn += 1
        product *= rng.random()
    return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """One project's fate: the instants at which its items are done, and its target.

    Work for a year and a quarter at its pace; the target lies 20 % too near to 60 % too far.
    """

    number: int
    done: tuple[datetime, ...]
    items: int
    target: date

    @classmethod
    def drawn(cls, number: int, projects: int) -> Worked:
        """The fate that a number always has."""
        rng = random.Random(f"noise {number}")
        instants = [
            FIRST + timedelta(weeks=week, days=rng.randrange(5), hours=rng.randrange(3, 10))
            for week in range(WARM_UP + 2 * WEEKS)
            for _ in range(poisson(rng, PACE))
        ]
        items = round(PACE * (WARM_UP + 1.25 * WEEKS))
        slack = 0.8 + 0.8 * number / max(1, projects - 1)
        target = FIRST.date() + timedelta(weeks=round(slack * items / PACE))
        return cls(number=number, done=tuple(sorted(instants)), items=items, target=target)

    def project(self) -> Project:
        """As its owner configured it."""
        return Project(
            key=f"p{self.number}",
            name=f"Project {self.number}",
            items=(InContainer(f"jira:P{self.number}"),),
            owner="Ann Owner",
            team=f"t{self.number}",
            start=FIRST.date(),
            target=FixedTarget(self.target),
        )

    def at(self, now: datetime) -> Iterator[WorkItem]:
        """Its items at an instant: some done, two in progress, the others to do.

        What was done long ago is left out: no forecast looks so far back.
        """
        finished = sum(instant <= now for instant in self.done)
        for number in range(self.items):
            if number < finished and now - self.done[number] > REMEMBERED:
                continue
            if number < finished:
                yield self._item(number, StatusCategory.DONE, at=self.done[number])
            elif number < finished + IN_PROGRESS:
                yield self._item(number, StatusCategory.IN_PROGRESS, at=now - timedelta(days=2))
            else:
                yield self._item(number, StatusCategory.TODO, at=FIRST - timedelta(days=3))

    def _item(self, number: int, status: StatusCategory, *, at: datetime) -> WorkItem:
        is_done, begun = status is StatusCategory.DONE, status is not StatusCategory.TODO
        return WorkItem(
            ref=ItemRef("jira", f"{self.number}-{number:04}"),
            key=f"P{self.number}-{number + 1}",
            url="",
            container=ContainerKey("jira", f"P{self.number}"),
            title=f"Piece {number}",
            status_category=status,
            resolution_kind=ResolutionKind.DELIVERED if is_done else None,
            assignees=(Account(connection="jira", id="ann", name="Ann"),) if begun else (),
            created_at=FIRST - timedelta(days=3),
            updated_at=at,
            started_at=at - timedelta(days=2) if begun else None,
            done_at=at if is_done else None,
            last_meaningful_change_at=at,
        )


def snapshot(fates: list[Worked], now: datetime, previous: Snapshot | None) -> Snapshot:
    """The roll-up of one Monday."""
    items = [item for fate in fates for item in fate.at(now)]
    return evaluate(
        RollupInputs(
            as_of=now,
            items=items,
            changes={},
            verdicts={item.uid: _VERDICT for item in items},
            portfolio=Portfolio(projects=tuple(fate.project() for fate in fates)),
            sources=[
                SourceState(connection="jira", container=f"P{fate.number}", last_success_at=now)
                for fate in fates
            ],
            previous=previous,
        )
    )


def noise(projects: int, weeks: int) -> Counter[str]:
    """Project-weeks under way, and in how many of them something moved."""
    fates = [Worked.drawn(number, projects) for number in range(projects)]
    counted: Counter[str] = Counter()
    before: Snapshot | None = None
    for week in range(WARM_UP, WARM_UP + weeks + 1):
        now = snapshot(fates, FIRST + timedelta(weeks=week), before)
        if before is not None:
            counted += _moved(now, before)
        before = now
    return counted


def _moved(now: Snapshot, before: Snapshot) -> Counter[str]:
    context = Context(
        snapshot=now,
        previous=before,
        colour_changes=(),
        view=AudienceView(key="noise", name="Noise"),
        version=1,
        correction="",
    )
    found: Counter[str] = Counter()
    for one, was in zip(now.projects, before.projects, strict=True):
        if not {one.computed.health, was.computed.health} <= _OPEN:
            continue
        found["weeks"] += 1
        found["computed colour changes"] += one.computed.health is not was.computed.health
        found["shown colour changes"] += one.shown.health is not was.shown.health
        found["arrows"] += trend(one, was, context) in (Trend.BETTER, Trend.WORSE)
        found[f"shown {one.shown.health.value}"] += 1
    return found


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description="Measure how calm editions are.")
    parser.add_argument("--projects", type=int, default=PROJECTS)
    parser.add_argument("--weeks", type=int, default=WEEKS)
    told = parser.parse_args()
    counted = noise(told.projects, told.weeks)
    weeks = counted.pop("weeks")
    print(f"{told.projects} projects of constant pace, {weeks} project-weeks under way")
    for what in (*MOVES, *(f"shown {health.value}" for health in sorted(_OPEN))):
        count = counted[what]
        print(f"{what:<26}{count:>6}  {100 * count / weeks:5.1f} %")


if __name__ == "__main__":
    main()
