"""To whom an audience's editions go: folders and addresses, owners looked up, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from syncer.domain.portfolio import Person, Portfolio, Product, Program
from syncer.publish.audience import AudienceView, Lens
from syncer.settings.models import OWNER, ChannelSettings, EmailChannelSettings

EMAIL: Final = "email"
FILE: Final = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One folder or mail address; `problem` says why nothing can be sent to somebody named."""

    channel: str
    address: str
    name: str = ""
    problem: str = ""


def recipients_of(
    view: AudienceView, channels: Sequence[ChannelSettings], portfolio: Portfolio
) -> tuple[Recipient, ...]:
    """Everyone who gets the audience's editions; addresses that differ only in case are one."""
    found: dict[tuple[str, str], Recipient] = {}
    for channel in channels:
        for one in _through(channel, view, portfolio):
            same = one.address if one.channel == FILE else one.address.casefold()
            found.setdefault((one.channel, same), one)
    return tuple(found.values())


def _through(
    channel: ChannelSettings, view: AudienceView, portfolio: Portfolio
) -> Iterator[Recipient]:
    if not isinstance(channel, EmailChannelSettings):
        yield Recipient(channel=FILE, address=channel.path)
        return
    for address in channel.to:
        if address == OWNER:
            yield from (_owner(group, portfolio.people) for group in _groups(view, portfolio))
        else:
            yield Recipient(channel=EMAIL, address=address, name=_name(address, portfolio.people))


def _groups(view: AudienceView, portfolio: Portfolio) -> list[Program | Product]:
    """What the audience's lens is about: whose owners are meant by `{owner}`."""
    every: list[Program | Product] = []
    every += portfolio.programs if view.lens is not Lens.PRODUCT else ()
    every += portfolio.products if view.lens is not Lens.PROGRAM else ()
    return [group for group in every if view.covers(group.scope)]


def _owner(group: Program | Product, people: Sequence[Person]) -> Recipient:
    if not group.owner:
        problem = f"{group.name} has no owner in the configuration."
        return Recipient(channel=EMAIL, address=f"owner of {group.key}", problem=problem)
    wanted = _same(group.owner)
    email = next((one.email for one in people if one.email and _same(one.name) == wanted), "")
    if not email:
        problem = f"{group.owner}, owner of {group.name}, has no address in [[people]]."
        return Recipient(channel=EMAIL, address=group.owner, name=group.owner, problem=problem)
    return Recipient(channel=EMAIL, address=email, name=group.owner)


def _name(address: str, people: Sequence[Person]) -> str:
    same = address.casefold()
    return next((one.name for one in people if one.email.casefold() == same), "")


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
