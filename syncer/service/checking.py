"""What `check` finds beside the trackers' answers: selectors, queries, addresses for webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncer.domain.item import ItemState
from syncer.domain.selector import Selector, Shelves, Under, described
from syncer.errors import ConfigError
from syncer.publish.tracker_words import Unheard
from syncer.service.core import Service
from syncer.service.daemon_doors import endpoints_of
from syncer.service.portfolio import Ground, load_ground, queries_of
from syncer.settings.faults import Place
from syncer.settings.root import Settings
from syncer.store.selections import unanswered
from syncer.web.security import access_of

_POLLED = "no webhook secret, so it is only polled."
_ADVICE = "Set webhook_secret_env in its table to hear of changes at once."


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where a connection's webhooks come in: an address to register, or why there is none."""

    connection: str
    url: str = ""
    error: ConfigError | None = None
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selecting:
    """A selector of the configuration that needs a person: it picks nothing, or has no answer.

    With `now` it names what is called otherwise now, and still picks that.
    """

    place: Place
    selector: str
    error: str = ""
    now: str = ""


async def doorways(service: Service) -> list[Doorway]:
    """One for each connection, in configured order; new endpoints are made and kept."""
    faults: dict[str, ConfigError] = {}
    secured: set[str] = set()
    for name in service.connections.names:
        try:
            if service.connections.webhook_secrets(name):
                secured.add(name)
        except ConfigError as error:
            faults[name] = error
    found = await endpoints_of(service) if secured else {}
    urls = {one.connection: one.url for one in found.values()}
    local = not service.settings.service.hooks.public_url
    return [
        Doorway(
            connection=name,
            url=urls.get(name, ""),
            error=faults.get(name),
            local=local,
        )
        for name in service.connections.names
    ]


def pages_fault(settings: Settings) -> ConfigError | None:
    """Why `serve` would not show pages, None where it would."""
    try:
        access_of(settings.service.pages, environment=settings.environment, folder=settings.folder)
    except ConfigError as error:
        place = settings.place("service", "pages", "auth")
        return ConfigError(f"{place}: {error.message}", fix=error.fix)
    return None


async def selecting(service: Service) -> list[Selecting]:
    """The selectors that pick nothing and the queries without an answer; none before a sync."""
    async with service.store.read() as session:
        ground = await load_ground(session)
        failed = await unanswered(session)
    if not ground.items:
        return []
    asked = set(queries_of(service.settings))
    without = {described(one): error for one, error in failed.items() if one in asked}
    return list(_judged(service.settings, ground, without))


def _judged(settings: Settings, ground: Ground, without: dict[str, str]) -> Iterator[Selecting]:
    live = [item for item in ground.items if item.state is ItemState.LIVE]
    by_uid, shelves = {item.uid: item for item in live}, Shelves(live)
    for path, selectors in _written(settings):
        for index, selector in enumerate(selectors):
            name, place = described(selector), settings.place(*path, index)
            if name in without:
                yield Selecting(place=place, selector=name, error=without[name])
                continue
            present = ground.under_present_names([selector])
            now = ", ".join(one for one in map(described, present) if one != name)
            if not shelves.select(present, by_uid):
                yield Selecting(place=place, selector=name)
            elif now:
                yield Selecting(place=place, selector=name, now=now)


_Path = tuple[str | int, ...]


def _written(settings: Settings) -> Iterator[tuple[_Path, Sequence[Selector]]]:
    """Every list of selectors with its place in the configuration."""
    for index, team in enumerate(settings.teams):
        yield ("teams", index, "items"), team.items
    for index, project in enumerate(settings.projects):
        yield ("projects", index, "items"), project.items
        yield ("projects", index, "except"), project.excluding
    for index, program in enumerate(settings.programs):
        yield ("programs", index, "items"), program.items
    for index, release in enumerate(settings.releases):
        yield ("releases", index, "items"), release.items
        yield ("releases", index, "must"), release.must  # no must-fix bug is a good thing
        for number, one in enumerate(release.gates):
            named = (Under(one.item),) if one.item else ()
            yield ("releases", index, "gates", number, "item"), named
    for index, gate in enumerate(settings.gates):
        yield ("gates", index, "items"), gate.items
    for index, rule in enumerate(settings.classification):
        yield ("classification", index, "select"), rule.select


def door_lines(door: Doorway) -> Iterator[str]:
    """A doorway for people; the fix stands on a line of its own."""
    if door.error is not None:
        yield f"{door.connection}: webhooks: {door.error.message}"
        if door.error.fix:
            yield f"  {door.error.fix}"
    elif door.url:
        yield f"{door.connection}: register this address for webhooks: {door.url}"
        if door.local:
            yield "  It is this machine's own; set public_url in [service] hooks for one outside."
    else:
        yield f"{door.connection}: {_POLLED}"
        yield f"  {_ADVICE}"


def selecting_lines(found: Selecting) -> Iterator[str]:
    """What is the matter with a selector, for people."""
    if found.error:
        yield f"{found.place}: the tracker did not answer the {found.selector}: {found.error}"
        yield "  Its last answer stays in use; try it in the tracker's own search."
    elif found.now:
        yield f"{found.place}: {found.selector} is called {found.now} now, and is followed there."
    else:
        yield f"{found.place}: warning: {found.selector} picks no item; correct or remove it."


def unheard_lines(unheard: Unheard) -> Iterator[str]:
    """Why the status updates of a tracker's project are not used, for people."""
    about = " or ".join(unheard.scopes)
    why = f"they could be about {about}" if about else "they are about no work that is known"
    yield f"{unheard.connection}: status updates of {unheard.subject!r} are not used: {why}."
    yield "  Give the program, product or project that they are about the same name."
