"""Work that is old, unplanned or contradicts itself: the digest claims no more than it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from syncer.domain.health import Health
from syncer.publish.digest.compose import compose
from syncer.publish.digest.model import Digest
from syncer.publish.digest.names import short_names
from syncer.publish.digest.wording import because, sentence
from syncer.publish.render.html import render_html
from syncer.publish.render.markdown import render_markdown
from syncer.publish.render.text import render_text
from tests.unit.publish.builders import (
    EARLIER,
    EXECUTIVE,
    colour,
    item,
    project,
    risk,
    snapshot,
)

BEHIND = "87 % of the planned progress"


def legacy(**changes: Any) -> Digest:
    """One Amber project without target, owner or forecast, seen for the first time."""
    stale = project(
        "old",
        "legacy-7b core",
        Health.AMBER,
        shown=colour(Health.AMBER, "A2", BEHIND),
        withheld="nothing finished in 12 weeks",
        contradictions=tuple(item(f"OLD-{n}", f"Item {n}", "old") for n in range(6)),
    )
    found = (
        risk("DQ-2", "proj:old", "legacy-7b core: has no owner", 9, "medium"),
        risk("DQ-4", "proj:old", "legacy-7b core: 6 items that cannot be as told", 4, "low"),
    )
    seen = tuple(replace(one, first_seen=date(2026, 11, 16)) for one in found)
    now = snapshot(projects=(stale,), risks=seen, unmerged=seen, **changes)
    before = snapshot(projects=(stale,), as_of=EARLIER, reconstructed=True)
    return compose(now, before, (), audience=EXECUTIVE)


def flat(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def test_contradictions_are_said_beside_the_confidence() -> None:
    assert "6 items contradict themselves." in flat(render_text(legacy()))
    assert "contradict" not in flat(render_text(compose(snapshot(), None, (), audience=EXECUTIVE)))


def test_why_there_is_no_forecast_is_said_as_such() -> None:
    assert "no target | no forecast: nothing finished in 12 weeks |" in flat(render_text(legacy()))


@pytest.mark.parametrize("render", [render_text, render_markdown, render_html])
def test_a_missing_owner_is_said_once_and_asked_for(render: Callable[[Digest], str]) -> None:
    said = flat(render(legacy()))
    assert "Name one." in said
    assert said.count("No owner.") == 1, "the risk of contradictions has none either"


def test_a_first_edition_does_not_date_what_it_has_not_seen_begin() -> None:
    assert "since 16 Nov or before" in flat(render_text(legacy()))


def test_nothing_waiting_is_not_nothing_needed() -> None:
    assert legacy().headline.endswith("No decision is waiting.")


def test_a_reconstructed_edition_names_its_day_with_the_year() -> None:
    past = datetime(2020, 7, 1, 3, 30, tzinfo=UTC)
    said = flat(render_text(legacy(reconstructed=True, as_of=past)))
    assert "Data of Wed 1 Jul 2020 05:30, reconstructed from item history." in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("network is late", "Network is late."),
        ("iPhone app is late", "iPhone app is late."),
        ("team-7b3a is late", "team-7b3a is late."),
        ("x86 port is late", "x86 port is late."),
        ("e-mail is late", "E-mail is late."),
        ("über is late", "Über is late."),
        ("四个 is late", "四个 is late."),
    ],
)
def test_a_sentence_leaves_names_as_they_are_written(text: str, shown: str) -> None:
    assert sentence(text) == shown


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Red: Network upgrade", "Network upgrade is Red"),
        ("not Green: Network, Outreach", "Network, Outreach are not Green"),
        ("Red: Network; data is old", "Red: Network; data is old"),
        ("30 % chance of 19 Mar; safe by 13 Apr", "30 % chance of 19 Mar; safe by 13 Apr"),
    ],
)
def test_the_short_form_of_a_reason_becomes_part_of_a_sentence(reason: str, told: str) -> None:
    assert because(reason) == told


def test_a_mark_behind_a_word_of_a_name_is_none_of_its_short_name() -> None:
    names = {"proj:acme": ("acme", "Acme: projects and initiatives"), "proj:net": ("n", "Net, new")}
    assert short_names(names) == {"proj:acme": "Acme", "proj:net": "Net"}
