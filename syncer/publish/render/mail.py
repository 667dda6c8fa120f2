"""The digest as the HTML part of a mail: tables and inline styles, since mail programs know few.

No script, no image, nothing fetched; readable on a phone of 360 px without any media query, which
is there for dark screens alone. Figures without their evidence: that is on the pages.
"""

from __future__ import annotations

from typing import Final

from syncer.domain.health import Health
from syncer.publish.digest.model import Digest
from syncer.publish.digest.wording import capital
from syncer.publish.render import phrases
from syncer.publish.render.html import environment, moment

MAIL: Final = "mail"
"""The name of this form among an edition's frozen contents."""

_TONES: Final = {
    Health.RED: "red",
    Health.AMBER: "amber",
    Health.GREEN: "green",
    Health.DONE: "green",
}
_BANDS: Final = {"critical": "red", "high": "red", "medium": "amber"}


def render_mail(digest: Digest) -> str:
    """The whole edition as one HTML document for a mail; all text escaped and isolated."""
    template = environment().get_template("mail.html.j2")
    return template.render(
        digest=digest,
        phrases=phrases,
        moment=moment(digest),
        tone=_tone,
        band_tone=_band_tone,
        capital=capital,
    )


def _tone(health: Health) -> str:
    return _TONES.get(health, "grey")


def _band_tone(band: str) -> str:
    return _BANDS.get(band, "grey")
