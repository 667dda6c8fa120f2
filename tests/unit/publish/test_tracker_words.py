"""Which scope a report on a tracker's project is about, and whose words it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncer.domain.item import Account, ItemState, WorkItem
from syncer.domain.portfolio import Person, Portfolio, Product, Program, Project
from syncer.domain.ref import ContainerKey, ItemRef
from syncer.domain.selector import InContainer, WithLabel
from syncer.domain.statement import Door, OwnerWord, TrackerStatus
from syncer.publish.tracker_words import Heard, Unheard, heard

AT = datetime(2026, 11, 20, tzinfo=UTC)
RAN, CORE = ContainerKey("gh", "acme/ran"), ContainerKey("gh", "acme/core")
PORTFOLIO = Portfolio(
    projects=(
        Project(key="ran", name="Radio network", items=(InContainer("gh:acme/ran"),)),
        Project(key="core", name="Core network", items=(InContainer("gh:acme/core"),)),
    ),
    programs=(Program(key="5g", name="5G Infrastructure", projects=("ran", "core")),),
    products=(Product(key="phone", name="Smartphone", projects=("core",)),),
    people=(Person(name="Maya Okafor", accounts=("gh:Octo-Maya",)),),
)


def item(container: ContainerKey = RAN, number: int = 1, **more: Any) -> WorkItem:
    values: dict[str, Any] = {
        "ref": ItemRef("gh", f"{container.key}{number}"),
        "key": f"{container.key}#{number}",
        "url": "",
        "container": container,
        "title": "Mast",
        "created_at": AT,
        "updated_at": AT,
    }
    return WorkItem(**(values | more))


ITEMS = (item(RAN), item(CORE))


def report(subject: str = "Roadmap", container: ContainerKey = RAN, **more: Any) -> TrackerStatus:
    values: dict[str, Any] = {
        "id": f"{subject}/{container.key}",
        "container": container,
        "subject": subject,
        "url": f"https://x.example/{subject}",
        "author": Account(connection="gh", id="octo-maya", name="octo-maya"),
        "at": AT,
        "value": OwnerWord.AT_RISK,
        "text": "Late.",
    }
    return TrackerStatus(**(values | more))


def of(*said: TrackerStatus, portfolio: Portfolio = PORTFOLIO, items: Any = ITEMS) -> Heard:
    return heard(said, portfolio, items)


def scopes(found: Heard) -> list[str]:
    return [one.scope for one in found.statuses]


def test_a_report_is_an_owner_status_with_who_said_it_where() -> None:
    (status,) = of(report()).statuses
    assert (status.scope, status.value, status.text) == ("proj:ran", OwnerWord.AT_RISK, "Late.")
    said = status.provenance
    assert (said.author, said.at, said.door) == ("Maya Okafor", AT, Door.TRACKER)
    assert said.source == "gh: Roadmap"


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("5G  infrastructure", "prog:5g"),
        ("5G", "prog:5g"),
        ("smartphone", "prod:phone"),
        ("Core Network", "proj:core"),
    ],
)
def test_a_project_that_is_called_like_one_of_ours_is_about_that_one(name: str, scope: str) -> None:
    assert scopes(of(report(name), report(name, CORE, id="2"))) == [scope, scope]


def test_one_report_from_two_containers_counts_once() -> None:
    assert scopes(of(report("5G", RAN, id="1"), report("5G", CORE, id="1"))) == ["prog:5g"]


def test_a_name_that_two_of_ours_have_is_nobodys() -> None:
    twin = Program(key="radio", name="Radio network", projects=("ran",))
    portfolio = Portfolio(projects=PORTFOLIO.projects, programs=(twin,))
    found = of(report("Radio Network"), portfolio=portfolio)
    assert found.statuses == ()
    assert found.unheard == (
        Unheard(connection="gh", subject="Radio Network", scopes=("prog:radio", "proj:ran")),
    )


def test_work_of_two_projects_is_about_neither_and_is_told() -> None:
    found = of(report(id="1"), report(container=CORE, id="1"))
    assert found.statuses == ()
    assert [one.scopes for one in found.unheard] == [("proj:core", "proj:ran")]


def test_two_boards_on_one_project_of_ours_are_about_it_by_name_only() -> None:
    found = of(report("Roadmap"), report("Triage"))
    assert found.statuses == ()
    assert [one.subject for one in found.unheard] == ["Roadmap", "Triage"]
    named = of(report("Radio network"), report("Triage"))
    assert scopes(named) == ["proj:ran", "proj:ran"]


def test_a_container_that_nobody_holds_is_about_nothing() -> None:
    found = of(report(container=ContainerKey("gh", "acme/other")))
    assert (found.statuses, [one.scopes for one in found.unheard]) == ((), [()])


@pytest.mark.parametrize("more", [{"restricted": True}, {"state": ItemState.DELETED}])
def test_restricted_and_deleted_items_decide_nothing(more: dict[str, Any]) -> None:
    secret = Project(key="secret", name="Secret", items=(WithLabel("secret"),))
    portfolio = Portfolio(projects=(*PORTFOLIO.projects, secret))
    hidden = item(RAN, 9, labels=("secret",), **more)
    assert scopes(of(report(), portfolio=portfolio, items=(*ITEMS, hidden))) == ["proj:ran"]
    seen = item(RAN, 9, labels=("secret",))
    assert scopes(of(report(), portfolio=portfolio, items=(*ITEMS, seen))) == []


@pytest.mark.parametrize(
    "author", [None, Account(connection="gh", id="rota[bot]", name="rota[bot]", bot=True)]
)
def test_words_of_apps_and_of_accounts_that_are_gone_are_nobodys(author: Account | None) -> None:
    assert of(report(author=author)) == Heard()


def test_who_is_not_configured_is_quoted_by_the_trackers_name() -> None:
    stranger = Account(connection="gh", id="sam", name="sam")
    (status,) = of(report(author=stranger)).statuses
    assert status.provenance.author == "sam"


def test_every_line_is_a_sentence() -> None:
    (status,) = of(report(text="We are late\n\nWhy? Rain.\n  masts wait  \n")).statuses
    assert status.text == "We are late. Why? Rain. masts wait."


def test_all_reports_are_kept_for_the_instants_at_which_they_were_the_last() -> None:
    older = report(id="0", at=AT - timedelta(days=7), value=OwnerWord.ON_TRACK)
    assert [one.value for one in of(older, report()).statuses] == [
        OwnerWord.ON_TRACK, OwnerWord.AT_RISK,
    ]  # fmt: skip


def test_without_reports_nothing_is_worked_out() -> None:
    assert of() == Heard()
