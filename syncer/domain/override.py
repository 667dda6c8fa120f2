"""A person's override of a colour as a roll-up finds it (rollup.md 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from syncer.domain.health import Colour
from syncer.domain.statement import ColourOverride


class Lapse(StrEnum):
    """Why an override holds no longer; the value completes `the override lapsed: …`."""

    UNDONE = "taken back"
    EXPIRED = "expired"
    CLOSED = "the work has ended or rests"
    TARGET = "the target moved"
    WORSENED = "the computed colour got worse"
    UNKNOWN = "nothing is known any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideState:
    """The newest override of a scope at one instant.

    `own` is the colour that the scope has without it. `lapse` is None while it holds; else it
    lapsed on the report-local day `lapsed_on`, and for good. `is_shown` says that its colour is
    the one that readers see: one that holds may have become needless.
    """

    override: ColourOverride
    own: Colour
    is_shown: bool = False
    lapse: Lapse | None = None
    lapsed_on: date | None = None

    @property
    def is_active(self) -> bool:
        """Whether it holds."""
        return self.lapse is None
