"""The sample portfolio as a world: four containers, each on a tracker of its own, people, links."""

from __future__ import annotations

from datetime import date
from typing import Final

from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Phase,
    ScriptedItem,
    ScriptedLink,
    Status,
    Version,
)
from syncer.connect.testing.world import PLAIN_STATUSES, World, blocks
from syncer.demo.clock import local
from syncer.demo.portfolio.assemble import add_plan
from syncer.demo.portfolio.network import (
    CORE_FREEZE,
    INITIATIVE,
    RADIO_BASELINE,
    network_plan,
)
from syncer.demo.portfolio.outreach import TOWN_HALLS, outreach_plan
from syncer.demo.portfolio.people import BRANDT, OKAFOR, ROTH, people
from syncer.demo.portfolio.phone import BETA, REPOSITORY, phone_plan
from syncer.demo.portfolio.regulatory import regulatory_plan
from syncer.domain.link import LinkKind

CONTAINERS: Final = (
    Container(id="10001", key="NET", name="Network upgrade"),
    Container(id="10002", key="OUT", name="Customer outreach"),
    Container(id="10003", key="REG", name="Regulatory"),
    Container(id="10004", key=REPOSITORY, name="5G Smartphone"),
)
NORTH_PERMIT_ID: Final = "30112"
SITE_WORKS_ID: Final = "10087"
LIVE_DEMO_ID: Final = "40301"
_EPIC_STATUS: Final = Status(name="Open", phase=Phase.TODO)


def build_world() -> World:
    """The portfolio with a year of history: the same world every time it is built."""
    world = World(statuses=(*PLAIN_STATUSES, _EPIC_STATUS))
    for container in CONTAINERS:
        world.add_container(container)
    for person in people():
        world.add_person(person)
    for version in _versions():
        world.add_version(version)
    world.create(_initiative())
    network = add_plan(world, network_plan())
    outreach = add_plan(world, outreach_plan())
    regulatory = add_plan(world, regulatory_plan())
    phone = add_plan(world, phone_plan(INITIATIVE))
    for link in _links(network | outreach | regulatory | phone):
        world.link(link)
    return world


def _versions() -> list[Version]:
    released = local(date(2026, 7, 31), "18:00")
    return [
        Version(
            id="11001",
            container="NET",
            name=RADIO_BASELINE,
            due=date(2026, 7, 31),
            released_at=released,
        ),
        Version(id="11002", container="NET", name=CORE_FREEZE, due=date(2026, 12, 4)),
        Version(id="11004", container="OUT", name=TOWN_HALLS, due=date(2026, 12, 11)),
        Version(id="11005", container=REPOSITORY, name=BETA, due=date(2026, 12, 4)),
    ]


def _initiative() -> ScriptedItem:
    """The initiative whose due date is the network's target; it was moved once."""
    moved = Event(
        at=local(date(2026, 9, 22), "14:00"),
        actor=ROTH,
        changes={"due": date(2027, 3, 19)},
        comment="Four weeks later: the core vendor delivers release 18 only in January.",
    )
    state = ItemState(
        container="NET",
        key="NET-1",
        title="5G Infrastructure: network upgrade",
        body="Bring 5G to every region before the spring launch.",
        labels=("syncer:program",),
        type="Initiative",
        status="Open",
        priority="Highest",
        assignee=OKAFOR,
        due=date(2027, 2, 19),
    )
    return ScriptedItem(
        id=INITIATIVE,
        created_at=local(date(2025, 11, 24), "08:00"),
        reporter=ROTH,
        initial=state,
        events=(moved,),
    )


def _links(ids: dict[str, str]) -> list[ScriptedLink]:
    """Who waits for whom. The first two make the example's chain; the rest is settled or tame."""
    made = local(date(2026, 5, 20), "10:00")
    relates = ScriptedLink(
        id="4",
        kind=LinkKind.RELATES,
        source=ids["Coverage map that anyone can search"],
        target=ids["5G calling works without a network"],
        created_at=made,
        actor=ROTH,
    )
    return [
        blocks("1", NORTH_PERMIT_ID, SITE_WORKS_ID, at=made, actor=BRANDT),
        blocks("2", SITE_WORKS_ID, LIVE_DEMO_ID, at=made, actor=OKAFOR),
        blocks(
            "3",
            ids["Licence conditions for 3.5 GHz"],
            ids["Plan the guard bands for 3.5 GHz"],
            at=made,
            actor=BRANDT,
        ),
        relates,
    ]
