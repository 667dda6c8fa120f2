"""Lists that change while they are read: F15. After a quiet pass the sets are equal."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.connect.testing.script import ItemState, ScriptedItem
from syncer.connect.testing.server import RecordedRequest, answer
from syncer.connect.testing.world import uniform_world
from syncer.store.engine import Store
from tests.faults.line import Line, line

SEEDS = 4 * int(os.environ.get("SYNCER_TEST_ROUNDS", "1"))
SEARCH = "*/search*"


class Drift:
    """Creates, changes, moves and deletes issues whenever the tracker is searched."""

    def __init__(self, one: Line, seed: int) -> None:
        self.one = one
        self.chance = random.Random(seed)
        self.made = 100
        self.on = True

    def __call__(self, request: RecordedRequest) -> None:
        if self.on and "search" in request.path:
            for _ in range(self.chance.randint(0, 3)):
                self._change()
            if self.chance.random() < 0.1:
                self.one.jira.server.fail(answer(400, body="{}"), path=SEARCH, when=_has_token)

    def _change(self) -> None:
        self.one.clock.instant += timedelta(milliseconds=1)  # as finely as Jira tells
        world, now = self.one.jira.world, self.one.their_clock.now()
        item = self.chance.choice(sorted(self.one.titles()))
        sort = self.chance.random()
        if sort < 0.5:
            world.edit(item, now, title=f"title {self.chance.random()}")
        elif sort < 0.8:
            self._create()
        elif len(self.one.titles()) > 20:
            world.delete(item, now)

    def _create(self) -> None:
        self.made += 1
        state = ItemState(container="NET", key=f"NET-{self.made}", title=f"made {self.made}")
        at = self.one.their_clock.now()
        made = ScriptedItem(
            id=str(20_000 + self.made), created_at=at, reporter="person-1", initial=state
        )
        self.one.jira.world.create(made)


def _has_token(request: RecordedRequest) -> bool:
    return b'"nextPageToken"' in request.body


@pytest.mark.parametrize("sort", [JiraSimulator, JiraDataCenterSimulator])
async def test_f15_what_is_shown_at_the_end_is_stored_whatever_moved_meanwhile(
    sqlite_url: str, sort: type[JiraSimulator]
) -> None:
    for seed in range(SEEDS):
        world = uniform_world(count=30, container="NET")
        async with (
            Store(sqlite_url) as store,
            line(world, name=f"{sort.__name__}-{seed}".lower(), sort=sort, page_size=4) as one,
        ):
            drift = Drift(one, seed)
            one.jira.server.on_request.append(drift)
            for _ in range(3):
                await one.pull(store)
                one.clock.instant += timedelta(seconds=drift.chance.choice([1, 40, 400]))
            drift.on = False
            one.jira.server.recover()
            assert (await one.pull(store)).ok, f"seed {seed}"

            stored = {one: item.title for one, item in (await one.stored(store)).items()}
            shown = one.titles()
            assert {k: v for k, v in stored.items() if k in shown} == shown, f"seed {seed}"
            assert drift.made > 100
