"""The health that people give to epics: on track, needs attention, at risk.

What it is: docs.gitlab.com/user/project/issues/managing_issues, "Health status". It is its setter's
word for an owner's status (rollup.md 1.2, the row of GitLab), and GitLab keeps no text with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.gitlab.mapping.site import Site
from connectors.gitlab.mapping.told import Happened, Happening, Told
from connectors.gitlab.rules import fold
from syncer.connect.times import utc_instant
from syncer.domain.item import Account
from syncer.domain.ref import ContainerKey
from syncer.domain.statement import OwnerWord, TrackerStatus

_WORDS: Final[Mapping[str, OwnerWord]] = {
    "ontrack": OwnerWord.ON_TRACK,
    "needsattention": OwnerWord.AT_RISK,
    "atrisk": OwnerWord.OFF_TRACK,
}
"""GitLab's third and worst word is what others call off track."""


def status_of_health(
    told: Told, happenings: Sequence[Happening], site: Site
) -> TrackerStatus | None:
    """What somebody last said of an open item's health; None where nobody says anything.

    Who said it and when stands in the history; without an entry it was said when the item was made.
    """
    value = _WORDS.get(fold(told.health).replace(" ", ""))
    if value is None or told.closed is not False or not told.created:
        return None
    said = [one for one in happenings if one.what is Happened.HEALTH and one.after]
    last = said[-1] if said else None
    return TrackerStatus(
        id=f"{told.id}-{last.id if last else 'created'}",
        container=ContainerKey(site.connection, told.place.path),
        subject=told.title,
        url=site.url(told.place),
        author=_author(last, site) if last else told.author,
        at=last.at if last else utc_instant(told.created),
        value=value,
        text="",
        start=told.start,
        target=told.due,
    )


def _author(one: Happening, site: Site) -> Account | None:
    if not one.actor:
        return None
    return Account(connection=site.connection, id=one.actor, name=one.actor, bot=one.by_bot)
