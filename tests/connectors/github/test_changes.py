"""Reading a repository: everything once, nothing lost, whatever changes meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from syncer.connect.testing.server import answer
from syncer.domain.change import ChangeField
from syncer.domain.cursor import Cursor
from syncer.domain.item import DateSource
from syncer.domain.ref import ContainerKey
from syncer.errors import CursorExpired, RateLimited, Rejected
from tests.connectors.github.small_github import (
    RAN,
    START,
    SmallGitHub,
    Still,
    event,
    issue,
    milestone,
    pull,
    read,
    records,
    running,
    stamp,
)


async def test_issues_are_read_page_by_page_and_pull_requests_are_not() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) if n % 3 else pull(n) for n in range(1, 31)]})
    async with running(github, page_size=7) as connector:
        pages = await read(connector)
    assert sorted(records(pages)) == sorted(f"acme/ran#{n}" for n in range(1, 31) if n % 3)
    assert sum(len(page.records) for page in pages) == 20
    assert not [one for page in pages for one in page.unreadable]


async def test_a_second_pass_asks_from_the_overlap_on_and_finds_what_changed() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 200)]})
    async with running(github, page_size=50, overlap_minutes=60, overlap_items=3) as connector:
        first = await read(connector)
        github.issues[0] |= {"title": "New", "updated_at": stamp(START + timedelta(days=10))}
        second = await read(connector, first[-1].cursor)
    assert set(records(second)) == {f"acme/ran#{n}" for n in (1, 197, 198, 199)}
    assert records(second)["acme/ran#1"].item.title == "New"


async def test_a_killed_pass_goes_on_where_it_was() -> None:
    github = SmallGitHub({"acme/ran": [issue(n) for n in range(1, 31)]})
    async with running(github, page_size=10) as connector:
        async for page in connector.changes(RAN, None):
            kept = page
            break
        github.server.forget_requests()
        rest = await read(connector, kept.cursor)
    assert {*records([kept]), *records(rest)} == {f"acme/ran#{n}" for n in range(1, 31)}
    assert "acme/ran#1" not in records(rest)


async def test_a_page_link_that_has_expired_is_read_again_from_its_second() -> None:
    same = [issue(n, at=START + timedelta(hours=1)) for n in range(1, 13)]
    github = SmallGitHub({"acme/ran": same})
    async with running(github, page_size=5) as connector:
        async for page in connector.changes(RAN, None):
            kept = page
            break
        github.server.fail(answer(422, body='{"message":"pagination"}'), path="*/issues")
        rest = await read(connector, kept.cursor)
    assert {*records([kept]), *records(rest)} == {f"acme/ran#{n}" for n in range(1, 13)}


@pytest.mark.parametrize(
    "cursor", ["", "{}", '{"v":2}', '{"v":1,"walk":{},"milestones":null}', "[]"]
)
async def test_a_cursor_of_somebody_else_is_expired(cursor: str) -> None:
    async with running(SmallGitHub()) as connector:
        with pytest.raises(CursorExpired):
            await read(connector, Cursor(cursor))


async def test_a73_an_issue_changed_in_the_year_9999_does_not_stop_the_watermark() -> None:
    github = SmallGitHub(
        {"acme/ran": [issue(1), issue(2) | {"updated_at": "9999-12-31T23:59:59Z"}]}
    )
    async with running(github) as connector:
        first = await read(connector)
        github.issues.append(issue(3, at=Still().now() + timedelta(seconds=30)))
        second = await read(connector, first[-1].cursor)
    assert "acme/ran#3" in records(second)


async def test_a51_a_next_link_to_another_host_is_not_followed() -> None:
    github = SmallGitHub({"acme/ran": [issue(n, at=START) for n in range(1, 5)]})
    link = {"Link": '<http://127.0.0.1:9/repos/acme/ran/issues?page=2>; rel="next"'}
    github.server.fail(answer(200, body="[]", headers=link), path="*/issues")
    async with running(github) as connector:
        with pytest.raises(Rejected, match="not followed"):
            await read(connector)


@pytest.mark.parametrize(
    "name",
    ["acme/..", "../user", "acme/ran/../../user", "acme/ran?x=1", "acme", "acme/ra n", "a/b#c"],
)
async def test_a53_what_is_no_repository_is_never_asked_for(name: str) -> None:
    github = SmallGitHub()
    async with running(github) as connector:
        with pytest.raises(Rejected, match="no repository"):
            await read(connector, container=ContainerKey("gh", name))
    assert github.server.requests == []


async def test_a_repository_that_is_hidden_or_without_issues_is_an_error_and_never_no_issues() -> (
    None
):
    github = SmallGitHub()
    async with running(github) as connector:
        with pytest.raises(Rejected):
            await read(connector, container=ContainerKey("gh", "acme/secret"))
        github.server.fail(answer(410, body='{"message":"Issues are disabled"}'), path="*/issues")
        with pytest.raises(Rejected, match="disabled"):
            await read(connector)


async def test_a_limit_that_comes_as_403_is_a_limit_and_not_a_failed_login() -> None:
    clock = Still()
    reset = str(int((clock.now() + timedelta(minutes=40)).timestamp()))
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    github = SmallGitHub({"acme/ran": [issue(1)]})
    github.server.fail(answer(403, body='{"message":"API rate limit exceeded"}', headers=used_up))
    async with running(github, clock=clock, sleep=clock.sleep) as connector:
        with pytest.raises(RateLimited) as raised:
            await read(connector)
    assert raised.value.retry_at > clock.now()


async def test_bodies_too_long_to_come_together_come_in_smaller_pages() -> None:
    long = "x" * 1_000_000
    github = SmallGitHub({"acme/ran": [issue(n, body=long) for n in range(1, 41)]})
    async with running(github) as connector:
        pages = await read(connector)
    assert len(records(pages)) == 40


# --- milestones -----------------------------------------------------------------------------------


async def test_issues_inherit_the_date_of_their_milestone() -> None:
    beta = milestone(7, "Beta", "2026-12-04")
    github = SmallGitHub({"acme/ran": [issue(1, milestone=beta)]}, milestones=[beta])
    async with running(github) as connector:
        item = records(await read(connector))["acme/ran#1"].item
    assert (item.due_date, item.date_source) == (date(2026, 12, 4), DateSource.INHERITED)
    (version,) = item.fix_versions
    assert (version.id, version.name, version.due, version.closed) == (
        "7", "Beta", date(2026, 12, 4), False,
    )  # fmt: skip


async def test_a_milestone_that_moves_brings_its_issues_again_with_the_move_in_their_history() -> (
    None
):
    beta = milestone(7, "Beta", "2026-12-04")
    github = SmallGitHub({"acme/ran": [issue(1, milestone=beta), issue(2)]}, milestones=[beta])
    github.timelines[1] = [event("milestoned", 5, milestone={"title": "Beta"})]
    clock = Still()
    async with running(github, clock=clock, overlap_items=0) as connector:
        first = await read(connector)
        github.issues.append(issue(3, at=START + timedelta(days=1)))
        moved_at = clock.now() - timedelta(hours=1)
        moved = milestone(7, "Beta", "2027-01-15", updated_at=stamp(moved_at))
        github.milestones[0] = moved
        github.issues[0]["milestone"] = moved
        second = await read(connector, first[-1].cursor)
        third = await read(connector, second[-1].cursor)
    found = records(second)
    assert "acme/ran#1" in found
    assert found["acme/ran#1"].item.due_date == date(2027, 1, 15)
    dues = [(c.before, c.after) for c in found["acme/ran#1"].changes if c.field is ChangeField.DUE]
    assert dues == [(None, "2026-12-04"), ("2026-12-04", "2027-01-15")]
    assert found["acme/ran#1"].changes[-1].at == moved_at
    assert "acme/ran#1" not in records(third)


async def test_milestones_kept_back_are_named_and_the_rest_goes_on() -> None:
    github = SmallGitHub({"acme/ran": [issue(1)]})
    github.server.fail(answer(404, body="{}"), path="*/milestones", times=None)
    async with running(github) as connector:
        pages = await read(connector)
    assert "milestones" in pages[0].missing_detail
    assert len(records(pages)) == 1
