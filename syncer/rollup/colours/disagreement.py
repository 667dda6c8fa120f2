"""Where an owner's fresh word and the data differ: a headline of its own, whoever is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from syncer.domain.disagreement import Disagreement
from syncer.domain.health import Colour, Health
from syncer.domain.report import GroupResult, ProjectResult
from syncer.domain.statement import OwnerWord
from syncer.rollup.colours.group import group_colour
from syncer.rollup.colours.health import project_colour, severity
from syncer.rollup.rules import HealthRules

_MEANS: Final = {
    OwnerWord.ON_TRACK: Health.GREEN,
    OwnerWord.AT_RISK: Health.AMBER,
    OwnerWord.OFF_TRACK: Health.RED,
    OwnerWord.COMPLETE: Health.DONE,
}
_JUDGED: Final = frozenset({Health.RED, Health.AMBER, Health.GREEN})

Result = ProjectResult | GroupResult


def disagreements(
    results: Iterable[Result], rules: HealthRules, today: date
) -> tuple[Disagreement, ...]:
    """The scopes whose owner's word is not what the data says, too bright a word first.

    A word counts while it is fresh. Where nothing is known of a scope the data says nothing.
    """
    found = [one for result in results if (one := _of(result, rules, today)) is not None]
    return tuple(sorted(found, key=_weight))


def _weight(one: Disagreement) -> tuple[bool, int, str]:
    step = severity(one.data.health) - severity(_MEANS[one.says])
    return step < 0, -abs(step), one.scope


def _of(result: Result, rules: HealthRules, today: date) -> Disagreement | None:
    facts = result.facts
    word, age = facts.owner_word, facts.owner_word_age
    if word is None or word not in _MEANS or age > rules.colour.owner_word_days:
        return None
    data = _without_word(result, rules)
    if data.health not in _JUDGED or data.health is _MEANS[word]:
        return None
    return Disagreement(
        scope=result.scope,
        name=result.name,
        who=facts.owner_word_by or result.owner,
        on=today - timedelta(days=age),
        says=word,
        data=data,
    )


def _without_word(result: Result, rules: HealthRules) -> Colour:
    if isinstance(result, ProjectResult):
        return project_colour(replace(result.facts, owner_word=None), rules.colour)
    return group_colour(replace(result.facts, owner_word=None), rules.group, rules.colour)
