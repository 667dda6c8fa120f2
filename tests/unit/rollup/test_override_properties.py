"""What must hold of every override, whatever the colours are (roll-up spec, section 3.5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncer.domain.facts import MemberFacts, ProgramFacts
from syncer.domain.health import Colour, Health
from syncer.domain.portfolio import Criticality
from syncer.domain.statement import ColourOverride
from syncer.rollup.colours.group import group_colour, not_too_light
from syncer.rollup.colours.health import severity
from syncer.rollup.colours.overrides import OverrideBook, is_lightening, shown
from tests.unit.rollup.builders import AS_OF, TODAY
from tests.unit.rollup.scenes import SAID

SHOWABLE = (Health.RED, Health.AMBER, Health.GREEN)
health = st.sampled_from(Health)
target = st.sampled_from((None, date(2027, 3, 19), date(2027, 4, 16)))


def colour(of: Health) -> Colour:
    return Colour(health=of, rule="X", reason="")


@st.composite
def override(draw: st.DrawFn) -> ColourOverride:
    """One of any colour over any colour, which ends some days from now."""
    return ColourOverride(
        id="C-1",
        scope="proj:net",
        colour=draw(st.sampled_from(SHOWABLE)),
        computed=draw(health),
        target=draw(target),
        reason="A reason of twenty characters",
        since=TODAY,
        expires=TODAY + timedelta(days=draw(st.integers(-30, 14))),
        undone_at=draw(st.sampled_from((None, AS_OF))),
        provenance=SAID,
    )


def seen(made: ColourOverride, own: Health, on: date | None) -> Health:
    book = OverrideBook.of([made], as_of=AS_OF, zone="UTC", previous=None)
    return shown(book.state("proj:net", colour(own), on), colour(own)).health


@given(made=override(), own=health, on=target)
def test_what_was_to_darken_never_lightens(
    made: ColourOverride, own: Health, on: date | None
) -> None:
    if not is_lightening(made):
        assert severity(seen(made, own, on)) >= severity(own)


@given(made=override(), own=health, on=target)
def test_what_lightens_shows_no_more_than_was_asked_for_and_only_while_it_holds(
    made: ColourOverride, own: Health, on: date | None
) -> None:
    found = seen(made, own, on)
    if severity(found) < severity(own):
        assert found is made.colour
        assert is_lightening(made)
        assert made.expires >= TODAY
        assert made.undone_at is None
        assert made.target == on
        assert severity(own) <= severity(made.computed)


@given(made=override(), own=st.sampled_from((Health.UNKNOWN, Health.NO_PLAN)), on=target)
def test_unknown_is_never_green(made: ColourOverride, own: Health, on: date | None) -> None:
    assert seen(made, own, on) is not Health.GREEN


@given(members=st.lists(st.sampled_from(SHOWABLE), min_size=1, max_size=5), wanted=health)
def test_a_program_is_never_lighter_than_amber_while_a_must_member_computes_red(
    members: list[Health], wanted: Health
) -> None:
    facts = ProgramFacts(
        members=tuple(
            MemberFacts(key=str(n), name=str(n), health=one, criticality=Criticality.MUST)
            for n, one in enumerate(members)
        ),
        joint=0.99,
    )
    first = replace(facts.members[0], computed_red=True)
    facts = replace(facts, members=(first, *facts.members[1:]))
    amber = severity(Health.AMBER)
    assert severity(group_colour(facts).health) >= amber
    assert severity(not_too_light(colour(wanted), facts).health) >= amber
