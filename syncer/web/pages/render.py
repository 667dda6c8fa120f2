"""From a page's parts to its HTML: escaped by default, and nothing undefined goes unseen."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from syncer.domain.health import Health
from syncer.publish.digest.tracker_text import clean
from syncer.publish.render import phrases
from syncer.web.pages import risks
from syncer.web.pages.context import scope_href
from syncer.web.pages.why import why_href

FOLDER: Final = Path(__file__).parent
_LONGEST: Final = 400


def render(template: str, **parts: object) -> str:
    """The page of a template; a part that the template needs and does not get is an error."""
    return _environment().get_template(f"{template}.html.j2").render(**parts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = text
    environment.filters["plain"] = plain
    environment.filters["commands"] = commands
    environment.globals.update(
        phrases=phrases,
        unknown=Health.UNKNOWN,
        scope_href=scope_href,
        why_href=why_href,
        treatment=risks.treatment,
        page=None,
    )
    return environment


def plain(words: object) -> str:
    """Text for an attribute or a title: cleaned, and escaped where it is printed."""
    return clean(str(words), _LONGEST)


def commands(words: str) -> Markup:
    """Our own sentence, escaped; what stands between backticks is a command."""
    parts = escape(plain(words)).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )


def text(words: object) -> Markup:
    """Escaped text, isolated in its direction, with no line end inside a figure and its unit."""
    return Markup("<bdi>{}</bdi>").format(phrases.glued(plain(words)))
