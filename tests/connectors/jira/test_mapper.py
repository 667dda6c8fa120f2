"""What a second process makes of issues is what we make of them ourselves."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.details import Completed
from connectors.jira.mapper import LONG_READING, Mapper
from connectors.jira.mapping.page import done, job_of, mapped_from, parts_told, read_page
from connectors.jira.sent import sent
from syncer.connect.second_process import processors
from syncer.domain.ref import ContainerKey
from syncer.store.codec import encode
from tests.connectors.jira.mapped import site
from tests.connectors.jira.small_jira import issue
from tests.connectors.jira.test_bad_input import FULL, JSON, PLACES

NET = ContainerKey("jira", "NET")
SITE = site(zone="Europe/Berlin")
IDS = {"NET-1": "1"}
assert SITE.parts is not None
PARTS = parts_told(SITE.parts)


def assert_the_same_aside(*texts: bytes) -> None:
    """Items, changes and what is stored of them, down to the digest."""
    issues = [(sent(text), number % 2 == 0) for number, text in enumerate(texts)]
    job = job_of(issues, ids=IDS, container=NET, site=PARTS)
    assert job is not None
    here = read_page(issues, ids=IDS, container=NET, site=SITE)
    answer = done(job)
    if answer:
        aside = mapped_from(answer)
        assert aside == here
        assert [encode(one).digest for one in aside.records] == [
            encode(one).digest for one in here.records
        ]
    else:  # halves of characters cannot be told on
        assert "\\ud" in repr(here)


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_an_issue_it_is_read_the_same(
    place: tuple[Any, ...], value: Any
) -> None:
    raw = copy.deepcopy(FULL)
    inner = raw
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    try:
        text = orjson.dumps(raw)
    except TypeError:  # what JSON cannot say
        return
    if job_of([(sent(text), True)], ids=IDS, container=NET, site=b"") is not None:
        assert_the_same_aside(orjson.dumps(FULL), text)


def test_real_issues_are_read_the_same(shared_data: Path) -> None:
    answers = shared_data / "answers" / "jira" / "api_issues.jsonl"
    lines = [line.encode() for line in answers.read_text(encoding="utf-8").splitlines()]
    usual = [line for line in lines if not isinstance(sent(line), dict)]
    assert len(usual) > len(lines) // 2
    assert_the_same_aside(*usual)


def test_a_page_with_an_odd_issue_is_no_job() -> None:
    odd = sent(orjson.dumps({"id": "2", "key": "NET-2", "fields": "none"}))
    issues = [(sent(orjson.dumps(FULL)), True), (odd, True)]
    assert job_of(issues, ids=IDS, container=NET, site=b"") is None


def page_of(*issues: object) -> Completed:
    texts = (json.dumps(one).encode() for one in issues)
    return Completed(issues=tuple((sent(text), True) for text in texts), ids=IDS, missing=())


@pytest.mark.skipif(processors() < 2, reason="needs a second processor")
async def test_a_long_reading_gets_a_second_process_and_ends_it() -> None:
    page = page_of(*(issue(number) for number in range(1, 60)), FULL)
    here = await Mapper(SITE).mapped(page, NET)
    assert len(here.records) == 60
    async with Mapper(SITE) as mapper:
        await mapper.prepare(LONG_READING)
        assert mapper.aside is not None
        assert await mapper.mapped(page, NET) == here
        await mapper.aside.ready()
        told = mapper.aside.told
        assert await mapper.mapped(page, NET) == here
        assert mapper.aside.told == told + 1
        mapper.aside.process.kill()
        assert await mapper.mapped(page, NET) == here
    assert mapper.aside.process.returncode is not None


async def test_a_short_reading_and_one_of_unknown_length_get_none() -> None:
    for expected in [None, 0, LONG_READING - 1]:
        async with Mapper(SITE) as mapper:
            await mapper.prepare(expected)
            assert mapper.aside is None
