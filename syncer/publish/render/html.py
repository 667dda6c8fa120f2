"""The digest as one self-contained HTML page: no script, nothing fetched, escaped by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from syncer.domain.report import Evidence
from syncer.publish.digest.model import Digest
from syncer.publish.digest.wording import day, weekday
from syncer.publish.render import phrases

_TEMPLATES = Path(__file__).parent / "templates"
_LEAST_BAR = 0.02


def render_html(digest: Digest) -> str:
    """The whole edition as a page that is also fit to be the body of a mail.

    All text is escaped and isolated in its direction; links lead only where `compose` allowed.
    """
    notes = Footnotes()
    return (
        environment()
        .get_template("digest.html.j2")
        .render(
            digest=digest,
            notes=notes,
            note=notes.mark,
            phrases=phrases,
            moment=moment(digest),
            bar=_bar,
        )
    )


@cache
def environment() -> Environment:
    """The templates' environment: escapes by default, stops at what is not defined."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = _text
    return environment


def _text(text: str) -> Markup:
    """Escaped text, isolated in its direction, with no line end inside a figure and its unit."""
    return Markup("<bdi>{}</bdi>").format(phrases.glued(text))


def moment(digest: Digest) -> str:
    """The instant of the figures in the audience's zone: `Mon 23 Nov 2026, 05:30`."""
    local = digest.as_of.astimezone(ZoneInfo(digest.timezone))
    when = local.date()
    return f"{weekday(when)} {day(when, today=when)} {when.year}, {local:%H:%M}"


def _bar(probability: float) -> str:
    """The length of a chance's bar in per cent; a small chance still shows."""
    return f"{100 * max(_LEAST_BAR, min(1.0, probability)):.0f}"


@dataclass
class Footnotes:
    """The evidence of the page in order of first use; one number a claim."""

    entries: list[Sequence[Evidence]] = field(default_factory=list)

    def mark(self, evidence: Sequence[Evidence]) -> Markup:
        """The small anchor that leads from a claim to its evidence."""
        if not evidence:
            return Markup()
        if evidence not in self.entries:
            self.entries.append(evidence)
        number = self.entries.index(evidence) + 1
        return Markup('<a class="ref" href="#e{0}" aria-label="Evidence {0}">{0}</a>').format(
            number
        )
