"""What happens while the demo serves: changes at the trackers, told to syncer by real webhooks.

Each change is made in the simulated tracker and arrives as that tracker would send it: signed,
over HTTP, at the daemon's own address. The colour is then the daemon's own finding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import aiohttp

from syncer.clock import Clock
from syncer.connect.testing.delivery import post_delivery
from syncer.demo.portfolio.build import LIVE_DEMO_ID, NORTH_PERMIT_ID
from syncer.demo.portfolio.people import LIAISON, SILVA
from syncer.demo.trackers import AZURE_DEVOPS, GITHUB, Trackers
from syncer.domain.health import Colour
from syncer.errors import SyncerError
from syncer.publish.digest.tracker_text import clean
from syncer.service.daemon import Daemon

PRODUCT: Final = "phone"
"""The product whose colour the story changes."""

PAUSE_SECONDS: Final = 12.0
"""Before each change, so that there is time to open the page and see the old colour."""

_ACCEPTED: Final = range(200, 300)
_LOOK_SECONDS: Final = 0.25
_REASON_LENGTH: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One change: `actor` changes fields of an item of a tracker. `told` says it in a sentence."""

    tracker: str
    item_id: str
    actor: str
    changes: Mapping[str, object]
    told: str


STORY: Final = (
    Scene(
        tracker=AZURE_DEVOPS,
        item_id=NORTH_PERMIT_ID,
        actor=LIAISON,
        changes={"due": date(2027, 1, 8)},
        told="Azure DevOps: the regulator gives North permit on 8 January instead of the 22nd.",
    ),
    Scene(
        tracker=GITHUB,
        item_id=LIVE_DEMO_ID,
        actor=SILVA,
        changes={"start": date(2027, 2, 1), "due": date(2027, 2, 2)},
        told="GitHub: the press comes on 2 February; Live-network demo moves up by two weeks.",
    ),
)
"""The first change makes the product's live demo possible in time; the second asks too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the story is played: trackers and their clock, the daemon that hears of it."""

    trackers: Trackers
    clock: Clock
    daemon: Daemon
    tell: Callable[[str], None]

    async def colour(self) -> Colour:
        """The product's colour on the pages, by the daemon's newest reading."""
        reading = await self.daemon.reader.current()
        (found,) = [one for one in reading.pair.current.products if one.scope == f"prod:{PRODUCT}"]
        return found.shown

    async def play(self, scene: Scene) -> tuple[Colour, Colour]:
        """Make the change, send its webhook, wait for another colour; the old one and the new.

        Raises:
            SyncerError: if the daemon refuses the webhook.
        """
        before = await self.colour()
        self.tell(f"\n{scene.told}")
        self.trackers.world.edit(
            scene.item_id, self.clock.now(), actor=scene.actor, **scene.changes
        )
        status = await self._send(scene)
        self.tell(f"Its webhook was accepted ({status}); syncer fetches the item and judges anew.")
        while (after := await self.colour()).health is before.health:  # noqa: ASYNC110  found by another task
            await asyncio.sleep(_LOOK_SECONDS)
        return before, after

    async def _send(self, scene: Scene) -> int:
        secret = self.trackers.webhook_secrets[scene.tracker]
        simulator = self.trackers.simulators[scene.tracker]
        delivery = simulator.delivery(scene.item_id, "updated", secret=secret)
        async with aiohttp.ClientSession() as session:
            status = await post_delivery(session, self._endpoint(scene.tracker), delivery)
        if status not in _ACCEPTED:
            raise SyncerError(f"The webhook of {scene.tracker} was refused with {status}.")
        return status

    def _endpoint(self, tracker: str) -> str:
        """The address that this tracker was told to send its webhooks to."""
        endpoints = self.daemon.doors.endpoints.items()
        (identity,) = [name for name, one in endpoints if one.connection == tracker]
        return f"{self.daemon.hooks_url}/hooks/{identity}"


async def tell_story(
    stage: Stage, scenes: Sequence[Scene] = STORY, *, pause: float = PAUSE_SECONDS
) -> None:
    """Play the scenes, after `pause` seconds each, and tell which colour came of each."""
    page = f"{stage.daemon.pages_url}/products/{PRODUCT}"
    for scene in scenes:
        await asyncio.sleep(pause)
        before, after = await stage.play(scene)
        turned = f"{before.health.capitalize()} → {after.health.capitalize()}"
        stage.tell(f"5G Smartphone: {turned} ({clean(after.reason, _REASON_LENGTH)}).")
        stage.tell(f"Reload {page}")
