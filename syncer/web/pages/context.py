"""What every page says alike: names, dates, links, freshness, and what may not be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final
from urllib.parse import quote

from syncer.domain.evidence import Backing
from syncer.domain.health import Health
from syncer.domain.item import WorkItem
from syncer.domain.report import Evidence, ItemMention, SourceState
from syncer.publish.audience import Lens
from syncer.publish.digest.backing import edition_evidence
from syncer.publish.digest.context import Context
from syncer.publish.digest.figures import word
from syncer.publish.digest.model import Claim
from syncer.publish.digest.tracker_text import clean, safe_url
from syncer.publish.digest.trust import banner, trust
from syncer.publish.digest.wording import because, counted, day, span, weekday
from syncer.rollup.display import show_probability
from syncer.web.pages.reader import Current

FOLDERS: Final = {"prog": "/programs/", "prod": "/products/", "proj": "/projects/"}
_STALE: Final = timedelta(hours=24)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something to follow: `href` on these pages, `tracker` at its tracker; empty: nowhere.

    A restricted item has neither, and no key.
    """

    label: str
    key: str = ""
    href: str = ""
    tracker: str = ""


def scope_href(scope: str) -> str:
    """The page of a scope (`prog:5g`), the first page for the portfolio."""
    sort, _, key = scope.partition(":")
    return f"{FOLDERS[sort]}{quote(key, safe=':')}" if sort in FOLDERS and key else "/"


def item_href(uid: str) -> str:
    """The page of an item."""
    return f"/items/{quote(uid, safe=':')}"


def age(span: timedelta) -> str:
    """How old something is: `less than a minute`, `12 minutes`, `5 hours`, `3 days`."""
    if span < _MINUTE:
        return "less than a minute"
    if span < _HOUR:
        return counted(int(span // _MINUTE), "minute")
    if span < 2 * _DAY:
        return counted(int(span // _HOUR), "hour")
    return counted(span.days, "day")


@dataclass(frozen=True)
class PageContext:
    """One reading, and how pages word it; `digest` are the rules of what may be shown."""

    current: Current

    @cached_property
    def digest(self) -> Context:
        """Everything that may be shown, in the words of the digest."""
        return self._narrowed(self.current.view.programs, self.current.view.products)

    def of(self, scope: str) -> Context:
        """The same for one program or product alone."""
        sort, _, key = scope.partition(":")
        return self._narrowed((key,) if sort == "prog" else (), (key,) if sort == "prod" else ())

    @property
    def brief(self) -> Context:
        """Everything in the depth of a senior manager's digest."""
        found = self.digest
        return replace(found, view=replace(found.view, lens=Lens.EXECUTIVE))

    def _narrowed(self, programs: tuple[str, ...], products: tuple[str, ...]) -> Context:
        pair = self.current.pair
        withheld = tuple(self.current.stock.withheld)
        snapshot = replace(pair.current, cited=(*pair.current.cited, *withheld))
        return Context(
            snapshot=snapshot,
            previous=pair.previous,
            colour_changes=pair.changes,
            view=replace(self.current.view, programs=programs, products=products),
            version=1,
            correction="",
            rules=self.current.rules,
        )

    # --- words ----------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The report-local date of the reading."""
        return self.digest.today

    def text(self, text: str, limit: int = 200) -> str:
        """The text without what may not be shown, one line."""
        return self.digest.shown.text(text, limit)

    def because(self, reason: str) -> str:
        """A colour's reason as part of a sentence: `Network upgrade is Red` for its short form."""
        return because(self.text(reason))

    def day(self, when: date | None) -> str:
        """`19 Mar`, a dash for no date."""
        return "–" if when is None else day(when, today=self.today)

    def span(self, first: date | None, last: date | None) -> str:
        """`26 Mar – 13 Apr`: the likely and the safe date."""
        return span(first, last, today=self.today)

    def moment(self, instant: datetime | None) -> str:
        """`Mon 23 Nov, 05:30` in the readers' zone."""
        if instant is None:
            return "never"
        local = self.digest.local(instant)
        on = local.date()
        return f"{weekday(on)} {day(on, today=self.today)}, {local:%H:%M}"

    def ago(self, instant: datetime | None) -> str:
        """`12 minutes`, or `never`."""
        return "never" if instant is None else age(max(self.current.now - instant, timedelta()))

    def chance(self, probability: float | None) -> str:
        """A chance in words, a dash where it is withheld."""
        return "–" if probability is None else show_probability(probability)

    def health(self, health: Health) -> Health:
        """The colour that may be shown: without fresh data there is none."""
        ended = {Health.DONE, Health.CANCELLED}
        return Health.UNKNOWN if self.is_stale and health not in ended else health

    def colour(self, health: Health) -> str:
        """The word for a colour; a stale one only says what it was."""
        shown = self.health(health)
        return word(shown) if shown is health else f"{word(shown)} (was {word(health)})"

    # --- links ----------------------------------------------------------------------------------

    def item(self, mention: ItemMention) -> Link:
        """An item as it may be shown."""
        shown = self.digest.shown.item(mention)
        if shown.restricted:
            return Link(label=shown.label)
        known = mention.uid in self.items
        href = item_href(mention.uid) if known else ""
        return Link(label=shown.label, key=shown.key, href=href, tracker=shown.url)

    def work(self, item: WorkItem) -> Link:
        """A stored item, which may be shown or it would not be in the stock."""
        return Link(
            label=clean(self.text(item.title, 160), 160) or clean(item.key, 40),
            key=clean(item.key, 40),
            href=item_href(item.uid),
            tracker=safe_url(item.url, self.current.view.link_origins),
        )

    def scope(self, scope: str) -> Link:
        """A program, product or project by name."""
        full = self.digest.resolve(scope)
        return Link(label=self.digest.short(full), href=scope_href(full))

    def project(self, key: str) -> Link:
        """A project by key; an unknown one has no page."""
        if self.current.pair.current.project(key) is None:
            return Link(label=clean(key, 40) or "no project")
        return self.scope(f"proj:{key}")

    @cached_property
    def items(self) -> dict[str, WorkItem]:
        """The items that may be shown, by uid."""
        return {item.uid: item for item in self.current.stock.items}

    def behind(self, evidence: Evidence) -> list[Link]:
        """The items behind a figure of the roll-up itself (they are uids there)."""
        found = (self.items.get(uid) for uid in evidence.items)
        return [self.work(item) for item in found if item is not None]

    # --- freshness ------------------------------------------------------------------------------

    @property
    def is_stale(self) -> bool:
        """Whether this reading is too old to give any colour."""
        return self.current.now - self.current.pair.current.as_of > _STALE

    @property
    def is_empty(self) -> bool:
        """Whether nothing has ever been read."""
        return all(one.last_success_at is None for one in self.current.pair.current.sources)

    def banners(self, context: Context | None = None) -> Sequence[Claim]:
        """What stands before everything else: old readings, missing data."""
        found = list(banner(context or self.digest))
        if self.current.fault:
            why = clean(self.current.fault, 300)
            text = "These pages could not be brought up to date."
            reason = Evidence(label="Reason", value=why or "not known")
            found.insert(0, Claim(text=text, evidence=Backing(reason)))
        if self.is_stale:
            text = "This reading is too old: no colour can be given."
            found.insert(0, Claim(text=text, evidence=Backing(edition_evidence(self.digest))))
        return found

    def trust(self, context: Context | None = None) -> Sequence[Claim]:
        """The trust line, as digests have it."""
        return trust(context or self.digest)

    @property
    def oldest(self) -> SourceState | None:
        """The source read longest ago, or never."""
        sources = self.current.pair.current.sources
        never = next((one for one in sources if one.last_success_at is None), None)
        dated = [one for one in sources if one.last_success_at is not None]
        return never or min(dated, key=lambda one: str(one.last_success_at), default=None)

    @property
    def freshness(self) -> str:
        """How fresh and complete the data is, in a few words."""
        sources, oldest = self.current.pair.current.sources, self.oldest
        if oldest is None:
            return "nothing has been read"
        failing = sum(bool(one.error) for one in sources)
        name = f"{clean(oldest.connection, 30)}:{clean(oldest.container, 30)}".rstrip(":")
        ago = self.ago(oldest.last_success_at)
        read = "never read" if ago == "never" else f"read {ago} ago"
        parts = [f"{counted(len(sources), 'container')}, the oldest ({name}) {read}"]
        if failing:
            parts.append(f"{failing} failing")
        return "; ".join(parts)
