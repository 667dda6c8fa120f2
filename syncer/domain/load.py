"""What teams have before them, and what would mend the data, as figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLoad:
    """What a team has due in the next weeks beside what it likely finishes (rollup.md 2.7, RES-2).

    `due` counts its open items that are due within `weeks` weeks, `likely` is the median of what
    it finishes in so many, 0 where its history is too thin to say. `items` are uids of some of
    those due. `team` is empty where a project names none: then the project is its own team.
    """

    team: str
    name: str
    projects: tuple[str, ...]
    due: int
    likely: int
    weeks: int
    items: tuple[str, ...] = ()

    @property
    def load(self) -> float | None:
        """Due by likely; more than 1 is more than half of the chances allow. None: unknown."""
        return self.due / self.likely if self.likely else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFix:
    """Something that would raise the data quality of a project by `points` of 100.

    `text` names it without its gain (`add owners to 6 items`); `count` is how many things are to be
    mended, `items` are the uids of some of them, none where it is not about items.
    """

    text: str
    count: int
    points: int
    items: tuple[str, ...] = ()
