"""Those behind an override hear once that it ends, has lapsed or lacks approval (rollup 3.5)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from syncer.domain.health import Colour, Health
from syncer.domain.override import Lapse, OverrideState
from syncer.domain.report import Snapshot
from syncer.domain.statement import ColourOverride, Door, Provenance
from syncer.publish.notices import Notice, notices
from syncer.service.publishing import Publisher
from syncer.store.engine import Store
from syncer.store.statements import save_statement
from tests.publish.sink import running_sink
from tests.publish.world import SUNDAY, HandClock, dispatches, service_at, smtp
from tests.unit.publish.builders import snapshot
from tests.unit.publish.portfolios import network

TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 11, 9, tzinfo=UTC)
MADE = ColourOverride(
    id="C-1",
    scope="proj:network",
    colour=Health.AMBER,
    computed=Health.RED,
    target=date(2027, 3, 19),
    reason="The supplier has confirmed the parts",
    since=date(2026, 11, 9),
    expires=date(2026, 12, 4),
    provenance=Provenance(
        author="J. Roth", at=datetime(2026, 11, 9, tzinfo=UTC), door=Door.COMMAND
    ),
)
OWN = Colour(health=Health.RED, rule="R2", reason="30 % chance")


def said(today: date, made: ColourOverride = MADE, **state: object) -> tuple[Notice, ...]:
    found = OverrideState(override=made, own=OWN, **state)  # type: ignore[arg-type]  # names of fields
    known: Snapshot = snapshot(projects=(replace(network(), override=found),))
    return notices(known, today)


# --- what is said, to whom, when ----------------------------------------------------------------


@pytest.mark.parametrize(("days", "told"), [(3, False), (2, True), (0, True), (-1, False)])
def test_the_author_is_warned_two_days_before_the_end(days: int, *, told: bool) -> None:
    found = said(MADE.expires - timedelta(days=days))
    assert [(one.name, one.to) for one in found] == ([("C-1-ends", ("J. Roth",))] if told else [])
    if told:
        (notice,) = found
        assert notice.subject == "Your override of Network upgrade ends on 4 Dec"
        assert "computed is RED by rule R2" in notice.contents["txt"]


@pytest.mark.parametrize("lapse", [one for one in Lapse if one is not Lapse.UNDONE])
def test_author_and_approver_hear_that_it_lapsed_and_why(lapse: Lapse) -> None:
    (notice,) = said(TODAY, replace(MADE, approver="A. Silva"), lapse=lapse, lapsed_on=TODAY)
    assert (notice.name, notice.to) == ("C-1-lapsed", ("J. Roth", "A. Silva"))
    assert notice.subject == f"The override of Network upgrade has lapsed: {lapse}"


def test_what_was_taken_back_or_lapsed_long_ago_is_no_news() -> None:
    assert said(TODAY, lapse=Lapse.UNDONE, lapsed_on=TODAY) == ()
    assert said(TODAY, lapse=Lapse.TARGET, lapsed_on=TODAY - timedelta(days=4)) == ()


def test_two_steps_lighter_without_approver_is_told_to_author_and_owner() -> None:
    green = replace(MADE, colour=Health.GREEN)
    (notice,) = said(TODAY, green)
    assert (notice.name, notice.to) == ("C-1-unapproved", ("J. Roth", "M. Okafor"))
    assert said(TODAY, replace(green, approver="A. Silva")) == ()
    assert said(TODAY) == ()


def test_an_authors_words_are_only_text() -> None:
    (notice,) = said(MADE.expires, replace(MADE, reason="<img src=x onerror=alert(1)> for certain"))
    assert "<img" not in notice.contents["mail"]


# --- the way out --------------------------------------------------------------------------------

PORTFOLIO = """
[[connections]]
name = "jira"
kind = "jira"
url = "http://127.0.0.1:9"
auth = { email = "bot@example.com", token_env = "JIRA_TOKEN" }

[[people]]
name = "J. Roth"
email = "roth@example.com"

[[projects]]
key = "network"
name = "Network upgrade"
owner = "J. Roth"
items = ["jira:NET"]
"""
DARK = replace(MADE, colour=Health.RED, computed=Health.UNKNOWN, target=None, expires=TODAY)


async def test_a_warning_goes_out_once_whoever_looks_how_often(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    async with store.write() as session:
        await save_statement(session, DARK, why="the test says so")
    clock = HandClock(SUNDAY)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(running_sink())
        text = smtp(sink) + PORTFOLIO
        service = await stack.enter_async_context(
            service_at(database_url, tmp_path, text, clock=clock, environment={"JIRA_TOKEN": "t"})
        )
        one, two = Publisher(service, owner="serve a"), Publisher(service, owner="serve b")
        for publisher in (one, two, one):
            await publisher.notify_due()
            await publisher.deliver_due()
        clock.instant += timedelta(days=1)
        await asyncio.gather(one.notify_due(), two.notify_due())
        await two.deliver_due()
        (mail,) = sink.mails
    assert str(mail.message["Subject"]) == "Your override of Network upgrade ends on 23 Nov"
    assert "Network upgrade shows RED by your word until 23 Nov" in mail.part("plain")
    (sent,) = await dispatches(store)
    assert (sent.recipient, sent.state.value) == ("roth@example.com", "sent")
