"""The configured audiences, each with what it may see and where its editions go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

from syncer.domain.portfolio import Portfolio, Product, Program
from syncer.errors import ConfigError, NotFound
from syncer.publish.audience import AudienceView, Lens
from syncer.publish.recipients import Recipient, recipients_of
from syncer.settings.models import AudienceSettings
from syncer.settings.root import Settings

EVERYONE: Final = "everyone"
"""The audience of everything that exists where none is configured; it is only printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """One reader group. `family` is the key of its table: `for_each` makes several of one.

    `schedule` is a weekday and time in the view's zone (`Mon 07:00`), `snapshot_at` the time on
    that day at which its figures are taken; both are empty for the implicit audience.
    """

    view: AudienceView
    family: str
    recipients: tuple[Recipient, ...] = ()
    schedule: str = ""
    snapshot_at: str = ""
    implicit: bool = False


def audiences_of(settings: Settings, portfolio: Portfolio) -> list[Audience]:
    """Every audience; without any configured one the implicit one of everything."""
    base = AudienceView(
        key=EVERYONE,
        name="Everyone",
        timezone=settings.service.timezone,
        link_origins=_origins(settings),
        pages_url=settings.service.pages.url,
        days_off=days_off(portfolio),
    )
    if not settings.audiences:
        return [Audience(view=base, family=EVERYONE, implicit=True)]
    return [one for table in settings.audiences for one in _made(table, base, portfolio)]


def chosen(audiences: Sequence[Audience], key: str) -> list[Audience]:
    """The audiences that a key names (its own, or its family's); without a key the only one.

    `ConfigError` lists them where several are there and none is named; `NotFound` for a wrong key.
    """
    names = ", ".join(dict.fromkeys(one.family for one in audiences))
    if not key:
        if len({one.family for one in audiences}) > 1:
            raise ConfigError(
                f"There are several audiences: {names}.", fix="Name one with --audience."
            )
        return list(audiences)
    found = [one for one in audiences if key in {one.view.key, one.family}]
    if not found:
        raise NotFound(f"There is no audience {key!r}.", fix=f"There are: {names}.")
    return found


def _made(table: AudienceSettings, base: AudienceView, portfolio: Portfolio) -> Iterator[Audience]:
    view = replace(
        base,
        key=table.key,
        name=table.name or table.key,
        lens=Lens(table.lens),
        programs=table.programs,
        products=table.products,
        timezone=table.timezone or base.timezone,
        count_restricted=table.count_restricted,
    )
    if not table.for_each:
        yield _audience(table, view, portfolio)
        return
    groups = portfolio.programs if table.for_each == "program" else portfolio.products
    covered = (group for group in groups if view.covers(group.scope))
    yield from (_audience(table, _about(table, view, one), portfolio) for one in covered)


def _audience(table: AudienceSettings, view: AudienceView, portfolio: Portfolio) -> Audience:
    recipients = recipients_of(view, table.channels, portfolio)
    unreached = tuple(one.address for one in recipients if one.problem)
    return Audience(
        view=replace(view, unreached=unreached),
        family=table.key,
        recipients=recipients,
        schedule=table.schedule,
        snapshot_at=table.snapshot_at,
    )


def _about(table: AudienceSettings, view: AudienceView, group: Program | Product) -> AudienceView:
    """The view of one program or product."""
    is_program = isinstance(group, Program)
    return replace(
        view,
        key=f"{table.key}-{group.key}",
        name=f"{view.name}: {group.name}",
        programs=(group.key,) if is_program else (),
        products=() if is_program else (group.key,),
    )


def _origins(settings: Settings) -> frozenset[str]:
    """The origins of the trackers: the only ones to which an edition may link."""
    urls = (urlsplit(str(one.model_dump().get("url", ""))) for one in settings.connections)
    return frozenset(f"{url.scheme}://{url.netloc}" for url in urls if url.scheme and url.netloc)


def days_off(portfolio: Portfolio) -> frozenset[date]:
    """The holidays, and the days of freezes on which nothing gets done."""
    frozen = {
        freeze.first + timedelta(days=count)
        for freeze in portfolio.freezes
        if freeze.capacity == 0
        for count in range((freeze.last - freeze.first).days + 1)
    }
    return portfolio.holidays | frozen
