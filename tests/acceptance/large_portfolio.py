"""A large company, made up: 200 Jira projects, 40 repositories, 12 programs, and what goes with it.

Nine programs are initiatives whose trees reach over many Jira projects, and by `Contributes to
<address>` over repositories; three are only labels. Around them lies what looks like programs and
is none: an initiative of one project, a label of one project, a label that repeats a tree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from threading import Thread
from typing import Any, Final, Self

from connectors.github.simulator import GitHubSimulator
from connectors.jira.simulator import JiraSimulator
from syncer.clock import SystemClock
from syncer.connect.testing.script import (
    Container,
    Event,
    ItemState,
    Person,
    ScriptedItem,
    Version,
)
from syncer.connect.testing.world import World
from tests.acceptance.cli_world import NOW, ago

DEPARTMENTS: Final = {
    "RAD": "Radio", "COR": "Core network", "TRA": "Transport", "FIB": "Fibre", "BIL": "Billing",
    "CAR": "Customer care", "SHO": "Shops", "DEV": "Devices", "PHN": "Phone", "ROA": "Roaming",
    "SEC": "Security", "DAT": "Data platform", "FIN": "Finance", "LEG": "Legal", "PEO": "People",
    "SIT": "Sites", "ENE": "Energy", "WHO": "Wholesale", "CLD": "Cloud", "FLD": "Field service",
}  # fmt: skip
FUNCTIONS: Final = {
    "PL": "planning", "DE": "design", "BU": "build", "TE": "test", "OP": "operations",
    "SU": "suppliers", "PM": "permits", "TR": "training", "SP": "support", "RE": "reporting",
}  # fmt: skip
JIRA_KEYS: Final = tuple(f"{head}{tail}" for head in DEPARTMENTS for tail in FUNCTIONS)
FAMILIES: Final = {
    "phone": ("camera", "modem", "os", "shell", "battery", "apps"),
    "router": ("firmware", "ui", "cloud", "tests"),
    "ran": ("scheduler", "planner", "sim", "tools"),
    "billing": ("engine", "api", "ui", "jobs", "reports"),
    "care": ("chat", "desk", "bot"),
    "data": ("lake", "catalog", "stream", "quality"),
    "sec": ("keys", "scan", "gate"),
    "cloud": ("base", "net", "store", "run"),
}
SINGLE: Final = ("website", "handbook", "sandbox", "design", "wiki", "status", "attic")
REPOSITORIES: Final = (
    *(f"acme/{head}-{tail}" for head, tails in FAMILIES.items() for tail in tails),
    *(f"acme/{name}" for name in SINGLE),
)
EMPTY: Final = ("PEORE", "acme/attic")
CUSTOMERS: Final = ("phone", "router")
HOSTILE: Final = 'Roaming "abroad"]\n[[connections]]\nname = "evil" # \u202e\x1b[31m'


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A program of the company: `label` where no initiative holds it together."""

    title: str
    departments: tuple[str, ...]
    reach: int
    families: tuple[str, ...] = ()
    label: str = ""


TREES: Final = (
    Scripted(title="5G for every town", departments=("RAD", "COR", "SIT"), reach=20,
             families=("ran", "phone")),
    Scripted(title="Fibre rollout", departments=("FIB", "TRA"), reach=12),
    Scripted(title="Fibre rollout", departments=("WHO", "FLD"), reach=8),
    Scripted(title="One bill", departments=("BIL", "FIN", "CAR"), reach=14, families=("billing",)),
    Scripted(title=HOSTILE, departments=("ROA", "LEG"), reach=9),
    Scripted(title="Shops of the future", departments=("SHO", "PEO"), reach=10,
             families=("care",)),
    Scripted(title="Leave the data centres", departments=("CLD", "COR"), reach=11,
             families=("cloud", "data")),
    Scripted(title="Night camera", departments=("PHN", "DEV"), reach=7, families=("phone",)),
    Scripted(title="客户之声", departments=("CAR", "DAT"), reach=5),
)  # fmt: skip
LABELS: Final = (
    Scripted(title="zero-trust", departments=("SEC", "CLD"), reach=12, families=("sec",),
             label="prog:zero-trust"),
    Scripted(title="green-sites", departments=("ENE", "SIT"), reach=10, label="prog:green-sites"),
    Scripted(title="audit-2027", departments=("FIN", "LEG"), reach=6, label="program-audit-2027"),
)  # fmt: skip
PROGRAMS: Final = (*TREES, *LABELS)


@dataclass
class Company:
    """Builds the world; `of_program` is the truth about who belongs to which program."""

    world: World = field(default_factory=World)
    of_program: dict[int, set[str]] = field(default_factory=dict)
    _random: Random = field(default_factory=lambda: Random(20261123))
    _ids: Iterator[int] = field(default_factory=lambda: count(100_001))
    _numbers: dict[str, Iterator[int]] = field(default_factory=dict)

    def item(self, container: str, title: str, **state: Any) -> str:
        """A new item, every third done some time in the last half year; gives its id."""
        number = next(self._numbers.setdefault(container, count(1)))
        key = f"{container}#{number}" if "/" in container else f"{container}-{number}"
        identity = str(next(self._ids))
        begun = self._random.randint(20, 160)
        ended = self._random.random() < 0.4 and state.get("type", "Story") == "Story"
        self.world.create(
            ScriptedItem(
                id=identity,
                created_at=ago(begun + 15),
                reporter="reporter",
                initial=ItemState(container=container, key=key, title=title, **state),
                events=tuple(_life(begun, ended=ended)),
            )
        )
        return identity

    def everyday(self, container: str, items: int) -> None:
        """Work of a container that belongs to no program; products' repositories hear customers."""
        family = container.removeprefix("acme/").partition("-")[0]
        labels = (f"customer-{self._random.choice(('alpina', 'borealis'))}",)
        for number in range(items):
            asked = family in CUSTOMERS and number % 3 == 0
            team = (f"team-{family}",) if family in ("ran", "phone") else ()
            self.item(
                container,
                f"{_WORK[number % len(_WORK)]} {number + 1}",
                labels=(*(labels if asked else ()), *team),
                assignee=self._random.choice(_PEOPLE),
            )

    def program(self, number: int, scripted: Scripted) -> None:
        """The items of a program: epics and their work under an initiative, or a label's items."""
        containers = [f"{d}{f}" for f in FUNCTIONS for d in scripted.departments][: scripted.reach]
        owner = _PEOPLE[number % len(_PEOPLE)]
        members = self.of_program.setdefault(number, set())
        top = ""
        if not scripted.label:
            top = self.item(containers[0], scripted.title, type="Initiative", assignee=owner)
            members.add(top)
        for container in containers:
            members.update(self._part(container, scripted, top))
        for family in scripted.families:
            for tail in FAMILIES[family][:3]:
                members.update(self._of_repository(f"acme/{family}-{tail}", scripted, top))

    def _part(self, container: str, scripted: Scripted, top: str) -> Iterator[str]:
        if not top:
            for number in range(6):
                yield self.item(container, f"Step {number + 1}", labels=(_cased(scripted, number),))
            return
        version = f"{container}-1" if self._random.random() < 0.15 else ""
        epic = self.item(container, f"{container} part", type="Epic", parent=top)
        yield epic
        for number in range(self._random.randint(5, 9)):
            yield self.item(
                container,
                f"{_WORK[number % len(_WORK)]} for {container}",
                parent=epic,
                versions=(version,) if version else (),
                labels=("prog:5g-towns",) if scripted.title.startswith("5G") else (),
                assignee=self._random.choice(_PEOPLE),
            )

    def _of_repository(self, container: str, scripted: Scripted, top: str) -> Iterator[str]:
        for number in range(4):
            title = f"{_WORK[number % len(_WORK)]} in {container}"
            if top:
                yield self.item(container, title, parent=top, type="Feature")
            else:
                yield self.item(container, title, labels=(scripted.label,))


_WORK: Final = (
    "Order parts", "Write interface", "Test in the field", "Train staff", "Agree contract",
    "Move data", "Review design", "Fix defects", "Measure load",
)  # fmt: skip
_PEOPLE: Final = ("okafor", "roth", "silva", "brandt", "ito", "novak", "haddad", "lund")


def _life(begun: int, *, ended: bool) -> Iterator[Event]:
    yield Event(at=ago(begun), actor="roth", changes={"status": "In Progress"})
    if ended:
        done = {"status": "Done", "resolution": "Done"}
        yield Event(at=ago(max(begun - 18, 1)), actor="roth", changes=done)


def _cased(scripted: Scripted, number: int) -> str:
    """Every other person writes the label of the green sites in capitals."""
    return (
        scripted.label.title()
        if scripted.title == "green-sites" and number % 2
        else (scripted.label)
    )


def large_company() -> Company:
    """The whole company, the same each time but for its dates, which end today."""
    made = Company()
    _places(made.world)
    for name in (*_PEOPLE, "reporter"):
        made.world.add_person(Person(id=name, name=f"{name.title()} {name[:1].upper()}."))
    for number, scripted in enumerate(PROGRAMS):
        made.program(number, scripted)
    for key in (*JIRA_KEYS, *REPOSITORIES):
        if key not in EMPTY:
            made.everyday(key, 11 if key in JIRA_KEYS else 12)
    _lures(made)
    return made


def _places(world: World) -> None:
    for number, key in enumerate(JIRA_KEYS, start=1):
        name = f"{DEPARTMENTS[key[:3]]} {FUNCTIONS[key[3:]]}"
        world.add_container(Container(id=str(number), key=key, name=name))
        due = NOW.date() + timedelta(days=(7 * number) % 400 + 5)
        world.add_version(Version(id=str(5000 + number), container=key, name=f"{key}-1", due=due))
    for number, key in enumerate(REPOSITORIES, start=1001):
        world.add_container(Container(id=str(number), key=key, name=key.partition("/")[2]))
    for number, tail in enumerate(FAMILIES["phone"]):
        due = NOW.date() + timedelta(days=40)
        world.add_version(
            Version(id=str(7000 + number), container=f"acme/phone-{tail}", name="Beta", due=due)
        )


def _lures(made: Company) -> None:
    """What is no program: an initiative in one project, a label in one, one of last year."""
    small = made.item("PEOPL", "Better coffee", type="Initiative")
    made.item("PEOPL", "Buy machine", parent=small)
    made.item("LEGRE", "Old papers", labels=("prog:old-papers",))
    done = made.item("ENEPL", "Fibre rollout", type="Initiative")
    made.world.edit(done, ago(3), actor="roth", status="Done", resolution="Done")
    for tail in FAMILIES["phone"]:
        made.item(f"acme/phone-{tail}", "Ready for the beta", versions=("Beta",))


class Both:
    """Both simulated trackers in a thread of their own while open as a context manager."""

    def __init__(self, world: World) -> None:
        clock = SystemClock()
        self.jira = JiraSimulator(world, clock, containers=JIRA_KEYS)
        self.github = GitHubSimulator(
            world, clock, containers=REPOSITORIES, foreign_url=self.jira.item_url
        )
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    async def _open(self) -> None:
        await self._stack.enter_async_context(self.jira)
        await self._stack.enter_async_context(self.github)

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def environment(self) -> dict[str, str]:
        """The secrets of both accounts."""
        return {
            "JIRA_TOKEN": self.jira.account.secret,
            "GITHUB_TOKEN": self.github.account.secret,
        }

    def configuration(self, before: Sequence[str] = ()) -> str:
        """Both connections, as an administrator writes them."""
        return "\n".join(
            (
                *before,
                "[service]",
                'timezone = "Europe/Berlin"',
                "",
                "[[connections]]",
                'name = "jira"',
                'kind = "jira"',
                f'url = "{self.jira.url}"',
                f'auth = {{ email = "{self.jira.account.user}", token_env = "JIRA_TOKEN" }}',
                "",
                "[[connections]]",
                'name = "github"',
                'kind = "github"',
                f'url = "{self.github.url}"',
                'auth = { token_env = "GITHUB_TOKEN" }',
                "",
            )
        )
