"""An owner says one thing, the data another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncer.domain.health import Colour
from syncer.domain.statement import OwnerWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """What was reported on a scope on the report-local day `on`, and the colour of the data alone.

    `who` reported it. `data` is the computed colour without any owner's word.
    """

    scope: str
    name: str
    who: str
    on: date
    says: OwnerWord
    data: Colour
