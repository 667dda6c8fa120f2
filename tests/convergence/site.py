"""The tracker's side: a scripted world, what changes in it, and the webhooks that tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from connectors.jira.simulator import JiraSimulator
from connectors.jira.simulator_data_center import JiraDataCenterSimulator
from syncer.connect.testing.delivery import Delivery, HookAction
from syncer.connect.testing.script import (
    Container,
    ItemState,
    Person,
    ScriptedItem,
    ScriptedLink,
)
from syncer.connect.testing.world import PLAIN_STATUSES, World
from syncer.domain.link import LinkKind
from tests.convergence.timekeeping import INSTANT, SkewedClock, Time

SECRET: Final = SecretStr("a-made-up-webhook-secret")
CONTAINERS: Final = ("NET", "OUT", "SANDBOX")
UNWANTED: Final = "SANDBOX"
"""The container that the configuration leaves out."""

ACTOR: Final = "person-1"
_FIRST_ID: Final = 20001
_PAGE: Final = 3
"""So few ids on a page that a census has several."""

_KINDS: Final = (LinkKind.BLOCKS, LinkKind.RELATES, LinkKind.DUPLICATES)


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook under way: of which item, and the number of the change that it tells of."""

    item: str
    change: int
    delivery: Delivery


@dataclass
class Site:
    """A Jira and everything that people do to it.

    `mail` are the webhooks that have not come in yet. `last` is the number of each item's last
    change, whether a webhook tells of it or not. `lost` are items that were deleted, hidden, out of
    what is wanted, or in a hidden container into which they had moved, at some time: of all others
    nobody may ever say that they are gone.
    """

    time: Time
    clock: SkewedClock
    jira: JiraSimulator
    mail: list[Told] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    changes: int = 0
    _links: dict[str, tuple[str, str]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    # --- what there is ----------------------------------------------------------------------------

    @property
    def world(self) -> World:
        return self.jira.world

    def state(self, item_id: str) -> ItemState:
        state = self.world.state(item_id, self.clock.now())
        assert state is not None
        return state

    def seen(self, item_id: str) -> bool:
        """Whether the account sees the item where it is now."""
        shown = self.world.visible(item_id, self.clock.now())
        return shown is not None and shown.container not in self.jira.hidden_containers

    @property
    def is_closed(self) -> bool:
        """Whether the account sees nothing at all: then the connection as a whole fails."""
        return self.jira.hidden_containers.issuperset(self.world.containers)

    def wanted(self, item_id: str) -> bool:
        return self.state(item_id).container != UNWANTED

    @property
    def existing(self) -> list[str]:
        return [one for one in self.world.ids() if not self.state(one).deleted]

    @property
    def visible(self) -> list[str]:
        return [one for one in self.existing if not self.state(one).hidden]

    @property
    def hidden(self) -> list[str]:
        return [one for one in self.existing if self.state(one).hidden]

    @property
    def links(self) -> list[str]:
        return list(self._links)

    @property
    def containers(self) -> list[str]:
        return sorted(self.world.containers)

    def beside(self, item_id: str) -> list[str]:
        """The other visible items of its container; itself where there is none."""
        here = self.state(item_id).container
        return [
            one for one in self.visible if one != item_id and self.state(one).container == here
        ] or [item_id]

    def is_parent(self, item_id: str) -> bool:
        return any(self.state(one).parent == item_id for one in self.world.ids())

    # --- what happens -----------------------------------------------------------------------------

    def create(self, container: str, *, kind: str, parent: str | None) -> None:
        self._tick()
        item_id = str(_FIRST_ID + self._count)
        self._count += 1
        initial = ItemState(
            container=container,
            key=self._key(container),
            title=f"Item {self._count}",
            type=kind,
            parent=parent,
        )
        at = self.clock.now()
        self.world.create(ScriptedItem(id=item_id, created_at=at, reporter=ACTOR, initial=initial))
        if container == UNWANTED:
            self.lost.add(item_id)
        self._tell(item_id, "created")

    def edit(self, item_id: str, what: str) -> None:
        self._tick()
        number = self.changes + 1
        state = self.state(item_id)
        if what == "comment":
            self.world.comment(item_id, self.clock.now(), f"Said {number}", actor=ACTOR)
        else:
            self._change(item_id, what, state, number)
        self._tell(item_id, "updated")

    def _change(self, item_id: str, what: str, state: ItemState, number: int) -> None:
        following = [one.name for one in PLAIN_STATUSES if one.name != state.status]
        changes: dict[str, dict[str, object]] = {
            "title": {"title": f"Title {number}"},
            "status": {"status": following[number % len(following)]},
            "labels": {"labels": (f"label-{number}",)},
        }
        self.world.edit(item_id, self.clock.now(), actor=ACTOR, **changes[what])

    def adopt(self, item_id: str, parent: str | None) -> None:
        self._tick()
        self.world.edit(item_id, self.clock.now(), actor=ACTOR, parent=parent)
        self._tell(item_id, "updated")

    def link(self, source: str, target: str, kind: int) -> None:
        self._tick()
        name = str(1000 + self.changes)
        self._links[name] = (source, target)
        self.world.link(
            ScriptedLink(
                id=name,
                kind=_KINDS[kind % len(_KINDS)],
                source=source,
                target=target,
                created_at=self.clock.now(),
                actor=ACTOR,
            )
        )
        self._tell(source, "updated")
        self._tell(target, "updated")

    def unlink(self, name: str) -> None:
        self._tick()
        self.world.unlink(name, self.clock.now())
        for end in self._links.pop(name):
            self._tell(end, "updated")

    def move(self, item_id: str, container: str) -> None:
        self._tick()
        key = self._key(container)
        self.world.edit(item_id, self.clock.now(), actor=ACTOR, container=container, key=key)
        self.moved.add(item_id)
        if container == UNWANTED or container in self.jira.hidden_containers:
            self.lost.add(item_id)
        self._tell(item_id, "updated")

    def delete(self, item_id: str) -> None:
        """Children lose their parent, and other ends their links, without a trace."""
        self._tick()
        self.lost.add(item_id)
        self._tell(item_id, "deleted")
        self.world.delete(item_id, self.clock.now())
        for name in [name for name, ends in self._links.items() if item_id in ends]:
            del self._links[name]

    def hide(self, item_id: str) -> None:
        self._tick()
        self.lost.add(item_id)
        self.world.hide(item_id, self.clock.now())
        self._touch_silently([item_id])

    def reveal(self, item_id: str) -> None:
        self._tick()
        self.world.reveal(item_id, self.clock.now())
        self._touch_silently([item_id])

    def rename_container(self, key: str) -> None:
        self._tick()
        stem, _, number = key.partition("Z")
        new = f"{stem}Z{int(number or 0) + 1}"
        self.world.rename_container(key, new, self.clock.now())
        self._numbers[new] = self._numbers.pop(key, 0)
        if key in self.jira.hidden_containers:
            self.jira.hidden_containers.discard(key)
            self.jira.hidden_containers.add(new)
        self._touch_silently(self._in(new))

    def hide_container(self, key: str) -> None:
        self._tick()
        self.jira.hidden_containers.add(key)
        self.lost |= self.moved & {*self._in(key)}  # where it went, nobody can see
        self._touch_silently(self._in(key))

    def show_containers(self) -> None:
        self._tick()
        for key in sorted(self.jira.hidden_containers):
            self._touch_silently(self._in(key))
        self.jira.hidden_containers.clear()

    def _in(self, container: str) -> list[str]:
        return [one for one in self.world.ids() if self.state(one).container == container]

    def _tick(self) -> None:
        self.time.pass_by(INSTANT)

    def _key(self, container: str) -> str:
        self._numbers[container] = self._numbers.get(container, 0) + 1
        return f"{container}-{self._numbers[container]}"

    def _tell(self, item_id: str, action: HookAction) -> None:
        self.changes += 1
        self.last[item_id] = self.changes
        delivery = self.jira.delivery(item_id, action, secret=SECRET)
        self.mail.append(Told(item_id, self.changes, delivery))

    def _touch_silently(self, items: Sequence[str]) -> None:
        """No webhook tells of a permission or of a new key."""
        self.changes += 1
        self.last.update(dict.fromkeys(items, self.changes))


def made_site(time: Time, *, cloud: bool, zone: str, clock: SkewedClock) -> Site:
    """A Jira of one sort with three empty projects."""
    world = World()
    for number, key in enumerate(CONTAINERS):
        world.add_container(Container(id=str(10101 + number), key=key, name=f"Project {number}"))
    world.add_person(Person(id=ACTOR, name="Kim Lee", email="kim@example.com"))
    sort = JiraSimulator if cloud else JiraDataCenterSimulator
    jira = sort(world, clock, zone=zone)
    jira.quirks.page_of_ids = _PAGE
    return Site(time=time, clock=clock, jira=jira)
