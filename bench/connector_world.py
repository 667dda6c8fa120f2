"""The sample that every connector reads, on each tracker in that tracker's own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from syncer.connect.testing.script import Container, Event, ItemState, Person, ScriptedItem
from syncer.connect.testing.world import World

NOW: Final = datetime(2026, 11, 23, 8, tzinfo=UTC)
_BEGIN: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
_PERSON: Final = "kim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of tracker names a container and its items, and how syncer is told of it.

    `mark` stands between a container and an item's number, `path` ends the tracker's address.
    """

    kind: str
    container: str
    mark: str
    auth: str
    more: str = ""
    path: str = ""


_PAT: Final = '{ type = "pat", token_env = "BENCH_TOKEN" }'
DIALECTS: Final[Sequence[Dialect]] = (
    Dialect(
        kind="jira",
        container="BIG",
        mark="-",
        auth='{ type = "basic", email = "bot@example.com", token_env = "BENCH_TOKEN" }',
    ),
    Dialect(kind="github", container="acme/big", mark="#", auth=_PAT),
    Dialect(
        kind="gitlab", container="acme/big", mark="#", auth=_PAT, more='containers = ["acme/big"]'
    ),
    Dialect(
        kind="azuredevops", container="Big", mark="#", auth='{ token_env = "BENCH_TOKEN" }',
        path="/acme",
    ),
    Dialect(
        kind="linear", container="BIG", mark="-", auth='{ token_env = "BENCH_TOKEN" }',
        more='api_url = "{url}"\ncontainers = ["BIG"]',
    ),
    Dialect(
        kind="redmine", container="big", mark="#",
        auth='{ token_env = "BENCH_TOKEN" }',
    ),
)  # fmt: skip
"""The connectors that read from a tracker by its API."""


def configuration(dialect: Dialect, url: str) -> str:
    """A `syncer.toml` with one connection, called like its kind."""
    address = f"{url}{dialect.path}"
    return "\n".join(
        (
            "[service]",
            'timezone = "Europe/Berlin"',
            "[[connections]]",
            f'name = "{dialect.kind}"',
            f'kind = "{dialect.kind}"',
            f'url = "{address}"',
            f"auth = {dialect.auth}",
            dialect.more.replace("{url}", address),
            "",
        )
    )


def sample_world(dialect: Dialect, count: int) -> World:
    """`count` items with some words, a due date and up to four changes each."""
    world = World()
    world.add_container(Container(id="10900", key=dialect.container, name="Big project"))
    world.add_person(Person(id=_PERSON, name="Kim Lee", email="kim@example.com"))
    for number in range(1, count + 1):
        world.create(_item(dialect, number))
    return world


def _item(dialect: Dialect, number: int) -> ScriptedItem:
    created = _BEGIN + timedelta(minutes=number)
    return ScriptedItem(
        id=str(20_000 + number),
        created_at=created,
        reporter=_PERSON,
        initial=ItemState(
            container=dialect.container,
            key=f"{dialect.container}{dialect.mark}{number}",
            title=f"Check mast {number} on the ridge",
            body="Measure the field, note the serial numbers, and tell the site owner. " * 8,
            assignee=_PERSON,
            due=created.date() + timedelta(days=40),
        ),
        events=tuple(_events(created, number)),
    )


def _events(created: datetime, number: int) -> Iterator[Event]:
    steps = (
        {"status": "In Progress"},
        {"due": created.date() + timedelta(days=60)},
        {"title": f"Check mast {number} on the far ridge"},
        {"status": "Done", "resolution": "Done"},
    )
    for day, changes in enumerate(steps[: number % 5], start=1):
        yield Event(at=created + timedelta(days=day), actor=_PERSON, changes=changes)
